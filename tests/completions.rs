//! Real shells complete values, files and commands with planar's script, which `--install` puts where they look for it.
//! A shell that is not there is told, and its tests are not run; with `REQUIRE_SHELLS=1` they fail.

#[path = "common/needs.rs"]
mod needs;

use std::fs;
use std::path::Path;
use std::process::Command;

use libtest_mimic::{Arguments, Trial};
use needs::{Check, required, trial};

/// What a shell prints when it completes the line in `$2` by the script in `$1`.
const BASH: &str = r#"source "$1"; COMP_WORDS=(planar $2); [[ $2 == *' ' ]] && COMP_WORDS+=('')
COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); COMPREPLY=()
_planar planar "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}" 2>/dev/null; echo "${COMPREPLY[@]}""#;
const FISH: &str = "source $argv[1]; complete -C \"planar $argv[2]\"";
/// Zsh completes in a terminal alone, so that another zsh has to type. It lists nothing if the next key comes too soon.
const ZSH: &str = r#"zmodload zsh/zpty; zpty z zsh -f -i; folder=${1:h}
zpty -w z "PS1=; fpath=($folder \$fpath); autoload -U compinit; compinit -u -D; bindkey '^I' complete-word
zstyle ':completion:*' list-colors ''; unsetopt list_beep auto_menu; cd $folder; echo READ''Y"; zpty -r -m z out '*READY*'
zpty -w -n z "planar $2"$'\t'; sleep 0.3; zpty -w -n z $'\C-u'"echo DO''NE"$'\n'; zpty -r -m z out '*DONE*'; print -r -- "$out""#;

/// A line, and what is offered for its last word.
const CASES: [(&str, &[&str]); 13] = [
    ("train --activation ", &["tanh", "sigmoid", "relu", "leaky-relu"]),
    ("train --activation si", &["sigmoid"]),
    ("sweep --activation ", &["tanh", "leaky-relu"]),
    ("train --plan ", &["auto", "split", "resident", "layered"]),
    ("train --device ", &["auto", "cpu", "gpu"]),
    ("compare --left ", &["reference-f64", "gpu"]),
    ("train --data ", &["flower", "noisy-moons", "gaussian-quantiles", "xor"]),
    ("train --scale ", &["auto", "standard", "minmax", "none"]),
    ("train --missing ", &["refuse", "drop", "mean"]),
    ("reproduce --only ", &["costs", "widths", "logistic"]),
    ("train --checkpoint po", &["points.csv"]),
    ("man gra", &["gradcheck"]),
    ("completions el", &["elvish"]),
];

/// Whether a shell is there.
fn shell(name: &'static str) -> Result<&'static str, String> {
    match Command::new(name).arg("--version").output() {
        Ok(_) => Ok(name),
        Err(error) => Err(format!("no {name}: {error}")),
    }
}

fn planar(arguments: &[&str], home: &Path) -> Result<(String, String), String> {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("planar"));
    for variable in ["XDG_DATA_HOME", "XDG_CONFIG_HOME", "BASH_COMPLETION_USER_DIR", "SHELL"] {
        command.env_remove(variable);
    }
    let output = command.args(arguments).env("HOME", home).output().map_err(|error| error.to_string())?;
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    match output.status.success() {
        true => Ok((text(&output.stdout), text(&output.stderr))),
        false => Err(text(&output.stderr)),
    }
}

/// What a shell offers at the end of a line, in a folder with a table and a folder in it.
fn offered(shell: &str, line: &str) -> Result<String, String> {
    let folder = tempfile::TempDir::new().map_err(|error| error.to_string())?;
    let file = folder.path().join("_planar");
    fs::write(&file, planar(&["completions", shell], folder.path())?.0).map_err(|error| error.to_string())?;
    fs::write(folder.path().join("points.csv"), "").map_err(|error| error.to_string())?;
    fs::create_dir(folder.path().join("pages")).map_err(|error| error.to_string())?;
    let mut command = Command::new(shell);
    match shell {
        "bash" => command.args(["--norc", "-c", BASH, "bash"]).arg(&file).arg(line),
        "fish" => command.args(["--no-config", "-c", FISH]).arg(&file).arg(line),
        _ => command.args(["-f", "-c", ZSH, "zsh"]).arg(&file).arg(line),
    };
    let output = command.current_dir(folder.path()).env("HOME", folder.path()).output();
    Ok(String::from_utf8_lossy(&output.map_err(|error| error.to_string())?.stdout).into_owned())
}

/// How often a line is tried in a shell that may be slower than its typist.
const TRIES: usize = 5;

fn completes(shell: &str) -> Check {
    for (line, words) in CASES {
        let mut said = String::new();
        let mut has_all = || {
            said = offered(shell, line)?;
            Ok::<_, String>(words.iter().all(|word| said.contains(word)))
        };
        let mut tries = (0..TRIES).map(|_| has_all());
        if !tries.find(|tried| *tried != Ok(false)).unwrap_or(Ok(false))? {
            return Err(format!("{shell}: {line}: {words:?} in {said}"));
        }
    }
    Ok(())
}

/// Bash turns to files where no word fits, by the options of `complete`; the others offer both at once.
fn offers_files_as_data(shell: &str) -> Check {
    let has_file = match shell {
        "bash" => planar(&["completions", "bash"], Path::new("/"))?
            .0
            .contains("complete -F _planar -o nosort -o bashdefault -o default planar"),
        _ => (0..TRIES).any(|_| offered(shell, "train --data po").is_ok_and(|offered| offered.contains("points.csv"))),
    };
    if has_file { Ok(()) } else { Err(format!("{shell}: no file")) }
}

fn offers_no_file_for_a_number(shell: &str) -> Check {
    let offered = offered(shell, "train --hidden ")?;
    if offered.contains("points.csv") { Err(offered) } else { Ok(()) }
}

fn installs(shell: &str) -> Check {
    let home = tempfile::TempDir::new().map_err(|error| error.to_string())?;
    let file = home.path().join(match shell {
        "bash" => ".local/share/bash-completion/completions/planar",
        "fish" => ".config/fish/completions/planar.fish",
        _ => ".local/share/zsh/site-functions/_planar",
    });
    let script = planar(&["completions", shell], home.path())?.0;
    for flags in [&[][..], &["-q"]] {
        let (stdout, stderr) = planar(&[&["completions", shell, "--install"], flags].concat(), home.path())?;
        let is_told = !stderr.is_empty();
        if stdout.trim() != file.to_string_lossy() || is_told != flags.is_empty() {
            return Err(format!("{shell}: {stdout}{stderr}"));
        }
        if fs::read_to_string(&file).map_err(|error| error.to_string())? != script {
            return Err(format!("{shell}: another script"));
        }
        fs::write(&file, "older").map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// What is proved of each shell, and how.
type Named = (&'static str, fn(&str) -> Check);

fn main() {
    let checks: [Named; 4] = [
        ("completes_values_files_and_commands", completes),
        ("offers_files_beside_the_names_of_data_sets", offers_files_as_data),
        ("offers_no_file_where_a_number_is_expected", offers_no_file_for_a_number),
        ("gets_its_script_installed_as_a_whole", installs),
    ];
    let shells = if cfg!(unix) { &["bash", "zsh", "fish"][..] } else { &[] };
    let of = |name: &'static str| {
        checks.map(|(claim, check)| trial(&format!("{name}_{claim}"), shell(name), required("REQUIRE_SHELLS"), check))
    };
    let trials: Vec<Trial> = shells.iter().flat_map(|name| of(name)).collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}
