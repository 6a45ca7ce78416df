//! planar in a browser: what trains behind the page, in a worker.
//!
//! `page/worker.js` owns a [`Lab`]. It hands the page's requests to [`Lab::answer`] one after another, and calls
//! [`Lab::work`] as long as there is something to train; neither runs while the other does. The library does everything
//! else: data, formulas, shaders, plans, the loop of a training, diagnosis, comparison and files.

mod device;
mod experiment;
mod insight;
mod kept;
mod object;
mod picture;
mod request;
mod said;
mod samples;
mod settings;

use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use planar::backend::Run;
use planar::cpu::Engine;
use planar::diagnose::rounded;
use planar::{Error, Result};
use serde_json::{Map, Value, json};
use wasm_bindgen::prelude::*;
use web_time::Instant;

use device::Gpus;
use experiment::Experiment;
use kept::Kept;
use object::Object;
use picture::View;
use request::{Request, Vary};
use samples::{Brought, Samples};
use settings::Settings;

/// The time over which the speed is told.
const SPEED: Duration = Duration::from_secs(1);
/// Frames that take longer to make are made in a quarter of the time at most.
const SLOW: Duration = Duration::from_millis(50);
/// The most networks side by side.
const MOST_NETWORKS: usize = 64;
/// By how much the lowest and the highest of several learning rates differ from the one given, as a power of two.
const OCTAVES: f64 = 5.0;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = console, js_name = error)]
    fn report(text: &str);
}

/// All that the worker knows.
#[wasm_bindgen]
pub struct Lab {
    gpus: Gpus,
    brought: Brought,
    /// The one network, and several in its place.
    one: Option<Experiment>,
    many: Option<Experiment>,
    /// What several networks differ in.
    values: Vec<f64>,
    /// What the weights came from, if a checkpoint was opened.
    kept: Option<Kept>,
    view: View,
    is_playing: bool,
    /// The end of the steps that were asked for.
    goal: Option<u64>,
    /// Iterations a second, and the count from which they are counted.
    pace: Option<f64>,
    paced: (Instant, u64),
    /// When and where the frames of the last while were.
    seen: VecDeque<(Instant, u64)>,
    /// Whether there is something new since the last one.
    has_news: bool,
    /// When the next one may be made: slow ones leave most of the time to the training.
    next_frame: Instant,
}

#[wasm_bindgen]
impl Lab {
    /// Nothing is open yet. `adapter` is what the browser calls its GPU.
    #[wasm_bindgen(constructor)]
    pub fn new(adapter: Option<String>) -> Self {
        std::panic::set_hook(Box::new(|panic| report(&format!("planar failed: {panic}"))));
        said::listen();
        let now = Instant::now();
        Self {
            gpus: Gpus::new(adapter),
            brought: Brought::default(),
            one: None,
            many: None,
            values: Vec::new(),
            kept: None,
            view: View { grid: 60, units: 24, layer: 0 },
            is_playing: false,
            goal: None,
            pace: None,
            paced: (now, 0),
            seen: VecDeque::new(),
            has_news: false,
            next_frame: now,
        }
    }

    /// The answer to a request, which is JSON but for points and bytes. What cannot be done is said in a sentence, and
    /// changes nothing.
    pub async fn answer(&mut self, request: String, points: Option<Vec<f32>>, bytes: Option<Vec<u8>>) -> JsValue {
        let answer = match request::read(&request, points, bytes) {
            Ok(request) => self.done(request).await,
            Err(error) => Err(error),
        };
        let failed = |error| Object::new(json!({ "is": "failed", "said": said::of(&error) }));
        answer.unwrap_or_else(failed).into()
    }

    /// Trains for a while if there is something to train, and returns a frame if one `can_be_drawn` and there is news.
    pub async fn work(&mut self, can_be_drawn: bool) -> JsValue {
        match self.work_on(can_be_drawn).await {
            Ok(frame) => frame.map_or(JsValue::UNDEFINED, JsValue::from),
            Err(error) => {
                self.is_playing = false;
                Object::new(json!({ "is": "failed", "said": said::of(&error) })).into()
            }
        }
    }

