//! `planar completions`: a script that completes commands, flags and their values in a shell, printed or installed.

use std::path::PathBuf;

use clap::{Arg, Command, CommandFactory};
use clap_complete::Shell;
use planar::files::{remove_leftovers, replace};
use planar::{Error, Result};

use super::words::{data_sets, offered};
use super::{Ending, Verbosity};

const EXAMPLES: &str = "Examples:
  planar completions --install              for the shell that $SHELL names
  planar completions zsh --install
  planar completions powershell >> $PROFILE
  planar completions elvish >> ~/.config/elvish/rc.elv
Exit codes: 0 done, 1 failure, 2 wrong input.";

/// Print or install a script that completes planar's commands, flags and values in a shell.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The shell: bash, elvish, fish, powershell or zsh [default: that of $SHELL]
    #[arg(hide_possible_values = true)]
    shell: Option<Shell>,
    /// Write the script to where bash, zsh or fish looks for it; an older one is replaced
    #[arg(long, help_heading = "Output")]
    install: bool,
    #[command(flatten)]
    verbosity: Verbosity,
}

pub fn run(arguments: &Arguments) -> anyhow::Result<Ending> {
    arguments.verbosity.start_log();
    let shell = arguments.shell.or_else(Shell::from_env).ok_or_else(|| {
        let given = match std::env::var_os("SHELL") {
            Some(shell) => format!("'{}', as $SHELL says", shell.to_string_lossy()),
            None => "missing, and $SHELL is not set".into(),
        };
        Error::invalid("the shell", "bash, elvish, fish, powershell or zsh", given)
    })?;
    let script = script(shell)?;
    if !arguments.install {
        super::print_as_it_is(&script)?;
        return Ok(Ending::Done);
    }
    let path = place(shell, |name| std::env::var_os(name).map(PathBuf::from), std::env::home_dir())?;
    let io = |source| Error::Io { path: path.clone(), source };
    path.parent().map_or(Ok(()), std::fs::create_dir_all).map_err(io)?;
    remove_leftovers(&path);
    replace(&path, script.as_bytes())?;
    super::print(&format!("{}\n", path.display()))?;
    arguments.verbosity.say(left_to_do(shell, &path.to_string_lossy()));
    Ok(Ending::Done)
}

/// The script for a shell.
fn script(shell: Shell) -> anyhow::Result<String> {
    let (mut script, mut command) = (Vec::new(), offered(super::Cli::command()));
    clap_complete::generate(shell, &mut command, "planar", &mut script);
    Ok(mended(shell, String::from_utf8(script)?, &command))
}

