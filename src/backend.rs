//! The door between training and what computes it: a [`Backend`] loads networks, a [`Session`] advances them.
//!
//! Backends swap at "advance n iterations", never at an operation, so that a plan of many dispatches,
//! a plan of two, and a loop over cores live behind the same two traits.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use crate::data::Dataset;
use crate::model::{Activation, InitScale, Network, Parameters};
use crate::optim::{Recipe, State};
use crate::{Error, Result};

/// The most iterations that one [`Session::advance`] takes: the length of the device's cost history.
pub const CHUNK_LIMIT: u32 = 4096;

/// One network to train: where it starts, and how it goes on from there.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// What is trained.
    pub network: Network,
    /// The weights to start from, in the network's layout.
    pub parameters: Parameters,
    /// α in θ ← θ − α·dθ.
    pub learning_rate: f64,
    /// All else that makes an update; plain gradient descent over all samples if nothing else is said.
    pub recipe: Recipe,
    /// What led to the weights; nothing if nothing else is said.
    pub state: State,
}

impl Run {
    /// A network to train by plain gradient descent from these weights.
    pub fn new(network: Network, parameters: Parameters, learning_rate: f64) -> Self {
        Self { network, parameters, learning_rate, recipe: Recipe::default(), state: State::default() }
    }

    /// A network to train by plain gradient descent from [`Parameters::initial`].
    pub fn initial(network: Network, seed: u32, scale: impl Into<InitScale>, learning_rate: f64) -> Self {
        let parameters = Parameters::initial(&network, seed, scale);
        Self::new(network, parameters, learning_rate)
    }

    /// The same network to train in another way.
    ///
    /// ```
    /// use planar::backend::Run;
    /// use planar::model::{Activation, InitScale, Network};
    /// use planar::optim::Recipe;
    /// let network = Network::new(2, &[20, 10], Activation::Relu)?;
    /// let adam = Recipe { optimizer: "adam".parse()?, batch_size: Some(64), shuffle: Some(1), ..Recipe::default() };
    /// let run = Run::initial(network, 2, InitScale::HE, 0.001).with_recipe(adam);
    /// # Ok::<(), planar::Error>(())
    /// ```
    pub fn with_recipe(self, recipe: Recipe) -> Self {
        Self { recipe, ..self }
    }
}

/// What computes, for people and for `--json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DeviceInfo {
    /// `cpu`, `discrete-gpu`, `integrated-gpu`, `virtual-gpu`, `software-gpu` or `other-gpu`.
    pub kind: String,
    /// The adapter's name, or which of the CPU's implementations it is.
    pub name: String,
    /// `vulkan`, `metal`, `dx12`, or `reference` and `engine` on the CPU.
    pub backend: String,
    /// The driver and its version; the threads of the CPU engine.
    pub driver: String,
}

/// The plan that a GPU is to follow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PlanChoice {
    /// The fastest that can train the networks.
    #[default]
    Auto,
    /// Two dispatches per iteration: one hidden layer.
    Split,
    /// Many iterations per dispatch: small networks of any depth, and many of them.
    Resident,
    /// One dispatch per operation: any depth.
    Layered,
}

impl FromStr for PlanChoice {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "auto" => Ok(Self::Auto),
            // split was called fused once, and is so in older files
            "split" | "fused" => Ok(Self::Split),
            "resident" => Ok(Self::Resident),
            "layered" => Ok(Self::Layered),
            _ => Err(Error::invalid("the plan", "auto, split, resident or layered", format_args!("'{text}'"))),
        }
    }
}

impl PlanChoice {
    /// Those that a GPU can be told to follow.
    pub const ALL: [Self; 3] = [Self::Split, Self::Resident, Self::Layered];

    /// `auto`, `split`, `resident` or `layered`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Split => "split",
            Self::Resident => "resident",
            Self::Layered => "layered",
        }
    }

    /// Whether plans of these names give the same bits of a run on one device: where `split` can train it, `resident` sums
    /// in that one's order, else in that of `layered`.
    pub fn are_alike(a: &str, b: &str, data: &Dataset, run: &Run) -> bool {
        let other = if is_of_one_hidden(data, run) { Self::Split } else { Self::Layered };
        let is_one = |name| [other, Self::Resident].iter().any(|plan| plan.name() == name);
        a == b || (is_one(a) && is_one(b))
    }
}

