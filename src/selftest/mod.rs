//! Whether an adapter and its driver compute what planar needs: known driver faults, every kernel against its CPU twin,
//! one step under every plan, of networks of any depth too, and short runs.

mod deep;
mod dense;
mod driver;
mod kernels;
mod layered;
mod layouts;
mod one_hidden;
mod resident;
mod resident_layers;
mod steps;

use serde::Serialize;
use web_time::Instant;

use crate::gpu::Gpu;
use crate::gpu::plan::PlanChoice;
use crate::gpu::shader::kernel::Kernel;

/// Doors for the project's own tests.
#[cfg(feature = "testing")]
pub mod testing {
    pub use super::driver::steps;
    pub use super::kernels::check_of;
    pub use super::layouts::{Laid, all as layouts, of_any_depth};
    pub use super::resident_layers::samples_for;
    pub use super::steps::of_many_features;
}

/// The worst of all that a check compared, as a share of its bound: at most 1 if it passed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Worst(pub f64);

/// Why a check failed.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure(pub String);

/// What a check finds.
pub type Check = Result<Worst, Failure>;

impl From<crate::Error> for Failure {
    fn from(error: crate::Error) -> Self {
        Self(error.to_string())
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::fmt::Display for Worst {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            0.0 => f.write_str("exact"),
            share => write!(f, "off by at most {:.1} % of the bound", 100.0 * share),
        }
    }
}

impl Worst {
    /// Fails if an element is further off than its bound; a NaN always is.
    ///
    /// # Errors
    /// [`Failure`] naming the first such element, by how much it is off, and its bound.
    #[expect(clippy::neg_cmp_op_on_partial_ord, reason = "a difference that is NaN must fail")]
    pub fn compare(
        &mut self,
        what: &str,
        got: &[f32],
        want: &[f64],
        bound: impl Fn(usize) -> f64,
    ) -> Result<(), Failure> {
        if got.len() != want.len() {
            return Err(Failure(format!("{what}: {} values, not {}", got.len(), want.len())));
        }
        for (i, (got, want)) in got.iter().zip(want).enumerate() {
            let (difference, bound) = ((f64::from(*got) - want).abs(), bound(i));
            if !(difference <= bound) {
                let by = format!("off by {difference:.1e}, bound {bound:.1e}");
                return Err(Failure(format!("{what}: element {i} is {got}, not {want}: {by}")));
            }
            if difference > 0.0 {
                self.0 = self.0.max(difference / bound);
            }
        }
        Ok(())
    }
}

/// One line of a report.
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    /// What was checked.
    pub check: String,
    /// Whether it passed.
    pub passed: bool,
    /// By how much, or what is wrong.
    pub found: String,
    /// How long it took.
    pub seconds: f64,
}

/// Every check on an adapter, in turn. `listen` is told what begins.
pub fn run(gpu: &Gpu, mut listen: impl FnMut(&str)) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut check = |name: String, found: &mut dyn FnMut() -> Result<String, Failure>| {
        listen(&name);
        let start = Instant::now();
        let (passed, found) = match found() {
            Ok(found) => (true, found),
            Err(Failure(wrong)) => (false, wrong),
        };
        findings.push(Finding { check: name, passed, found, seconds: start.elapsed().as_secs_f64() });
    };
    for (name, probe) in driver::PROBES {
        check(format!("driver: {name}"), &mut || probe(gpu));
    }
    let of_worst = |worst: Worst| worst.to_string();
    for kernel in Kernel::ALL.into_iter().filter(|kernel| !kernel.is_probe()) {
        let twin = kernels::check_of(kernel);
        check(format!("kernel: {}", kernel.name()), &mut || twin(gpu).map(of_worst));
    }
    check("layouts: the same bits in all".into(), &mut || layouts::same_bits(gpu));
    for (plan, activation) in steps::CASES {
        let name = format!("one step: plan {plan}, {activation}");
        check(name, &mut || steps::one(gpu, plan, activation).map(of_worst));
    }
    check("one step: many features".into(), &mut || steps::of_many_features(gpu).map(of_worst));
    for (plan, output, outputs) in deep::CASES {
        let name = format!("one step of deeper networks: plan {plan}, {outputs} × {output}");
        check(name, &mut || deep::one_step(gpu, plan, output, outputs).map(of_worst));
    }
    for plan in PlanChoice::ALL {
        check(format!("a short run: plan {plan}"), &mut || steps::short_run(gpu, plan).map(of_worst));
    }
    for plan in [PlanChoice::Resident, PlanChoice::Layered] {
        let name = format!("a short run of Adam in batches: plan {plan}");
        check(name, &mut || deep::short_run(gpu, plan).map(of_worst));
    }
    findings
}
