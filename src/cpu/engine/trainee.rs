//! One network in training: its parameters, its parts of the gradient, and the step.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};

use fearless_simd::{Simd, SimdBase};

use super::activation::Hidden;
use super::instructions::{Operation, Token};
use super::kernel::{Slab, Totals};
use super::line::{LINE, Line, Samples, flat, flat_mut, zeros};
use super::shape::Shape;
use super::specialise::{ANY, Specialised, specialise};
use super::{narrow, narrow_tiles, tiles, units};
use crate::backend::{Evaluation, Run};
use crate::model::{Activation, Network, Parameters};

/// A network in training. Threads take its parts, each behind its own lock; one thread then makes the step.
pub struct Trainee {
    token: Token,
    network: Network,
    shape: Shape,
    learning_rate: f64,
    theta: RwLock<Theta>,
    /// Their number is a power of two.
    parts: Vec<Mutex<Part>>,
    /// For each part but the first, how often it or the part it is added to was finished; odd if one of the two waits.
    finished: Vec<AtomicUsize>,
}

/// The parameters.
pub struct Theta {
    /// W1, b1 and W2 in the order of the shape.
    pub weights: Vec<Line>,
    /// b2.
    pub bias: f32,
}

impl Theta {
    /// The parameters of a network of this shape.
    pub fn new(shape: Shape, parameters: &Parameters) -> Self {
        let mut weights = zeros(shape.len().div_ceil(LINE));
        for (to, from) in flat_mut(&mut weights).iter_mut().zip(shape.pack(parameters)) {
            *to = from as f32;
        }
        Self { weights, bias: parameters.bias(1)[0] as f32 }
    }
}

/// Sums over samples, not yet divided by m.
struct Gradient {
    /// For each unit Σ d·g′·x, Σ d·g′ and Σ d·g, in the order of the shape.
    sums: Vec<Line>,
    /// Sums of the output unit.
    totals: Totals,
}

/// The samples that are always added up together, whichever thread does it.
struct Part {
    lines: Range<usize>,
    gradient: Gradient,
    /// z2 of the part's samples.
    logits: Vec<Line>,
}

/// What a thread needs to compute a part: O(n_h) numbers.
#[derive(Default)]
pub struct Scratch {
    /// What the forward pass keeps of a block.
    kept: Vec<Line>,
    /// The sums of a slab, in lanes.
    slab: Vec<Line>,
    /// The sums of several slabs.
    sums: Vec<f64>,
}

impl Trainee {
    /// A network to train on `samples`, in the token's registers.
    pub fn new(token: Token, run: &Run, samples: &Samples) -> Self {
        let shape = Shape::new(&run.network, token.lanes());
        let gradient = || Gradient { sums: zeros(shape.len().div_ceil(LINE)), totals: Totals::default() };
        let cost_of_pair = match run.network.activation() {
            Activation::Tanh | Activation::Sigmoid => 2,
            _ => 1,
        };
        let parts = shape
            .parts(samples.lines(), cost_of_pair)
            .into_iter()
            .map(|lines| Mutex::new(Part { logits: zeros(lines.len()), lines, gradient: gradient() }));
        let parts: Vec<_> = parts.collect();
        let finished = parts.iter().map(|_| AtomicUsize::new(0)).collect();
        let theta = Theta::new(shape, &run.parameters);
        let (network, learning_rate) = (run.network.clone(), run.learning_rate);
        Self { token, network, shape, learning_rate, theta: RwLock::new(theta), parts, finished }
    }

    /// The network.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// Starts again from these parameters.
    pub fn restart(&self, parameters: &Parameters) {
        *self.theta.write().unwrap_or_else(PoisonError::into_inner) = Theta::new(self.shape, parameters);
    }

    /// The number of parts.
    pub fn parts(&self) -> usize {
        self.parts.len()
    }

    /// Computes a part of the gradient at the present parameters.
    pub fn part(&self, part: usize, samples: &Samples, scratch: &mut Scratch) {
        {
            let theta = self.theta.read().unwrap_or_else(PoisonError::into_inner);
            let mut part = lock(&self.parts[part]);
            self.token.run(Pass { trainee: self, theta: &theta, samples, scratch, part: &mut part });
        }
        self.add_up(part);
    }

    /// Adds up finished parts: 1 to 0 and 3 to 2, then 2 to 0, and so on, up to the two halves. Whoever finishes the
    /// second of a pair adds it, so that the order of the sums is fixed and most of them stay in their cache.
    fn add_up(&self, part: usize) {
        let mut stride = 1;
        while 2 * stride < self.parts.len() {
            let left = part / (2 * stride) * (2 * stride);
            let right = left + stride;
            if self.finished[right].fetch_add(1, SeqCst).is_multiple_of(2) {
                return;
            }
            let (mut left, right) = (lock(&self.parts[left]), lock(&self.parts[right]));
            self.token.run(Add { to: &mut left.gradient, from: &right.gradient });
            stride *= 2;
        }
    }