impl fmt::Display for PlanChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How a GPU's plan is laid out: which invocation computes what. A layout affects speed only, never results.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum LayoutChoice {
    /// The one that the first chunks of the training show to be the fastest.
    #[default]
    Measured,
    /// The one that is likely to be the fastest on such an adapter.
    Likeliest,
    /// The one of this name, as `planar bench` shows them.
    Named(String),
}

/// The layout that a session's plan has, and what it was chosen from.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Layouts {
    /// The name of the layout that trains.
    pub chosen: String,
    /// Every layout on offer with its seconds per iteration of all networks; none of one that was not measured.
    pub measured: Vec<(String, Option<f64>)>,
}

impl fmt::Display for Layouts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "layout {}", self.chosen)?;
        if self.measured.iter().all(|(_, time)| time.is_none()) {
            return Ok(());
        }
        let each = |(name, time): &(String, Option<f64>)| match time {
            Some(time) => format!("{name} {:.1} µs", 1e6 * time),
            None => format!("{name} left out"),
        };
        write!(f, ", measured: {}", self.measured.iter().map(each).collect::<Vec<_>>().join(", "))
    }
}

/// Loads data and networks onto a device.
pub trait Backend: Send + Sync {
    /// What computes.
    fn device(&self) -> DeviceInfo;

    /// Puts a data set and the networks to train on it, side by side, onto the device.
    /// All networks have the data set's inputs, the same number of layers, the same outputs and the same activation (slopes
    /// may differ), and take the same batches.
    ///
    /// # Errors
    /// [`Error::Mismatch`] if data and networks do not fit,
    /// [`Error::Limit`] if the device is too small for them.
    fn load(&self, data: &Dataset, runs: &[Run]) -> Result<Box<dyn Session>>;

    /// The logits of a network at points that need no labels: row-major (points × features) in, (points × outputs) out.
    /// The points go through the device in blocks, so that their number is bounded by the host's memory alone.
    ///
    /// # Errors
    /// [`Error::Mismatch`] if network, parameters and points do not fit together, [`Error::Limit`] if the device is too
    /// small for the network, and those of [`Session::collect`].
    fn forward(&self, network: &Network, parameters: &Parameters, points: &[f64]) -> Result<Vec<f64>>;

    /// The name of the plan that [`forward`](Self::forward) follows for this network and number of points.
    ///
    /// # Errors
    /// [`Error::Mismatch`] if the device's plans cannot compute the network, [`Error::Limit`] if it is too small for it.
    fn forward_plan(&self, network: &Network, points: usize) -> Result<&'static str>;

    /// Bytes that a session of this many networks of this shape takes, nearly.
    ///
    /// # Errors
    /// [`Error::Limit`] if the device is too small for them.
    fn memory(&self, data: &Dataset, network: &Network, count: usize) -> Result<u64>;

    /// [`memory`](Self::memory) of networks that are trained as this run is, where its recipe matters.
    ///
    /// # Errors
    /// As there.
    fn memory_for(&self, data: &Dataset, run: &Run, count: usize) -> Result<u64> {
        self.memory(data, &run.network, count)
    }

    /// Bytes that the device gives to a session.
    fn memory_limit(&self) -> u64;
}

/// Networks on a device, in training. Weights, data and activations stay there until asked for.
pub trait Session: Send {
    /// The plan that it follows: `split`, `resident` or `layered` on a GPU, `reference` or `engine` on the CPU.
    fn plan_name(&self) -> &'static str;

    /// Queues `iterations` (1 to [`CHUNK_LIMIT`]) of gradient descent. Nothing waits here.
    ///
    /// # Errors
    /// [`Error::Invalid`] for another number of iterations, [`Error::Device`] if the device refuses the work.
    fn advance(&mut self, iterations: u32) -> Result<()>;

    /// Waits for the oldest queued chunk and returns what it recorded; `None` if none is queued.
    ///
    /// # Errors
    /// [`Error::Incomplete`] if the device did fewer steps than it was given,
    /// [`Error::Device`] if it failed or did not answer in time,
    /// [`Error::Lost`] if it is lost and no other could take its place.
    fn collect(&mut self) -> Result<Option<Chunk>>;

