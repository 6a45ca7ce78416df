//! Errors and warnings of the library as sentences for the page.

use std::cell::RefCell;

use log::{Level, LevelFilter, Log, Metadata, Record};
use planar::Error;

thread_local! {
    static WARNED: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Keeps the library's warnings, such as that of a lost device.
struct Kept;

impl Log for Kept {
    fn enabled(&self, about: &Metadata<'_>) -> bool {
        about.level() <= Level::Warn && about.target().starts_with("planar")
    }

    fn log(&self, record: &Record<'_>) {
        if self.enabled(record.metadata()) {
            WARNED.with_borrow_mut(|warned| warned.push(sentence(&record.args().to_string())));
        }
    }

    fn flush(&self) {}
}

/// Listens to the library from now on.
pub fn listen() {
    if log::set_logger(&Kept).is_ok() {
        log::set_max_level(LevelFilter::Warn);
    }
}

/// What the library has warned of since the last call, and forgets it.
pub fn warned() -> Option<String> {
    let warned = WARNED.take();
    (!warned.is_empty()).then(|| warned.join(" "))
}

/// A line as a sentence: a capital letter, and a full stop.
pub fn sentence(line: &str) -> String {
    let mut letters = line.trim().chars();
    let first: String = letters.next().map_or_else(String::new, |first| first.to_uppercase().collect());
    let end = if line.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{first}{}{end}", letters.as_str())
}

/// An error as a sentence; the name of a file stays as it is written.
pub fn of(error: &Error) -> String {
    match error {
        Error::Io { .. } | Error::Csv { .. } | Error::Text { .. } | Error::Checkpoint { .. } => {
            let line = error.to_string();
            if line.ends_with(['.', '!', '?']) { line } else { format!("{line}.") }
        }
        other => sentence(&other.to_string()),
    }
}