/// The script with what clap leaves out: files beside the names of data sets, and in fish, words that belong to no flag.
/// Bash turns to files by itself, once no word fits.
fn mended(shell: Shell, script: String, command: &Command) -> String {
    let names = data_sets();
    match shell {
        Shell::Zsh => {
            let names = names.join(" ");
            let both = format!(r#":{{_alternative "names\:name\:({names})" "files\:file\:_files"}}"#);
            script.replace(&format!(":({names})"), &both)
        }
        Shell::Fish => {
            let first = &names[0];
            let script = script.replace(&format!("-r -f -a \"{first}\\t"), &format!("-r -F -a \"{first}\\t"));
            command.get_subcommands().fold(script, |script, of| script + &words_in_fish(of))
        }
        _ => script,
    }
}

/// The line by which fish completes what stands in a command without a flag, if that is a word.
fn words_in_fish(command: &Command) -> String {
    let words = command.get_positionals().flat_map(Arg::get_possible_values);
    let words = words.map(|word| word.get_name().to_owned()).collect::<Vec<_>>().join(" ");
    let condition = format!("__fish_planar_using_subcommand {}", command.get_name());
    if words.is_empty() { words } else { format!("complete -c planar -n \"{condition}\" -f -a \"{words}\"\n") }
}

/// Where a shell looks for the script, by the variables of the environment and the user's folder.
fn place(shell: Shell, variable: impl Fn(&str) -> Option<PathBuf>, home: Option<PathBuf>) -> Result<PathBuf> {
    // a folder that is not absolute does not count, by the XDG Base Directory Specification
    let folder = |name: &str, within: &str| {
        let set = variable(name).filter(|path| path.is_absolute());
        set.or_else(|| Some(home.as_ref().filter(|home| home.is_absolute())?.join(within)))
    };
    let data = || folder("XDG_DATA_HOME", ".local/share");
    let path = match shell {
        Shell::Bash => {
            // a list, of which the first is searched first
            let own = variable("BASH_COMPLETION_USER_DIR").and_then(|list| std::env::split_paths(&list).next());
            let own = own.filter(|folder| folder.is_absolute());
            own.or_else(|| Some(data()?.join("bash-completion"))).map(|folder| folder.join("completions/planar"))
        }
        Shell::Zsh => data().map(|folder| folder.join("zsh/site-functions/_planar")),
        Shell::Fish => folder("XDG_CONFIG_HOME", ".config").map(|folder| folder.join("fish/completions/planar.fish")),
        shell => {
            let file = if shell == Shell::PowerShell { "$PROFILE" } else { "~/.config/elvish/rc.elv" };
            let how = format!("planar completions {shell} >> {file}");
            return Err(Error::Mismatch(format!(
                "--install knows no place for {shell}, but its own start-up file does: {how}"
            )));
        }
    };
    path.ok_or_else(|| Error::invalid("the home folder", "set, as by HOME", "missing"))
}

/// What the user still has to do.
fn left_to_do(shell: Shell, path: &str) -> String {
    match shell {
        Shell::Bash => "new shells complete planar, if the package bash-completion is installed".into(),
        Shell::Zsh => {
            let folder = path.rsplit_once(['/', '\\']).map_or(path, |(folder, _)| folder);
            let quoted = super::again::quoted(folder);
            format!(
                "new shells complete planar with this in .zshrc: fpath=({quoted} $fpath); autoload -U compinit; compinit"
            )
        }
        _ => "new shells complete planar".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(shell: Shell, set: &[(&str, &str)], home: Option<&str>) -> Option<String> {
        let variable = |name: &str| set.iter().find(|(of, _)| *of == name).map(|(_, value)| value.into());
        place(shell, variable, home.map(Into::into)).ok().map(|path| path.to_string_lossy().replace('\\', "/"))
    }

    #[cfg(unix)]
    #[test]
    fn a_script_goes_to_where_its_shell_looks_for_it() {
        let user = Some("/home/ada");
        let bash = |set: &[_]| at(Shell::Bash, set, user).unwrap();
        assert_eq!(bash(&[]), "/home/ada/.local/share/bash-completion/completions/planar");
        assert_eq!(bash(&[("XDG_DATA_HOME", "/data")]), "/data/bash-completion/completions/planar");
        assert_eq!(bash(&[("XDG_DATA_HOME", "data")]), "/home/ada/.local/share/bash-completion/completions/planar");
        assert_eq!(bash(&[("BASH_COMPLETION_USER_DIR", "/a:/b"), ("XDG_DATA_HOME", "/data")]), "/a/completions/planar");
        assert_eq!(at(Shell::Zsh, &[], user).unwrap(), "/home/ada/.local/share/zsh/site-functions/_planar");
        assert_eq!(at(Shell::Fish, &[], user).unwrap(), "/home/ada/.config/fish/completions/planar.fish");
        assert_eq!(at(Shell::Fish, &[("XDG_CONFIG_HOME", "/c")], None).unwrap(), "/c/fish/completions/planar.fish");
        for (shell, home) in [(Shell::Bash, None), (Shell::PowerShell, user), (Shell::Elvish, user)] {
            assert_eq!(at(shell, &[], home), None, "{shell}");
        }
    }
}
