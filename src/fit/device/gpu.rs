//! The choice among GPUs, and whether one pays off. Without the feature `gpu`, `no_gpu.rs` replaces this file.

use std::cell::OnceCell;
use std::rc::Rc;
use std::time::Duration;

use super::Candidate;
use super::not_finite::check_not_finite;
use super::settings::{Chosen, DeviceSettings};
use crate::backend::{Backend, DeviceInfo, LayoutChoice, PlanChoice, Run};
use crate::compare::{check_first_gradient, check_first_gradient_against, check_first_logits, check_first_step};
use crate::data::Dataset;
use crate::gpu::{Adapter, Choice, Gpu};
use crate::measure::speed_of;
use crate::model::{Network, Parameters};
use crate::{Error, Result};

/// How long `auto` measures each of the CPU and the GPU.
const CALIBRATION: Duration = Duration::from_millis(60);
/// A run that takes the CPU less than this many seconds is not worth a GPU's set-up.
const SHORT_RUN: f64 = 0.25;
/// Every generated data set is one of the plane.
const FEATURES_OF_GENERATED: usize = 2;
/// The largest buffer that WebGPU demands of every adapter, in bytes.
const BUFFER_OF_ALL: u64 = 128 << 20;

/// Where adapters come from, and who opens them. A front that trains many times in one process keeps what it has found and
/// opened.
pub trait Gpus {
    /// All adapters, as [`Adapter::all`] has them.
    ///
    /// # Errors
    /// [`Error::NoAdapter`] if this process may use none.
    fn adapters(&self) -> Result<Vec<Adapter>>;

    /// One of them, opened.
    ///
    /// # Errors
    /// Those of [`Gpu::open`].
    fn open(&self, adapter: &Adapter) -> Result<Gpu>;
}

/// GPUs that are found and opened each time anew.
pub struct Anew;

impl Gpus for Anew {
    fn adapters(&self) -> Result<Vec<Adapter>> {
        Ok(Adapter::all())
    }

    fn open(&self, adapter: &Adapter) -> Result<Gpu> {
        Gpu::open(adapter)
    }
}

/// The CPU or the first hardware GPU, whichever trains these networks faster.
pub fn auto(
    gpus: &dyn Gpus,
    settings: &DeviceSettings,
    data: &Dataset,
    runs: &[Run],
    iterations: u64,
) -> Result<Chosen> {
    let adapters = gpus.adapters().unwrap_or_default();
    let Ok(adapter) = Adapter::choose(&adapters, &Choice::Hardware).cloned() else {
        let cpu = Chosen::load(settings.cpu()?, data, runs)?;
        return Ok(cpu.noting("training on the CPU: there is no hardware GPU"));
    };
    if settings.plan != PlanChoice::Auto {
        settings.check_gpu()?;
        let gpu = trusted(gpus, &adapter, settings, data, runs, None)?;
        return Ok(gpu.noting(format!("training on {adapter}: plans apply only to GPUs")));
    }
    let cpu = Chosen::load(settings.cpu()?, data, runs)?;
    let gpu = |cpu: &mut Chosen| trusted(gpus, &adapter, settings, data, runs, Some(cpu));
    faster(cpu, &adapter.to_string(), gpu, runs, iterations)
}

/// The loaded CPU, or the GPU that `load_gpu` loads and compares with it, whichever is faster. The GPU is not even
/// loaded if the CPU does all `iterations` of all networks in less than [`SHORT_RUN`].
fn faster(
    mut cpu: Chosen,
    adapter: &str,
    load_gpu: impl FnOnce(&mut Chosen) -> Result<Chosen>,
    runs: &[Run],
    iterations: u64,
) -> Result<Chosen> {
    let on_cpu = seconds(&mut cpu, runs)?;
    let total = on_cpu / runs.len() as f64 * iterations as f64;
    if total < SHORT_RUN {
        let note = format!("training on the CPU: it takes {total:.2} s, and setting up a GPU would not pay off");
        return Ok(cpu.noting(note));
    }
    let measured = load_gpu(&mut cpu).and_then(|mut gpu| Ok((seconds(&mut gpu, runs)?, gpu)));
    let (on_gpu, gpu) = match measured {
        Ok(measured) => measured,
        Err(error) => return Ok(cpu.noting(format!("training on the CPU: {adapter} cannot: {error}"))),
    };
    let (micro_cpu, micro_gpu) = (1e6 * on_cpu, 1e6 * on_gpu);
    let of = if runs.len() > 1 { format!(" of {} networks", runs.len()) } else { String::new() };
    Ok(if on_gpu < on_cpu {
        gpu.noting(format!("training on {adapter}: {micro_gpu:.1} µs per iteration{of}, the CPU {micro_cpu:.1}"))
    } else {
        cpu.noting(format!("training on the CPU: {micro_cpu:.1} µs per iteration{of}, {adapter} {micro_gpu:.1}"))
    })
}

