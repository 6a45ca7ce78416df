//! The cost curves of dense networks against NumPy's in float64, which were checked against JAX and optax
//! (`tests/golden/dense.json`).

use planar::backend::Backend;
use planar::gpu::Gpu;

use crate::Check;
use crate::common::costs_of;
use crate::common::dense::cases;
use crate::dense::layered;
use crate::limits::NamedOnAdapter;
use crate::support::compare;

pub fn checks() -> Vec<NamedOnAdapter> {
    vec![("dense_curves_follow_numpys".into(), |_, gpu| curves_follow_numpy(&layered(gpu)))]
}

/// To 1e-4 in the first 50 updates, then to 1e-3.
pub fn curves_follow_numpy(gpu: &Gpu) -> Check {
    let cases = cases();
    for case in &cases {
        let (what, data) = (case.name(), case.samples());
        let error = |error: planar::Error| format!("{what}: {error}");
        let mut session = gpu.load(&data, &[case.run(&data)]).map_err(error)?;
        let mut costs = costs_of(session.as_mut(), case.iterations, 64);
        let end = costs.pop().unwrap_or(f64::NAN);
        let got: Vec<f32> = costs.iter().step_by(case.every).map(|cost| *cost as f32).collect();
        let bound = |i: usize| if i * case.every < 50 { 1e-4 } else { 1e-3 };
        compare(&what, &got, &case.costs, |i| bound(i) * case.costs[i])?;
        compare(&format!("{what}, the end"), &[end as f32], &[case.last.cost], |_| 1e-3 * case.last.cost)?;
    }
    if cases.len() >= 23 { Ok(()) } else { Err(format!("only {} cases", cases.len())) }
}
