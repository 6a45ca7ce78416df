//! `planar bench --report`: everything that the adapters of this machine have to tell, in two files.

use std::path::{Path, PathBuf};
use std::time::Duration;

use planar::files::check_writable;
use planar::files::{remove_leftovers, replace};
use planar::survey::survey;
use planar::{Error, Result};

use super::arguments::in_a_folder;
use super::{Ending, Verbosity};
use crate::report::survey::markdown;

/// Surveys the adapters, and writes Markdown to a file and JSON beside it.
pub fn run(path: &Path, patience: Duration, verbosity: Verbosity) -> anyhow::Result<Ending> {
    let files = [path.to_owned(), path.with_extension("json")];
    files.iter().try_for_each(|path| check_writable(path))?;
    let survey = survey(patience, |section| verbosity.say(section))?;
    let texts = [markdown(&survey), format!("{}\n", serde_json::to_string_pretty(&survey)?)];
    for (path, text) in files.iter().zip(&texts) {
        remove_leftovers(path);
        replace(path, text.as_bytes())?;
    }
    let [page, data] = files.map(|path| path.display().to_string());
    let adapters = match survey.adapters.len() {
        1 => "1 adapter".into(),
        count => format!("{count} adapters"),
    };
    super::print(&format!("{page} and {data}: {adapters} in {:.0} s\n", survey.seconds))?;
    if !survey.passed() {
        verbosity.say(format_args!("a check failed: see {page}"));
        return Ok(Ending::Disagrees);
    }
    match survey.adapters.iter().map(|adapter| adapter.error.as_deref()).collect::<Option<Vec<_>>>() {
        Some(none_opened) => Err(anyhow::anyhow!(none_opened.join("; "))),
        None => Ok(Ending::Done),
    }
}

/// A report's file: Markdown in a folder that exists.
pub fn file(text: &str) -> Result<PathBuf> {
    let path = in_a_folder("the report", text)?;
    match path.extension() {
        Some(extension) if extension.eq_ignore_ascii_case("md") => Ok(path),
        _ => Err(Error::invalid("the report", "a FILE.md", format_args!("'{text}'"))),
    }
}
