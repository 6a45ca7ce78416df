//! What `planar reproduce` reports.

use std::fmt::Write as _;

use serde::Serialize;

use planar::reproduce::{Measured, Reproduced};
use planar::sweep::summary::Spread;

/// All the claims that were checked.
#[derive(Clone, Debug, Serialize)]
pub struct ReproduceReport {
    /// The version of planar.
    pub version: &'static str,
    /// The number of seeds besides those of the two editions.
    pub further_seeds: u32,
    /// The result of each claim.
    pub claims: Vec<Reproduced>,
    /// Wall-clock seconds in total.
    pub seconds: f64,
}

/// The values of the two editions.
pub(super) fn of_editions(of: &Measured) -> String {
    let shown = |value: &Option<f64>| value.map_or("–".to_owned(), number);
    of.editions.iter().map(shown).collect::<Vec<_>>().join(" / ")
}

/// Minimum, median and maximum of the further seeds.
pub(super) fn of_further(of: &Measured) -> String {
    let shown = |s: Spread| [s.min, s.median, s.max].map(number).join(" / ");
    of.further.map_or(String::new(), shown)
}

/// Up to two decimal places.
fn number(value: f64) -> String {
    ((100.0 * value).round() / 100.0).to_string()
}

impl ReproduceReport {
    /// For people: one block per claim.
    pub fn summary(&self) -> String {
        let mut text = String::new();
        for claim in &self.claims {
            let mut rows = vec![["measured", "seeds 2 / 3", "further: min / median / max"].map(str::to_owned).to_vec()];
            rows.extend(claim.measured.iter().map(|of| vec![of.what.clone(), of_editions(of), of_further(of)]));
            // writing to a String cannot fail
            let Reproduced { name, claimed, verdict, why, device, seconds, .. } = claim;
            let _ = write!(text, "{name}: {claimed}\n{verdict}: {why}\n");
            let _ = writeln!(text, "{}{device}, {seconds:.1} s\n", super::columns(rows));
        }
        let claims = if self.claims.len() == 1 { "claim" } else { "claims" };
        text + &format!("{} {claims} in {:.1} s\n", self.claims.len(), self.seconds)
    }

    /// A Markdown table.
    pub fn markdown(&self) -> String {
        let mut text = String::from(
            "| # | claimed | measured: seeds 2 / 3; further: min / median / max | verdict | why | time |\n\
             |---|---|---|---|---|---|\n",
        );
        for claim in &self.claims {
            let of = |of: &Measured| match of_further(of) {
                further if further.is_empty() => format!("{} {}", of.what, of_editions(of)),
                further => format!("{} {}; {further}", of.what, of_editions(of)),
            };
            let measured = claim.measured.iter().map(of).collect::<Vec<_>>().join("<br>");
            let Reproduced { name, claimed, verdict, why, seconds, .. } = claim;
            let _ = writeln!(text, "| {name} | {claimed} | {measured} | **{verdict}** | {why} | {seconds:.1} s |");
        }
        text
    }
}
