//! Whether planar has become slower: each plan's speed as a ratio to the `f32` reference's in the same run, held to the
//! ratios of the last release in `benches/figures.json`. `cargo bench --bench guard` exits with 1 if one has fallen by
//! more than a third; `cargo bench --bench guard -- --write` writes the file anew, for a release.
//!
//! A ratio cancels how fast and how busy a machine is, but not which instructions it has, so it is compared only if the
//! file has the device's name.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use planar::backend::{Backend, Run};
use planar::cpu::{Engine, Reference};
use planar::data::flower;
use planar::gpu::plan::PlanChoice;
use planar::gpu::{Adapter, Gpu};
use planar::measure::{self, speed};
use planar::model::Network;

/// Networks side by side, hidden units and activation, on the flower's 400 samples.
const NETWORKS: [(u32, usize, &str); 5] =
    [(1, 4, "tanh"), (1, 40, "relu"), (1, 277, "leaky-relu"), (1, 277, "tanh"), (64, 4, "tanh")];
/// The median of this many pairs is taken; each measurement takes `PATIENCE`.
const PAIRS: usize = 5;
const PATIENCE: Duration = Duration::from_millis(300);
/// The share of a ratio that noise may take: on a quiet machine, runs of one build differed by up to 0.05 for the
/// engine, and by up to 0.32 for lavapipe, which shares its two cores with the host.
const NOISE: f64 = 1.0 / 3.0;

/// The reference's time over the device's, by `device | plan | n_h | activation`.
type Ratios = BTreeMap<String, f64>;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let figures = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/figures.json");
    let measured = measure()?;
    if std::env::args().any(|argument| argument == "--write") {
        std::fs::write(&figures, serde_json::to_string_pretty(&measured)? + "\n")?;
        println!("written to {}", figures.display());
        return Ok(ExitCode::SUCCESS);
    }
    let before: Ratios = serde_json::from_str(&std::fs::read_to_string(&figures)?)?;
    let mut slower = 0;
    println!("{:>10} {:>10} {:>7}   the reference's time over that of", "release", "now", "change");
    for (name, now) in &measured {
        let Some(then) = before.get(name) else {
            println!("{:>10} {now:>10.1} {:>7}   {name}", "-", "");
            continue;
        };
        let change = now / then - 1.0;
        let is_slower = change.is_nan() || change < -NOISE;
        slower += usize::from(is_slower);
        let said = if is_slower { ": slower" } else { "" };
        println!("{then:>10.1} {now:>10.1} {:>+6.0}%   {name}{said}", 100.0 * change);
    }
    if !measured.keys().any(|name| before.contains_key(name)) {
        println!("no device here is in the release's figures: nothing is compared");
    }
    Ok(if slower == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn measure() -> planar::Result<Ratios> {
    let data = flower(400, 1)?;
    let mut backends: Vec<(String, Box<dyn Backend>)> = Vec::new();
    // one thread, like the reference: other load on the machine then slows both alike
    let engine = Engine::new(Some(1))?;
    backends.push((format!("{} | engine", engine.device().name), Box::new(engine)));
    for adapter in Adapter::all() {
        for plan in [PlanChoice::Split, PlanChoice::Resident] {
            let gpu = Gpu::open(&adapter)?.with_plan(plan);
            backends.push((format!("{} | {plan}", gpu.device().name), Box::new(gpu)));
        }
    }
    let mut ratios = Ratios::new();
    for (count, hidden, activation) in NETWORKS {
        let network = Network::one_hidden(2, hidden, activation.parse()?)?;
        let runs: Vec<Run> = (2..2 + count).map(|seed| measure::run(&network, seed)).collect();
        for (name, backend) in &backends {
            let pair = |_| -> planar::Result<f64> {
                let reference = speed(&Reference::<f32>::new(), &data, &runs, PATIENCE)?.iteration;
                Ok(reference / speed(backend.as_ref(), &data, &runs, PATIENCE)?.iteration)
            };
            let mut pairs = (0..PAIRS).map(pair).collect::<planar::Result<Vec<_>>>()?;
            pairs.sort_by(f64::total_cmp);
            let networks = if count == 1 { String::new() } else { format!("{count} × ") };
            ratios.insert(format!("{name} | {networks}n_h = {hidden} | {activation}"), pairs[PAIRS / 2]);
        }
    }
    Ok(ratios)
}
