//! A session that outlives its device: where that is lost, it is loaded again on another from the last parameters that
//! came back, and does again what was queued behind them. Chunks change no bit, so nor does a loss.

use std::collections::VecDeque;
use std::sync::Arc;

use super::device::Opened;
use super::plan::Plan;
use super::reopen::Shared;
use super::session::GpuSession;
use crate::backend::{Chunk, Evaluation, Run, Session};
use crate::data::Dataset;
use crate::model::Parameters;
use crate::{Error, Result};

/// A [`GpuSession`], and all that it takes to load it again.
pub(super) struct Lasting {
    gpu: Arc<Shared>,
    opened: Arc<Opened>,
    plan: Plan,
    data: Dataset,
    /// The networks with the parameters that came back last.
    runs: Vec<Run>,
    /// Updates that made those parameters.
    done: u64,
    /// Iterations of the chunks behind them.
    queued: VecDeque<u32>,
    retired: Vec<usize>,
    session: GpuSession,
}

impl Lasting {
    /// Loads a plan's session.
    pub fn new(gpu: Arc<Shared>, plan: Plan, data: &Dataset, runs: &[Run]) -> Result<Self> {
        let mut opened = gpu.opened();
        let session = match GpuSession::new(Arc::clone(&opened), plan.clone(), data, runs) {
            Err(Error::Lost(reason)) => {
                opened = gpu.instead_of(&opened, &reason)?;
                log::warn!("the device was lost ({reason}) and is opened again");
                GpuSession::new(Arc::clone(&opened), plan.clone(), data, runs)
            }
            other => other,
        }?;
        let (data, runs) = (data.clone(), runs.to_vec());
        Ok(Self { gpu, opened, plan, data, runs, done: 0, queued: VecDeque::new(), retired: Vec::new(), session })
    }

    /// Does something with the session, and where its device is lost, once more on another.
    fn lasting<T>(&mut self, act: impl Fn(&mut GpuSession) -> Result<T>) -> Result<T> {
        match act(&mut self.session) {
            Err(Error::Lost(reason)) => {
                self.reload(&reason)?;
                act(&mut self.session)
            }
            other => other,
        }
    }

    fn reload(&mut self, reason: &str) -> Result<()> {
        self.opened = self.gpu.instead_of(&self.opened, reason)?;
        log::warn!("the device was lost ({reason}): training goes on from iteration {} on a new one", self.done);
        self.session = GpuSession::new(Arc::clone(&self.opened), self.plan.clone(), &self.data, &self.runs)?;
        self.retired.iter().try_for_each(|network| self.session.retire(*network))?;
        self.queued.iter().try_for_each(|iterations| self.session.advance(*iterations))
    }
}

impl Session for Lasting {
    fn plan(&self) -> &'static str {
        self.session.plan()
    }

    fn queue_depth(&self) -> usize {
        self.session.queue_depth()
    }

    fn advance(&mut self, iterations: u32) -> Result<()> {
        self.lasting(|session| session.advance(iterations))?;
        self.queued.push_back(iterations);
        Ok(())
    }

    fn collect(&mut self) -> Result<Option<Chunk>> {
        let Some(chunk) = self.lasting(GpuSession::collect)? else { return Ok(None) };
        self.queued.pop_front();
        self.done += u64::from(chunk.iterations);
        for (run, parameters) in self.runs.iter_mut().zip(&chunk.parameters) {
            run.parameters.clone_from(parameters);
        }
        Ok(Some(chunk))
    }

    fn retire(&mut self, network: usize) -> Result<()> {
        self.lasting(|session| session.retire(network))?;
        self.retired.push(network);
        Ok(())
    }

    fn restart(&mut self, start: &[Parameters]) -> Result<()> {
        self.lasting(|session| session.restart(start))?;
        for (run, parameters) in self.runs.iter_mut().zip(start) {
            run.parameters.clone_from(parameters);
        }
        self.queued.clear();
        self.retired.clear();
        self.done = 0;
        Ok(())
    }

    fn evaluate(&mut self) -> Result<Vec<Evaluation>> {
        self.lasting(GpuSession::evaluate)
    }

    fn gradients(&mut self) -> Result<Vec<Parameters>> {
        self.lasting(GpuSession::gradients)
    }
}
