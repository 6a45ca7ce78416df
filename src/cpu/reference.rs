//! Gradient descent as the textbook writes it: forward, cost, backward, update; an operation a function.

use std::collections::VecDeque;
use std::marker::PhantomData;

use super::operations::{self as op, Product, Transpose};
use crate::backend::{
    Backend, Chunk, DeviceInfo, Evaluation, Run, Session, check_chunk, check_points, check_runs, check_start,
    no_network,
};
use crate::data::Dataset;
use crate::model::params::Layout;
use crate::model::{Activation, Network, Parameters, Real};
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
/// let mut session = Reference::<f64>::new().load(&data, &[Run { network, parameters, learning_rate: 1.2 }])?;
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
        let parameters = Layout::new(&network.widths()).parameters() as u64;
        let units: usize = network.widths()[1..].iter().sum();
        let of_all = parameters.saturating_mul(count as u64);
        let activations = (units as u64).saturating_mul(data.samples() as u64);
        Ok(of_all.saturating_add(activations).saturating_mul(3 * size_of::<T>() as u64))
    }

    fn memory_limit(&self) -> u64 {
        super::MEMORY
    }

    fn forward(&self, network: &Network, parameters: &Parameters, points: &[f64]) -> Result<Vec<f64>> {
        check_points(network, parameters, points)?;
        let features = network.inputs();
        let run = Run { network: network.clone(), parameters: parameters.clone(), learning_rate: 1.0 };
        let mut logits = Vec::with_capacity(points.len() / features);
        for points in points.chunks(POINTS_AT_A_TIME * features) {
            let data = Dataset::from_points("points", None, features, points, vec![0; points.len() / features])?;
            let mut session = self.load(&data, std::slice::from_ref(&run))?;
            logits.append(&mut session.evaluate()?.swap_remove(0).logits);
        }
        Ok(logits)
    }

    fn load(&self, data: &Dataset, runs: &[Run]) -> Result<Box<dyn Session>> {
        check_runs(data, runs)?;
        for run in runs {
            check_activations(data, &run.network)?;
        }
        let (inputs, labels) = samples(data);
        Ok(Box::new(ReferenceSession::<T> {
            inputs,
            labels,
            models: runs.iter().map(Model::new).collect(),
            done: VecDeque::new(),
        }))
    }
}

/// X (n_x × m) and Y (1 × m) of a data set.
pub(crate) fn samples<T: Real>(data: &Dataset) -> (Vec<T>, Vec<T>) {
    let labels = data.labels().iter().map(|label| T::from_f64((*label).into())).collect();
    (data.inputs().iter().map(|x| T::from_f64(*x)).collect(), labels)
}

/// The share of a data set's samples that a network tells apart, in `f64`.
///
/// # Errors
/// Those of [`Backend::load`].
pub fn accuracy_on(data: &Dataset, run: &Run) -> Result<f64> {
    let evaluation = Reference::<f64>::new().load(data, std::slice::from_ref(run))?.evaluate()?.swap_remove(0);
    Ok(data.accuracy(&evaluation.logits))
}

/// Points whose logits [`logits_at`] computes at a time, so that Z and A stay small.
const POINTS_AT_A_TIME: usize = 4096;

/// The logits of a network, in `f64`, at points that need no labels: row-major (points × features).
///
/// # Errors
/// Those of [`Backend::load`] and [`Dataset::from_points`].
pub fn logits_at(network: &Network, parameters: &Parameters, points: &[f64]) -> Result<Vec<f64>> {
    Reference::<f64>::new().forward(network, parameters, points)
}

/// The most elements that Z of a layer may have: the textbook stores them all, some times over.
const MAX_ACTIVATIONS: usize = 1 << 28;

/// Whether Z of the widest layer has a size that is sane to store.
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
    /// X (n_x × m) and Y (1 × m).
    inputs: Vec<T>,
    labels: Vec<T>,
    models: Vec<Model<T>>,
    done: VecDeque<Chunk>,
}

