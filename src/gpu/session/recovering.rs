//! A session that outlives its device. If that is lost, it is loaded again on another from the last parameters that came
//! back, and does again what was queued behind them. Chunks change no bit, so losing the device does not change the result.

use std::sync::Arc;

use super::on_device::OnDevice;
use crate::backend::{Chunk, Evaluation, Layouts, Run, Session};
use crate::data::Dataset;
use crate::gpu::context::{Known, SharedContext};
use crate::gpu::plan::Plan;
use crate::gpu::wait::block_on;
use crate::model::Parameters;
use crate::optim::State;
use crate::{Error, Result};

/// Chunks queued at once: while the host reads one, the GPU computes the next.
const QUEUE_DEPTH: usize = 2;

/// Networks in training on a GPU. Its methods are [`Session`]'s, for a front that must not block; the trait's own block.
pub struct GpuSession {
    shared: Arc<SharedContext>,
    /// The layouts of the plan, the likeliest to be fast first.
    plans: Vec<Plan>,
    /// What is known of them.
    known: Known,
    data: Dataset,
    /// The networks with the parameters and the states that came back last.
    runs: Vec<Run>,
    /// The states that were loaded.
    states: Vec<State>,
    /// Updates that made those parameters.
    done: u64,
    /// What is queued and retired is kept here alone: it is asked when it has to be replaced.
    session: OnDevice,
}

impl GpuSession {
    /// Loads the networks of plans that share their buffers; what is measured of them is kept under a key.
    pub(in crate::gpu) async fn new(
        shared: Arc<SharedContext>,
        plans: Vec<Plan>,
        key: String,
        data: &Dataset,
        runs: &[Run],
    ) -> Result<Self> {
        let known = shared.known(key);
        let load = async |context| OnDevice::new(context, &plans, known.clone(), data, runs).await;
        let session = shared.recovering(load).await?;
        let states = runs.iter().map(|run| run.state.clone()).collect();
        Ok(Self { shared, plans, known, data: data.clone(), runs: runs.to_vec(), states, done: 0, session })
    }

    /// Does something with the session, and if its device is lost, once more on another.
    async fn recovering<T>(&mut self, act: impl AsyncFn(&mut OnDevice) -> Result<T>) -> Result<T> {
        match act(&mut self.session).await {
            Err(Error::Lost(reason)) => {
                self.reload(&reason).await?;
                act(&mut self.session).await
            }
            other => other,
        }
    }

    async fn reload(&mut self, reason: &str) -> Result<()> {
        let context = self.shared.instead_of(self.session.context(), reason).await?;
        log::warn!("the device was lost ({reason}): training goes on from iteration {} on a new one", self.done);
        let mut session = OnDevice::new(context, &self.plans, self.known.clone(), &self.data, &self.runs).await?;
        for network in self.session.retired() {
            session.retire(network).await?;
        }
        for iterations in self.session.queued() {
            session.advance(iterations).await?;
        }
        self.session = session;
        Ok(())
    }

    /// [`Session::advance`].
    ///
    /// # Errors
    /// As there.
    pub async fn advance(&mut self, iterations: u32) -> Result<()> {
        self.recovering(async |session| session.advance(iterations).await).await
    }

    /// [`Session::collect`].
    ///
    /// # Errors
    /// As there.
    pub async fn collect(&mut self) -> Result<Option<Chunk>> {
        let Some(chunk) = self.recovering(async |session| session.collect().await).await? else { return Ok(None) };
        self.done += u64::from(chunk.iterations);
        for ((run, parameters), moments) in self.runs.iter_mut().zip(&chunk.parameters).zip(&chunk.moments) {
            run.parameters.clone_from(parameters);
            run.state.moments.clone_from(moments);
            run.state.updates += u64::from(chunk.iterations);
        }
        Ok(Some(chunk))
    }

    /// [`Session::retire`].
    ///
    /// # Errors
    /// As there.
    pub async fn retire(&mut self, network: usize) -> Result<()> {
        self.recovering(async |session| session.retire(network).await).await
    }

    /// [`Session::restart`].
    ///
    /// # Errors
    /// As there.
    pub async fn restart(&mut self, start: &[Parameters]) -> Result<()> {
        let states = self.states.clone();
        self.recovering(async |session| session.restart(start, &states).await).await?;
        for ((run, parameters), state) in self.runs.iter_mut().zip(start).zip(states) {
            run.parameters.clone_from(parameters);
            run.state = state;
        }
        self.done = 0;
        Ok(())
    }

    /// [`Session::evaluate`].
    ///
    /// # Errors
    /// As there.
    pub async fn evaluate(&mut self) -> Result<Vec<Evaluation>> {
        self.recovering(async |session| session.evaluate().await).await
    }

    /// [`Session::gradients`].
    ///
    /// # Errors
    /// As there.
    pub async fn gradients(&mut self) -> Result<Vec<Parameters>> {
        self.recovering(async |session| session.gradients().await).await
    }
}

impl Session for GpuSession {
    fn plan_name(&self) -> &'static str {
        self.session.plan_name()
    }

    fn layouts(&self) -> Option<Layouts> {
        Some(self.session.layouts())
    }

    fn queue_depth(&self) -> usize {
        QUEUE_DEPTH
    }

    fn advance(&mut self, iterations: u32) -> Result<()> {
        block_on(self.advance(iterations))
    }

    fn collect(&mut self) -> Result<Option<Chunk>> {
        block_on(self.collect())
    }

    fn retire(&mut self, network: usize) -> Result<()> {
        block_on(self.retire(network))
    }

    fn restart(&mut self, start: &[Parameters]) -> Result<()> {
        block_on(self.restart(start))
    }

    fn evaluate(&mut self) -> Result<Vec<Evaluation>> {
        block_on(self.evaluate())
    }

    fn gradients(&mut self) -> Result<Vec<Parameters>> {
        block_on(self.gradients())
    }
}