    /// The milliseconds until there is something to do: none now, or none before the next request.
    pub fn rest(&self, can_be_drawn: bool) -> f64 {
        let Some(experiment) = self.current() else { return f64::INFINITY };
        let frame = if self.has_news && can_be_drawn {
            1e3 * self.next_frame.saturating_duration_since(Instant::now()).as_secs_f64()
        } else {
            f64::INFINITY
        };
        if !self.is_playing || experiment.has_ended() {
            return frame;
        }
        let training = match self.pace {
            Some(pace) => {
                let due = (experiment.done() + 1).saturating_sub(self.paced.1) as f64 / pace;
                (1e3 * (due - self.paced.0.elapsed().as_secs_f64())).max(0.0)
            }
            None => 0.0,
        };
        training.min(frame)
    }
}

impl Lab {
    fn current(&self) -> Option<&Experiment> {
        self.many.as_ref().or(self.one.as_ref())
    }

    async fn work_on(&mut self, can_be_drawn: bool) -> Result<Option<Object>> {
        let goal = self.due();
        let Self { gpus, one, many, .. } = self;
        let Some(experiment) = many.as_mut().or(one.as_mut()) else { return Ok(None) };
        if self.is_playing && !experiment.has_ended() {
            experiment.work(gpus, goal).await?;
            let is_replaced = experiment.notice.is_some();
            self.has_news = true;
            let is_there = self.goal.is_some_and(|goal| experiment.done() >= goal && !experiment.is_under_way());
            if is_there || experiment.has_ended() {
                (self.is_playing, self.goal) = (false, None);
            }
            if is_replaced {
                self.pace_from_here();
            }
        }
        let begun = Instant::now();
        if !can_be_drawn || !self.has_news || begun < self.next_frame {
            return Ok(None);
        }
        self.has_news = false;
        let frame = self.frame().map(Some);
        let took = begun.elapsed();
        self.next_frame = begun + if took > SLOW { 4 * took } else { took };
        frame
    }

    /// The update up to which training may go now.
    fn due(&self) -> u64 {
        let paced = self.pace.map(|pace| self.paced.1 + (self.paced.0.elapsed().as_secs_f64() * pace) as u64);
        self.goal.into_iter().chain(paced).min().unwrap_or(u64::MAX)
    }

    fn frame(&mut self) -> Result<Object> {
        let engine = Engine::new(Some(1))?;
        let is_many = self.many.is_some();
        let Some(experiment) = self.many.as_mut().or(self.one.as_mut()) else { return Err(nothing_open()) };
        let (now, done) = (Instant::now(), experiment.done());
        self.seen.push_back((now, done));
        while self.seen.len() > 2 && now.duration_since(self.seen[1].0) > SPEED {
            self.seen.pop_front();
        }
        let per_second = self.seen.front().map_or(0.0, |(since, from)| {
            done.saturating_sub(*from) as f64 / now.duration_since(*since).as_secs_f64().max(1e-3)
        });
        let ended = experiment.has_ended().then(|| experiment.stands[0].ended).flatten();
        let status = match ended {
            Some(_) if is_many => "finished",
            Some(_) => experiment.stands[0].status(),
            None if self.is_playing => "training",
            None => "paused",
        };
        let mut said = Map::new();
        said.insert("is".into(), json!("frame"));
        said.insert("status".into(), json!(status));
        said.insert("perSecond".into(), json!(if self.is_playing { per_second } else { 0.0 }));
        if let (Some((_, at)), "diverged") = (ended, status) {
            let of =
                format!("the training diverged at iteration {at}: its cost or a weight is no longer a finite number");
            said.insert("said".into(), json!(said::sentence(&of)));
        }
        let warned = said::warned();
        experiment.notice = match (experiment.notice.take(), warned) {
            (Some(notice), Some(warned)) => Some(format!("{warned} {notice}")),
            (notice, warned) => notice.or(warned),
        };
        if let Some(notice) = experiment.notice.take() {
            said.insert("notice".into(), json!(notice));
            said.insert("device".into(), json!(experiment.device.info(&self.gpus)));
            said.insert("fallback".into(), json!(experiment.fallback));
            said.insert("plan".into(), json!(experiment.plan));
        }
        picture::frame(&engine, experiment, &self.values, self.view, said)
    }