    /// The forward pass over all samples at the weights after all queued iterations, with no unit dropped.
    ///
    /// # Errors
    /// As [`collect`](Self::collect).
    fn evaluate(&mut self) -> Result<Vec<Evaluation>>;

    /// The gradients that the next update would take at the weights after all queued iterations, one set a network: those of
    /// its batch, with L2 and clipping.
    ///
    /// # Errors
    /// As [`collect`](Self::collect).
    fn gradients(&mut self) -> Result<Vec<Parameters>>;

    /// Stops training a network of the session: from now on nothing is computed or written for it, and what
    /// [`collect`](Self::collect), [`evaluate`](Self::evaluate) and [`gradients`](Self::gradients) return for it means
    /// nothing. The others are not affected.
    ///
    /// # Errors
    /// [`Error::Invalid`] if there is no such network, [`Error::Device`] if the device refuses it.
    fn retire(&mut self, network: usize) -> Result<()>;

    /// Starts again from these parameters, one set per network, and from the states that were loaded: nothing is queued, and
    /// no network is retired.
    ///
    /// # Errors
    /// [`Error::Mismatch`] if the parameters are not those of the session's networks, [`Error::Device`] if the device
    /// refuses them.
    fn restart(&mut self, start: &[Parameters]) -> Result<()>;

    /// How the plan is laid out, if it has layouts.
    fn layouts(&self) -> Option<Layouts> {
        None
    }

    /// How many chunks should be queued at once so that the device never idles.
    fn queue_depth(&self) -> usize {
        1
    }
}

/// What a chunk of iterations left behind.
#[derive(Clone, Debug, PartialEq)]
pub struct Chunk {
    /// Updates done in it.
    pub iterations: u32,
    /// `costs[network][k]`: the cost of the weights after `k` updates of the chunk, on the samples of the next.
    pub costs: Vec<Vec<f64>>,
    /// The parameters at the chunk's end, one set a network.
    pub parameters: Vec<Parameters>,
    /// The optimisers' moments at the chunk's end, one list a network: empty for plain gradient descent.
    pub moments: Vec<Vec<f64>>,
}

/// The forward pass of one network.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// The mean of the loss over the samples, with what L2 adds.
    pub cost: f64,
    /// Z of the last layer, row-major (samples × outputs); of the exercise's network one logit per sample, and the
    /// probability of class 1 is σ(logit).
    pub logits: Vec<f64>,
}

/// Whether data and networks fit together, as every [`Backend::load`] demands.
///
/// # Errors
/// [`Error::Mismatch`] naming the first thing that does not fit, [`Error::Invalid`] for a learning rate that is not
/// a finite number above 0 or a slope that is not finite.
pub fn check_runs(data: &Dataset, runs: &[Run]) -> Result<()> {
    let first = runs.first().ok_or_else(|| Error::invalid("the number of networks", "at least 1", 0))?;
    for run in runs {
        let (network, shared) = (&run.network, &first.network);
        check_inputs(data, network)?;
        let kind = |network: &Network| {
            let names = (network.activation().name(), network.derivative().borrowed.map(Activation::name));
            (names, network.hidden().len(), network.output(), network.outputs())
        };
        if kind(network) != kind(shared) {
            let message =
                "networks trained side by side must have the same activation, derivative, number of layers and outputs";
            return Err(Error::Mismatch(message.into()));
        }
        run.recipe.check(data.samples())?;
        let batches = |run: &Run| (run.recipe.batches(data.samples()), run.state.updates);
        if batches(run) != batches(first) {
            let message = "networks trained side by side must take the same batches, from the same update on";
            return Err(Error::Mismatch(message.into()));
        }
        run.state.moments_for(network, run.recipe.optimizer)?;
        if run.parameters.layout() != network.layout() {
            return Err(Error::Mismatch(format!("the parameters are not those of a {:?} network", network.widths())));
        }
        let derivative = network.derivative();
        for slope in [Some(derivative.activation), derivative.borrowed].into_iter().flatten().map(Activation::slope) {
            if !(slope as f32).is_finite() {
                return Err(Error::invalid("the slope of leaky-relu", "a finite number in the range of f32", slope));
            }
        }
        if let Some(borrowed) = derivative.borrowed.filter(|borrowed| !borrowed.is_of_the_exercise()) {
            let wanted = "tanh's, sigmoid's or a ReLU's";
            return Err(Error::invalid("the borrowed derivative", wanted, borrowed));
        }
        check_learning_rate(run.learning_rate)?;
    }
    Ok(())
}

