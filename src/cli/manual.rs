//! `planar completions` and `planar man`: completions and manual pages, generated from the command line's definition.

use clap::{Command, CommandFactory};
use clap_complete::Shell;
use clap_mangen::Man;

use super::Ending;

const COMPLETIONS: &str = "Examples, which install it in bash, zsh (a folder of $fpath), fish, PowerShell:
  planar completions bash > ~/.local/share/bash-completion/completions/planar
  planar completions zsh > ~/.zfunc/_planar
  planar completions fish > ~/.config/fish/completions/planar.fish
  planar completions powershell >> $PROFILE";

/// Print a script that completes planar's commands and flags in a shell.
#[derive(Debug, clap::Args)]
#[command(after_help = COMPLETIONS)]
pub struct CompletionArguments {
    /// The shell
    shell: Shell,
}

const PAGES: &str = "Examples:
  planar man > planar.1                                the page of planar itself
  planar man sweep merge > planar-sweep-merge.1        the page of a command";

/// Print the manual page of planar or of one of its commands.
#[derive(Debug, clap::Args)]
#[command(after_help = PAGES)]
pub struct ManArguments {
    /// The command to document, such as train or sweep merge [default: planar itself]
    command: Vec<String>,
}

/// Prints the completion script.
pub fn completions(arguments: &CompletionArguments) -> anyhow::Result<Ending> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut super::Cli::command(), "planar", &mut script);
    super::print_as_it_is(&String::from_utf8(script)?)?;
    Ok(Ending::Done)
}

/// Prints a page in the format of `man`.
pub fn man(arguments: &ManArguments) -> anyhow::Result<Ending> {
    let mut cli = super::Cli::command();
    cli.build();
    let page = arguments.command.iter().try_fold(&cli, |of, name| within(of, name))?;
    let mut text = Vec::new();
    Man::new(page.clone()).render(&mut text)?;
    super::print_as_it_is(&String::from_utf8(text)?)?;
    Ok(Ending::Done)
}

/// The command of this name.
fn within<'a>(of: &'a Command, name: &str) -> planar::Result<&'a Command> {
    of.find_subcommand(name).ok_or_else(|| {
        let there: Vec<&str> = of.get_subcommands().map(Command::get_name).collect();
        let wanted = match there.is_empty() {
            true => format!("{} alone, which has no commands", of.get_name()),
            false => format!("one of {}", there.join(", ")),
        };
        planar::Error::invalid("the command", wanted, format_args!("'{name}'"))
    })
}