    /// The sum over all parts, once they are finished.
    fn gradient(&self) -> MutexGuard<'_, Part> {
        let mut first = lock(&self.parts[0]);
        if self.parts.len() > 1 {
            let half = lock(&self.parts[self.parts.len() / 2]);
            self.token.run(Add { to: &mut first.gradient, from: &half.gradient });
        }
        first
    }

    /// θ ← θ − α·dθ/m from the finished parts; returns the cost before the update.
    pub fn step(&self, samples: &Samples) -> f64 {
        let m = samples.count as f64;
        let theta = &mut *self.theta.write().unwrap_or_else(PoisonError::into_inner);
        let gradient = &self.gradient().gradient;
        self.token.run(Step { shape: self.shape, rate: (self.learning_rate / m) as f32, theta, gradient });
        gradient.totals.cost / m
    }

    /// The parameters.
    pub fn parameters(&self) -> Parameters {
        let theta = self.theta.read().unwrap_or_else(PoisonError::into_inner);
        let mut parameters = Parameters::zeros(&self.network);
        let weights = flat(&theta.weights);
        self.shape.unpack(|at| f64::from(weights[at]), f64::from(theta.bias), &mut parameters);
        parameters
    }

    /// dθ/m, the cost and the logits, from the finished parts.
    pub fn finish(&self, samples: &Samples) -> (Parameters, Evaluation) {
        let (theta, m) = (self.theta.read().unwrap_or_else(PoisonError::into_inner), samples.count as f64);
        let mut gradients = Parameters::zeros(&self.network);
        let cost = {
            let gradient = &self.gradient().gradient;
            let (sums, weights) = (flat(&gradient.sums), flat(&theta.weights));
            self.shape.unpack(|at| f64::from(sums[at]) / m, gradient.totals.bias / m, &mut gradients);
            for unit in 0..self.shape.hidden {
                let w2 = f64::from(weights[self.shape.at(unit, self.shape.features + 1)]);
                let dw1 = &mut gradients.weights_mut(0)[unit * self.shape.inputs..][..self.shape.inputs];
                dw1.iter_mut().for_each(|value| *value *= w2);
                gradients.bias_mut(0)[unit] *= w2;
            }
            gradient.totals.cost / m
        };
        let mut logits = Vec::with_capacity(samples.lines() * LINE);
        for part in &self.parts {
            logits.extend(flat(&lock(part).logits).iter().map(|z2| f64::from(*z2)));
        }
        logits.truncate(samples.count);
        (gradients, Evaluation { cost, logits })
    }
}

/// A lock is poisoned only by a panic, which the pool reports.
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
        let (derivative, features) = (self.trainee.network.derivative(), self.trainee.shape.features);
        specialise(simd, derivative, features, self);
    }
}

impl Specialised for Pass<'_> {
    #[inline(always)]
    fn run<S: Simd, G: Hidden<S>, const NX: usize>(self, simd: S, g: G) {
        let Self { trainee: Trainee { shape, .. }, theta, samples, scratch, part } = self;
        let (len, lanes) = (shape.len(), S::f32s::LEN);
        let slab = if shape.is_narrow() { len * lanes } else { len };
        let (kept, slab) = (room(&mut scratch.kept, shape.kept(lanes)), room(&mut scratch.slab, slab));
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
            let totals = match (NX, shape.is_narrow()) {
                (ANY, true) => narrow_tiles::slab(simd, g, input),
                (ANY, false) => tiles::slab(simd, g, input),
                (_, true) => narrow::slab::<S, G, NX>(simd, g, input),
                (_, false) => units::slab::<S, G, NX>(simd, g, input),
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

/// Room for `numbers` numbers, whose values are arbitrary.
fn room(lines: &mut Vec<Line>, numbers: usize) -> &mut [f32] {
    if lines.len() < numbers.div_ceil(LINE) {
        *lines = zeros(numbers.div_ceil(LINE));
    }
    &mut flat_mut(lines)[..numbers]
}

/// Adds one part's sums to another's.
struct Add<'a> {
    to: &'a mut Gradient,
    from: &'a Gradient,
}

impl Operation for Add<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        for (sum, term) in flat_mut(&mut self.to.sums).iter_mut().zip(flat(&self.from.sums)) {
            *sum += term;
        }
        self.to.totals.cost += self.from.totals.cost;
        self.to.totals.bias += self.from.totals.bias;
    }
}

/// θ ← θ − rate·dθ, with dW1 and db1 the sums times w2.
struct Step<'a> {
    shape: Shape,
    rate: f32,
    theta: &'a mut Theta,
    gradient: &'a Gradient,
}

impl Operation for Step<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        let Self { shape, rate, theta, gradient } = self;
        let (lanes, rows) = (shape.lanes, shape.rows());
        let groups = flat_mut(&mut theta.weights).chunks_exact_mut(rows * lanes);
        for (weights, sums) in groups.zip(flat(&gradient.sums).chunks_exact(rows * lanes)) {
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
            weights[shape.at(unit, rows - 1)] = 0.0; // g(0) need not be 0, and padding units must contribute nothing
        }
        theta.bias -= rate * gradient.totals.bias as f32;
    }
}
