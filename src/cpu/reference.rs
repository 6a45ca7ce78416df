//! Gradient descent as the textbook writes it: forward, cost, backward, update, as sessions.

use std::collections::VecDeque;
use std::marker::PhantomData;

use super::blocks;
use super::operations as op;
use super::textbook::{self, Batch};
use super::trainee::Trainee;
use crate::backend::{
    Backend, Chunk, DeviceInfo, Evaluation, Run, Session, check_chunk, check_points, check_runs, check_start,
    no_network,
};
use crate::data::Dataset;
use crate::model::{Network, Parameters, Real};
use crate::{Error, Result};

/// The textbook on the CPU, in `f32` or `f64`: what every other backend is compared with.
///
/// ```
/// use planar::backend::{Backend, Run};
/// use planar::cpu::Reference;
/// use planar::data::Dataset;
/// use planar::model::{Activation, Network, Parameters};
///
/// let data = Dataset::from_points("and", None, 2, &[0., 0., 0., 1., 1., 0., 1., 1.], vec![0, 0, 0, 1])?;
/// let network = Network::one_hidden(2, 4, Activation::Tanh)?;
/// let parameters = Parameters::initial(&network, 2, 0.01);
/// let mut session = Reference::<f64>::new().load(&data, &[Run::new(network, parameters, 1.2)])?;
/// session.advance(500)?;
/// let chunk = session.collect()?.expect("500 iterations are queued");
/// assert!(chunk.costs[0][499] < 0.1 * chunk.costs[0][0]);
/// assert_eq!(data.accuracy(&session.evaluate()?[0].logits), 1.0);
/// # Ok::<(), planar::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Reference<T>(PhantomData<T>);

impl<T: Real> Reference<T> {
    /// The reference in the precision `T`.
    pub fn new() -> Self {
        Self(PhantomData)
    }
}

impl<T: Real> Backend for Reference<T> {
    fn device(&self) -> DeviceInfo {
        DeviceInfo {
            kind: "cpu".into(),
            name: format!("CPU reference, {}", std::any::type_name::<T>()),
            backend: "reference".into(),
            driver: String::new(),
        }
    }

    /// The parameters of all networks, and Z, A and dZ of one.
    fn memory(&self, data: &Dataset, network: &Network, count: usize) -> Result<u64> {
        let parameters = network.layout().parameters() as u64;
        let units: usize = network.widths()[1..].iter().sum();
        let of_all = parameters.saturating_mul(count as u64);
        let activations = (units as u64).saturating_mul(data.samples() as u64);
        Ok(of_all.saturating_add(activations).saturating_mul(3 * size_of::<T>() as u64))
    }

    fn memory_limit(&self) -> u64 {
        super::MEMORY
    }

    fn forward_plan(&self, _: &Network, _: usize) -> Result<&'static str> {
        Ok(PLAN)
    }

    /// Block by block on all threads that the system grants.
    fn forward(&self, network: &Network, parameters: &Parameters, points: &[f64]) -> Result<Vec<f64>> {
        check_points(network, parameters, points)?;
        let theta: Parameters<T> = parameters.cast();
        Ok(blocks::logits_in_blocks(network, points, blocks::threads(), |points, logits| {
            let samples = logits.len() / network.outputs();
            let z = textbook::logits(network, &theta, blocks::columns(points, network.inputs()), samples);
            logits.iter_mut().zip(op::transposed(&z, samples)).for_each(|(logit, z)| *logit = z.to_f64());
        }))
    }

    fn load(&self, data: &Dataset, runs: &[Run]) -> Result<Box<dyn Session>> {
        check_runs(data, runs)?;
        for run in runs {
            check_activations(data, &run.network)?;
        }
        super::check_room(self, data, runs)?;
        Ok(Box::new(ReferenceSession::<T> {
            data: data.clone(),
            all: Batch::all(data, &runs[0].network),
            trainees: runs.iter().map(|run| Trainee::new(data, run)).collect::<Result<_>>()?,
            retired: vec![false; runs.len()],
            done: VecDeque::new(),
        }))
    }
}

