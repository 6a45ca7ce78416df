//! The columns of a file that a network knows: by their names or places.

use super::TableOptions;
use super::notice::{Notice, list};
use super::problems::{Problems, quoted};
use super::rows::Rows;
use super::select::Names;
use crate::Result;
use crate::data::{Columns, Label};

/// The columns of a file that a network knows.
pub(super) struct Found {
    pub features: Vec<usize>,
    /// Those of all labels, or none.
    pub labels: Vec<usize>,
    pub weights: Option<usize>,
}

/// The columns that are expected, in words.
pub(super) fn wanted(inputs: usize, model: Option<&Columns>, options: &TableOptions) -> String {
    let all = model
        .filter(|model| model.width > inputs.saturating_add(1))
        .map_or(String::new(), |model| format!(" or the {} columns that it was trained on", model.width));
    let labels = match model.map_or(1, |model| model.targets.len()) {
        0 | 1 => "a label".into(),
        several => format!("{several} labels"),
    };
    match (inputs, &options.label) {
        (1, None) => format!("the network's 1 input, or that and {labels},{all}"),
        (_, None) => format!("the network's {inputs} inputs, or those and {labels},{all}"),
        (1, Some(name)) => format!("the network's 1 input and the label {}", quoted(name)),
        (_, Some(name)) => format!("the network's {inputs} inputs and the label {}", quoted(name)),
    }
}

/// The columns with the names that the network has learnt; others are ignored.
pub(super) fn by_name(
    names: &Names,
    model: &Columns,
    options: &TableOptions,
    problems: Problems,
    notices: &mut Vec<Notice>,
) -> Result<Found> {
    let unique = names.unique();
    let find = |name: &str| unique.iter().position(|of| of == name);
    let lacking: Vec<String> =
        model.features.iter().filter(|of| find(&of.name).is_none()).map(|of| quoted(&of.name)).collect();
    if !lacking.is_empty() {
        let there: Vec<String> = unique.iter().map(|name| quoted(name)).collect();
        let is = if lacking.len() == 1 { "is no column" } else { "are no columns" };
        let problem =
            format!("there {is} {}, which the network was trained on; there are {}", list(&lacking), list(&there));
        return Err(problems.whole(problem));
    }
    let features: Vec<usize> = model.features.iter().filter_map(|of| find(&of.name)).collect();
    let weights = match &options.weights {
        Some(text) => Some(names.column(text, "the weight")?),
        None => model.weights.as_ref().and_then(|weights| find(weights.name.as_deref()?)),
    };
    let labels = match &options.label {
        Some(text) => names.labels(text)?,
        None if model.targets.is_empty() => {
            model.label.iter().filter_map(|label| find(label.name.as_deref()?)).collect()
        }
        None => model.targets.iter().filter_map(|target| find(&target.name)).collect(),
    };
    if let Some(label) = labels.iter().find(|label| features.contains(label)) {
        return Err(
            problems.whole(format!("{} is a feature of the network, and not its label", quoted(&unique[*label])))
        );
    }
    // those that training left out are expected to be there
    let is_other = |column: &usize| {
        !features.contains(column)
            && !labels.contains(column)
            && Some(*column) != weights
            && !model.dropped.contains(&names.shown(*column))
    };
    let others: Vec<String> = (0..unique.len()).filter(is_other).map(|column| unique[column].clone()).collect();
    if !others.is_empty() {
        notices.push(Notice::Ignored { columns: others });
    }
    // some of several labels are as good as none
    let are_all = options.label.is_some() || labels.len() == model.targets.len().max(1);
    let labels = if are_all { labels } else { Vec::new() };
    Ok(Found { features, labels, weights })
}

/// The columns at the places that the network has learnt, or in its inputs' order.
pub(super) fn by_place(
    names: &Names,
    inputs: usize,
    model: Option<&Columns>,
    options: &TableOptions,
    rows: &Rows,
    wanted: &str,
    problems: Problems,
) -> Result<Found> {
    let dropped = names.columns(&options.drop, "to be dropped")?;
    let chosen = names.columns(&options.features, "the feature")?;
    let width = rows.columns.len();
    let all: Vec<usize> = (0..width).filter(|column| !dropped.contains(column)).collect();
    let learnt = |label: &Option<Label>| label.as_ref().map(|label| label.column - 1);
    let learnt_labels = |model: &Columns| -> Vec<usize> {
        match model.targets.as_slice() {
            [] => learnt(&model.label).into_iter().collect(),
            targets => targets.iter().map(|target| target.column - 1).collect(),
        }
    };
    let several = model.map_or(1, |model| model.targets.len().max(1));
    if options.label.is_none() && chosen.is_empty() && dropped.is_empty() {
        if let Some(model) = model.filter(|model| model.width == width && width > inputs) {
            let features = model.features.iter().map(|feature| feature.column - 1).collect();
            return Ok(Found { features, labels: learnt_labels(model), weights: learnt(&model.weights) });
        }
        // the file that was learnt, without its labels and weights
        if let Some(model) = model.filter(|_| width > inputs && width != inputs.saturating_add(several)) {
            let mut gone = learnt_labels(model);
            let is_kept = width + gone.len() == model.width;
            gone.extend(learnt(&model.weights).filter(|_| !is_kept));
            if model.label.is_some() && width + gone.len() == model.width {
                let place = |column: usize| column - gone.iter().filter(|label| column > **label).count();
                let features = model.features.iter().map(|feature| place(feature.column - 1)).collect();
                return Ok(Found { features, labels: Vec::new(), weights: None });
            }
        }
    }
    let named = options.label.as_ref().map(|text| names.labels(text)).transpose()?;
    let weights = options.weights.as_ref().map(|text| names.column(text, "the weight")).transpose()?;
    let is_label = |column: &usize| named.as_ref().is_some_and(|named| named.contains(column));
    let is_feature = |column: &usize| {
        !is_label(column) && Some(*column) != weights && (chosen.is_empty() || chosen.contains(column))
    };
    let mut features: Vec<usize> = all.iter().copied().filter(is_feature).collect();
    let labels = match named {
        Some(labels) => labels,
        None if chosen.is_empty() && features.len() == inputs.saturating_add(several) => {
            // where they stood in the file that was learnt, else the last
            let learnt = model.filter(|model| model.width == width).map(learnt_labels);
            let learnt =
                learnt.filter(|labels| labels.len() == several && labels.iter().all(|of| features.contains(of)));
            let labels = learnt.unwrap_or_else(|| features[inputs..].to_vec());
            features.retain(|column| !labels.contains(column));
            labels
        }
        None => Vec::new(),
    };
    if features.len() != inputs {
        let columns = if width == 1 { "1 column".into() } else { format!("{width} columns") };
        return Err(problems.whole(format!("{columns}, where {wanted} are expected")));
    }
    Ok(Found { features, labels, weights })
}