impl<T: Real> Session for ReferenceSession<T> {
    fn plan(&self) -> &'static str {
        "reference"
    }

    fn advance(&mut self, iterations: u32) -> Result<()> {
        check_chunk(iterations)?;
        let costs = self.models.iter_mut().map(|model| {
            let iterations = if model.is_retired { 0 } else { iterations };
            let descend = |_| {
                let pass = model.forward(&self.inputs, &self.labels);
                let gradients = model.backward(&pass, &self.inputs, &self.labels);
                model.update(&gradients);
                pass.cost.to_f64()
            };
            (0..iterations).map(descend).collect()
        });
        let costs = costs.collect();
        let parameters = self.models.iter().map(|model| model.parameters.cast()).collect();
        self.done.push_back(Chunk { iterations, costs, parameters });
        Ok(())
    }

    fn collect(&mut self) -> Result<Option<Chunk>> {
        Ok(self.done.pop_front())
    }

    fn retire(&mut self, network: usize) -> Result<()> {
        let networks = self.models.len();
        let model = self.models.get_mut(network).ok_or_else(|| no_network(network, networks))?;
        model.is_retired = true;
        Ok(())
    }

    fn restart(&mut self, start: &[Parameters]) -> Result<()> {
        check_start(self.models.iter().map(|model| &model.network), start)?;
        self.done.clear();
        for (model, parameters) in self.models.iter_mut().zip(start) {
            (model.parameters, model.is_retired) = (parameters.cast(), false);
        }
        Ok(())
    }

    fn evaluate(&mut self) -> Result<Vec<Evaluation>> {
        let evaluate = |model: &Model<T>| {
            let pass = model.forward(&self.inputs, &self.labels);
            Evaluation { cost: pass.cost.to_f64(), logits: pass.logits().iter().map(|z| z.to_f64()).collect() }
        };
        Ok(self.models.iter().map(evaluate).collect())
    }

    fn gradients(&mut self) -> Result<Vec<Parameters>> {
        let gradients = |model: &Model<T>| {
            let pass = model.forward(&self.inputs, &self.labels);
            model.backward(&pass, &self.inputs, &self.labels).cast()
        };
        Ok(self.models.iter().map(gradients).collect())
    }
}

/// A network in training.
pub(crate) struct Model<T> {
    pub(crate) network: Network,
    pub(crate) parameters: Parameters<T>,
    learning_rate: T,
    is_retired: bool,
}

/// What a forward pass leaves for the backward pass: Z and A of every layer (units × samples), and the cost.
pub(crate) struct Forward<T> {
    pub(crate) z: Vec<Vec<T>>,
    pub(crate) a: Vec<Vec<T>>,
    pub(crate) cost: T,
}

impl<T> Forward<T> {
    pub(crate) fn logits(&self) -> &[T] {
        self.z.last().map_or(&[], Vec::as_slice)
    }
}

impl<T: Real> Model<T> {
    pub(crate) fn new(run: &Run) -> Self {
        let learning_rate = T::from_f64(run.learning_rate);
        Self { network: run.network.clone(), parameters: run.parameters.cast(), learning_rate, is_retired: false }
    }

    /// Z = W·A + b and A = g(Z) from the inputs up, σ at the output.
    pub(crate) fn forward(&self, inputs: &[T], labels: &[T]) -> Forward<T> {
        let (samples, layers) = (labels.len(), self.parameters.layout().layers());
        let (mut all_z, mut all_a) = (Vec::with_capacity(layers), Vec::<Vec<T>>::with_capacity(layers));
        for layer in 0..layers {
            let below = all_a.last().map_or(inputs, Vec::as_slice);
            let w = self.parameters.layout().weights(layer);
            let shape = Product { rows: w.rows, inner: w.columns, columns: samples };
            let activation = if layer + 1 == layers { Activation::Sigmoid } else { self.network.activation() };
            let mut z = op::matmul(self.parameters.weights(layer), below, shape, Transpose::None, T::ONE);
            let a = op::bias_activation(&mut z, self.parameters.bias(layer), activation);
            all_z.push(z);
            all_a.push(a);
        }
        let cost = op::cost(&all_z[layers - 1], labels, mean_of(samples));
        Forward { z: all_z, a: all_a, cost }
    }

    /// dW = dZ·Aᵀ/m and db = Σ dZ/m from the output down, with dZ = (Wᵀ·dZ above) ∘ g′(Z).
    pub(crate) fn backward(&self, pass: &Forward<T>, inputs: &[T], labels: &[T]) -> Parameters<T> {
        let (samples, mean) = (labels.len(), mean_of(labels.len()));
        let mut gradients = Parameters::zeros(&self.network);
        let top = self.parameters.layout().layers() - 1;
        let mut dz = op::output_delta(&pass.a[top], labels);
        for layer in (0..=top).rev() {
            let below = if layer == 0 { inputs } else { &pass.a[layer - 1] };
            let w = self.parameters.layout().weights(layer).clone();
            let shape = Product { rows: w.rows, inner: samples, columns: w.columns };
            gradients.weights_mut(layer).copy_from_slice(&op::matmul(&dz, below, shape, Transpose::B, mean));
            gradients.bias_mut(layer).copy_from_slice(&op::bias_sum(&dz, w.rows, mean));
            if layer > 0 {
                let shape = Product { rows: w.columns, inner: w.rows, columns: samples };
                let da = op::matmul(self.parameters.weights(layer), &dz, shape, Transpose::A, T::ONE);
                dz = op::hidden_delta(&da, &pass.z[layer - 1], self.network.derivative());
            }
        }
        gradients
    }
}

impl<T: Real> Model<T> {
    /// θ ← θ − α·dθ.
    pub(crate) fn update(&mut self, gradients: &Parameters<T>) {
        op::update(self.parameters.values_mut(), gradients.values(), self.learning_rate);
    }
}

/// 1/m.
fn mean_of<T: Real>(samples: usize) -> T {
    T::from_f64(1.0 / samples as f64)
}