/// Loads networks on the first adapter, or the one with this name or number.
pub fn named(
    gpus: &dyn Gpus,
    settings: &DeviceSettings,
    name: Option<&str>,
    data: &Dataset,
    runs: &[Run],
) -> Result<Chosen> {
    settings.check_gpu()?;
    let adapter = adapter_of(gpus, name)?;
    let mut chosen = trusted(gpus, &adapter, settings, data, runs, None)?;
    chosen.notes.splice(..0, software("training", &adapter));
    Ok(chosen)
}

/// The hardware GPUs, or the software adapters if there is none, each with networks loaded on it or with the reason why not.
pub fn all(settings: &DeviceSettings, data: &Dataset, runs: &[Run]) -> Result<Vec<(String, Result<Chosen>)>> {
    settings.check_gpu()?;
    let adapters = Adapter::all();
    let of_hardware = Adapter::choose_all(&adapters, &Choice::Hardware);
    let considered = of_hardware.or_else(|_| Adapter::choose_all(&adapters, &Choice::Any)).unwrap_or_default();
    let mut apart: Vec<&Adapter> = Vec::new();
    for adapter in considered {
        // Windows has a card both in Vulkan and in DX12; two equal cards are both in each
        let info = adapter.device_info();
        let others = apart.iter().map(|other| other.device_info());
        let is_there = |other: DeviceInfo| other.name == info.name && other.backend != info.backend;
        if !others.into_iter().any(is_there) {
            apart.push(adapter);
        }
    }
    let load = |adapter: &Adapter| (adapter.to_string(), trusted(&Anew, adapter, settings, data, runs, None));
    Ok(apart.into_iter().map(load).collect())
}

/// Refuses more generated samples than a buffer of the adapter holds.
pub fn check_samples(name: Option<&str>, samples: usize) -> Result<()> {
    let needed = (samples as u64).saturating_mul((FEATURES_OF_GENERATED * size_of::<f32>()) as u64);
    if needed <= BUFFER_OF_ALL {
        return Ok(());
    }
    let adapter = adapter(name)?;
    let limit = "maxStorageBufferBindingSize";
    match adapter.limits().into_iter().find(|(name, _)| *name == limit) {
        Some((_, allowed)) if needed > allowed => {
            let what = format!("X of {FEATURES_OF_GENERATED} × {samples}");
            Err(Error::Limit { what, needed, limit, allowed, adapter: adapter.device_info().name })
        }
        _ => Ok(()),
    }
}

/// Opens the first adapter, or the one with this name or number, with nothing loaded on it.
pub fn for_inference(
    settings: &DeviceSettings,
    name: Option<&str>,
    network: &Network,
    parameters: &Parameters,
    points: &[f64],
) -> Result<(Box<dyn Backend>, Vec<String>)> {
    settings.check_gpu()?;
    let adapter = adapter(name)?;
    let gpu = open(&Anew, &adapter, settings)?;
    check_first_logits(&gpu, network, parameters, points)?;
    Ok((Box::new(gpu), software("predicting", &adapter).into_iter().collect()))
}

/// A note that the adapter is a software one, if it is; `doing` is what it is used for.
fn software(doing: &str, adapter: &Adapter) -> Option<String> {
    let note = || format!("{doing} on {adapter}: a software adapter, which computes on the CPU");
    adapter.is_software().then(note)
}

/// A GPU by its name: `gpu`, an adapter's number or part of its name, optionally followed by `:PLAN` or `:PLAN:LAYOUT`.
pub fn by_name(name: &str) -> Result<Box<dyn Backend>> {
    let mut parts = name.splitn(3, ':');
    let name = parts.next().unwrap_or(name);
    let plan = parts.next().map_or(Ok(PlanChoice::Auto), str::parse)?;
    let layout = parts.next().map_or(LayoutChoice::Measured, |layout| LayoutChoice::Named(layout.into()));
    let adapter = adapter(Some(name).filter(|name| *name != "gpu"))?;
    Ok(Box::new(Gpu::open(&adapter)?.with_plan(plan).with_layout(layout)))
}

