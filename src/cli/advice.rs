//! What to do about an error: the library states what is wrong, and the command says which of its flags fix it.

use std::fmt;

use planar::checkpoint::{FITS_AS_IT_IS, FITS_TRANSPOSED};
use planar::model::Activation;
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
        Error::NoAdapter(said) if said.contains("named like") => {
            Some("name an adapter that planar devices lists, or use auto, cpu or gpu".into())
        }
        Error::Mismatch(said) if said.starts_with("the CPU engine trains one hidden layer") => {
            Some("use --precision f64, or leave out --device".into())
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

/// What to do if a training cannot run as requested.
pub fn of_training(error: &Error) -> Option<String> {
    match error {
        Error::NoAdapter(said) if said.contains("; the checkpoint's was ") => {
            Some("--device auto continues on an available device".into())
        }
        error => of_device(error).or_else(|| of_start(error)),
    }
}

/// What to do about weights whose activation is unknown or is not the one given.
pub fn of_weights(error: &Error, given: Option<Activation>) -> Option<String> {
    let Error::Checkpoint { problem, .. } = error else { return None };
    match problem {
        problem if problem.ends_with("does not say its activation") => Some("name it, as in --activation tanh".into()),
        problem if problem.starts_with("is of a network of") => {
            given.map(|given| format!("leave out --activation {given}"))
        }
        _ => of_layout(error),
    }
}
