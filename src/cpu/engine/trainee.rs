//! One network in training: its parameters, its parts of the gradient, and the step.

use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};

use fearless_simd::{Simd, SimdBase};

use super::activation::{Hidden, LeakyRelu, Relu, Sigmoid, Tanh};
use super::instructions::{Operation, Token};
use super::kernel::{Slab, Totals};
use super::line::{LINE, Line, Samples, flat, flat_mut, zeros};
use super::math::splat;
use super::shape::Shape;
use super::{narrow, units};
use crate::backend::{Evaluation, Run};
use crate::model::{Activation, Network, Parameters};

/// A network in training. Threads take its parts, each behind its own lock; one thread then makes the step.
pub struct Trainee {
    token: Token,
    network: Network,
    shape: Shape,
    learning_rate: f64,
    theta: RwLock<Theta>,
    parts: Vec<Mutex<Part>>,
}

/// The parameters, and room to add up their gradients.
struct Theta {
    /// W1, b1 and W2 in the order of the shape.
    weights: Vec<Line>,
    /// b2.
    bias: f32,
    gradient: Gradient,
}

/// Sums over samples, not yet divided by m.
struct Gradient {
    /// For each unit Σ d·g′·x, Σ d·g′ and Σ d·g, in the order of the shape.
    sums: Vec<Line>,
    /// The output's.
    totals: Totals,
}

/// The samples that are always added up together, whichever thread does it.
struct Part {
    lines: Range<usize>,
    gradient: Gradient,
    /// z2 of the part's samples.
    logits: Vec<Line>,
}

/// What a thread needs to compute a part, O(n_h) numbers.
#[derive(Default)]
pub struct Scratch {
    /// What the forward pass keeps of a block.
    kept: Vec<Line>,
    /// The sums of a slab in lanes.
    slab: Vec<Line>,
    /// The sums of several slabs.
    sums: Vec<f64>,
}

impl Trainee {
    /// A network to train on `samples`, in the token's registers.
    pub fn new(token: Token, run: &Run, samples: &Samples) -> Self {
        let shape = Shape::new(&run.network, token.lanes());
        let mut weights = zeros(shape.len().div_ceil(LINE));
        for (to, from) in flat_mut(&mut weights).iter_mut().zip(shape.pack(&run.parameters)) {
            *to = from as f32;
        }
        let gradient = || Gradient { sums: zeros(shape.len().div_ceil(LINE)), totals: Totals::default() };
        let cost_of_pair = match run.network.activation() {
            Activation::Tanh | Activation::Sigmoid => 2,
            Activation::Relu | Activation::LeakyRelu { .. } => 1,
        };
        let parts = shape
            .parts(samples.lines(), cost_of_pair)
            .into_iter()
            .map(|lines| Mutex::new(Part { logits: zeros(lines.len()), lines, gradient: gradient() }));
        let parts = parts.collect();
        let theta = Theta { weights, bias: run.parameters.bias(1)[0] as f32, gradient: gradient() };
        let (network, learning_rate) = (run.network.clone(), run.learning_rate);
        Self { token, network, shape, learning_rate, theta: RwLock::new(theta), parts }
    }

    /// The number of parts.
    pub fn parts(&self) -> usize {
        self.parts.len()
    }

    /// Computes a part of the gradient at the present parameters.
    pub fn part(&self, part: usize, samples: &Samples, scratch: &mut Scratch) {
        let theta = self.theta.read().unwrap_or_else(PoisonError::into_inner);
        let mut part = lock(&self.parts[part]);
        self.token.run(Pass { trainee: self, theta: &theta, samples, scratch, part: &mut part });
    }

    /// θ ← θ − α·dθ/m from the parts; the cost before it.
    pub fn step(&self, samples: &Samples) -> f64 {
        let theta = &mut *self.theta.write().unwrap_or_else(PoisonError::into_inner);
        self.token.run(AddParts { parts: &self.parts, gradient: &mut theta.gradient });
        self.token.run(Step { shape: self.shape, rate: (self.learning_rate / samples.count as f64) as f32, theta });
        theta.gradient.totals.cost / samples.count as f64
    }

