//! A command line to be typed again: the flags of this process for another command, quoted for a shell.

use std::borrow::Cow;
use std::ffi::OsString;

use clap::{Arg, CommandFactory};

/// These arguments of planar's command `of` as arguments of the command `to`, without the flags that are not kept and their
/// values, and with others added at the end.
pub fn command(
    arguments: impl Iterator<Item = OsString>,
    [of, to]: [&str; 2],
    keeps: impl Fn(&Arg) -> bool,
    added: &[(&str, Option<&str>)],
) -> String {
    let cli = super::Cli::command();
    let flags: Vec<&Arg> = cli.find_subcommand(of).into_iter().flat_map(|command| command.get_arguments()).collect();
    let left_out = |argument: &str| {
        let flag = flags.iter().find(|flag| argument.starts_with('-') && is_called(flag, argument));
        flag.filter(|flag| !keeps(flag))
    };
    let mut words = vec!["planar".to_owned()];
    let mut arguments = arguments.map(|argument| argument.to_string_lossy().into_owned());
    while let Some(argument) = arguments.next() {
        match left_out(&argument) {
            Some(flag) if flag.get_action().takes_values() && !argument.contains('=') => drop(arguments.next()),
            Some(_) => {}
            None if argument == of && words.len() == 1 => words.push(to.into()),
            None => words.push(quoted(&argument).into()),
        }
    }
    self::words(words, added)
}

/// The words of a command with flags behind them, each with its value.
pub fn words(command: impl IntoIterator<Item = String>, flags: &[(&str, Option<&str>)]) -> String {
    let mut words: Vec<String> = command.into_iter().collect();
    for (flag, value) in flags {
        words.push(match value {
            Some(value) if value.starts_with('-') => format!("{flag}={}", quoted(value)),
            Some(value) => format!("{flag} {}", quoted(value)),
            None => (*flag).into(),
        });
    }
    words.join(" ")
}

/// Whether an argument such as `--hidden=4` names this flag.
pub fn is_called(flag: &Arg, argument: &str) -> bool {
    let name = argument.split('=').next().unwrap_or_default();
    let short =
        flag.get_short().is_some_and(|short| name.strip_prefix('-').is_some_and(|name| name.chars().eq([short])));
    let longs = flag.get_long_and_visible_aliases().unwrap_or_default();
    short || name.strip_prefix("--").is_some_and(|name| longs.contains(&name))
}

/// A word quoted for a shell, so that it stands for itself, in one line.
pub fn quoted(word: &str) -> Cow<'_, str> {
    match () {
        () if is_plain(word) => word.into(),
        () if cfg!(windows) => for_windows(word).into(),
        () if word.contains(char::is_control) => for_bash(word).into(),
        () => shell_words::quote(word),
    }
}

/// Whether a word stands for itself in every shell.
fn is_plain(word: &str) -> bool {
    let begins = word.starts_with(|first: char| first.is_ascii_alphanumeric() || "-./".contains(first));
    begins && word.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_./:=+".contains(letter))
}

/// A word with control characters for bash, zsh and ksh: `$'…'` reads escapes.
fn for_bash(word: &str) -> String {
    let escaped = word.chars().map(|letter| match letter {
        '\'' | '\\' => format!("\\{letter}"),
        // the bytes of UTF-8, which need no locale, in the most digits, so that none of the text is taken for another
        letter if letter.is_control() => {
            letter.encode_utf8(&mut [0; 4]).bytes().map(|byte| format!("\\{byte:03o}")).collect()
        }
        letter => letter.into(),
    });
    format!("$'{}'", escaped.collect::<String>())
}

/// A word for PowerShell, in double quotes with its escape, the backtick. `cmd` reads double quotes too, and runs nothing
/// that stands in them.
fn for_windows(word: &str) -> String {
    let escaped = word.chars().map(|letter| match letter {
        '"' => "\"\"".into(),
        // PowerShell takes typographic quotes for quotes
        '$' | '`' | '“' | '”' | '„' => format!("`{letter}"),
        letter if letter.is_control() => "?".into(),
        letter => letter.to_string(),
    });
    format!("\"{}\"", escaped.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Words that a shell would run, expand or divide if they were not quoted.
    const HOSTILE: [&str; 18] = [
        "=ls",
        "~root/a",
        "",
        "a b",
        "it's",
        "$(echo run)",
        "`echo run`",
        "a;echo run",
        "a&&echo run",
        "a|b",
        "a>b",
        "*",
        "~",
        "$HOME",
        "!!",
        "\\",
        "\"",
        "größe#1 {a,b} ?",
    ];

    #[cfg(unix)]
    #[test]
    fn a_shell_reads_a_quoted_word_as_the_word() {
        let read = |shell: &str, word: &str| {
            let script = format!("printf %s {}", quoted(word));
            let [here, bare] = [None, Some("C")].map(|locale| {
                let mut command = std::process::Command::new(shell);
                command.envs(locale.map(|locale| ("LC_ALL", locale)));
                String::from_utf8(command.args(["-c", &script]).output().unwrap().stdout).unwrap()
            });
            assert_eq!(here, bare, "whatever the locale");
            here
        };
        assert_eq!(quoted("--activation=leaky-relu:0.03"), "--activation=leaky-relu:0.03");
        for word in HOSTILE {
            assert_eq!(read("sh", word), word);
        }
        for word in ["two\nlines", "\u{1b}[31m it's \\ $(echo run)", "\u{85}4"] {
            assert!(!quoted(word).contains(char::is_control), "{}", quoted(word));
            assert_eq!(read("bash", word), word);
        }
    }

    #[test]
    fn on_windows_nothing_within_the_quotes_is_run_or_expanded() {
        assert_eq!(for_windows(r"C:\runs\a-1.safetensors"), "\"C:\\runs\\a-1.safetensors\"");
        assert_eq!(for_windows("a b & c"), "\"a b & c\"");
        assert_eq!(for_windows("$(calc) `n”"), "\"`$(calc) ``n`”\"");
        assert_eq!(for_windows("a\"&calc"), "\"a\"\"&calc\"");
    }
}
