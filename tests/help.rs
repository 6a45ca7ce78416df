//! Help texts: examples, headings, and the terminal's width; `-h` has one line per flag. Typing errors get a suggestion.
#![cfg(all(feature = "cli", feature = "gpu", feature = "plot"))]

mod common;

use common::command::{ended, planar, run};

const COMMANDS: [&str; 15] = [
    "train",
    "predict",
    "plot",
    "show",
    "sweep",
    "sweep merge",
    "compare",
    "diagnose",
    "gradcheck",
    "reproduce",
    "devices",
    "selftest",
    "bench",
    "completions",
    "man",
];

/// A command's help on a terminal with this many columns.
fn help(command: &str, columns: usize) -> String {
    printed(&format!("{command} --help"), columns)
}

/// What a call prints on a terminal with this many columns.
fn printed(arguments: &str, columns: usize) -> String {
    let mut command = planar(arguments);
    command.env("COLUMNS", columns.to_string());
    let (stdout, stderr, code) = run(command);
    assert_eq!((code, stderr.as_str()), (0, ""));
    stdout
}

#[test]
fn every_command_has_two_to_five_examples() {
    for command in COMMANDS {
        let help = help(command, 80);
        let examples = help.lines().skip_while(|line| !line.starts_with("Examples")).skip(1);
        let examples: Vec<&str> = examples.take_while(|line| line.starts_with("  ")).collect();
        assert!((2..=5).contains(&examples.len()), "{command}: {examples:#?}");
        assert!(examples.iter().all(|line| line.contains(&format!("planar {}", command))), "{command}: {examples:#?}");
    }
}

#[test]
fn every_flag_but_help_stands_under_a_heading_of_its_kind() {
    for command in COMMANDS {
        let help = help(command, 100);
        let options = help.lines().skip_while(|line| *line != "Options:").skip(1).take_while(|line| !line.is_empty());
        let flags: Vec<&str> = options.filter(|line| line.trim_start().starts_with('-')).collect();
        assert!(matches!(flags[..], [short, help] if short.contains("-h ") && help.contains("--help")), "{command}");
    }
}

#[test]
fn every_command_can_be_quiet() {
    for command in COMMANDS {
        assert!(help(command, 100).contains("-q, --quiet"), "{command}");
    }
}

#[test]
fn help_is_as_wide_as_the_terminal_and_no_flag_takes_more_than_two_lines() {
    for command in COMMANDS.into_iter().chain([""]) {
        for columns in [40, 80, 100] {
            let help = help(command, columns);
            // a file name or a word of an example cannot be broken
            let may_be_wide = |line: &str| line.starts_with("Usage") || !line.trim_start().contains(' ');
            let too_wide = help.lines().find(|line| line.chars().count() > columns && !may_be_wide(line));
            assert_eq!(too_wide, None, "{command} at {columns}");
        }
        let help = help(command, 100);
        let mut lines = 0;
        for line in help.lines() {
            let begins = line.is_empty() || !line.starts_with("       ") || line.trim_start().starts_with("--");
            lines = if begins { 1 } else { lines + 1 };
            assert!(lines <= 2, "{command}: {line}");
        }
    }
}

/// The flags and commands that a text of help lists, by their first names.
fn listed(help: &str) -> Vec<String> {
    let lines = help.lines().take_while(|line| !line.starts_with("Examples")).filter(|line| line.starts_with("  "));
    let lines = lines.filter(|line| !line.starts_with("          ") || line.trim_start().starts_with('-'));
    let names = lines.filter_map(|line| line.split_whitespace().find(|word| word.len() != 3 || !word.ends_with(',')));
    let mut names: Vec<String> = names.map(|name| name.trim_matches(['<', '>', '[', ']', '.', '…']).into()).collect();
    names.sort();
    names
}

#[test]
fn the_short_help_has_a_line_for_each_flag_and_fits_the_terminal() {
    for command in COMMANDS.into_iter().chain([""]) {
        let full = listed(&help(command, 100));
        for columns in [40, 80, 100] {
            let short = printed(&format!("{command} -h"), columns);
            assert_eq!(listed(&short), full, "{command} at {columns}:\n{short}");
            let too_wide = short.lines().find(|line| line.chars().count() > columns && !line.starts_with("Usage"));
            assert_eq!(too_wide, None, "{command} at {columns}");
            // a command that has commands has a second line of usage
            let is_flag = |line: &&str| line.starts_with("  ") && !line.starts_with("   ");
            let is_head = |line: &&str| line.trim_start().starts_with("planar ") || line.starts_with("Usage");
            let head = 1 + short.lines().filter(is_head).count();
            let headings = short.lines().filter(|line| line.ends_with(':') && !line.starts_with(' ')).count();
            assert_eq!(
                short.lines().filter(is_flag).count() + headings + head,
                short.lines().count(),
                "{command}: {short}"
            );
            assert!(!short.contains("Examples") && !short.contains("[default"), "{command}: {short}");
        }
    }
    let (short, full) = (printed("train -h", 80), help("train", 80));
    assert!(short.lines().count() < 80 && full.lines().count() > short.lines().count() * 4 / 3);
}

#[test]
fn the_short_help_comes_before_what_else_is_wrong() {
    let short = printed("sweep merge -h", 80);
    for arguments in ["sweep merge -qh", "sweep merge --out x.jsonl -h", "sweep merge -h --nonsense"] {
        assert_eq!(printed(arguments, 80), short, "{arguments}");
    }
}

#[test]
fn a_typing_error_is_told_the_near_name() {
    for (typed, meant) in [
        ("train --hiden 3", "--hidden"),
        ("predict run.safetensors --actvation tanh", "--activation"),
        ("sweep --hidden 4 --init-sed 1..3", "--init-seed"),
        ("trian", "'train'"),
        ("sweep merg part.jsonl", "'merge'"),
        ("completions bsh", "'bash'"),
        ("train --halp", "--help"),
        ("train --activation tahn", "tanh, "),
        ("train --plan splt", "split"),
        ("man trian", "train, "),
    ] {
        let (stdout, stderr, code) = ended(typed);
        assert_eq!((code, stdout.as_str(), stderr.lines().count()), (2, "", 1), "{typed}: {stderr}");
        assert!(stderr.contains(meant), "{typed}: {stderr}");
    }
}