    /// The parameters.
    pub fn parameters(&self) -> Parameters {
        let theta = self.theta.read().unwrap_or_else(PoisonError::into_inner);
        let mut parameters = Parameters::zeros(&self.network);
        let weights = flat(&theta.weights);
        self.shape.unpack(|at| f64::from(weights[at]), f64::from(theta.bias), &mut parameters);
        parameters
    }

    /// dθ/m from the parts.
    pub fn gradients(&self, samples: &Samples) -> Parameters {
        let theta = &mut *self.theta.write().unwrap_or_else(PoisonError::into_inner);
        self.token.run(AddParts { parts: &self.parts, gradient: &mut theta.gradient });
        let (sums, weights, m) = (flat(&theta.gradient.sums), flat(&theta.weights), samples.count as f64);
        let mut gradients = Parameters::zeros(&self.network);
        self.shape.unpack(|at| f64::from(sums[at]) / m, theta.gradient.totals.bias / m, &mut gradients);
        for unit in 0..self.shape.hidden {
            let w2 = f64::from(weights[self.shape.at(unit, self.shape.features + 1)]);
            gradients.weights_mut(0)[unit * self.shape.inputs..][..self.shape.inputs].iter_mut().for_each(|g| *g *= w2);
            gradients.bias_mut(0)[unit] *= w2;
        }
        gradients
    }

    /// The cost and the logits from the parts.
    pub fn evaluation(&self, samples: &Samples) -> Evaluation {
        let (mut cost, mut logits) = (0.0, Vec::with_capacity(samples.lines() * LINE));
        for part in &self.parts {
            let part = lock(part);
            cost += part.gradient.totals.cost;
            logits.extend(flat(&part.logits).iter().map(|z2| f64::from(*z2)));
        }
        logits.truncate(samples.count);
        Evaluation { cost: cost / samples.count as f64, logits }
    }
}

/// A lock is only ever poisoned by a panic that the pool reports.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The gradient of a part, slab by slab: f32 sums over a slab, f64 sums over the slabs.
struct Pass<'a> {
    trainee: &'a Trainee,
    theta: &'a Theta,
    samples: &'a Samples,
    scratch: &'a mut Scratch,
    part: &'a mut Part,
}

impl Operation for Pass<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        match self.trainee.network.activation() {
            Activation::Tanh => self.pass(simd, Tanh(simd)),
            Activation::Sigmoid => self.pass(simd, Sigmoid(simd)),
            Activation::Relu => self.pass(simd, Relu(simd)),
            Activation::LeakyRelu { slope } if slope as f32 == 0.0 => self.pass(simd, Relu(simd)),
            Activation::LeakyRelu { slope } => {
                self.pass(simd, LeakyRelu { simd, slope: splat(simd, slope as f32) });
            }
        }
    }
}

