//! `planar reproduce` as one self-contained HTML file: the claims with their decision boundaries and cost curves.

use std::fmt::Write as _;

use super::reproduce::{ReproduceReport, of_editions, of_further};
use planar::Result;
use planar::plot::{Boundary, CostPlot, Curve, svg};
use planar::reproduce::{Reproduced, Shown, Verdict};

/// Pixels of a decision boundary, and points along each of its axes.
const BOUNDARY: (u32, u32) = (290, 280);
const GRID: usize = 81;
/// Pixels of a claim's cost curves.
const COSTS: (u32, u32) = (600, 300);
/// The most boundaries, and the most curves, drawn per claim.
const BOUNDARIES: usize = 14;
const CURVES: usize = 7;

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:76rem;margin:2rem auto;padding:0 1rem;color:#222}\
table{border-collapse:collapse}td,th{padding:.2rem .8rem;border-bottom:1px solid #ddd;text-align:left}\
.holds{color:#00633e}.some{color:#7a5200}.not{color:#a5231b}.pictures{display:flex;flex-wrap:wrap;gap:.5rem}\
svg{max-width:100%;height:auto}h2{margin-top:3rem}small{color:#555}";

impl ReproduceReport {
    /// The page.
    ///
    /// # Errors
    /// [`Error::Plot`](planar::Error::Plot) if a picture cannot be drawn.
    pub fn html(&self) -> Result<String> {
        let mut page = format!(
            "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width\"><title>planar reproduce</title>\
             <style>{STYLE}</style></head><body>\n<h1>The notebook and the thread, tried again</h1>\n\
             <p>planar {}: {} claims, the seeds of the notebook's two editions and {} more, {:.0} s.</p>\n\
             <table><tr><th>claim</th><th>claimed</th><th>verdict</th></tr>\n",
            self.version,
            self.claims.len(),
            self.further_seeds,
            self.seconds
        );
        for (number, claim) in self.claims.iter().enumerate() {
            let (name, claimed) = (escaped(&claim.name), escaped(&claim.claimed));
            // writing to a String cannot fail
            let _ = writeln!(
                page,
                "<tr><td><a href=\"#c{number}\">{name}</a></td><td>{claimed}</td><td>{}</td></tr>",
                verdict(claim)
            );
        }
        page += "</table>\n";
        for (number, claim) in self.claims.iter().enumerate() {
            page += &section(number, claim)?;
        }
        Ok(page + "</body></html>\n")
    }
}

fn verdict(claim: &Reproduced) -> String {
    let class = match claim.verdict {
        Verdict::Holds => "holds",
        Verdict::HoldsForSomeSeeds => "some",
        Verdict::DoesNotHold => "not",
    };
    format!("<strong class=\"{class}\">{}</strong>", claim.verdict)
}

/// A claim: its measurements, and the boundaries and costs of the two editions.
fn section(number: usize, claim: &Reproduced) -> Result<String> {
    let (name, claimed, why) = (escaped(&claim.name), escaped(&claim.claimed), escaped(&claim.why));
    let mut text = format!(
        "<h2 id=\"c{number}\">{name}: {claimed}</h2>\n<p>{}: {why}.</p>\n\
         <table><tr><th>measured</th><th>seeds 2 / 3</th><th>further: min / median / max</th></tr>\n",
        verdict(claim)
    );
    for of in &claim.measured {
        let (what, editions, further) = (escaped(&of.what), of_editions(of), of_further(of));
        let _ = writeln!(text, "<tr><td>{what}</td><td>{editions}</td><td>{further}</td></tr>");
    }
    let _ = writeln!(text, "</table>\n<p><small>{}, {:.1} s</small></p>", escaped(&claim.device), claim.seconds);
    text += "<div class=\"pictures\">\n";
    for shown in claim.shown.iter().take(BOUNDARIES) {
        if let Some(parameters) = &shown.parameters {
            let boundary = Boundary::on_grid(&shown.data, &shown.network, parameters, [0, 1], GRID)?;
            text += &svg(BOUNDARY, |area| boundary.draw(area, &shown.title))?;
            text.push('\n');
        }
    }
    if claim.shown.iter().flat_map(|shown| &shown.costs).any(|at| at.cost.is_finite()) {
        let curves = claim.shown.iter().take(CURVES).map(curve).collect();
        let plot = CostPlot { curves, log: true };
        text += &svg(COSTS, |area| plot.draw(area, "cost"))?;
    }
    Ok(text + "\n</div>\n")
}

fn curve(shown: &Shown) -> Curve<'_> {
    Curve { label: shown.title.clone(), costs: &shown.costs }
}

/// Text escaped for HTML.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
