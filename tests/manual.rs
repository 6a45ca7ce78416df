//! Completions and manual pages contain every command and its flags, as `--help` lists them.
#![cfg(all(feature = "cli", feature = "gpu", feature = "plot"))]

use assert_cmd::Command;

/// Stdout, stderr and the exit code.
fn planar(arguments: &[&str]) -> (String, String, i32) {
    let output = Command::cargo_bin("planar").unwrap().args(arguments).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (text(output.stdout), text(output.stderr), output.status.code().unwrap())
}

fn printed(arguments: &[&str]) -> String {
    let (stdout, stderr, code) = planar(arguments);
    assert_eq!((code, stderr.as_str()), (0, ""), "{arguments:?}");
    stdout
}

/// The commands that `--help` lists, one per line after `Commands:`, except for clap's own `help`.
fn commands() -> Vec<String> {
    let help = printed(&["--help"]);
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let names = listed.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help");
    let names: Vec<String> = names.map(Into::into).collect();
    assert!(names.len() >= 10 && names.contains(&"train".into()), "{names:?}");
    names
}

/// The long flags that a command's `--help` lists.
fn flags(command: &str) -> Vec<String> {
    let help = printed(&[command, "--help"]);
    let listed = help.lines().map(str::trim_start).filter(|line| line.starts_with('-'));
    let words = listed.filter_map(|line| line.split_whitespace().find(|word| word.starts_with("--")));
    words.map(|word| word.trim_end_matches(['.', ',']).to_owned()).collect()
}

#[test]
fn completions_hold_every_command_and_flag_in_every_shell() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = printed(&["completions", shell]);
        for command in commands() {
            assert!(script.contains(&command), "{shell}: no {command}");
            for flag in flags(&command) {
                // fish writes -l hidden for --hidden
                let written = if shell == "fish" { format!("-l {}", &flag[2..]) } else { flag };
                assert!(script.contains(&written), "{shell}, {command}: no {written}");
            }
        }
    }
}

#[test]
#[cfg(target_os = "linux")]
fn bash_takes_the_script_and_completes_a_command() {
    let script = printed(&["completions", "bash"]);
    let script = format!(
        "{script}\nCOMP_WORDS=(planar gradc); COMP_CWORD=1; _planar planar gradc planar; echo \"${{COMPREPLY[@]}}\""
    );
    let output = std::process::Command::new("bash").arg("-c").arg(script).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "gradcheck", "{output:?}");
}

#[test]
fn the_manual_lists_every_command_and_each_has_a_page_with_its_flags() {
    // roff writes \- for a hyphen
    let page = |arguments: &[&str]| printed(&[&["man"], arguments].concat()).replace("\\-", "-");
    let whole = page(&[]);
    assert!(whole.contains(".TH planar 1") && whole.contains("Exit codes: 0 done"), "{whole}");
    for command in commands() {
        assert!(whole.contains(&format!("planar-{command}(1)")), "no {command}");
        let page = page(&[&command]);
        assert!(page.contains(&format!(".TH planar-{command} 1")), "{page}");
        assert!(page.contains(&format!("planar {command}")), "{command}: no usage");
        for flag in flags(&command) {
            assert!(page.contains(&flag), "{command}: no {flag}");
        }
    }
    assert!(page(&["sweep", "merge"]).contains(".TH planar-sweep-merge 1"));
}

#[test]
fn a_shell_or_a_command_that_is_not_there_is_refused_with_those_that_are() {
    for (arguments, words) in [
        (vec!["completions", "tcsh"], ["tcsh", "bash", "zsh"]),
        (vec!["completions"], ["SHELL", "required", "--help"]),
        (vec!["man", "trian"], ["'trian'", "train", "sweep"]),
        (vec!["man", "train", "merge"], ["'merge'", "train", "no commands"]),
    ] {
        let (stdout, stderr, code) = planar(&arguments);
        assert_eq!((code, stdout.as_str(), stderr.lines().count()), (2, "", 1), "{arguments:?}: {stderr}");
        assert!(words.iter().all(|word| stderr.contains(word)), "{arguments:?}: {stderr}");
    }
}
