//! A manual page of a command, in the format of `man`.

use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, italic, roman};

use super::short_help::value;

/// The section of the manual that holds commands.
const SECTION: &str = "1";
/// Columns for an exit code, of which the widest is `128 + signal`.
const CODE: &str = "15";

/// The page of a command that is built, so that it knows its full name.
pub fn page(command: &Command) -> anyhow::Result<String> {
    let man = Man::new(command.clone()).section(SECTION);
    // roff tells an empty argument by its quotes: no date, since a page is of a version
    let man = man.date("\"\"").source(concat!("planar ", env!("CARGO_PKG_VERSION"))).manual("planar");
    let mut text = Vec::new();
    man.render_title(&mut text)?;
    // lines are filled, without wider gaps between words and without hyphens
    Roff::new().control("ad", ["l"]).control("nh", []).to_writer(&mut text)?;
    man.render_name_section(&mut text)?;
    synopsis(command).to_writer(&mut text)?;
    man.render_description_section(&mut text)?;
    man.render_options_section(&mut text)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut text)?;
    }
    let after = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    endings(&after).to_writer(&mut text)?;
    Ok(String::from_utf8(text)?)
}

/// The file of a page: `planar-sweep-merge.1`.
pub fn file(command: &Command) -> String {
    format!("{}.{SECTION}", command.get_display_name().unwrap_or(command.get_name()))
}

/// The command with each flag and what it takes; what may be left out stands in brackets.
fn synopsis(command: &Command) -> Roff {
    let name = command.get_bin_name().unwrap_or(command.get_name());
    let (flags, places): (Vec<_>, Vec<_>) =
        command.get_arguments().filter(|arg| !arg.is_hide_set()).partition(|arg| !arg.is_positional());
    let mut line = vec![bold(name)];
    for arg in flags.into_iter().chain(places) {
        let name = arg.get_long().map(|long| format!("--{long}"));
        let name = name.or_else(|| arg.get_short().map(|short| format!("-{short}")));
        let [open, close] = if arg.is_required_set() { ["", ""] } else { ["[", "]"] };
        line.push(roman(format!(" {open}")));
        line.extend(name.as_ref().map(bold));
        // a flag and its value stay on one line
        line.extend(value(arg).filter(|_| name.is_some()).map(|_| roman("\u{a0}")));
        line.extend(value(arg).map(italic));
        line.push(roman(close));
    }
    if command.has_subcommands() {
        let [open, close] = if command.is_subcommand_required_set() { ["", ""] } else { ["[", "]"] };
        line.extend([roman(format!(" {open}")), italic("command"), roman(close)]);
    }
    let mut roff = Roff::new();
    roff.control("SH", ["SYNOPSIS"]).text(line);
    roff
}

/// The examples and the exit codes that stand at the end of a help text, one per line.
fn endings(after: &str) -> Roff {
    let mut roff = Roff::new();
    let mut lines = after.lines().peekable();
    if let Some(heading) = lines.next_if(|line| line.starts_with("Examples")) {
        roff.control("SH", ["EXAMPLES"]);
        let of = heading.trim_start_matches("Examples").trim_start_matches([',', ' ']).trim_end_matches(':');
        if !of.is_empty() {
            roff.text([roman(format!("{of}:"))]);
        }
        while let Some(example) = lines.next_if(|line| line.starts_with("  ")) {
            let (command, about) = example.trim().split_once("  ").unwrap_or((example.trim(), ""));
            roff.control("TP", []).text([bold(command)]).text([roman(about.trim())]);
        }
    }
    let rest = lines.collect::<Vec<_>>().join(" ");
    let (notes, codes) = rest.split_once("Exit codes:").unwrap_or((&rest, ""));
    if !notes.trim().is_empty() {
        roff.control("PP", []).text([roman(notes.trim())]);
    }
    if !codes.is_empty() {
        roff.control("SH", ["EXIT STATUS"]);
    }
    for (code, about) in exit_codes(codes) {
        roff.control("TP", [CODE]).text([bold(code)]).text([roman(about)]);
    }
    roff
}

/// `0 done, 2 wrong input, such as a file` as codes and what they say: each begins with a number after a comma, but for
/// those in parentheses.
fn exit_codes(text: &str) -> Vec<(&str, &str)> {
    let text = text.trim().trim_end_matches('.');
    let outside = |at: usize| text[..at].matches('(').count() == text[..at].matches(')').count();
    let begins = text.match_indices(", ").map(|(at, comma)| (at, at + comma.len()));
    let begins = begins.filter(|(at, next)| outside(*at) && text[*next..].starts_with(|of: char| of.is_ascii_digit()));
    let ends: Vec<usize> = begins.clone().map(|(at, _)| at).chain([text.len()]).collect();
    let items = [0].into_iter().chain(begins.map(|(_, next)| next)).zip(ends).map(|(from, to)| text[from..to].trim());
    items
        .filter_map(|item| {
            let signal = item.starts_with(SIGNAL).then_some(SIGNAL.len());
            let end = signal.or_else(|| item.find(' '))?;
            Some((&item[..end], item[end..].trim()))
        })
        .collect()
}

/// The code of a command that a signal stopped.
const SIGNAL: &str = "128 + signal";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_codes_are_told_apart_where_a_number_follows_a_comma() {
        let text =
            " 0 done, with or without an adapter, 1 failure, 128 + signal where stopped (130 Ctrl-C, 143 SIGTERM).";
        let codes = [
            ("0", "done, with or without an adapter"),
            ("1", "failure"),
            ("128 + signal", "where stopped (130 Ctrl-C, 143 SIGTERM)"),
        ];
        assert_eq!(exit_codes(text), codes);
        assert_eq!(exit_codes(""), []);
    }
}
