//! `planar gradcheck`: the backward pass against central differences.

use planar::fit::{RunSettings, Start};
use planar::gradcheck::{BOUND, check};
use planar::model::{Activation, Hidden, InitScale};
use planar::optim::{Dropout, Recipe};

use super::advice::{Advise, of_training};
use super::arguments::{DataArguments, hidden};
use super::{Ending, Verbosity, table};
use crate::report::gradcheck::GradcheckReport;

const EXAMPLES: &str = "Examples:
  planar gradcheck --activation relu                  planar's backward pass
  planar gradcheck --activation relu --backward-activation tanh        a bug
Exit codes: 0 right, 4 wrong or not checked, 1 failure, 2 wrong input.";

/// Check the backward pass against central differences of the cost, in f64, tensor by tensor.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    #[command(flatten)]
    data: DataArguments,
    /// Number of hidden units; of several layers as in 64x32, the one nearest the inputs first
    #[arg(long, value_name = "N", default_value = "4", value_parser = hidden, allow_negative_numbers = true, help_heading = "Network")]
    hidden: Hidden,
    /// tanh, sigmoid, relu, leaky-relu:SLOPE (0.01 if none is given), identity, elu, softplus, silu or gelu
    #[arg(long, value_name = "NAME", default_value = "tanh", help_heading = "Network")]
    activation: Activation,
    /// Inject a bug: use this activation's derivative in the backward pass [default: the right one]
    #[arg(long, value_name = "NAME", help_heading = "Network")]
    backward_activation: Option<Activation>,
    /// NumPy seed of the weights
    #[arg(long, value_name = "SEED", default_value_t = 2, allow_negative_numbers = true, help_heading = "Network")]
    init_seed: u32,
    /// Scale of the weights, a factor on randn: a number, he or xavier
    #[arg(long, value_name = "SCALE", default_value = "1", allow_negative_numbers = true, help_heading = "Network")]
    init_scale: InitScale,
    /// Check with LAMBDA/2m times the sum of all squared weights in the cost, biases left out
    #[arg(
        long,
        value_name = "LAMBDA",
        default_value_t = 0.0,
        allow_negative_numbers = true,
        hide_default_value = true,
        help_heading = "Network"
    )]
    l2: f64,
    /// Check with each hidden unit left out with this probability
    #[arg(
        long,
        value_name = "P",
        default_value_t = 0.0,
        allow_negative_numbers = true,
        hide_default_value = true,
        help_heading = "Network"
    )]
    dropout: f64,
    /// Print one JSON object to stdout, nothing else
    #[arg(long, help_heading = "Output")]
    json: bool,
    #[command(flatten)]
    verbosity: Verbosity,
}

pub fn run(arguments: &Arguments) -> anyhow::Result<Ending> {
    arguments.verbosity.start_log();
    let data = table::prepare(&arguments.data.settings(), arguments.verbosity)?.data;
    let dropout = Dropout::new(arguments.dropout, 1);
    let settings = RunSettings {
        hidden: arguments.hidden.layers().to_vec(),
        activation: arguments.activation,
        backward_activation: arguments.backward_activation,
        output: arguments.data.output(),
        learning_rate: 1.0,
        recipe: Recipe { l2: arguments.l2, dropout, ..Recipe::default() },
        start: Start { seed: arguments.init_seed, scale: arguments.init_scale, file: None, transposed: false },
    };
    let run = settings.run(&data).advise(of_training)?;
    let check = check(&data, &run)?;
    let (passed, derivative) = (check.passed, run.network.derivative());
    let report = GradcheckReport {
        version: env!("CARGO_PKG_VERSION"),
        data: data.name().into(),
        widths: run.network.widths(),
        activation: derivative.activation.to_string(),
        backward_activation: derivative.borrowed.unwrap_or(derivative.activation).to_string(),
        l2: arguments.l2,
        dropout: arguments.dropout,
        bound: BOUND,
        verdict: check.verdict(derivative),
        check,
    };
    if arguments.json {
        super::print_json(&report)?;
    } else {
        super::print(&report.summary())?;
    }
    Ok(if passed { Ending::Done } else { Ending::Disagrees })
}
