//! What to do about an error: the library states what is wrong, and the command says which of its flags fix it.

use std::fmt;

use planar::checkpoint::{FITS_AS_IT_IS, FITS_TRANSPOSED};
use planar::data::table::Notice;
use planar::fit::{NOTHING_HELD_OUT, OF_THIS_RUN};
use planar::model::{Activation, Output};
use planar::{Conflict, Error};

/// An error with what to do about it, as one line.
#[derive(Debug)]
pub struct Advised {
    pub error: Error,
    advice: String,
}

impl fmt::Display for Advised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.error, self.advice)
    }
}

impl std::error::Error for Advised {}

/// Adds advice to errors.
pub trait Advise<T> {
    /// The error with the advice that `of` gives for it, or unchanged if there is none.
    fn advise(self, of: impl FnOnce(&Error) -> Option<String>) -> anyhow::Result<T>;
}

impl<T> Advise<T> for planar::Result<T> {
    fn advise(self, of: impl FnOnce(&Error) -> Option<String>) -> anyhow::Result<T> {
        self.map_err(|error| match of(&error) {
            Some(advice) => Advised { error, advice }.into(),
            None => error.into(),
        })
    }
}

/// What to do if the requested device cannot be used.
pub fn of_device(error: &Error) -> Option<String> {
    match error {
        Error::Conflict(Conflict::DoubleOnGpu) => Some("use --device cpu or --precision f32".into()),
        Error::Conflict(Conflict::ThreadsOfGpu) => Some("leave out --threads, or use --device cpu".into()),
        Error::Conflict(Conflict::ThreadsOfReference) => Some("leave out --threads or --precision f64".into()),
        Error::Conflict(Conflict::PlanOnCpu(plan)) => Some(format!("leave out --plan {plan}, or add --device gpu")),
        Error::NoAdapter(said) if said.contains("named like") || said.contains("with the number") => {
            Some("planar devices lists the adapters with their numbers; auto, cpu and gpu are others".into())
        }
        Error::Mismatch(said) if said.contains("plan trains up to") && said.contains("features") => {
            Some("leave out --plan, or use --device cpu".into())
        }
        _ => None,
    }
}

/// What to do about initial weights of a different network.
pub fn of_start(error: &Error) -> Option<String> {
    match error {
        Error::Checkpoint { problem, .. } if problem.starts_with("holds the weights of a") => {
            Some("see --hidden".into())
        }
        Error::Mismatch(said) if said == NOTHING_HELD_OUT => Some("--test-fraction or --test holds some out".into()),
        _ => of_layout(error),
    }
}

/// What to do about weights that fit the other way round.
fn of_layout(error: &Error) -> Option<String> {
    match error {
        Error::Checkpoint { problem, .. } if problem.ends_with(FITS_TRANSPOSED) => Some("add --transposed".into()),
        Error::Checkpoint { problem, .. } if problem.ends_with(FITS_AS_IT_IS) => Some("leave out --transposed".into()),
        _ => None,
    }
}

/// What to do about a table that cannot be read, or not be learnt.
pub fn of_table(error: &Error) -> Option<String> {
    let said = match error {
        Error::Text { columns, .. } => {
            let them = if columns.len() == 1 { "it" } else { "them" };
            return Some(format!("--drop {} leaves {them} out", of_columns(columns)));
        }
        Error::Csv { problem, .. } | Error::Mismatch(problem) => problem,
        _ => return None,
    };
    let advice = match said.as_str() {
        said if said.contains("where a number is expected") || said.contains("where a label is expected") => {
            "--missing drop leaves such rows out, --missing mean fills them in"
        }
        said if said.ends_with("tells two apart") => {
            "--positive CLASS tells one of them from the rest, --label names another column"
        }
        said if said.ends_with("is another column the label?") => "--label names it",
        said if said.ends_with("is not a number, which is expected here") => {
            "mend it, or name the columns: --header yes, --drop"
        }
        said if said.starts_with("1 column: no") => "--delimiter names what does",
        said if said.starts_with("no feature is left") => "see --label, --features and --drop",
        _ => return None,
    };
    Some(advice.into())
}

/// What to do about samples that a network cannot take.
pub fn of_samples(error: &Error) -> Option<String> {
    match error {
        Error::Csv { problem, .. } if problem.contains("where a number is expected") => {
            Some("a network trained with --missing mean fills it in".into())
        }
        Error::Csv { problem, .. } if problem.contains("which the network was trained on") => {
            Some("--header no matches columns by their places".into())
        }
        Error::Csv { problem, .. } if problem.contains("where a label is expected") => None,
        error => of_table(error),
    }
}

/// What changes what a notice says.
pub fn of_notice(notice: &Notice) -> Option<String> {
    match notice {
        Notice::Sorted { column } => Some(format!("--drop {} leaves it out", of_columns(std::slice::from_ref(column)))),
        Notice::OtherLabel { other, .. } => {
            Some(format!("--label {} makes that the label", of_columns(std::slice::from_ref(other))))
        }
        Notice::Classes { .. } => Some("--positive names class 1".into()),
        Notice::ManyClasses { .. } => Some("--output squares learns it as a number".into()),
        Notice::Numbers { .. } => Some("--output softmax takes its values for classes".into()),
        Notice::Scaled { .. } => Some("--scale none leaves them as they are".into()),
        _ => None,
    }
}

/// Names of columns as a flag takes them: quoted for a shell if they are no plain words.
fn of_columns(names: &[String]) -> String {
    let is_plain = |name: &String| name.chars().all(|c| c.is_alphanumeric() || "_-.".contains(c));
    let of = |name: &String| {
        if name.contains([',', '"']) { format!("\"{}\"", name.replace('"', "\"\"")) } else { name.clone() }
    };
    let list = names.iter().map(of).collect::<Vec<_>>().join(",");
    if names.iter().all(is_plain) { list } else { format!("'{}'", list.replace('\'', r"'\''")) }
}

/// What to do if a training cannot run as requested.
pub fn of_training(error: &Error) -> Option<String> {
    match error {
        Error::NoAdapter(said) if said.contains("; the checkpoint's was ") => {
            Some("--device auto continues on an available device".into())
        }
        Error::Mismatch(said) if said.starts_with("a run that is resumed") => {
            Some("leave out --init, or name the file with --checkpoint too".into())
        }
        error => of_file(error).or_else(|| of_device(error)).or_else(|| of_start(error)).or_else(|| of_table(error)),
    }
}

/// What to do about a file that would be overwritten.
pub fn of_file(error: &Error) -> Option<String> {
    match error {
        Error::Overwrite { problem, .. } if problem.ends_with(OF_THIS_RUN) => {
            Some("--resume goes on with them, --force begins anew".into())
        }
        Error::Overwrite { .. } => Some("--force overwrites it".into()),
        _ => None,
    }
}

/// What to do about weights whose activation is unknown, or whose activation or output is not the one given.
pub fn of_weights(error: &Error, activation: Option<Activation>, output: Option<Output>) -> Option<String> {
    let Error::Checkpoint { problem, .. } = error else { return None };
    match problem {
        problem if problem.ends_with("does not say its activation") => Some("name it, as in --activation tanh".into()),
        problem if problem.starts_with("is of a network of") => {
            activation.map(|given| format!("leave out --activation {given}"))
        }
        problem if problem.starts_with("is of a network whose output is") => {
            output.map(|given| format!("leave out --output {given}"))
        }
        _ => of_layout(error),
    }
}
