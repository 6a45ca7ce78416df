//! Whether the tuner chooses well: each layout of each plan timed by itself, and the one that a training took: `cargo bench
//! --bench tuner`. It exits with 1 if a choice is over a tenth slower than the best.

use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

use planar::backend::{Backend, LayoutChoice, Run};
use planar::data::{Dataset, flower};
use planar::gpu::plan::PlanChoice;
use planar::gpu::{Adapter, Gpu};
use planar::measure::{self, speed, speed_of};
use planar::model::Network;

/// Networks side by side, hidden units, samples and activation.
const GRID: [(u32, usize, usize, &str); 8] = [
    (1, 4, 400, "tanh"),
    (1, 20, 400, "relu"),
    (1, 40, 400, "leaky-relu"),
    (1, 277, 400, "tanh"),
    (1, 277, 400, "leaky-relu"),
    (1, 1024, 10_000, "tanh"),
    (1, 33, 100_000, "relu"),
    (64, 4, 400, "tanh"),
];
/// Every layout is timed in so many rounds, so that other load on the machine meets all of them; the shortest counts.
const ROUNDS: usize = 3;
const PATIENCE: Duration = Duration::from_millis(300);
/// Long enough for a choice.
const TRAINING: Duration = Duration::from_secs(2);
/// What a choice may be slower than the best.
const NOISE: f64 = 0.1;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let mut worse = 0;
    for adapter in Adapter::all() {
        println!("{adapter}");
        for plan in PlanChoice::ALL {
            for (networks, hidden, samples, activation) in GRID {
                let network = Network::one_hidden(2, hidden, activation.parse()?)?;
                let runs: Vec<Run> = (2..2 + networks).map(|seed| measure::run(&network, seed)).collect();
                let what = format!("{plan}, {networks} × n_h = {hidden}, m = {samples}, {activation}");
                match choice(&adapter, plan, &flower(samples, 1)?, &runs) {
                    Ok((chosen, times)) => worse += usize::from(tell(&what, &chosen, &times)),
                    Err(error) => println!("{what}: {error}"),
                }
            }
        }
    }
    Ok(if worse == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The layout that a training takes, and seconds per iteration of each by itself.
fn choice(
    adapter: &Adapter,
    plan: PlanChoice,
    data: &Dataset,
    runs: &[Run],
) -> planar::Result<(String, Vec<(String, f64)>)> {
    let gpu = Gpu::open(adapter)?.with_plan(plan);
    let mut session = gpu.load(data, runs)?;
    speed_of(session.as_mut(), TRAINING)?;
    let report = session.layouts().unwrap_or_default();
    let mut times: Vec<_> = report.measured.into_iter().map(|(name, _)| (name, f64::INFINITY)).collect();
    for _ in 0..ROUNDS {
        for (name, time) in &mut times {
            let gpu = gpu.clone().with_layout(LayoutChoice::Named(name.clone()));
            *time = time.min(speed(&gpu, data, runs, PATIENCE)?.iteration);
        }
    }
    Ok((report.chosen, times))
}

/// Prints a choice among its layouts, and returns whether it is worse than noise explains.
fn tell(what: &str, chosen: &str, times: &[(String, f64)]) -> bool {
    let best = times.iter().map(|(_, time)| *time).fold(f64::INFINITY, f64::min);
    let of_chosen = times.iter().find(|(name, _)| name == chosen).map_or(f64::NAN, |(_, time)| *time);
    let is_worse = of_chosen.is_nan() || of_chosen > (1.0 + NOISE) * best;
    let all: Vec<String> = times.iter().map(|(name, time)| format!("{name} {:.1}", 1e6 * time)).collect();
    println!("{what}: {chosen}, {:.2} of the best{}", of_chosen / best, if is_worse { ": worse" } else { "" });
    println!("    µs: {}", all.join(", "));
    is_worse
}
