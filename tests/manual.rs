//! Completions and manual pages contain every command and its flags, as `--help` lists them; a page has its examples and
//! exit codes one per line, and all pages are written as a whole.
#![cfg(all(feature = "cli", feature = "gpu", feature = "plot"))]

use assert_cmd::Command;

/// Stdout, stderr and the exit code.
fn planar(arguments: &[&str]) -> (String, String, i32) {
    let output = Command::cargo_bin("planar").unwrap().args(arguments).env_remove("SHELL").output().unwrap();
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
fn the_manual_lists_every_command_and_each_has_a_page_with_its_flags() {
    // roff writes \- for a hyphen
    let page = |arguments: &[&str]| printed(&[&["man"], arguments].concat()).replace("\\-", "-");
    let whole = page(&[]);
    assert!(whole.contains(".TH planar 1") && whole.contains(".SH \"EXIT STATUS\""), "{whole}");
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

/// The lines of a page's section.
fn section<'a>(page: &'a str, heading: &str) -> Vec<&'a str> {
    let lines = page.lines().skip_while(|line| line.trim_start_matches(".SH ").trim_matches('"') != heading).skip(1);
    lines.take_while(|line| !line.starts_with(".SH")).collect()
}

#[test]
fn a_page_has_each_example_and_each_exit_code_on_a_line_of_its_own() {
    for command in commands() {
        let help = printed(&[&command, "--help"]);
        let page = printed(&["man", &command]).replace("\\-", "-");
        let examples: Vec<&str> = help.lines().filter(|line| line.starts_with("  planar ")).collect();
        let lines = section(&page, "EXAMPLES");
        assert!(!examples.is_empty(), "{command}");
        for example in examples {
            let example = example.trim().split("  ").next().unwrap().replace('\'', "\\*(Aq");
            let own = [".TP", &format!("\\fB{example}\\fR")];
            assert!(lines.windows(2).any(|two| two == own), "{command}: {example} in {lines:#?}");
        }
        let codes = section(&page, "EXIT STATUS");
        assert_eq!(codes[..3], [".TP 15", "\\fB0\\fR", codes[2]], "{command}");
        assert_eq!(codes.len() % 3, 0, "{command}: {codes:#?}");
        assert!(!page.contains("Exit codes:") && !page.contains("Examples:"), "{command}");
    }
    let page = printed(&["man", "train"]);
    let codes = section(&page, "EXIT STATUS");
    let codes: Vec<&str> = codes.chunks(3).map(|code| code[1].trim_matches(['\\', 'f', 'B', 'R'])).collect();
    assert_eq!(codes, ["0", "1", "2", "3", "5", "128 + signal"]);
}

#[test]
fn a_synopsis_has_the_values_of_its_flags() {
    let page =
        printed(&["man", "train"]).replace("\\-", "-").replace('\u{a0}', " ").replace("\\fI", "").replace("\\fB", "");
    let synopsis = section(&page, "SYNOPSIS").concat().replace("\\fR", "");
    for flag in ["[--hidden N]", "[--data NAME|FILE.csv]", "[--force]", "[--precision f32|f64]", "[-h]"] {
        assert!(synopsis.contains(flag), "{flag}: {synopsis}");
    }
}

#[test]
fn all_pages_are_written_each_as_a_whole_in_the_place_of_an_older_one() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("planar-train.1"), "older, and longer than what comes\n".repeat(10_000)).unwrap();
    std::fs::write(path("mine.txt"), "mine").unwrap();
    let told = printed(&["man", "--all", folder.path().to_str().unwrap()]);
    let mut names: Vec<String> = commands().iter().map(|command| format!("planar-{command}.1")).collect();
    names.extend(["planar.1", "planar-sweep-merge.1", "mine.txt"].map(Into::into));
    names.sort();
    let there = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
    let mut there: Vec<String> = there.map(|name| name.into_string().unwrap()).collect();
    there.sort();
    assert_eq!(there, names);
    assert!(told.starts_with(&format!("{} pages in ", names.len() - 1)), "{told}");
    for (file, of) in [("planar.1", &["man"][..]), ("planar-train.1", &["man", "train"])] {
        assert_eq!(std::fs::read_to_string(path(file)).unwrap(), printed(of));
    }
    assert_eq!(std::fs::read_to_string(path("mine.txt")).unwrap(), "mine");
}

#[test]
fn a_shell_or_a_command_that_is_not_there_is_refused_with_those_that_are() {
    for (arguments, words) in [
        (vec!["completions", "tcsh"], ["tcsh", "bash", "zsh"]),
        (vec!["completions"], ["SHELL", "bash", "zsh"]),
        (vec!["man", "--all", "nowhere"], ["--all", "nowhere", "folder"]),
        (vec!["man", "trian"], ["'trian'", "train", "sweep"]),
        (vec!["man", "train", "merge"], ["'merge'", "train", "no commands"]),
    ] {
        let (stdout, stderr, code) = planar(&arguments);
        assert_eq!((code, stdout.as_str(), stderr.lines().count()), (2, "", 1), "{arguments:?}: {stderr}");
        assert!(words.iter().all(|word| stderr.contains(word)), "{arguments:?}: {stderr}");
    }
}
