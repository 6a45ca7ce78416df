//! The two features on the axes of a boundary: by their names, or by their numbers.

use super::field::one_answer;
use crate::data::{Dataset, Targets};
use crate::names::is_one_of;
use crate::{Error, Result};

/// The most names that an error lists.
const LISTED: usize = 40;

/// Two features, counted from 0, by names or by numbers counted from 1. Names are read as everywhere: `mean_area` is
/// `Mean Area`.
///
/// # Errors
/// [`Error::Invalid`] for a name that no feature has, which lists their names, the most similar first; and those of
/// [`check_axes`].
pub fn find_axes(data: &Dataset, axes: &[String; 2]) -> Result<[usize; 2]> {
    let found = [find(data, &axes[0])?, find(data, &axes[1])?];
    check_axes(data, found).map(|()| found)
}

fn find(data: &Dataset, typed: &str) -> Result<usize> {
    let names = || data.columns().features.iter().map(|feature| feature.name.as_str());
    let place = names().position(|name| name == typed).or_else(|| names().position(|name| is_one_of(typed, &[name])));
    // 0 is left for the check to refuse
    let number = || typed.parse::<usize>().ok().map(|number| number.wrapping_sub(1));
    place.or_else(number).ok_or_else(|| {
        let mut by_likeness: Vec<&str> = names().collect();
        by_likeness.sort_by(|a, b| likeness(b, typed).total_cmp(&likeness(a, typed)));
        let more = match by_likeness.len().saturating_sub(LISTED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        by_likeness.truncate(LISTED);
        let wanted = format!("two of the features {}{more}, or their numbers", by_likeness.join(", "));
        Error::invalid("the axes", wanted, format_args!("'{typed}'"))
    })
}

/// How similar two names are; one that holds the other comes before all that do not.
fn likeness(name: &str, typed: &str) -> f64 {
    let [name, typed] = [name, typed].map(str::to_lowercase);
    let holds = if name.contains(&typed) || typed.contains(&name) { 1.0 } else { 0.0 };
    holds + strsim::jaro_winkler(&name, &typed)
}

/// Whether a boundary can be drawn over these features, counted from 0.
///
/// # Errors
/// [`Error::Mismatch`] if the data set has one feature, several labels or several numbers; [`Error::Invalid`] if the axes are the
/// same or do not exist.
pub fn check_axes(data: &Dataset, axes: [usize; 2]) -> Result<()> {
    match data.targets() {
        Targets::Labels { outputs, .. } | Targets::Numbers { outputs, .. } if *outputs > 1 => {
            return Err(one_answer(&format!("{} has {outputs} targets", data.name())));
        }
        _ => {}
    }
    let features = data.features();
    if features < 2 {
        return Err(Error::Mismatch(format!(
            "a decision boundary needs 2 features, and {} has {features}",
            data.name()
        )));
    }
    if axes[0] == axes[1] || axes.iter().any(|axis| *axis >= features) {
        let given = axes.map(|axis| axis.wrapping_add(1).to_string()).join(",");
        let wanted = format!("two different features by name, or counted from 1, between 1 and {features}");
        return Err(Error::invalid("the axes", wanted, format_args!("'{given}'")));
    }
    Ok(())
}