/// Whether a network has as many inputs as a data set has features, and the outputs that its targets want.
pub(crate) fn check_inputs(data: &Dataset, network: &Network) -> Result<()> {
    let (inputs, features) = (network.inputs(), data.features());
    if inputs != features {
        return Err(Error::Mismatch(format!("a network of {inputs} inputs cannot train on {features} features")));
    }
    let wanted = data.outputs(network.output())?;
    match network.outputs() {
        outputs if outputs == wanted => Ok(()),
        outputs => {
            let (data, output) = (data.name(), network.output());
            Err(Error::Mismatch(format!("{data} wants {wanted} outputs of {output}, and the network has {outputs}")))
        }
    }
}

/// Whether parameters are those of a session's networks, one set each.
pub(crate) fn check_start<'a>(
    networks: impl ExactSizeIterator<Item = &'a Network>,
    start: &[Parameters],
) -> Result<()> {
    if networks.len() != start.len() {
        let message = format!("{} sets of parameters for {} networks", start.len(), networks.len());
        return Err(Error::Mismatch(message));
    }
    for (network, parameters) in networks.zip(start) {
        if parameters.layout() != network.layout() {
            return Err(Error::Mismatch(format!("the parameters are not those of a {:?} network", network.widths())));
        }
    }
    Ok(())
}

/// Whether network, parameters and points fit together; the number of points.
pub(crate) fn check_points(network: &Network, parameters: &Parameters, points: &[f64]) -> Result<usize> {
    check_start(std::iter::once(network), std::slice::from_ref(parameters))?;
    let inputs = network.inputs();
    if !points.len().is_multiple_of(inputs) {
        let message = format!("{} values are not points of {inputs} features", points.len());
        return Err(Error::Mismatch(message));
    }
    Ok(points.len() / inputs)
}

/// Whether a session can advance by this many iterations at once.
pub(crate) fn check_chunk(iterations: u32) -> Result<()> {
    match (1..=CHUNK_LIMIT).contains(&iterations) {
        true => Ok(()),
        false => Err(Error::invalid("a chunk", format!("between 1 and {CHUNK_LIMIT} iterations"), iterations)),
    }
}

/// Whether a run is the exercise's training: plain gradient descent over all samples, which count alike, towards one logit
/// for two classes.
pub(crate) fn is_plain(data: &Dataset, run: &Run) -> bool {
    let is_whole = run.recipe.batches(data.samples()).are_whole() && data.weights().is_none();
    is_whole && Recipe { batch_size: None, ..run.recipe }.is_plain() && run.network.tells_two_classes()
}

/// The most features of the plans for one hidden layer: those of a sample are to stay in registers.
pub(crate) const MOST_FEATURES: usize = 16;

/// Whether a run is what the plans for one hidden layer train.
fn is_of_one_hidden(data: &Dataset, run: &Run) -> bool {
    run.network.hidden().len() == 1 && run.network.inputs() <= MOST_FEATURES && is_plain(data, run)
}

/// That a session of this many networks has no such one, counted from 0.
pub(crate) fn no_network(network: usize, networks: usize) -> Error {
    Error::invalid("the network", format!("one of the session's {networks}, counted from 0"), network)
}

/// Whether a learning rate can train: finite and above 0, and so in `f32`, with which devices compute.
///
/// # Errors
/// [`Error::Invalid`] otherwise.
pub fn check_learning_rate(learning_rate: f64) -> Result<()> {
    if !(learning_rate > 0.0 && learning_rate.is_finite()) {
        return Err(Error::invalid("the learning rate", "a finite number above 0", learning_rate));
    }
    let rounded = learning_rate as f32;
    if rounded == 0.0 || rounded.is_infinite() {
        return Err(Error::invalid("the learning rate", "within the range of f32", learning_rate));
    }
    Ok(())
}
