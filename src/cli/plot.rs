//! `planar plot`: the decision boundary and the costs of a trained network.

use std::path::{Path, PathBuf};

use planar::checkpoint::{Description, Origin, State, Weights};
use planar::cpu::accuracy_on;
use planar::data::{Dataset, Options, Prepared, Scale};
use planar::files::{check_writable, may_write};
use planar::fit::DataSettings;
use planar::model::{Activation, Network};
use planar::plot::{Boundary, CostPlot, difference, of_held_out, sheet, told, write_of};
use planar::{Error, Result};

use super::advice::{Advise, of_file, of_weights};
use super::arguments::DataArguments;
use super::picture::{Axes, SHEET, axes, of_axes, picture};
use super::{Ending, Verbosity, preview, table};

/// Width and height in pixels of a boundary without costs.
const ALONE: (u32, u32) = (560, 460);

const EXAMPLES: &str = "Examples:
  planar plot run.safetensors --out run.svg       trained on the flower
  planar plot run.safetensors --preview           on the terminal
  planar plot run.safetensors --data points.csv --log-cost --out run.png
  planar plot weights.safetensors --activation tanh --out boundary.svg
Exit codes: 0 done, 1 failure, 2 wrong input.";

/// Draw the boundary and the costs of a trained network.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The weights: a planar checkpoint, or any file with W1, b1, …, or fc1.weight, fc1.bias, …
    #[arg(value_name = "FILE.safetensors")]
    weights: PathBuf,
    #[command(flatten)]
    data: DataArguments,
    /// The activation, if the file does not name it, such as tanh or leaky-relu:SLOPE
    #[arg(long, value_name = "NAME", help_heading = "Network")]
    activation: Option<Activation>,
    /// The file's weights are (inputs × units), as Keras has its kernels
    #[arg(long, help_heading = "Network")]
    transposed: bool,

    /// The picture: 1000 × 460 pixels, or 560 × 460 if the file has no costs
    #[arg(long, value_name = "FILE.svg|FILE.png", value_parser = picture, required_unless_present = "preview", help_heading = "Pictures")]
    out: Option<PathBuf>,
    /// Print the picture to stdout, as wide as the terminal; no colour in a pipe or with NO_COLOR
    #[arg(long, help_heading = "Pictures")]
    preview: bool,
    /// Draw the cost on a logarithmic axis
    #[arg(long, help_heading = "Pictures")]
    log_cost: bool,
    /// The two features on the axes, by name or number; the others are at their mean [default: 1,2]
    #[arg(long, value_name = "NAME,NAME", value_parser = axes, help_heading = "Pictures")]
    axes: Option<Axes>,
    /// Overwrite --out even if it holds anything else than a picture of this run
    #[arg(long, requires = "out", help_heading = "Pictures")]
    force: bool,
    #[command(flatten)]
    verbosity: Verbosity,
}

pub fn run(arguments: &Arguments) -> anyhow::Result<Ending> {
    let Arguments { weights: path, out, verbosity, .. } = arguments;
    verbosity.start_log();
    let settings = arguments.data.settings();
    let advice = |error: &Error| of_weights(error, arguments.activation, settings.options.table.output);
    let weights = Weights::read_laid_out(path, arguments.transposed).advise(advice)?;
    let network = weights.network(path, arguments.activation, settings.options.table.output).advise(advice)?;
    let costs = weights.state.as_ref().map_or_else(Vec::new, |state| state.curve.with_logged(&state.costs));
    if arguments.log_cost && costs.is_empty() {
        let problem = "holds no costs: leave out --log-cost".into();
        return Err(Error::Checkpoint { path: path.clone(), problem }.into());
    }
    let model = weights.state.as_ref().and_then(|state| state.columns.as_ref());
    let prepared = match model {
        Some(model) => table::prepare_for(&settings, model, *verbosity)?,
        // nothing says that what was learnt was scaled
        None => {
            let scale = if settings.options.scale == Scale::Auto { Scale::None } else { settings.options.scale };
            let options = Options { scale, ..settings.options.clone() };
            table::prepare(&DataSettings { options, ..settings }, *verbosity)?
        }
    };
    let Prepared { data, held_out, .. } = prepared;
    let axes = of_axes(arguments.axes.as_ref(), &data)?;
    if let Some(difference) = weights.state.as_ref().and_then(|state| other_data(state, &data, &network)) {
        verbosity.say(format_args!("{}: {difference}", path.display()));
    }
    let origin = weights.state.as_ref().map_or_else(|| of_weights_alone(path, &data, &network), Origin::from);
    if let Some(out) = out {
        check_writable(out)?;
        may_write(out, arguments.force, || difference(out, &origin)).advise(of_file)?;
    }
    let boundary = Boundary::new((&data, held_out.as_ref()), &network, &weights.parameters, axes)?;
    let title = title(&weights, &network, &data, held_out.as_ref())?;
    let held_out = weights.state.as_ref().map_or(&[][..], |state| &state.test_costs);
    let drawn = CostPlot::of_run(&costs, held_out, arguments.log_cost);
    if arguments.preview {
        preview::print(&title, &boundary, &drawn)?;
    }
    match out {
        Some(out) if costs.is_empty() => write_of(&origin, out, ALONE, |area| boundary.draw(area, &title))?,
        Some(out) => write_of(&origin, out, SHEET, |area| sheet(area, &title, &boundary, &drawn))?,
        None => {}
    }
    Ok(Ending::Done)
}

/// The run that weights without one stand for: they are as they are in their file.
fn of_weights_alone(path: &Path, data: &Dataset, network: &Network) -> Origin {
    let description = Description::new(data, network, 0.0, "f32");
    Origin { description, start: format!("from {}", path.display()) }
}

/// A note if the network was trained on other data than this, which may be intended.
fn other_data(state: &State, data: &Dataset, network: &Network) -> Option<String> {
    let was = &state.description;
    let here = Description::new(data, network, was.learning_rate, &was.precision);
    let what = |of: &Description| format!("{} samples of {}", of.samples, of.data);
    match was.data_hash == here.data_hash {
        true => None,
        false if what(was) == what(&here) => Some(format!("it was trained on other {}", what(was))),
        false => Some(format!("it was trained on {} and is drawn over {}", what(was), what(&here))),
    }
}

/// The title: network and data, how far it was trained, and how well it does on the data.
fn title(weights: &Weights, network: &Network, data: &Dataset, held_out: Option<&Dataset>) -> Result<String> {
    let accuracy = |data: &Dataset| accuracy_on(data, network, &weights.parameters);
    let test = held_out.map(accuracy).transpose()?;
    let test = test.map_or(String::new(), |test| format!(", held out {}", of_held_out(data, test)));
    let told = told(data, accuracy(data)?);
    let widths: Vec<String> = weights.widths.iter().map(usize::to_string).collect();
    let trained = weights.state.as_ref().map_or(String::new(), |state| {
        format!(", rate {}, {} iterations", state.description.learning_rate, state.iteration)
    });
    let name = data.name().rsplit(['/', '\\']).next().unwrap_or_default();
    Ok(format!("{name}, {}, {}{trained}: {told}{test}", widths.join("–"), network.activation()))
}