/// The plan's name.
const PLAN: &str = "reference";

/// The most elements that Z of a layer may have: the textbook stores them all, several times over.
const MAX_ACTIVATIONS: usize = 1 << 28;

/// Whether Z of the widest layer is small enough to store.
fn check_activations(data: &Dataset, network: &Network) -> Result<()> {
    let widest = network.hidden().iter().max().copied().unwrap_or(0);
    let needed = widest.saturating_mul(data.samples());
    if needed <= MAX_ACTIVATIONS {
        return Ok(());
    }
    Err(Error::Limit {
        what: format!("Z of {widest} units × {} samples", data.samples()),
        needed: needed as u64,
        limit: "the textbook's stored activations",
        allowed: MAX_ACTIVATIONS as u64,
        adapter: "the CPU reference".into(),
    })
}

struct ReferenceSession<T> {
    data: Dataset,
    /// All samples.
    all: Batch<T>,
    trainees: Vec<Trainee<T>>,
    retired: Vec<bool>,
    done: VecDeque<Chunk>,
}

/// Does something with the samples of a network's next update.
fn with_batch<T: Real, U>(
    trainee: &mut Trainee<T>,
    data: &Dataset,
    all: &Batch<T>,
    act: impl FnOnce(&mut Trainee<T>, &Batch<T>) -> U,
) -> U {
    if trainee.takes_all(data) {
        act(trainee, all)
    } else {
        let batch = trainee.batch(data);
        act(trainee, &batch)
    }
}

impl<T: Real> Session for ReferenceSession<T> {
    fn plan_name(&self) -> &'static str {
        PLAN
    }

    fn advance(&mut self, iterations: u32) -> Result<()> {
        check_chunk(iterations)?;
        let Self { data, all, trainees, .. } = self;
        let costs = trainees.iter_mut().zip(&self.retired).map(|(trainee, is_retired)| {
            let descend = |_| {
                with_batch(trainee, data, all, |trainee, batch| {
                    let pass = trainee.forward(batch);
                    let gradients = trainee.backward(&pass, batch);
                    trainee.update(&gradients);
                    pass.cost.to_f64()
                })
            };
            (0..if *is_retired { 0 } else { iterations }).map(descend).collect()
        });
        let costs = costs.collect();
        let parameters = self.trainees.iter().map(|trainee| trainee.model.parameters.cast()).collect();
        let moments = self.trainees.iter().map(Trainee::moments).collect();
        self.done.push_back(Chunk { iterations, costs, parameters, moments });
        Ok(())
    }

    fn collect(&mut self) -> Result<Option<Chunk>> {
        Ok(self.done.pop_front())
    }

    fn retire(&mut self, network: usize) -> Result<()> {
        let networks = self.retired.len();
        *self.retired.get_mut(network).ok_or_else(|| no_network(network, networks))? = true;
        Ok(())
    }

    fn restart(&mut self, start: &[Parameters]) -> Result<()> {
        check_start(self.trainees.iter().map(|trainee| &trainee.model.network), start)?;
        self.done.clear();
        self.retired.fill(false);
        self.trainees.iter_mut().zip(start).for_each(|(trainee, parameters)| trainee.restart(parameters));
        Ok(())
    }

    fn evaluate(&mut self) -> Result<Vec<Evaluation>> {
        Ok(self.trainees.iter().map(|trainee| trainee.evaluate(&self.all)).collect())
    }

    fn gradients(&mut self) -> Result<Vec<Parameters>> {
        let Self { data, all, trainees, .. } = self;
        let gradients = |trainee: &mut Trainee<T>| {
            with_batch(trainee, data, all, |trainee, batch| {
                let pass = trainee.forward(batch);
                trainee.backward(&pass, batch).cast()
            })
        };
        Ok(trainees.iter_mut().map(gradients).collect())
    }
}
