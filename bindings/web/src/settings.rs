//! The settings of an experiment as the page writes them: a flat object, whose values are spelt as the command's.

use planar::backend::{LayoutChoice, PlanChoice};
use planar::data::{Options, Scale, Source};
use planar::diagnose::Change;
use planar::fit::{RunSettings, Start};
use planar::model::{Hidden, InitScale};
use planar::optim::Recipe;
use planar::{Error, Result};
use serde::{Deserialize, Serialize};

/// The most samples of a generated set: each is drawn again in every picture.
const MOST_SAMPLES: usize = 100_000;
/// What samples that the page brings are called.
pub const OWN: &str = "own";
/// The device that saves power.
const SAVING: &str = "gpu-saving";
/// The seed by which samples are held out and shuffled, the command's.
const SEED: u32 = 1;

/// Everything that an experiment depends on, apart from samples of one's own. What is missing is the notebook's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Settings {
    /// The name of a generated set, or `own`.
    pub data: String,
    /// Samples of a generated set.
    pub samples: Option<usize>,
    /// The seed of a generated set.
    pub data_seed: Option<u32>,
    /// The share of the samples that is held out.
    pub held_out: f64,
    /// How features are scaled.
    pub scale: String,
    /// The units of each hidden layer, as in `20x10`.
    pub hidden: String,
    /// g of the hidden layers.
    pub activation: String,
    /// The activation whose derivative is taken by mistake.
    pub backward: Option<String>,
    /// What the outputs mean; `auto` for what suits the samples.
    pub output: String,
    /// The rule of an update.
    pub optimizer: String,
    /// α.
    pub rate: f64,
    /// Samples of a batch; 0 for all.
    pub batch: usize,
    /// λ of L2.
    pub l2: f64,
    /// NumPy's seed of the initial weights.
    pub seed: u32,
    /// What `randn` is multiplied by.
    pub start: String,
    /// Updates after which training ends by itself.
    pub iterations: u64,
    /// `auto`, `gpu`, `gpu-saving` for the one of several that needs less power, or `cpu`.
    pub device: String,
    /// The plan of a GPU.
    pub plan: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            data: Source::Flower.to_string(),
            samples: None,
            data_seed: None,
            held_out: 0.0,
            scale: Scale::Auto.to_string(),
            hidden: "4".into(),
            activation: "tanh".into(),
            backward: None,
            output: "auto".into(),
            optimizer: "gd".into(),
            rate: 1.2,
            batch: 0,
            l2: 0.0,
            seed: 2,
            start: InitScale::default().to_string(),
            iterations: 10_000,
            device: "auto".into(),
            plan: PlanChoice::Auto.to_string(),
        }
    }
}

/// What trains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// A hardware GPU, unless the CPU is much faster.
    Auto,
    /// The browser's adapter.
    Gpu,
    /// The CPU engine.
    Cpu,
}

impl Settings {
    /// The generated set; none of samples that the page brings.
    pub fn source(&self) -> Result<Option<Source>> {
        let named = Source::GENERATED.into_iter().find(|source| source.to_string() == self.data);
        match named {
            None if self.data == OWN => Ok(None),
            None => {
                let names: Vec<String> = Source::GENERATED.iter().map(ToString::to_string).collect();
                let wanted = format!("one of {} or {OWN}", names.join(", "));
                Err(Error::invalid("the data set", wanted, format_args!("'{}'", self.data)))
            }
            found => Ok(found),
        }
    }

    /// How samples are made or read.
    pub fn options(&self) -> Result<Options> {
        if let Some(samples) = self.samples.filter(|samples| *samples > MOST_SAMPLES) {
            return Err(Error::invalid(
                "the number of samples",
                format!("at most {MOST_SAMPLES} in a browser"),
                samples,
            ));
        }
        let of_generated = self.data != OWN;
        let mut options = Options { scale: self.scale.parse()?, ..Options::default() };
        options.samples = self.samples.filter(|_| of_generated);
        options.seed = self.data_seed.filter(|_| of_generated);
        options.table.output = self.run()?.output;
        Ok(options)
    }

    /// The share of the samples that is held out, if any is, and the seed by which they are drawn.
    pub fn held_out(&self) -> Option<(f64, u32)> {
        (self.held_out != 0.0).then_some((self.held_out, SEED))
    }

    /// The network, its start and what makes an update.
    pub fn run(&self) -> Result<RunSettings> {
        let recipe = Recipe {
            optimizer: self.optimizer.parse()?,
            l2: self.l2,
            batch_size: Some(self.batch).filter(|size| *size > 0),
            shuffle: (self.batch > 0).then_some(SEED),
            ..Recipe::default()
        };
        Ok(RunSettings {
            hidden: self.hidden.parse::<Hidden>()?.layers().to_vec(),
            activation: self.activation.parse()?,
            backward_activation: self.backward.as_deref().map(str::parse).transpose()?,
            output: if self.output == "auto" { None } else { Some(self.output.parse()?) },
            learning_rate: self.rate,
            recipe,
            start: Start { seed: self.seed, scale: self.start.parse()?, ..Start::default() },
        })
    }

    /// What is to train.
    pub fn wanted(&self) -> Result<Wanted> {
        match self.device.as_str() {
            "auto" => Ok(Wanted::Auto),
            "gpu" | SAVING => Ok(Wanted::Gpu),
            "cpu" => Ok(Wanted::Cpu),
            other => Err(Error::invalid("the device", "auto, gpu, gpu-saving or cpu", format_args!("'{other}'"))),
        }
    }

    /// Which of several GPUs is wanted, in WebGPU's words.
    pub fn power_preference(&self) -> &'static str {
        if self.device == SAVING { "low-power" } else { "high-performance" }
    }

    /// The plan and the layout of a GPU.
    pub fn plan(&self) -> Result<(PlanChoice, LayoutChoice)> {
        Ok((self.plan.parse()?, LayoutChoice::Measured))
    }

    /// The same with what a diagnosis advises; none if the page has no control for it.
    pub fn with(&self, changes: &[Change]) -> Option<Self> {
        let mut settings = self.clone();
        for change in changes {
            match change {
                Change::Standardised => settings.scale = Scale::Standard.to_string(),
                Change::LearningRate(rate) => settings.rate = *rate,
                Change::Start { seed, scale } => (settings.seed, settings.start) = (*seed, scale.to_string()),
                Change::Hidden(hidden) => settings.hidden = hidden.to_string(),
                Change::Activation(g) => settings.activation = g.to_string(),
                Change::OwnDerivative => settings.backward = None,
                Change::Iterations(iterations) => settings.iterations = *iterations,
                Change::Optimizer(rule) => settings.optimizer = rule.to_string(),
                Change::L2(lambda) => settings.l2 = *lambda,
                Change::OnCpu => settings.device = "cpu".into(),
                _ => return None,
            }
        }
        Some(settings)
    }
}
