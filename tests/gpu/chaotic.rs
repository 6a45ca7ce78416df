//! Runs that part from `f64` early, most of them within thirty iterations: `compare` finds no fault with any plan.

use planar::backend::Run;
use planar::compare::{Bounds, compare};
use planar::cpu::Reference;
use planar::data::{Dataset, Options, Source};
use planar::gpu::Gpu;
use planar::gpu::plan::PlanChoice;
use planar::model::Network;

use crate::Check;
use crate::limits::NamedOnAdapter;

pub fn checks() -> Vec<NamedOnAdapter> {
    vec![
        ("chaotic_runs_agree_with_f64_split".into(), |_, gpu| chaotic_runs_agree(gpu, PlanChoice::Split)),
        ("chaotic_runs_agree_with_f64_resident".into(), |_, gpu| chaotic_runs_agree(gpu, PlanChoice::Resident)),
        ("chaotic_runs_agree_with_f64_layered".into(), |_, gpu| chaotic_runs_agree(gpu, PlanChoice::Layered)),
    ]
}

fn dataset(name: &str) -> planar::Result<Dataset> {
    Ok(name.parse::<Source>()?.prepare(&Options::default(), None, &mut |_| ())?.data)
}

fn chaotic_runs_agree(gpu: &Gpu, plan: PlanChoice) -> Check {
    let gpu = gpu.clone().with_plan(plan);
    let mut parted = 0;
    for name in ["flower", "blobs", "noisy-moons"] {
        let data = dataset(name).map_err(|error| error.to_string())?;
        for activation in ["tanh", "relu", "leaky-relu:0.01", "sigmoid"] {
            for (learning_rate, hidden) in [(5.0, 40), (20.0, 4)] {
                let about = format!("{name} {activation} rate {learning_rate} n_h {hidden}");
                let compared = || {
                    let network = Network::one_hidden(2, hidden, activation.parse()?)?;
                    let run = Run::initial(network, 3, 0.01, learning_rate);
                    compare([&Reference::<f64>::new(), &gpu], &data, &run, 40, Bounds::F32_TO_F64, |_| {})
                };
                let compared = compared().map_err(|error| format!("{about}: {error}"))?;
                if !compared.agrees() {
                    let steps = compared.steps.iter().flat_map(|step| &step.differences);
                    let apart: Vec<_> = steps.filter(|difference| !difference.agrees).collect();
                    return Err(format!("{about}: repeats {:?}, {apart:?}", compared.repeats));
                }
                parted += usize::from(compared.curves.parted.is_some());
            }
        }
    }
    if parted < 8 { Err(format!("only {parted} of 24 runs part")) } else { Ok(()) }
}
