//! What each request of the page does, and the answer to it.

use std::rc::Rc;

use planar::backend::Run;
use planar::data::Dataset;
use planar::diagnose::rounded;
use planar::{Error, Result};
use serde_json::{Value, json};

use crate::device::Device;
use crate::device::Gpus;
use crate::experiment::Experiment;
use crate::object::Object;
use crate::picture::View;
use crate::request::{Request, Vary};
use crate::samples::Samples;
use crate::settings::Settings;
use crate::{Lab, comparison, kept, nothing_open, said, whole};

/// The most cells along a side of a boundary's picture.
const MOST_CELLS: usize = 512;
/// The most networks side by side.
const MOST_NETWORKS: usize = 64;
/// By how much the lowest and the highest of several learning rates differ from the one given, as a power of two.
const OCTAVES: f64 = 5.0;

impl Lab {
    /// Does what a request asks for.
    ///
    /// # Errors
    /// Whatever is wrong with it; nothing has changed then.
    pub async fn done(&mut self, request: Request) -> Result<Object> {
        match request {
            Request::Open { settings, brought } => {
                let brought = brought.unwrap_or_else(|| self.brought.clone());
                let samples = Samples::new(&settings, &brought)?;
                let run = settings.run()?.seeded(samples.data())?;
                let origin = settings.run()?.start.to_string();
                let samples = Rc::new(samples);
                let settings = Settings { samples: Some(samples.count()), ..*settings };
                let opened = Experiment::new(&mut self.gpus, settings, samples, vec![run], origin).await?;
                (self.brought, self.kept) = (brought, None);
                self.show(opened).await
            }
            Request::Play => {
                self.goal = None;
                self.play()
            }
            Request::Step { iterations } => {
                self.settle().await?;
                let done = self.current().ok_or_else(nothing_open)?.done();
                self.goal = Some(done.saturating_add(iterations.max(1)));
                self.play()
            }
            Request::Pause => {
                self.is_playing = false;
                self.settle().await?;
                self.has_news = true;
                Ok(done())
            }
            Request::Reset => {
                self.is_playing = false;
                let Self { gpus, one, many, .. } = self;
                let experiment = many.as_mut().or(one.as_mut()).ok_or_else(nothing_open)?;
                experiment.reset(gpus).await?;
                self.begin();
                Ok(done())
            }
            Request::Pace { per_second } => {
                if let Some(pace) = per_second.filter(|pace| !(*pace > 0.0 && pace.is_finite())) {
                    return Err(Error::invalid("the pace", "a number of iterations a second above 0", pace));
                }
                self.settle().await?;
                self.pace = per_second;
                self.pace_from_here();
                Ok(done())
            }
            Request::View { grid, units, layer } => {
                self.view = View { grid: grid.min(MOST_CELLS), units: units.min(128), layer };
                self.has_news = self.current().is_some();
                Ok(done())
            }
            Request::Why { other: Some((settings, brought, on_gpu)) } => {
                let samples = Samples::new(&settings, &brought)?;
                let run = settings.run()?.seeded(samples.data())?;
                whole::why(&settings, &samples, &run, on_gpu)
            }
            Request::Why { other: None } => {
                self.settle().await?;
                let Experiment { settings, samples, starts, device, .. } = self.current().ok_or_else(nothing_open)?;
                let answer = whole::why(settings, samples, &starts[0], device.is_gpu());
                self.pace_from_here();
                answer
            }
            Request::Compare { iterations } => {
                self.settle().await?;
                let Self { gpus, one, many, .. } = self;
                let experiment = many.as_ref().or(one.as_ref()).ok_or_else(nothing_open)?;
                let answer = comparison::compare(gpus, experiment, iterations).await;
                self.pace_from_here();
                answer
            }
            Request::Many { vary, count, grid } => self.side_by_side(vary, count, grid).await,
            Request::One => {
                self.settle().await?;
                let one = self.one.as_mut().ok_or_else(nothing_open)?;
                // the page begins its curve anew
                one.costs.sent = [0, 0];
                (self.many, self.is_playing) = (None, false);
                self.begin();
                self.opened().await
            }
            Request::Save => kept::save(self.current().ok_or_else(nothing_open)?, self.kept.as_ref()),
            Request::Load { name, bytes } => {
                let now = self.one.as_ref().map(|one| (one.settings.clone(), Rc::clone(&one.samples)));
                let loaded = whole::load(&name, &bytes, now)?;
                let (settings, samples, run) = (loaded.settings, loaded.samples, loaded.run);
                let origin = loaded.kept.start.clone();
                let mut opened = Experiment::new(&mut self.gpus, settings, samples, vec![run], origin).await?;
                opened.costs = loaded.kept.costs();
                self.kept = Some(loaded.kept);
                self.show(opened).await
            }
            Request::Costs => self.current().ok_or_else(nothing_open).map(kept::costs),
            Request::Lose => {
                let experiment = self.current().ok_or_else(nothing_open)?;
                match &experiment.device {
                    Device::Gpu(gpu) => {
                        gpu.destroy();
                        Ok(done())
                    }
                    Device::Cpu(_) => Err(Error::Mismatch("the CPU trains, and there is no GPU to lose".into())),
                }
            }
        }
    }