impl Pass<'_> {
    #[inline(always)]
    fn pass<S: Simd, G: Hidden<S>>(self, simd: S, g: G) {
        match self.trainee.shape.features {
            2 => self.slabs::<S, G, 2>(simd, g),
            4 => self.slabs::<S, G, 4>(simd, g),
            8 => self.slabs::<S, G, 8>(simd, g),
            _ => self.slabs::<S, G, 16>(simd, g),
        }
    }

    #[inline(always)]
    fn slabs<S: Simd, G: Hidden<S>, const NX: usize>(self, simd: S, g: G) {
        let Self { trainee: Trainee { shape, .. }, theta, samples, scratch, part } = self;
        let (len, lanes) = (shape.len(), S::f32s::LEN);
        let (kept, slab) = if shape.is_narrow() {
            (shape.hidden * narrow::BLOCK * lanes, len * lanes)
        } else {
            (shape.groups() * LINE * lanes, len)
        };
        let (kept, slab) = (room(&mut scratch.kept, kept), room(&mut scratch.slab, slab));
        let sums = &mut flat_mut(&mut part.gradient.sums)[..len];
        let slabs = part.logits.len().div_ceil(shape.slab());
        scratch.sums.clear();
        scratch.sums.resize(if slabs > 1 { len } else { 0 }, 0.0);
        part.gradient.totals = Totals::default();
        let mut line = part.lines.start;
        for logits in part.logits.chunks_mut(shape.slab()) {
            let into = if shape.is_narrow() { &mut *slab } else { &mut *sums };
            into.fill(0.0);
            let lines = line..line + logits.len();
            line = lines.end;
            let theta = (&flat(&theta.weights)[..len], theta.bias);
            let input = Slab { samples, lines, theta: theta.0, bias: theta.1, sums: into, kept, logits };
            let totals = if shape.is_narrow() {
                narrow::slab::<S, G, NX>(simd, g, input)
            } else {
                units::slab::<S, G, NX>(simd, g, input)
            };
            part.gradient.totals.cost += totals.cost;
            part.gradient.totals.bias += totals.bias;
            if shape.is_narrow() {
                for (sum, lanes) in sums.iter_mut().zip(slab.chunks_exact(lanes)) {
                    *sum = S::f32s::from_slice(simd, lanes).reduce_sum();
                }
            }
            for (total, sum) in scratch.sums.iter_mut().zip(&*sums) {
                *total += f64::from(*sum);
            }
        }
        for (sum, total) in sums.iter_mut().zip(&scratch.sums) {
            *sum = *total as f32;
        }
    }
}

/// `numbers` numbers, whatever they are.
fn room(lines: &mut Vec<Line>, numbers: usize) -> &mut [f32] {
    if lines.len() < numbers.div_ceil(LINE) {
        *lines = zeros(numbers.div_ceil(LINE));
    }
    &mut flat_mut(lines)[..numbers]
}

/// Σ over the parts, in their order.
struct AddParts<'a> {
    parts: &'a [Mutex<Part>],
    gradient: &'a mut Gradient,
}

impl Operation for AddParts<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        let Self { parts, gradient } = self;
        gradient.totals = Totals::default();
        for (number, part) in parts.iter().enumerate() {
            let part = lock(part);
            if number == 0 {
                gradient.sums.copy_from_slice(&part.gradient.sums);
            } else {
                for (sum, term) in flat_mut(&mut gradient.sums).iter_mut().zip(flat(&part.gradient.sums)) {
                    *sum += term;
                }
            }
            gradient.totals.cost += part.gradient.totals.cost;
            gradient.totals.bias += part.gradient.totals.bias;
        }
    }
}

/// θ ← θ − rate·dθ, with dW1 and db1 the sums times w2.
struct Step<'a> {
    shape: Shape,
    rate: f32,
    theta: &'a mut Theta,
}

impl Operation for Step<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        let Self { shape, rate, theta } = self;
        let (lanes, rows) = (shape.lanes, shape.rows());
        let groups = flat_mut(&mut theta.weights).chunks_exact_mut(rows * lanes);
        for (weights, sums) in groups.zip(flat(&theta.gradient.sums).chunks_exact(rows * lanes)) {
            let (w1_b1, w2) = weights.split_at_mut((rows - 1) * lanes);
            let (dw1_db1, dw2) = sums.split_at((rows - 1) * lanes);
            for (row, sums) in w1_b1.chunks_exact_mut(lanes).zip(dw1_db1.chunks_exact(lanes)) {
                for ((value, sum), w2) in row.iter_mut().zip(sums).zip(&*w2) {
                    *value -= rate * (w2 * sum);
                }
            }
            for (w2, sum) in w2.iter_mut().zip(dw2) {
                *w2 -= rate * sum;
            }
        }
        let weights = flat_mut(&mut theta.weights);
        for unit in shape.hidden..shape.groups() * lanes {
            weights[shape.at(unit, rows - 1)] = 0.0; // g(0) need not be 0, but no such unit may speak
        }
        theta.bias -= rate * theta.gradient.totals.bias as f32;
    }
}
