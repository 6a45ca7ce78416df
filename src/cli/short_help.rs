//! `-h`: one line per flag, as wide as the terminal, where `--help` says all.

use std::ffi::OsStr;

use clap::builder::TypedValueParser;
use clap::{Arg, ArgAction, Command, Error};

use crate::report::width;

/// Columns between a flag and what is said of it.
const GAP: usize = 2;
/// The widest column of flags; longer ones push their text to the right.
const WIDEST: usize = 30;
/// The least room in which a text says anything.
const LEAST: usize = 10;

/// The two flags for help, in the place of clap's, whose `-h` and `--help` print the same.
pub fn flags() -> [Arg; 2] {
    let short = Arg::new("short").short('h').help("Print one line per flag").action(ArgAction::SetTrue);
    let long = Arg::new("help").long("help").help("Print all, with examples").action(ArgAction::HelpLong);
    [short.value_parser(Short), long].map(|flag| flag.global(true))
}

/// What `-h` is parsed with: it ends parsing with the short list.
#[derive(Clone)]
struct Short;

impl TypedValueParser for Short {
    type Value = bool;

    /// `true` if the flag is there, and by default `false`.
    fn parse_ref(&self, command: &Command, _: Option<&Arg>, is_there: &OsStr) -> Result<bool, Error> {
        if is_there == "false" {
            return Ok(false);
        }
        // what clap makes of --help, with this text
        let command = command.clone().override_help(text(command, width()));
        command.try_get_matches_from(["planar", "--help"]).map(|_| true)
    }
}

/// What a command does, and a line for each of its commands and flags, in groups.
fn text(command: &Command, width: usize) -> String {
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    let usage = command.clone().render_usage();
    let mut text = format!("{}\n{usage}\n", shortened(&about, width));
    let groups = groups(command);
    let specs = groups.iter().flat_map(|(_, lines)| lines).map(|line| line.spec.chars().count());
    let column = specs.filter(|spec| *spec <= WIDEST).max().unwrap_or_default();
    for (heading, lines) in &groups {
        text += &format!("{heading}:\n");
        lines.iter().for_each(|line| text += &line.within(column, width));
    }
    text
}

/// A flag, or a command, and what is said of it.
struct Line {
    spec: String,
    text: String,
    /// ` [4]`, if there is a default.
    default: String,
}

impl Line {
    fn of_command(command: &Command) -> Self {
        let about = command.get_about().map(ToString::to_string).unwrap_or_default();
        Self { spec: command.get_name().into(), text: about, default: String::new() }
    }

    fn of_flag(arg: &Arg) -> Self {
        let text = arg.get_help().map(ToString::to_string).unwrap_or_default();
        // a default that depends on other flags stands at the end of the text
        let (text, said) = text.split_once(" [default: ").unwrap_or((&text, "]"));
        let of_clap: Vec<_> = arg.get_default_values().iter().map(|of| of.to_string_lossy()).collect();
        let default = match (said.trim_end_matches(']'), arg.get_action().takes_values()) {
            ("", true) => of_clap.join(","),
            (said, _) => said.into(),
        };
        let default = if default.is_empty() { default } else { format!(" [{default}]") };
        Self { spec: spec(arg), text: text.into(), default }
    }

    /// The line: as much of the text as there is room for, and the default if it leaves room for that.
    fn within(&self, column: usize, width: usize) -> String {
        let Self { spec, text, default } = self;
        let spec = format!("  {spec:column$}{:GAP$}", "");
        let room = width.saturating_sub(spec.chars().count());
        if room < LEAST {
            return format!("{}\n", spec.trim_end());
        }
        let (of_text, of_default) = (text.chars().count(), default.chars().count());
        match of_text + of_default <= room || of_default * 3 <= room {
            true => format!("{spec}{}{default}\n", shortened(text, room - of_default)),
            false => format!("{spec}{}\n", shortened(text, room)),
        }
    }
}

/// A flag with its short form and its value, as it is typed.
pub fn spec(arg: &Arg) -> String {
    let names = [arg.get_short().map(|short| format!("-{short}")), arg.get_long().map(|long| format!("--{long}"))];
    let names = names.into_iter().flatten().collect::<Vec<_>>().join(", ");
    match value(arg) {
        Some(value) if names.is_empty() => value,
        Some(value) => format!("{names} {value}"),
        None => names,
    }
}

/// The names of what a flag or a place takes, with dots if it takes several.
pub fn value(arg: &Arg) -> Option<String> {
    let takes_several = arg.is_positional() && matches!(arg.get_action(), ArgAction::Append);
    let names = arg.get_value_names().filter(|_| arg.get_action().takes_values())?.join(" ");
    Some(if takes_several { format!("{names}…") } else { names })
}

/// Commands, places and flags under their headings, in the order in which `--help` has them.
fn groups(command: &Command) -> Vec<(String, Vec<Line>)> {
    let mut groups: Vec<(String, Vec<Line>)> = Vec::new();
    let mut add = |heading: &str, line| match groups.iter_mut().find(|(of, _)| of == heading) {
        Some((_, lines)) => lines.push(line),
        None => groups.push((heading.into(), vec![line])),
    };
    command.get_subcommands().filter(|of| !of.is_hide_set()).for_each(|of| add("Commands", Line::of_command(of)));
    let shown: Vec<&Arg> = command.get_arguments().filter(|arg| !arg.is_hide_set()).collect();
    shown.iter().filter(|arg| arg.is_positional()).for_each(|arg| add("Arguments", Line::of_flag(arg)));
    let (headed, others): (Vec<&Arg>, Vec<&Arg>) =
        shown.into_iter().filter(|arg| !arg.is_positional()).partition(|arg| arg.get_help_heading().is_some());
    for arg in headed.into_iter().chain(others) {
        add(arg.get_help_heading().unwrap_or("Options"), Line::of_flag(arg));
    }
    groups
}

/// A text if there is room for it, or else its beginning, up to the end of a clause or a word.
fn shortened(text: &str, room: usize) -> String {
    if text.chars().count() <= room {
        return text.into();
    }
    let ends = text.match_indices(' ').map(|(at, _)| at);
    let fits = |at: &usize| text[..*at].chars().count() + 2 <= room;
    let ends_clause = |at: &usize| text[..*at].ends_with([',', ';', ':']) || text[at + 1..].starts_with(['(', '[']);
    let ends: Vec<usize> = ends.filter(fits).collect();
    let clause = ends.iter().rev().find(|at| ends_clause(at)).filter(|at| text[..**at].chars().count() * 2 >= room);
    let begin = clause.or(ends.last()).map_or("", |at| &text[..*at]);
    format!("{} …", begin.trim_end_matches([',', ';', ':', '(', '[', ' ']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_is_too_long_ends_with_a_clause_or_a_word_and_says_so() {
        let text = "Save the weights and all that --resume needs: every 30 s, and at the end";
        assert_eq!(shortened(text, 72), text);
        assert_eq!(shortened(text, 71), "Save the weights and all that --resume needs: every 30 s …");
        assert_eq!(shortened(text, 50), "Save the weights and all that --resume needs …");
        assert_eq!(shortened(text, 20), "Save the weights …");
        assert_eq!(shortened("täglich-äh nichts", 12), "täglich-äh …");
        (0..80).for_each(|room| assert!(shortened(text, room).chars().count() <= room.max(2)));
    }
}
