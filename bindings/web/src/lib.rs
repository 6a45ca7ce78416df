//! planar in a browser: what trains behind the page, in a worker.
//!
//! `page/worker.js` owns a [`Lab`]. It hands the page's requests to [`Lab::answer`] one after another, and calls
//! [`Lab::work`] as long as there is something to train; neither runs while the other does. The library does everything
//! else: data, formulas, shaders, plans, the loop of a training, diagnosis, comparison and files.

mod answers;
mod comparison;
mod costs;
mod device;
mod experiment;
mod kept;
mod object;
mod picture;
mod request;
mod said;
mod samples;
mod settings;
mod stand;
#[cfg(feature = "whole")]
mod whole;
#[cfg(not(feature = "whole"))]
#[path = "part.rs"]
mod whole;

use std::collections::VecDeque;
use std::time::Duration;

use planar::cpu::Engine;
use planar::{Error, Result};
use serde_json::{Map, json};
use wasm_bindgen::prelude::*;
use web_time::Instant;

use device::Gpus;
use experiment::Experiment;
use kept::Kept;
use object::Object;
use picture::View;
use samples::Brought;

/// The time over which the speed is told.
const SPEED: Duration = Duration::from_secs(1);
/// Frames that take longer to make are made in a quarter of the time at most.
const SLOW: Duration = Duration::from_millis(50);

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
    /// Nothing is open yet.
    #[wasm_bindgen(constructor)]
    #[expect(clippy::new_without_default, reason = "only the browser's script makes one")]
    pub fn new() -> Self {
        std::panic::set_hook(Box::new(|panic| report(&format!("planar failed: {panic}"))));
        said::listen();
        let now = Instant::now();
        Self {
            gpus: Gpus::new(),
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
            said.insert("device".into(), json!(experiment.device.info()));
            said.insert("fallback".into(), json!(experiment.fallback));
            said.insert("plan".into(), json!(experiment.plan));
        }
        picture::frame(&engine, experiment, &self.values, self.view, said)
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

    fn begin(&mut self) {
        (self.goal, self.has_news) = (None, true);
        self.pace_from_here();
        self.seen = [self.paced].into();
    }
}

fn nothing_open() -> Error {
    Error::Mismatch("nothing is open yet".into())
}