    async fn done(&mut self, request: Request) -> Result<Object> {
        match request {
            Request::Open { settings, brought } => {
                let brought = brought.unwrap_or_else(|| self.brought.clone());
                let samples = Samples::new(&settings, &brought)?;
                let run = settings.run()?.run(samples.data())?;
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
                self.view = View { grid: grid.min(512), units: units.min(128), layer };
                self.has_news = self.current().is_some();
                Ok(done())
            }
            Request::Why => {
                self.settle().await?;
                let answer = insight::why(self.current().ok_or_else(nothing_open)?);
                self.pace_from_here();
                answer
            }
            Request::Compare { iterations } => {
                self.settle().await?;
                let Self { gpus, one, many, .. } = self;
                let experiment = many.as_ref().or(one.as_ref()).ok_or_else(nothing_open)?;
                let answer = insight::compare(gpus, experiment, iterations).await;
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
            Request::Save => kept::save(self.current().ok_or_else(nothing_open)?, self.kept.as_ref(), &self.gpus),
            Request::Load { name, bytes } => {
                let now = self.one.as_ref().map(|one| (one.settings.clone(), Rc::clone(&one.samples)));
                let loaded = kept::load(&name, &bytes, now)?;
                let (settings, samples, run) = (loaded.settings, loaded.samples, loaded.run);
                let origin = loaded.kept.start.clone();
                let mut opened = Experiment::new(&mut self.gpus, settings, samples, vec![run], origin).await?;
                opened.costs = loaded.kept.costs();
                self.kept = Some(loaded.kept);
                self.show(opened).await
            }
            Request::Costs => kept::costs(self.current().ok_or_else(nothing_open)?),
            Request::Lose => {
                let experiment = self.current().ok_or_else(nothing_open)?;
                match &experiment.device {
                    device::Device::Gpu(gpu) => {
                        gpu.destroy();
                        Ok(done())
                    }
                    device::Device::Cpu(_) => {
                        Err(Error::Mismatch("the CPU trains, and there is no GPU to lose".into()))
                    }
                }
            }
        }
    }

    /// Finishes what is queued.
    async fn settle(&mut self) -> Result<()> {
        let Self { gpus, one, many, .. } = self;
        match many.as_mut().or(one.as_mut()) {
            Some(experiment) => experiment.settle(gpus).await,
            None => Ok(()),
        }
    }

    /// What took a while is not caught up with.
    fn pace_from_here(&mut self) {
        self.paced = (Instant::now(), self.current().map_or(0, Experiment::done));
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

    fn begin(&mut self) {
        (self.goal, self.has_news) = (None, true);
        self.pace_from_here();
        self.seen = [self.paced].into();
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
            of.run(samples.data())
        };
        let runs = values.iter().map(run_of).collect::<Result<Vec<Run>>>()?;
        let origin = one.origin.clone();
        let many = Experiment::new(&mut self.gpus, settings, samples, runs, origin).await?;
        (self.many, self.values, self.is_playing) = (Some(many), values, false);
        self.view.grid = grid.min(512);
        self.begin();
        self.opened().await
    }

    /// What has been opened.
    async fn opened(&mut self) -> Result<Object> {
        let adapters = self.gpus.names().await;
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
            "device": experiment.device.info(&self.gpus),
            "fallback": experiment.fallback,
            "why": experiment.why,
            "plan": experiment.plan,
            "adapters": adapters,
            "samples": data.samples() + held_out.map_or(0, planar::data::Dataset::samples),
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

fn nothing_open() -> Error {
    Error::Mismatch("nothing is open yet".into())
}
