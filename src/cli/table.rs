//! The flags that say how a table is read, and what is told about it.

#[cfg(feature = "plot")]
use planar::data::Columns;
use planar::data::table::{Delimiter, Header, Missing, Notice, Progress, TableOptions};
use planar::data::{ClassWeights, Prepared, Scale};
use planar::fit::DataSettings;
use planar::model::Output;
use planar::{Error, Result};

use super::Verbosity;
use super::advice::{Advise, of_notice, of_table};
use super::progress::ReadBar;

/// How a CSV file is read.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Table")]
pub struct TableArguments {
    /// The CSV column of the label, by name or number, or several: a,b [default: the last]
    #[arg(long, value_name = "COLUMN")]
    label: Option<String>,
    /// What the network answers: logistic (two classes), softmax or squares (numbers) [default: by the data]
    #[arg(long, value_name = "NAME")]
    output: Option<Output>,
    /// The column that says how much each sample counts
    #[arg(long = "weights", value_name = "COLUMN")]
    weights_column: Option<String>,
    /// How much the samples of each class count: balanced, or as in b=3,c=0.5
    #[arg(long, value_name = "WEIGHTS")]
    class_weights: Option<ClassWeights>,
    /// The columns to learn from: names, numbers or ranges such as 3-7 [default: all others]
    #[arg(long, value_name = "COLUMNS", value_parser = list)]
    features: Option<List>,
    /// Scale numbers to be learnt: standard, minmax or none; scores and predictions stay in their own unit
    #[arg(long, value_name = "SCALING", default_value_t = Scale::None, hide_default_value = true, value_parser = of_targets)]
    scale_targets: Scale,
    /// Columns to leave out: names, numbers or ranges
    #[arg(long, value_name = "COLUMNS", value_parser = list)]
    drop: Option<List>,
    /// The label that is class 1, of two or against all others [default: the second of two, sorted]
    #[arg(long, value_name = "LABEL", allow_hyphen_values = true)]
    positive: Option<String>,
    /// Rows with missing cells: refuse, drop them, or fill with the mean of the training samples
    #[arg(long, value_name = "refuse|drop|mean", default_value_t)]
    missing: Missing,
    /// Whether the first row names the columns
    #[arg(long, value_name = "yes|no|auto", default_value_t)]
    header: Header,
    /// What separates cells: comma, semicolon, tab, space or one sign [default: found]
    #[arg(long, value_name = "SEPARATOR", allow_hyphen_values = true)]
    delimiter: Option<Delimiter>,
}

impl TableArguments {
    /// The flags that give these options, but for the label's column.
    pub fn flags(options: &TableOptions) -> Vec<(&'static str, String)> {
        let TableOptions {
            delimiter, header, features, drop, positive, missing, weights, output, scale_targets, ..
        } = options;
        let default = TableOptions::default();
        let lists = [("--features", features), ("--drop", drop)].map(|(flag, names)| (flag, joined(names)));
        let mut flags: Vec<_> = lists.into_iter().filter(|(_, names)| !names.is_empty()).collect();
        flags.extend(weights.clone().map(|column| ("--weights", column)));
        flags.extend((*scale_targets != default.scale_targets).then(|| ("--scale-targets", scale_targets.to_string())));
        flags.extend(output.map(|output| ("--output", output.to_string())));
        flags.extend(positive.clone().map(|label| ("--positive", label)));
        flags.extend((*missing != default.missing).then(|| ("--missing", missing.to_string())));
        flags.extend((*header != default.header).then(|| ("--header", header.to_string())));
        flags.extend(delimiter.map(|delimiter| ("--delimiter", delimiter.to_string())));
        flags
    }

    /// The options that these flags give.
    pub fn options(&self) -> TableOptions {
        let of = |list: &Option<List>| list.as_ref().map_or_else(Vec::new, |List(names)| names.clone());
        TableOptions {
            delimiter: self.delimiter,
            header: self.header,
            label: self.label.clone(),
            features: of(&self.features),
            drop: of(&self.drop),
            positive: self.positive.clone(),
            missing: self.missing,
            weights: self.weights_column.clone(),
            output: self.output,
            scale_targets: self.scale_targets,
        }
    }

    /// What the network answers, if it is not for the data to say.
    pub fn output(&self) -> Option<Output> {
        self.output
    }

    /// How much the samples of each class count.
    pub fn class_weights(&self) -> Option<ClassWeights> {
        self.class_weights.clone()
    }
}

/// How features are scaled.
#[derive(Clone, Copy, Debug, clap::Args)]
#[command(next_help_heading = "Table")]
pub struct ScaleArgument {
    /// Scale features: standard, minmax or none; auto standardises a CSV file that needs it
    #[arg(long, value_name = "SCALING", default_value_t = Scale::Auto)]
    pub scale: Scale,
}

/// How targets are scaled: not by what they are like.
fn of_targets(text: &str) -> Result<Scale> {
    match text.parse() {
        Ok(scale) if scale != Scale::Auto => Ok(scale),
        _ => Err(Error::invalid("the scaling of the targets", "standard, minmax or none", format_args!("'{text}'"))),
    }
}

/// Names of columns.
#[derive(Clone, Debug)]
struct List(Vec<String>);

/// Names as one list, which [`list`] reads.
fn joined(names: &[String]) -> String {
    if names.is_empty() {
        return String::new();
    }
    let mut row = csv::Writer::from_writer(Vec::new());
    let written = row.write_record(names).ok().and_then(|()| row.into_inner().ok());
    String::from_utf8(written.unwrap_or_default()).unwrap_or_default().trim_end().into()
}

/// A list as CSV has it: a name with a comma in it stands in quotation marks.
fn list(text: &str) -> Result<List> {
    let names = names(text);
    match names.is_empty() {
        true => {
            Err(Error::invalid("a list of columns", "names or numbers, as in age,sex,4-7", format_args!("'{text}'")))
        }
        false => Ok(List(names)),
    }
}

/// The names in a list.
pub fn names(list: &str) -> Vec<String> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).trim(csv::Trim::All).from_reader(list.as_bytes());
    let row = reader.records().next().and_then(|row| row.ok());
    row.iter().flatten().filter(|name| !name.is_empty()).map(String::from).collect()
}

/// Reads or makes the data, shows how far it is, and tells what was done.
pub fn prepare(settings: &DataSettings, verbosity: Verbosity) -> anyhow::Result<Prepared> {
    told(verbosity, |progress| settings.prepare(progress))
}

/// [`prepare`] for a network that has learnt, as its samples were then treated.
#[cfg(feature = "plot")]
pub fn prepare_for(settings: &DataSettings, model: &Columns, verbosity: Verbosity) -> anyhow::Result<Prepared> {
    told(verbosity, |progress| settings.prepare_for(model, progress))
}

fn told(
    verbosity: Verbosity,
    prepare: impl FnOnce(&mut dyn FnMut(Progress)) -> Result<Prepared>,
) -> anyhow::Result<Prepared> {
    let mut bar = ReadBar::new(verbosity.quiet);
    let prepared = prepare(&mut |at| bar.show(at));
    bar.finish();
    let prepared = prepared.advise(of_table)?;
    prepared.notices.iter().for_each(|notice| say(notice, verbosity));
    Ok(prepared)
}

/// Tells a notice, with the flag that changes what it says.
pub fn say(notice: &Notice, verbosity: Verbosity) {
    match of_notice(notice) {
        Some(advice) => verbosity.say(format_args!("{notice}: {advice}")),
        None => verbosity.say(notice),
    }
}
