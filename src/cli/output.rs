//! The doors to stdout and stderr. What steers a terminal passes none of them: every text for people is made visible here.

use std::fmt::Display;
use std::io::{self, IsTerminal as _, Write};

use planar::text::{visible, visible_json, visible_lines};

use super::{progress, signals};

/// Prints one line on stderr. If stderr is closed or full, there is nobody left to tell.
pub fn tell(line: impl Display) {
    let line = line.to_string();
    progress::beside_the_bar(|| {
        let _ = writeln!(io::stderr(), "planar: {}", visible(&line));
    });
}

/// Stderr for the log, whose lines stand above the bar.
pub struct Stderr;

impl Write for Stderr {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        progress::beside_the_bar(|| io::stderr().write_all(visible_lines(&text).as_bytes()))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

/// Writes a result for people to stdout.
pub fn print(text: &str) -> anyhow::Result<()> {
    print_as_it_is(&visible_lines(text))
}

/// Writes data to stdout: to a file or a pipe as they are, to a terminal as [`print`] does.
pub fn print_data(text: &str) -> anyhow::Result<()> {
    if io::stdout().is_terminal() { print(text) } else { print_as_it_is(text) }
}

/// Writes a value to stdout as one JSON object, in which escapes of JSON stand for what is not visible.
pub fn print_json(value: &impl serde::Serialize) -> anyhow::Result<()> {
    print_as_it_is(&visible_json(&format!("{}\n", serde_json::to_string_pretty(value)?)))
}

/// Writes a text of our own to stdout, which may hold colours.
pub fn print_as_it_is(text: &str) -> anyhow::Result<()> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        // the terminal is gone, and what else there is to do is still done
        Err(_) if signals::came() == Some(signals::HANG_UP) => Ok(()),
        written => Ok(written?),
    }
}
