//! The requested device, and the CPU backend that fits the request.

use crate::Conflict;
use crate::backend::{Backend, LayoutChoice, PlanChoice, Run, Session};
use crate::cpu::{Engine, Reference};
use crate::data::Dataset;
use crate::fit::Precision;
use crate::{Error, Result};

/// The device to compute on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeviceChoice {
    /// The faster of the CPU and the first hardware GPU, by measurement.
    Auto,
    /// The CPU.
    Cpu,
    /// The first adapter; a software one if there is no other.
    Gpu,
    /// The adapter with this number, or the first whose name contains this text, ignoring case.
    Named(String),
    /// All hardware GPUs and the CPU, for a sweep: each takes the next batch of networks when it is free.
    All,
}

/// The device, and how it computes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceSettings {
    /// The device.
    pub choice: DeviceChoice,
    /// The plan that a GPU follows.
    pub plan: PlanChoice,
    /// How that is laid out.
    pub layout: LayoutChoice,
    /// `f64` runs only on the CPU reference.
    pub precision: Precision,
    /// Threads of the CPU engine; one per core if none is given.
    pub threads: Option<usize>,
}

impl Default for DeviceSettings {
    fn default() -> Self {
        Self {
            choice: DeviceChoice::Auto,
            plan: PlanChoice::Auto,
            layout: LayoutChoice::Measured,
            precision: Precision::F32,
            threads: None,
        }
    }
}

/// A backend with the networks loaded on it, and why it was chosen.
pub struct Chosen {
    /// The backend.
    pub backend: Box<dyn Backend>,
    /// The loaded networks at their initial weights.
    pub session: Box<dyn Session>,
    /// Notes on the choice, one line each.
    pub notes: Vec<String>,
}

impl Chosen {
    /// Loads the networks.
    pub fn load(backend: Box<dyn Backend>, data: &Dataset, runs: &[Run]) -> Result<Self> {
        let session = backend.load(data, runs)?;
        Ok(Self { backend, session, notes: Vec::new() })
    }

    /// Adds a note on the choice.
    pub fn noting(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }
}

impl DeviceSettings {
    /// The CPU's backend for this precision: the engine, or the reference in `f64`.
    ///
    /// # Errors
    /// [`Error::Conflict`] for a GPU's plan, or threads with the reference.
    pub fn cpu(&self) -> Result<Box<dyn Backend>> {
        if self.plan != PlanChoice::Auto {
            return Err(Error::Conflict(Conflict::PlanOnCpu(self.plan.name())));
        }
        match (self.precision, self.threads) {
            (Precision::F32, threads) => Ok(Box::new(Engine::new(threads)?)),
            (Precision::F64, None) => Ok(Box::new(Reference::<f64>::new())),
            (Precision::F64, Some(_)) => Err(Error::Conflict(Conflict::ThreadsOfReference)),
        }
    }

    /// Refuses settings that no GPU supports.
    ///
    /// # Errors
    /// [`Error::Conflict`] for `f64`, and for threads.
    pub fn check_gpu(&self) -> Result<()> {
        match (self.precision, self.threads) {
            (Precision::F64, _) => Err(Error::Conflict(Conflict::DoubleOnGpu)),
            (_, Some(_)) => Err(Error::Conflict(Conflict::ThreadsOfGpu)),
            _ => Ok(()),
        }
    }
}
