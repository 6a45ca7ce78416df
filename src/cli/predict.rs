//! `planar predict`: from a file of weights and a table of samples to a table of predictions.

use std::path::{Path, PathBuf};

use planar::Error;
use planar::checkpoint::Weights;
use planar::data::Columns;
use planar::data::table::{Input, Missing, samples};
use planar::fit::choose_for_inference;
use planar::model::Activation;
use planar::predict::predict;

use super::advice::{Advise, of_device, of_samples, of_weights};
use super::device::DeviceArguments;
use super::progress::ReadBar;
use super::table::{TableArguments, say};
use super::{Ending, Verbosity};
use crate::report::predict::PredictReport;
use crate::report::scores::any;

const EXAMPLES: &str = "Examples:
  planar predict run.safetensors points.csv > classes.csv
  planar predict run.safetensors points.csv --label class --json
  planar predict run.safetensors points.csv --metrics
  planar predict run.safetensors points.csv.gz --proba
  tail -n 20 points.csv | planar predict weights.safetensors --activation tanh
Exit codes: 0 done, 1 failure, 2 wrong input, 3 no such adapter.";

/// Predict classes, labels or numbers with a trained network.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The weights: a planar checkpoint, or any file with W1, b1, …, or fc1.weight, fc1.bias, …
    #[arg(value_name = "FILE.safetensors")]
    weights: PathBuf,
    /// The samples: the columns that were learnt, with or without labels [default: stdin, also `-`]
    #[arg(value_name = "CSV")]
    samples: Option<PathBuf>,
    /// The activation, if the file does not name it, such as tanh or leaky-relu:SLOPE
    #[arg(long, value_name = "NAME", help_heading = "Network")]
    activation: Option<Activation>,
    /// The file's weights are (inputs × units), as Keras has its kernels
    #[arg(long, help_heading = "Network")]
    transposed: bool,
    #[command(flatten)]
    table: TableArguments,
    #[command(flatten)]
    device: DeviceArguments,

    /// Print accuracy, confusion matrix, precision, recall, F1, ROC AUC and log loss, not the predictions
    #[arg(long, conflicts_with = "json", help_heading = "Output")]
    metrics: bool,
    /// Print the probability of each class, in a column named after it
    #[arg(long, conflicts_with = "json", help_heading = "Output")]
    proba: bool,
    /// Print one JSON object to stdout, nothing else
    #[arg(long, help_heading = "Output")]
    json: bool,
    #[command(flatten)]
    verbosity: Verbosity,
}

pub fn run(arguments: &Arguments) -> anyhow::Result<Ending> {
    arguments.verbosity.start_log();
    let options = arguments.table.options();
    let advice = |error: &Error| of_weights(error, arguments.activation, options.output);
    let weights = Weights::read_laid_out(&arguments.weights, arguments.transposed).advise(advice)?;
    let network = weights.network(&arguments.weights, arguments.activation, options.output).advise(advice)?;
    if options.missing == Missing::Drop {
        let wanted = "mean, or refuse: each row of the file has its prediction";
        return Err(Error::invalid("--missing", wanted, "drop").into());
    }
    let input = Input::Path(arguments.samples.as_deref().unwrap_or(Path::new("-")));
    let learnt = weights.state.as_ref().and_then(|state| state.columns.clone());
    let model = learnt.unwrap_or_else(|| Columns::of(&network));
    let mut bar = ReadBar::new(arguments.verbosity.quiet);
    let samples = samples(input, network.inputs(), Some(&model), &options, &mut |at| bar.show(at));
    bar.finish();
    let samples = samples.advise(of_samples)?;
    samples.notices.iter().for_each(|notice| say(notice, arguments.verbosity));
    if arguments.metrics && !samples.is_labelled {
        let problem = "there are no labels, which --metrics compares the predictions with".into();
        let path = arguments.samples.clone().unwrap_or_else(|| "stdin".into());
        return Err(Error::Csv { path, place: String::new(), problem }.into());
    }
    let settings = arguments.device.settings();
    let chosen = choose_for_inference(&settings, &network, &weights.parameters, &samples.data.points());
    let (backend, notes) = chosen.advise(of_device)?;
    notes.iter().for_each(|note| arguments.verbosity.say(note));
    let predictions = predict(backend.as_ref(), &network, &weights.parameters, &samples).advise(of_device)?;
    let device = backend.device();
    log::debug!("plan {} on {}", predictions.plan, device.name);
    let report = PredictReport { device, network: &network, data: &samples.data, predictions: &predictions };
    if arguments.json {
        super::print_json(&report.json())?;
    } else if let Some(scores) = predictions.scores.as_ref().filter(|_| arguments.metrics) {
        super::print(&any("", scores, report.classes()))?;
    } else {
        super::output::print_data(&if arguments.proba { report.probabilities()? } else { report.csv()? })?;
    }
    if let Some(accuracy) = report.accuracy().filter(|_| !arguments.metrics) {
        arguments.verbosity.say(accuracy);
    }
    Ok(Ending::Done)
}
