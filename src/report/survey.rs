//! What `planar bench --report` writes: a survey as Markdown, of plain tables.

use std::fmt::Write as _;

use planar::selftest::Finding;
use planar::survey::{AdapterSurvey, Agreement, PlanSpeed, SetUp, Speeds, Survey};

/// The page of a survey.
pub fn markdown(survey: &Survey) -> String {
    let Survey { version, system, cpu, seconds_per_figure, seconds, adapters, .. } = survey;
    let mut page = format!(
        "# What the adapters of a machine do with planar\n\n\
         planar {version}, {system}; `planar bench --report` took {seconds:.0} s. A time is the shortest of several chunks \
         in {seconds_per_figure} s or more.\nThe CPU's are those of the {} with {}, in the same run.\n",
        cpu.name, cpu.driver
    );
    for adapter in adapters {
        page += &of_adapter(adapter);
    }
    page
}

fn of_adapter(of: &AdapterSurvey) -> String {
    let device = &of.device;
    let mut text = format!("\n## {}\n\n{}, {}, driver {}.\n", device.name, device.kind, device.backend, device.driver);
    if let Some(error) = &of.error {
        return text + &format!("\nIt cannot be used: {}.\n", cell(error));
    }
    text += "\n### Limits\n\n";
    let limits = of.limits.iter().map(|(name, limit)| vec![(*name).to_owned(), limit.to_string()]);
    text += &table(&["limit", "value"], limits);
    text += &selftest(&of.selftest);
    text += "\n### Agreement\n\nOne step with the plan that `auto` takes against the `f64` reference, from the same weights. \
             The bound is 1e-5·Σ|terms| + 1e-9.\n\n";
    text += &table(
        &["n_h, m, activation", "", "largest difference of Σ\\|terms\\|", "in"],
        of.agreement.iter().map(agreement),
    );
    text += "\n### Set-up\n\nUntil the first iteration is done: cold, with the adapter opened and the kernels compiled, which \
             the driver may have kept on the disk; warm, once more on the opened adapter.\n\n";
    text += &table(&["n_h, m, activation", "cold, ms", "warm, ms", ""], of.set_up.iter().map(set_up));
    text += "\n### Speed\n\nµs an iteration. The tuner chose the layout; its time stands over that of the best layout timed \
             by itself.\n";
    text += &speeds(&of.speeds);
    text += "\n### Many networks\n\nµs an iteration of all of them.\n";
    text + &speeds(&of.many)
}

fn selftest(findings: &[Finding]) -> String {
    let failed: Vec<&Finding> = findings.iter().filter(|finding| !finding.passed).collect();
    let (count, seconds) = (findings.len(), findings.iter().map(|finding| finding.seconds).sum::<f64>());
    let text = String::from("\n### Selftest\n\n");
    if failed.is_empty() {
        return text + &format!("All {count} checks passed in {seconds:.0} s.\n");
    }
    let rows = failed.iter().map(|finding| vec![cell(&finding.check), cell(&finding.found)]);
    text + &format!("**{} of {count} checks FAILED**, in {seconds:.0} s.\n\n", failed.len())
        + &table(&["failed", "found"], rows)
}

fn agreement(of: &Agreement) -> Vec<String> {
    let word = match of.agrees {
        Some(true) => "agrees".into(),
        Some(false) => "**DISAGREES**".into(),
        None => cell(of.error.as_ref().or(of.skipped.as_ref()).map_or("", String::as_str)),
    };
    let worst = of.worst.map_or(String::new(), |worst| format!("{worst:.1e}"));
    vec![size(1, of.hidden, of.samples, &of.activation), word, worst, of.tensor.clone().unwrap_or_default()]
}

fn set_up(of: &SetUp) -> Vec<String> {
    let time = |time: Option<f64>| time.map_or(String::new(), |time| format!("{time:.1}"));
    let note = of.error.as_deref().map_or(String::new(), cell);
    vec![size(1, of.hidden, of.samples, &of.activation), time(of.cold_ms), time(of.warm_ms), note]
}

