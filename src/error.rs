//! What can go wrong. Each message says what was wanted and what was found.

use std::path::PathBuf;

use crate::text::visible;

/// The library's result.
pub type Result<T> = std::result::Result<T, Error>;

/// Every failure of the library. Each message is one line.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A value that cannot be used, from the command line or from a caller.
    #[error("{name} must be {wanted}, not {given}", given = one_line(given))]
    Invalid {
        /// The setting's name as a user knows it, such as `the learning rate`.
        name: &'static str,
        /// What a valid value is.
        wanted: String,
        /// The value that was given.
        given: String,
    },

    /// Parts that are each valid but do not fit together.
    #[error("{}", one_line(.0))]
    Mismatch(String),

    /// Settings of a device that exclude each other.
    #[error("{0}")]
    Conflict(Conflict),

    /// A file that cannot be read or written.
    #[error("{path}: {source}", path = one_line(path.display()))]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },

    /// A CSV file that is not a data set, with the place and what was expected there.
    #[error("{path}{place}: {problem}", path = one_line(path.display()), problem = one_line(problem))]
    Csv {
        /// The file.
        path: PathBuf,
        /// `, line 7, column 2` (both counted from 1), or nothing if the whole file is meant.
        place: String,
        /// What was expected and what was found.
        problem: String,
    },

    /// A CSV file with features that are text.
    #[error("{}{}", one_line(path.display()), one_line(of_text(*line, *column, columns, example)))]
    Text {
        /// The file.
        path: PathBuf,
        /// The line of the first cell that is text, counted from 1.
        line: usize,
        /// The number of its column, counted from 1.
        column: usize,
        /// That cell, in quotation marks.
        example: String,
        /// The names of all such columns, the first being this one.
        columns: Vec<String>,
    },

    /// A results file of a sweep that cannot be used or continued.
    #[error("{path} {problem}", path = one_line(path.display()), problem = one_line(problem))]
    Results {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },

    /// A file of weights that cannot be used.
    #[error("{path} {problem}", path = one_line(path.display()), problem = one_line(problem))]
    Checkpoint {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },

    /// A file that is there already and would be overwritten, though it is not of the same run.
    #[error("{path} is there already: {problem}", path = one_line(path.display()), problem = one_line(problem))]
    Overwrite {
        /// The file.
        path: PathBuf,
        /// How what it holds differs from what would be written.
        problem: String,
    },

    /// A file that is being written already.
    #[error("{path} is being written already, and only one run at a time can", path = one_line(path.display()))]
    Busy {
        /// The file.
        path: PathBuf,
    },

    /// A picture that cannot be drawn.
    #[error("the picture: {}", one_line(.0))]
    Plot(String),

    /// No graphics adapter answers.
    #[error("no GPU adapter: {}", one_line(.0))]
    NoAdapter(String),

    /// A size that the adapter's limits do not allow. Found before anything is allocated.
    #[error("{what} needs {needed} of {limit}, and {adapter} allows {allowed}", adapter = one_line(adapter))]
    Limit {
        /// What was to be allocated, such as `the activations of 277 × 400`.
        what: String,
        /// How much of the limit it needs.
        needed: u64,
        /// The limit's name in WebGPU, such as `maxStorageBufferBindingSize`.
        limit: &'static str,
        /// What the adapter allows.
        allowed: u64,
        /// The adapter's name.
        adapter: String,
    },

    /// A shader that does not compile.
    #[error("shader {}", one_line(.0))]
    Shader(String),

    /// The device is lost and could not be replaced: it was lost before, or its adapter is gone.
    #[error("GPU: the device is lost: {}", one_line(.0))]
    Lost(String),

    /// The device failed: it ran out of memory, did not answer in time, or its driver reported an error.
    #[error("GPU: {}", one_line(.0))]
    Device(String),

    /// A thread of the CPU engine failed.
    #[error("a thread of the CPU engine: {0}")]
    Thread(String),

    /// A device whose results differ from the CPU's.
    #[error("{}: the adapter or its driver computes wrong results; planar selftest shows which", one_line(.0))]
    Wrong(String),

    /// The GPU did not do as many steps as it was given: the result cannot be trusted.
    #[error("the GPU reports {done} of {asked} iterations done: its driver dropped work, and the result is void")]
    Incomplete {
        /// Iterations submitted.
        asked: u32,
        /// Iterations that the kernels counted.
        done: u32,
    },
}

/// Settings of a device that exclude each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Conflict {
    /// WGSL has no `f64`.
    #[error("f64 is for the CPU only, since WGSL has no f64")]
    DoubleOnGpu,
    /// A number of threads was requested for a GPU.
    #[error("threads apply only to the CPU engine, and this runs on a GPU")]
    ThreadsOfGpu,
    /// A number of threads was requested for the CPU reference.
    #[error("threads apply only to the CPU engine, and this runs on the reference")]
    ThreadsOfReference,
    /// A GPU's plan was requested for the CPU.
    #[error("the plan {0} is for a GPU, and this runs on the CPU")]
    PlanOnCpu(&'static str),
}

impl Error {
    /// An [`Error::Invalid`] from its three parts.
    pub fn invalid(name: &'static str, wanted: impl Into<String>, given: impl std::fmt::Display) -> Self {
        Self::Invalid { name, wanted: wanted.into(), given: written(given.to_string()) }
    }
}

/// A number as it is written, or with an exponent if it would fill a line, such as 1e300.
fn written(given: String) -> String {
    const MOST: usize = 24;
    match given.parse::<f64>() {
        Ok(number) if given.len() > MOST && number.is_finite() => format!("{number:e}"),
        _ => given,
    }
}

/// What is wrong with features that are text.
fn of_text(line: usize, column: usize, columns: &[String], example: &str) -> String {
    let (first, others) = columns.split_first().map_or(("", &[][..]), |(first, others)| (first.as_str(), others));
    let others = match others {
        [] => String::new(),
        [one] => format!("; so does {one}"),
        others => format!("; so do {}", others.join(", ")),
    };
    format!(", line {line}, column {column}: {first} holds text, such as {example}, where features are numbers{others}")
}

/// A text on one line, and cut if it is too long to read: a file's names can hold anything.
fn one_line(text: impl std::fmt::Display) -> String {
    const MOST: usize = 2000;
    let text = text.to_string();
    let line = visible(&text);
    match line.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.into_owned(),
    }
}