/// Opens an adapter for the plan and the layout of the settings.
fn open(gpus: &dyn Gpus, adapter: &Adapter, settings: &DeviceSettings) -> Result<Gpu> {
    Ok(gpus.open(adapter)?.with_plan(settings.plan).with_layout(settings.layout.clone()))
}

/// Every adapter with every plan. An adapter that cannot be opened for one plan is not tried again for the next: one that
/// hangs takes seconds each time.
pub fn every() -> Vec<Candidate> {
    let with_plans = |adapter: Adapter| {
        let refused = Rc::new(OnceCell::new());
        PlanChoice::ALL.map(|plan| (adapter.clone(), plan, Rc::clone(&refused)))
    };
    let candidate = |(adapter, plan, refused): (Adapter, PlanChoice, Rc<OnceCell<String>>)| Candidate {
        name: adapter.to_string(),
        plan: plan.name(),
        open: Box::new(move || match refused.get() {
            Some(said) => Err(Error::Device(said.clone())),
            None => match Gpu::open(&adapter) {
                Ok(gpu) => Ok(Box::new(gpu.with_plan(plan))),
                Err(Error::Device(said)) => Err(Error::Device(refused.get_or_init(|| said).clone())),
                Err(other) => Err(other),
            },
        }),
    };
    let adapters = Adapter::all();
    let considered = Adapter::choose_all(&adapters, &Choice::Any).unwrap_or_default();
    considered.into_iter().cloned().flat_map(with_plans).map(candidate).collect()
}

/// Fails if there is no adapter.
pub fn require() -> Result<()> {
    adapter(None).map(drop)
}

fn adapter(name: Option<&str>) -> Result<Adapter> {
    adapter_of(&Anew, name)
}

fn adapter_of(gpus: &dyn Gpus, name: Option<&str>) -> Result<Adapter> {
    let choice = name.map_or(Choice::Any, Choice::of);
    Adapter::choose(&gpus.adapters()?, &choice).cloned()
}

/// Seconds per iteration of the loaded networks, which are then reset to their initial weights.
fn seconds(chosen: &mut Chosen, runs: &[Run]) -> Result<f64> {
    let speed = speed_of(chosen.session.as_mut(), CALIBRATION)?;
    let start: Vec<Parameters> = runs.iter().map(|run| run.parameters.clone()).collect();
    chosen.session.restart(&start)?;
    Ok(speed.iteration)
}

