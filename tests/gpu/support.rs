//! What several of these tests use: the library's own checks of kernels, steps alone, and sizes.

use planar::Error;
use planar::backend::Run;
use planar::data::Dataset;
use planar::gpu::Gpu;
use planar::gpu::plan::{PlanChoice, Problem};
use planar::gpu::testing::Kernel;
use planar::model::params::Layout;
use planar::model::{Activation, Network, Parameters};
use planar::selftest::Worst;
use planar::selftest::testing::check_of;

use crate::Check;

/// A check on a GPU.
pub type OnGpu = fn(&Gpu) -> Check;
/// A named check on a GPU.
pub type Named = (String, Box<dyn Fn(&Gpu) -> Check + Send>);

/// Every kernel against its twin, as `planar selftest` checks it.
pub fn kernels() -> Vec<Named> {
    let named = |kernel: Kernel| -> Named {
        let name = format!("kernel_{}_agrees_with_its_cpu_twin", kernel.name());
        (name, Box::new(move |gpu| check_of(kernel)(gpu).map(|_| ()).map_err(|failure| failure.0)))
    };
    Kernel::ALL.map(named).into()
}

/// Fails where an element is further off than its bound; a NaN always is.
pub fn compare(what: &str, got: &[f32], want: &[f64], bound: impl Fn(usize) -> f64) -> Check {
    Worst::default().compare(what, got, want, bound).map_err(|failure| failure.0)
}

/// Three networks side by side of one hidden layer.
pub fn problem(inputs: usize, units: u32, samples: u32) -> Problem {
    let layout = Layout::new(&[inputs, units as usize, 1]);
    Problem { networks: 3, samples, activation: Activation::Tanh, borrowed: None, layout, dense: None }
}

/// Over 16 features: split says which plan and device can, and auto and resident take them.
pub fn few_features_are_demanded(gpu: &Gpu) -> Check {
    for (features, of_auto) in [(16, "split"), (17, "layered"), (1000, "layered")] {
        let problem = problem(features, 40, 4000);
        for plan in [PlanChoice::Split, PlanChoice::Resident] {
            match gpu.clone().with_plan(plan).plan(&problem) {
                Ok(_) if features == 16 || (plan == PlanChoice::Resident && features == 17) => {}
                // an update takes too many turns
                Err(Error::Mismatch(said)) if plan == PlanChoice::Resident && said.contains("loop turns") => {}
                Err(Error::Mismatch(said)) if features > 16 => {
                    let other = "the layered plan and the CPU train any number";
                    let wanted = format!("the {plan} plan trains up to 16 features, not {features}; {other}");
                    if said != wanted {
                        return Err(said);
                    }
                }
                other => return Err(format!("{plan}, {features} features: {other:?}")),
            }
        }
        match gpu.clone().with_plan(PlanChoice::Auto).plan(&problem) {
            Ok(plan) if plan.name == of_auto => {}
            other => return Err(format!("{features} features: {other:?}")),
        }
    }
    // what is said of the last plan that is left
    match gpu.clone().with_plan(PlanChoice::Auto).plan(&problem(1 << 20, 4096, 4000)) {
        Err(Error::Limit { .. }) => Ok(()),
        other => Err(format!("{other:?}")),
    }
}

/// Two hidden layers: split says which plan can, and auto takes the resident one where that suits.
pub fn one_hidden_refuses(gpu: &Gpu) -> Check {
    let network = Network::new(2, &[3, 3], Activation::Tanh).unwrap();
    let run = Run::new(network.clone(), Parameters::zeros(&network), 1.0);
    let data = Dataset::from_points("one", None, 2, &[0.0, 1.0], vec![1]).unwrap();
    let problem = Problem::new(&data, &[run]).unwrap();
    match gpu.clone().with_plan(PlanChoice::Split).plan(&problem) {
        Err(Error::Mismatch(said)) if said.contains("one hidden layer") && said.contains("layered") => {}
        other => return Err(format!("{other:?}")),
    }
    for (plan, taken) in
        [(PlanChoice::Auto, "resident"), (PlanChoice::Resident, "resident"), (PlanChoice::Layered, "layered")]
    {
        match gpu.clone().with_plan(plan).plan(&problem) {
            Ok(plan) if plan.name == taken => {}
            other => return Err(format!("{plan}: {other:?}")),
        }
    }
    Ok(())
}
