//! Everything that an adapter has to tell: whether it computes correctly, and how fast each plan and layout is at a grid of
//! sizes, beside the CPU engine in the same run. What is measured is data, which others print; what fails is noted, and the
//! rest goes on.

mod checks;
mod speeds;

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;
use web_time::Instant;

pub use checks::{Agreement, SetUp};
pub use speeds::{LayoutSpeed, PlanSpeed, Speeds};

use crate::Result;
use crate::backend::DeviceInfo;
use crate::cpu::Engine;
use crate::gpu::{Adapter, Choice};
use crate::selftest::{self, Finding};

/// What all adapters together may take. The figure that begins before its end is still measured.
const LONGEST: Duration = Duration::from_secs(540);

/// What a machine's adapters have to tell.
#[derive(Clone, Debug, Serialize)]
pub struct Survey {
    /// The version of planar.
    pub version: &'static str,
    /// The system that planar was built for.
    pub system: String,
    /// The CPU engine, whose times stand beside those of the adapters.
    pub cpu: DeviceInfo,
    /// Seconds that each figure was measured for, at least.
    pub seconds_per_figure: f64,
    /// Seconds that everything took.
    pub seconds: f64,
    /// The adapters, best first.
    pub adapters: Vec<AdapterSurvey>,
}

/// What one adapter has to tell.
#[derive(Clone, Debug, Serialize)]
pub struct AdapterSurvey {
    /// The adapter.
    pub device: DeviceInfo,
    /// Its limits, by their WebGPU names.
    pub limits: BTreeMap<&'static str, u64>,
    /// Why it could not be opened, in which case nothing else is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The checks of `planar selftest`.
    pub selftest: Vec<Finding>,
    /// One step against the `f64` reference, at four sizes.
    pub agreement: Vec<Agreement>,
    /// How long the first iteration takes to come.
    pub set_up: Vec<SetUp>,
    /// One network, at the grid of sizes.
    pub speeds: Vec<Speeds>,
    /// Many networks side by side.
    pub many: Vec<Speeds>,
}

impl Survey {
    /// Whether every check that was made on every adapter passed; whether an adapter could be opened is not one of them.
    pub fn passed(&self) -> bool {
        self.adapters.iter().all(AdapterSurvey::passed)
    }
}

impl AdapterSurvey {
    /// Whether every check that was made passed.
    pub fn passed(&self) -> bool {
        self.selftest.iter().all(|finding| finding.passed)
            && self.agreement.iter().all(|agreement| agreement.agrees != Some(false) && agreement.error.is_none())
    }
}

/// Surveys all adapters, which the environment's `WGPU_ADAPTER_NAME` narrows. Each figure is measured for `patience`, and there is none for what would begin after nine minutes,
/// which the adapters share equally. `listen` is told what begins.
///
/// # Errors
/// [`NoAdapter`](crate::Error::NoAdapter) if there is none, and those of the CPU engine. What goes wrong on an adapter is noted in its survey.
pub fn survey(patience: Duration, mut listen: impl FnMut(&str)) -> Result<Survey> {
    let (begun, adapters) = (Instant::now(), Adapter::all());
    let adapters = Adapter::choose_all(&adapters, &Choice::Any)?;
    let engine = Engine::new(None)?;
    let mut told = Vec::new();
    for (adapter, number) in adapters.iter().zip(1_u32..) {
        let deadline = Deadline(begun + LONGEST * number / adapters.len() as u32);
        told.push(of_adapter(adapter, &engine, patience, deadline, &mut listen));
    }
    Ok(Survey {
        version: env!("CARGO_PKG_VERSION"),
        system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        cpu: crate::backend::Backend::device(&engine),
        seconds_per_figure: patience.as_secs_f64(),
        seconds: begun.elapsed().as_secs_f64(),
        adapters: told,
    })
}

fn of_adapter(
    adapter: &Adapter,
    engine: &Engine,
    patience: Duration,
    deadline: Deadline,
    listen: &mut impl FnMut(&str),
) -> AdapterSurvey {
    let mut found = AdapterSurvey {
        device: adapter.device_info(),
        limits: adapter.limits().into_iter().collect(),
        error: None,
        selftest: Vec::new(),
        agreement: Vec::new(),
        set_up: Vec::new(),
        speeds: Vec::new(),
        many: Vec::new(),
    };
    // before anything is compiled on it
    listen(&format!("{adapter}: set-up"));
    let gpu = match checks::set_up(adapter) {
        Ok((gpu, set_up)) => {
            found.set_up = set_up;
            gpu
        }
        Err(error) => {
            found.error = Some(error.to_string());
            return found;
        }
    };
    listen(&format!("{adapter}: selftest, about a minute on a software adapter"));
    found.selftest = selftest::run(&gpu, |check| log::debug!("{check}"));
    listen(&format!("{adapter}: agreement with the f64 reference"));
    found.agreement = checks::agreement(&gpu, deadline);
    listen(&format!("{adapter}: every plan and layout"));
    found.speeds = speeds::of_one(&gpu, engine, patience, deadline);
    listen(&format!("{adapter}: many networks"));
    found.many = speeds::of_many(&gpu, engine, patience, deadline);
    found
}

/// When nothing new begins.
#[derive(Clone, Copy)]
struct Deadline(Instant);

impl Deadline {
    /// Does something, or says that it is too late for it.
    fn before<T>(self, act: impl FnOnce() -> Result<T>) -> std::result::Result<T, String> {
        match Instant::now() < self.0 {
            true => act().map_err(|error| error.to_string()),
            false => Err(TOO_LATE.into()),
        }
    }
}

/// What is noted instead of a figure for which no time was left.
const TOO_LATE: &str = "skipped: no time was left";