    fn play(&mut self) -> Result<Object> {
        let experiment = self.current().ok_or_else(nothing_open)?;
        (self.is_playing, self.has_news) = (!experiment.has_ended(), true);
        self.pace_from_here();
        self.seen = [self.paced].into();
        Ok(done())
    }

    /// Shows an experiment in the place of the one before.
    async fn show(&mut self, experiment: Experiment) -> Result<Object> {
        self.settle().await?;
        (self.one, self.many) = (Some(experiment), None);
        self.is_playing = false;
        self.begin();
        self.opened().await
    }

    /// Trains several networks beside one another that differ in one thing.
    async fn side_by_side(&mut self, vary: Vary, count: usize, grid: usize) -> Result<Object> {
        if !(2..=MOST_NETWORKS).contains(&count) {
            return Err(Error::invalid("the number of networks", format!("from 2 to {MOST_NETWORKS}"), count));
        }
        self.settle().await?;
        let one = self.one.as_ref().ok_or_else(nothing_open)?;
        let (settings, samples, base) = (one.settings.clone(), Rc::clone(&one.samples), one.settings.run()?);
        let values: Vec<f64> = match vary {
            Vary::Seed => (0..count).map(|k| f64::from(settings.seed.wrapping_add(k as u32))).collect(),
            Vary::Rate => {
                let share = |k: usize| 2.0 * k as f64 / (count - 1) as f64 - 1.0;
                (0..count).map(|k| rounded(settings.rate * (OCTAVES * share(k)).exp2())).collect()
            }
        };
        let run_of = |value: &f64| -> Result<Run> {
            let mut of = base.clone();
            match vary {
                Vary::Seed => of.start.seed = *value as u32,
                Vary::Rate => of.learning_rate = *value,
            }
            of.seeded(samples.data())
        };
        let runs = values.iter().map(run_of).collect::<Result<Vec<Run>>>()?;
        let origin = one.origin.clone();
        let many = Experiment::new(&mut self.gpus, settings, samples, runs, origin).await?;
        (self.many, self.values, self.is_playing) = (Some(many), values, false);
        self.view.grid = grid.min(MOST_CELLS);
        self.begin();
        self.opened().await
    }

    /// What has been opened.
    async fn opened(&mut self) -> Result<Object> {
        let adapters = Gpus::names().await;
        let experiment = self.current().ok_or_else(nothing_open)?;
        let (data, network) = (experiment.data(), &experiment.starts[0].network);
        let held_out = experiment.samples.prepared.held_out.as_ref();
        let mut notices: Vec<String> =
            experiment.samples.prepared.notices.iter().map(|notice| said::sentence(&notice.to_string())).collect();
        if data.features() != 2 {
            let said = format!(
                "These samples have {} features, and the picture of a boundary shows two: there is none.",
                data.features()
            );
            notices.push(said);
        }
        let names: Vec<&str> = data.columns().features.iter().map(|feature| feature.name.as_str()).collect();
        let said = json!({
            "is": "opened",
            "settings": experiment.settings,
            "device": experiment.device.info(),
            "fallback": experiment.fallback,
            "why": experiment.why,
            "plan": experiment.plan,
            "adapters": adapters,
            "samples": data.samples() + held_out.map_or(0, Dataset::samples),
            "train": data.samples(),
            "features": data.features(),
            "outputs": network.outputs(),
            "output": network.output(),
            "classes": data.columns().classes,
            "names": names,
            "bounds": experiment.samples.bounds(),
            "notices": notices,
            "parameters": network.layout().parameters(),
            "iteration": experiment.done(),
            "values": if experiment.stands.len() > 1 { json!(self.values) } else { Value::Null },
        });
        Ok(Object::new(said).floats("points", &experiment.samples.shown()))
    }
}

fn done() -> Object {
    Object::new(json!({ "is": "done" }))
}
