//! The figures of `docs/kernels.md`: what RADV's compiler makes of the likeliest layouts at four sizes. A change of more
//! than a tenth must be written there: `UPDATE_KERNELS=1 cargo test --release --test compilers figures`.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use planar::gpu::plan::{Limits, Plan, PlanChoice, Problem};
use planar::gpu::testing::Constant;
use planar::model::Activation;
use planar::model::params::Layout;

use crate::Check;
use crate::radv::{FAMILIES, figures_of};
use crate::shaders::Variant;
use crate::vulkan::Statistics;

/// The columns, by the driver's names.
const COLUMNS: [(&str, &str); 7] = [
    ("VGPRs", "VGPRs"),
    ("SGPRs", "SGPRs"),
    ("Spilled SGPRs", "spilled SGPRs"),
    ("Subgroups per SIMD", "waves"),
    ("LDS size", "LDS"),
    ("Code size", "code"),
    ("Latency", "latency"),
];

/// A kernel of the table.
pub struct Row {
    pub variant: Variant,
    /// Its first cells: the kernel, the problem and the layout.
    name: String,
}

/// The kernels of the first layout of each plan at four sizes, each once.
pub fn rows() -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for (inputs, units, samples, networks) in
        [(2, 277, 400, 1), (2, 1024, 10_000, 1), (2, 4, 400, 64), (16, 277, 400, 1)]
    {
        let layout = Layout::new(&[inputs, units, 1]);
        let problem = Problem { networks, samples, activation: Activation::Tanh, borrowed: None, layout, dense: None };
        for choice in [PlanChoice::Split, PlanChoice::Resident, PlanChoice::Layered] {
            let Ok(plan) = Plan::new(choice, &problem, &Limits::webgpu()) else { continue };
            for call in &plan.iteration {
                let variant = (call.kernel, call.constants.clone());
                if rows.iter().all(|row| row.variant != variant) {
                    let size = format!("{networks} × ({inputs}, {units}, {samples})");
                    let name = format!("{}{} | {size} | {}", call.kernel.name(), part(&variant), plan.layout);
                    rows.push(Row { variant, name });
                }
            }
        }
    }
    rows
}

/// Which of a kernel's several calls in a plan it is.
fn part((_, constants): &Variant) -> String {
    let is = |name| constants.contains(&(name, Constant::Bool(true)));
    let output = if is("IS_OUTPUT") { ", output" } else { "" };
    let adds = if is("ADDS") { ", adds" } else { "" };
    format!("{output}{adds}")
}

fn page() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/kernels.md")
}

fn updates() -> bool {
    crate::required("UPDATE_KERNELS")
}

/// The page that has the figures of this driver, or that they are another's.
pub fn same_driver(driver: String) -> Result<String, String> {
    let text = fs::read_to_string(page()).map_err(|error| format!("docs/kernels.md: {error}"))?;
    match updates() || text.contains(&format!("\n{}\n", written_by(&driver))) {
        true => Ok(driver),
        false => Err(format!("the figures of docs/kernels.md are not {driver}'s")),
    }
}

fn written_by(driver: &str) -> String {
    format!("Figures of {driver}.")
}

/// Holds the figures to those of the page, or writes them there.
pub fn are_as_written(driver: String) -> Check {
    let mut tables = String::new();
    for family in FAMILIES {
        tables += &table(family, &figures_of(family)?)?;
    }
    let text = fs::read_to_string(page()).map_err(|error| error.to_string())?;
    if updates() {
        let marker = "\nFigures of ";
        let start = text.find(marker).ok_or("docs/kernels.md has no line 'Figures of …'")?;
        let text = format!("{}\n{}\n{tables}", &text[..start], written_by(&driver));
        return fs::write(page(), text).map_err(|error| error.to_string());
    }
    let (written, now) = (parsed(&text)?, parsed(&tables)?);
    let mut wrong: Vec<String> = Vec::new();
    for (row, numbers) in &now {
        match written.get(row) {
            Some(before) if before.len() == numbers.len() && before.iter().zip(numbers).all(is_near) => {}
            before => wrong.push(format!("{row}: {numbers:?}, and written {before:?}")),
        }
    }
    wrong.extend(written.keys().filter(|row| !now.contains_key(*row)).map(|row| format!("{row}: no such kernel")));
    let advice = "if it is meant, UPDATE_KERNELS=1 cargo test --release --test compilers figures";
    if wrong.is_empty() { Ok(()) } else { Err(format!("{}\n{advice}", wrong.join("\n"))) }
}

/// Within a tenth of what is written.
fn is_near((before, now): (&u64, &u64)) -> bool {
    10 * before.abs_diff(*now) <= *before
}

/// A family's part of the page.
fn table(family: &str, statistics: &[Statistics]) -> Result<String, String> {
    let names = COLUMNS.map(|(_, name)| name).join(" | ");
    let mut table = format!("\n## {family}\n| kernel | networks × (inputs, units, samples) | layout | {names} |\n");
    table += &format!("|---|---|---|{}\n", "---:|".repeat(COLUMNS.len()));
    for (row, statistics) in rows().iter().zip(statistics) {
        let cell = |(name, _): &(&str, &str)| {
            statistics.get(*name).map(u64::to_string).ok_or_else(|| format!("no '{name}' among {statistics:?}"))
        };
        let cells: Vec<String> = COLUMNS.iter().map(cell).collect::<Result<_, _>>()?;
        table += &format!("| {} | {} |\n", row.name, cells.join(" | "));
    }
    Ok(table)
}

/// The numbers of each row, by its family and first cells, which must tell it from all others.
fn parsed(text: &str) -> Result<BTreeMap<String, Vec<u64>>, String> {
    let (mut rows, mut family) = (BTreeMap::new(), "");
    for line in text.lines() {
        family = line.strip_prefix("## ").unwrap_or(family);
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let Some((name, numbers)) = cells.split_at_checked(3) else { continue };
        if let Ok(numbers) = numbers.iter().map(|cell| cell.parse()).collect::<Result<Vec<u64>, _>>()
            && !numbers.is_empty()
        {
            let key = format!("{family}: {}", name.join(" | "));
            if rows.insert(key.clone(), numbers).is_some() {
                return Err(format!("two rows are called {key}"));
            }
        }
    }
    Ok(rows)
}