/// Opens an adapter and checks that its first gradient matches the CPU's, that a step goes down it, and that it keeps
/// NaN and infinity. If it does not with the likeliest plan, and the
/// plan was left open, the layered plan is tried.
fn trusted(
    gpus: &dyn Gpus,
    adapter: &Adapter,
    settings: &DeviceSettings,
    data: &Dataset,
    runs: &[Run],
    mut cpu: Option<&mut Chosen>,
) -> Result<Chosen> {
    let gpu = open(gpus, adapter, settings)?;
    let mut look = |gpu: &Gpu| -> Result<Chosen> {
        let mut chosen = Chosen::load(Box::new(gpu.clone()), data, runs)?;
        let (name, session) = (gpu.device().name, chosen.session.as_mut());
        match &mut cpu {
            Some(cpu) => check_first_gradient_against(session, &name, cpu.session.as_mut(), data, &runs[0])?,
            None => check_first_gradient(session, &name, data, &runs[0])?,
        }
        check_first_step(session, &name, runs)?;
        check_not_finite(session, &name, runs)?;
        Ok(chosen)
    };
    match look(&gpu) {
        Err(Error::Wrong(said)) if settings.plan == PlanChoice::Auto => {
            let layered = gpu.with_plan(PlanChoice::Layered).with_layout(LayoutChoice::Likeliest);
            Ok(look(&layered)?.noting(format!("training with the layered plan; the other is wrong here: {said}")))
        }
        looked => looked,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
    use std::thread::sleep;

    use super::*;
    use crate::backend::{Chunk, Evaluation, Session};
    use crate::data::flower;
    use crate::model::Activation;

    /// A device that takes this long per iteration, and counts how often networks were loaded and restarted.
    #[derive(Clone)]
    struct Timed {
        iteration: Duration,
        loads: Arc<AtomicUsize>,
        restarts: Arc<AtomicUsize>,
    }

    struct TimedSession {
        device: Timed,
        queued: Option<u32>,
    }

    impl Backend for Timed {
        fn device(&self) -> DeviceInfo {
            let name = format!("{:?}", self.iteration);
            DeviceInfo { kind: "cpu".into(), name, backend: String::new(), driver: String::new() }
        }
        fn load(&self, _: &Dataset, _: &[Run]) -> Result<Box<dyn Session>> {
            self.loads.fetch_add(1, SeqCst);
            Ok(Box::new(TimedSession { device: self.clone(), queued: None }))
        }
        fn forward(&self, _: &Network, _: &Parameters, _: &[f64]) -> Result<Vec<f64>> {
            Ok(Vec::new())
        }
        fn forward_plan(&self, _: &Network, _: usize) -> Result<&'static str> {
            Ok("timed")
        }
        fn memory(&self, _: &Dataset, _: &Network, _: usize) -> Result<u64> {
            Ok(0)
        }
        fn memory_limit(&self) -> u64 {
            0
        }
    }

    impl Session for TimedSession {
        fn plan_name(&self) -> &'static str {
            "timed"
        }
        fn advance(&mut self, iterations: u32) -> Result<()> {
            self.queued = Some(iterations);
            Ok(())
        }
        fn collect(&mut self) -> Result<Option<Chunk>> {
            let Some(iterations) = self.queued.take() else { return Ok(None) };
            sleep(iterations * self.device.iteration);
            Ok(Some(Chunk { iterations, costs: Vec::new(), parameters: Vec::new(), moments: Vec::new() }))
        }
        fn evaluate(&mut self) -> Result<Vec<Evaluation>> {
            Ok(Vec::new())
        }
        fn gradients(&mut self) -> Result<Vec<Parameters>> {
            Ok(Vec::new())
        }
        fn retire(&mut self, _: usize) -> Result<()> {
            Ok(())
        }
        fn restart(&mut self, _: &[Parameters]) -> Result<()> {
            self.device.restarts.fetch_add(1, SeqCst);
            Ok(())
        }
    }

    fn timed(microseconds: u64) -> Timed {
        Timed { iteration: Duration::from_micros(microseconds), loads: Arc::default(), restarts: Arc::default() }
    }

    /// The name of the chosen device, and how often each was loaded and restarted.
    fn chosen(cpu: u64, gpu: Option<u64>, iterations: u64) -> (String, [usize; 2], [usize; 2]) {
        let data = flower(4, 1).unwrap();
        let network = Network::one_hidden(2, 3, Activation::Tanh).unwrap();
        let runs = [Run::new(network.clone(), Parameters::zeros(&network), 1.0)];
        let (cpu, fast) = (timed(cpu), timed(gpu.unwrap_or(1)));
        let load = |device: &Timed| Chosen::load(Box::new(device.clone()), &data, &runs);
        let load_gpu = |_: &mut Chosen| match gpu {
            Some(_) => load(&fast),
            None => Err(Error::Device("it is on fire".into())),
        };
        let found = faster(load(&cpu).unwrap(), "a GPU", load_gpu, &runs, iterations).unwrap();
        assert_eq!(found.notes.len(), 1, "{:?}", found.notes);
        let counts = |of: &Timed| [of.loads.load(SeqCst), of.restarts.load(SeqCst)];
        (found.backend.device().name, counts(&cpu), counts(&fast))
    }

    #[test]
    fn the_faster_device_trains_in_the_very_session_that_was_measured() {
        assert_eq!(chosen(2000, Some(200), 1_000_000), ("200µs".into(), [1, 1], [1, 1]));
        assert_eq!(chosen(200, Some(2000), 1_000_000), ("200µs".into(), [1, 1], [1, 1]));
    }

    #[test]
    fn a_gpu_is_not_loaded_for_a_short_run_and_one_that_fails_leaves_the_cpu() {
        assert_eq!(chosen(1000, Some(100), 17), ("1ms".into(), [1, 1], [0, 0]));
        assert_eq!(chosen(1000, None, 1_000_000), ("1ms".into(), [1, 1], [0, 0]));
    }
}
