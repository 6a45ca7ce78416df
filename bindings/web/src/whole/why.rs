//! Why a training fails.

use std::ops::ControlFlow;
use std::time::Duration;

use planar::backend::Run;
use planar::diagnose::{Case, Diagnosis, examine};
use planar::{Error, Result};
use serde_json::json;

use crate::object::Object;
use crate::said::sentence;
use crate::samples::Samples;
use crate::settings::Settings;

/// How long the replay and what is tried may take; they may take four times as long as the run itself.
const PATIENCE: Duration = Duration::from_secs(4);

/// The diagnosis of a run from its start, by the CPU engine, which nothing has to wait for, whatever trains it.
///
/// # Errors
/// Those of [`examine`].
pub fn why(settings: &Settings, samples: &Samples, run: &Run, on_gpu: bool) -> Result<Object> {
    let (data, held_out) = (samples.data(), samples.prepared.held_out.as_ref());
    let iterations = settings.iterations.saturating_sub(run.state.updates);
    let case = Case { data, held_out, run, iterations };
    let found = examine(&case, None, PATIENCE, &mut |_| ControlFlow::Continue(()))?;
    let diagnosis = found.ok_or_else(|| Error::Mismatch("the diagnosis ended early".into()))?;
    let advice = diagnosis.remedy.as_ref().map(|remedy| settings.with(&remedy.changes));
    let mut verdict = serde_json::to_value(&diagnosis).map_err(|error| Error::Mismatch(error.to_string()))?;
    verdict["version"] = env!("CARGO_PKG_VERSION").into();
    verdict["data"] = data.name().into();
    verdict["network"] = format!("{:?}, {}", run.network.widths(), run.network.derivative()).into();
    verdict["learning_rate"] = run.learning_rate.into();
    verdict["iterations"] = iterations.into();
    let on = on_gpu.then_some("This was found out on the CPU engine in this page, not on the GPU.");
    let said: Vec<String> = said(&diagnosis).into_iter().chain(on.map(String::from)).collect();
    Ok(Object::new(json!({
        "is": "why",
        "verdict": verdict,
        "said": said,
        "isFailure": diagnosis.cause.is_failure(),
        "settings": advice.flatten(),
    })))
}

/// What was found, in sentences.
fn said(diagnosis: &Diagnosis) -> Vec<String> {
    let mut said = vec![sentence(&diagnosis.verdict)];
    said.extend(diagnosis.because.iter().map(|line| sentence(line)));
    match &diagnosis.remedy {
        Some(remedy) => {
            let changes: Vec<String> = remedy.changes.iter().map(ToString::to_string).collect();
            let reached = remedy.cost.map_or(String::new(), |cost| format!(": the cost ends at {cost:.4}"));
            said.push(format!("What helped: {}{reached}.", changes.join(", ")));
        }
        None if diagnosis.cause.is_failure() => said.push("Nothing that was tried helps.".into()),
        None => {}
    }
    said
}