/// The plans at each size, and below them their layouts.
fn speeds(of: &[Speeds]) -> String {
    let heading =
        ["n_h, m, activation", "plan", "µs", "host µs", "CPU µs", "CPU ÷ GPU", "layout chosen", "of the best", ""];
    let rows = of.iter().flat_map(|speeds| {
        let skipped = speeds.plans.is_empty().then(|| {
            let note = cell(speeds.cpu_note.as_deref().unwrap_or_default());
            let mut row = vec![String::new(); heading.len()];
            (row[0], row[8]) = (named(speeds), note);
            row
        });
        speeds.plans.iter().map(|plan| of_plan(speeds, plan)).chain(skipped)
    });
    let mut text = format!("\n{}\nEach layout by itself, the chosen one marked:\n\n", table(&heading, rows));
    let layouts = of.iter().flat_map(|speeds| speeds.plans.iter().map(move |plan| (speeds, plan)));
    let layouts = layouts.filter(|(_, plan)| !plan.layouts.is_empty()).map(|(speeds, plan)| {
        vec![
            named(speeds),
            plan.plan.into(),
            plan.layouts
                .iter()
                .map(|layout| {
                    let time = match (layout.us, &layout.note) {
                        (Some(time), _) => micros(time),
                        (None, note) => cell(note.as_deref().unwrap_or_default()),
                    };
                    let mark = if Some(&layout.name) == plan.chosen.as_ref() { "**" } else { "" };
                    format!("{mark}{} {time}{mark}", layout.name)
                })
                .collect::<Vec<_>>()
                .join(", "),
        ]
    });
    text += &table(&["n_h, m, activation", "plan", "layouts, µs"], layouts);
    text
}

fn of_plan(speeds: &Speeds, plan: &PlanSpeed) -> Vec<String> {
    let time = |time: Option<f64>| time.map_or(String::new(), micros);
    let ratio = speeds.cpu_us.zip(plan.us).map(|(cpu, gpu)| cpu / gpu);
    let loses = match speeds.fastest() {
        Some((fastest, gpu)) if fastest == plan.plan && speeds.cpu_us.is_some_and(|cpu| gpu > cpu) => "the GPU loses",
        Some((fastest, _)) if fastest == plan.plan && speeds.cpu_us.is_some() => "the GPU wins",
        _ => "",
    };
    let notes = [loses, plan.note.as_deref().unwrap_or(""), speeds.cpu_note.as_deref().unwrap_or("")];
    let notes: Vec<String> = notes.into_iter().filter(|note| !note.is_empty()).map(cell).collect();
    let chosen = plan.chosen.as_ref().map(|name| if plan.tuned { name.clone() } else { format!("{name} (not tuned)") });
    vec![
        named(speeds),
        plan.plan.into(),
        time(plan.us),
        time(plan.host_us),
        time(speeds.cpu_us),
        ratio.map_or(String::new(), |ratio| format!("{ratio:.2}")),
        chosen.unwrap_or_default(),
        plan.of_best().map_or(String::new(), |of_best| format!("{of_best:.2}")),
        notes.join("; "),
    ]
}

fn named(speeds: &Speeds) -> String {
    size(speeds.networks, speeds.hidden, speeds.samples, &speeds.activation)
}

fn size(networks: u32, hidden: usize, samples: usize, activation: &str) -> String {
    let networks = if networks > 1 { format!("{networks} × ") } else { String::new() };
    format!("{networks}{hidden}, {samples}, {activation}")
}

fn micros(time: f64) -> String {
    if time < 1000.0 { format!("{time:.1}") } else { format!("{time:.0}") }
}

/// A text that breaks no table.
fn cell(text: impl AsRef<str>) -> String {
    text.as_ref().replace('|', "\\|").replace('\n', " ")
}

fn table(heading: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let mut text = format!("| {} |\n|{}\n", heading.join(" | "), "---|".repeat(heading.len()));
    for row in rows {
        // writing to a String cannot fail
        let _ = writeln!(text, "| {} |", row.join(" | "));
    }
    text
}
