//! An experiment: networks in training on some samples, driven without ever blocking, so that the page can be answered in
//! between. It outlives its device.

use std::ops::ControlFlow;
use std::rc::Rc;
use std::time::Duration;

use planar::backend::{Chunk, Run};
use planar::data::Dataset;
use planar::optim::State;
use planar::train::{CostAt, Event, Request, Schedule, Status, Training};
use planar::{Error, Result};
use web_time::Instant;

use crate::costs::Costs;
use crate::device::{Device, Gpus, Loaded, Session};
use crate::said;
use crate::samples::Samples;
use crate::settings::Settings;
use crate::stand::Stand;

/// How long a chunk of iterations takes on the CPU: with the picture behind it, less than a frame of sixty a second.
const CHUNK: Duration = Duration::from_millis(5);
/// And on a GPU, which computes while the picture is made.
const CHUNK_OF_GPU: Duration = Duration::from_millis(12);
/// How often a device may be lost before the CPU trains in its place.
const MOST_LOSSES: u32 = 3;

/// Networks in training side by side, or one alone.
pub struct Experiment {
    pub settings: Settings,
    pub samples: Rc<Samples>,
    /// The networks at their start.
    pub starts: Vec<Run>,
    /// Where the first weights come from, in words.
    pub origin: String,
    pub device: Device,
    pub fallback: Option<String>,
    /// Why the GPU trains, if the CPU might have.
    pub why: Option<String>,
    pub plan: &'static str,
    pub stands: Vec<Stand>,
    pub costs: Costs,
    /// What is to be told with the next frame.
    pub notice: Option<String>,
    session: Session,
    /// The part of the training that is under way, up to its goal.
    training: Option<Training>,
    begun: Instant,
    losses: u32,
}

impl Experiment {
    /// Loads networks on what the settings want.
    pub async fn new(
        gpus: &mut Gpus,
        settings: Settings,
        samples: Rc<Samples>,
        starts: Vec<Run>,
        origin: String,
    ) -> Result<Self> {
        Schedule::new(settings.iterations, None)?;
        let Loaded { device, session, fallback, why } = gpus.load(&settings, samples.data(), &starts).await?;
        Ok(Self {
            stands: starts.iter().map(Stand::of).collect(),
            plan: session.plan_name(),
            costs: Costs::default(),
            notice: None,
            training: None,
            begun: Instant::now(),
            losses: 0,
            settings,
            samples,
            starts,
            origin,
            device,
            fallback,
            why,
            session,
        })
    }

    pub fn data(&self) -> &Dataset {
        self.samples.data()
    }

    /// Updates done by the networks that are still in training, or by the first if none is.
    pub fn done(&self) -> u64 {
        let training = self.stands.iter().find(|stand| stand.ended.is_none());
        training.or(self.stands.first()).map_or(0, |stand| stand.iteration)
    }

    /// Updates done by the network that came furthest.
    pub fn iteration(&self) -> u64 {
        self.stands.iter().map(Stand::at).max().unwrap_or(0)
    }

    /// Whether no network is in training any more.
    pub fn has_ended(&self) -> bool {
        self.stands.iter().all(|stand| stand.ended.is_some())
    }

    /// Whether a part of the training is under way.
    pub fn is_under_way(&self) -> bool {
        self.training.is_some()
    }

    /// Trains towards `goal` until a chunk has come, or the goal is reached. A part that is under way keeps its own goal.
    ///
    /// # Errors
    /// Those of the CPU engine; a GPU that fails is replaced.
    pub async fn work(&mut self, gpus: &mut Gpus, goal: u64) -> Result<()> {
        let goal = goal.min(self.settings.iterations);
        if self.training.is_none() && (self.has_ended() || goal <= self.done()) {
            return Ok(());
        }
        match self.train(goal).await {
            Err(error) if self.device.is_gpu() => self.recover(gpus, &error).await,
            done => done,
        }
    }

    /// Ends the part that is under way: what is queued is finished.
    ///
    /// # Errors
    /// As [`work`](Self::work).
    pub async fn settle(&mut self, gpus: &mut Gpus) -> Result<()> {
        if let Some(training) = &mut self.training {
            training.stop();
        }
        while self.training.is_some() {
            self.work(gpus, self.done()).await?;
        }
        Ok(())
    }

    /// The runs as they go on from where they stand.
    fn there(&self) -> Vec<Run> {
        let done = self.done();
        let there = |(run, stand): (&Run, &Stand)| Run {
            parameters: stand.parameters.clone(),
            state: State { updates: done, moments: stand.moments.clone() },
            ..run.clone()
        };
        self.starts.iter().zip(&self.stands).map(there).collect()
    }

    async fn train(&mut self, goal: u64) -> Result<()> {
        let mut training = match self.training.take() {
            Some(training) => training,
            None => self.part(goal)?,
        };
        loop {
            let mut has_advanced = false;
            match training.next() {
                Request::Submit(iterations) => {
                    self.session.advance(iterations).await?;
                    training.submitted(iterations)?;
                }
                Request::Collect => {
                    let chunk = self.session.collect().await?;
                    chunk.iter().for_each(|chunk| self.record(chunk));
                    training.collected(chunk, self.begun.elapsed())?;
                    has_advanced = true;
                }
                Request::Evaluate => training.evaluated(self.session.evaluate().await?)?,
                // the session goes on with those that are at the end of a part
                Request::Retire(network) => training.retired(network)?,
                Request::Done => return Ok(()),
            }
            let was_over = self.has_ended();
            let diverged = self.listen(&mut training);
            self.end_costs(was_over);
            for network in diverged {
                self.session.retire(network).await?;
            }
            if has_advanced {
                self.training = Some(training);
                return Ok(());
            }
        }
    }

    /// The part of the training up to a goal.
    fn part(&mut self, goal: u64) -> Result<Training> {
        self.begun = Instant::now();
        let schedule = Schedule::new(goal, Some(goal))?.after(self.done());
        let mut training = Training::new(&vec![schedule; self.stands.len()], self.session.queue_depth())?;
        let ended = self.stands.iter().enumerate().filter(|(_, stand)| stand.ended.is_some());
        ended.for_each(|(network, _)| training.stop_network(network));
        Ok(training.with_chunks_of(if self.device.is_gpu() { CHUNK_OF_GPU } else { CHUNK }))
    }

    /// Takes in what has happened; the networks that have diverged.
    fn listen(&mut self, training: &mut Training) -> Vec<usize> {
        let (end, mut diverged) = (self.settings.iterations, Vec::new());
        let stands = &mut self.stands;
        training.tell(|event| {
            match event {
                Event::Advanced { iteration, costs, parameters, moments, .. } => {
                    for (n, stand) in stands.iter_mut().enumerate().filter(|(n, _)| costs[*n].is_finite()) {
                        stand.iteration = iteration;
                        stand.cost = costs[n];
                        stand.parameters.clone_from(&parameters[n]);
                        stand.moments.clone_from(&moments[n]);
                    }
                }
                Event::Ended { network, outcome } if stands[network].ended.is_none() => {
                    let stand = &mut stands[network];
                    if outcome.status == Status::Diverged {
                        stand.ended = Some((Status::Diverged, outcome.iterations));
                        diverged.push(network);
                    } else {
                        stand.cost = outcome.evaluation.cost;
                        stand.ended = (outcome.iterations >= end).then_some((Status::Finished, outcome.iterations));
                    }
                }
                Event::Ended { .. } => {}
            }
            ControlFlow::Continue(())
        });
        diverged
    }

    /// Keeps the costs of a chunk of one network. A chunk that was queued as the network diverged says nothing: a GPU may make
    /// numbers of NaN again.
    fn record(&mut self, chunk: &Chunk) {
        let ([of_one], Some(stand @ Stand { ended: None, .. })) = (chunk.costs.as_slice(), self.stands.first()) else {
            return;
        };
        self.costs.add(stand.iteration, of_one, self.settings.iterations);
    }

    /// Adds the cost at the end of the only network, which no chunk has; of one that has diverged, NaN.
    fn end_costs(&mut self, was_over: bool) {
        if let ([Stand { ended: Some((status, iteration)), cost, .. }], false) = (&*self.stands, was_over) {
            let cost = if *status == Status::Diverged { f64::NAN } else { *cost };
            self.costs.end(CostAt { iteration: *iteration, cost });
        }
    }

    /// Goes on from where the networks stand after a GPU has failed: on the same GPU, opened anew, or on the CPU.
    async fn recover(&mut self, gpus: &mut Gpus, error: &Error) -> Result<()> {
        self.training = None;
        self.losses += 1;
        gpus.forget();
        let (runs, iteration) = (self.there(), self.done());
        let why = match error {
            Error::Lost(_) => "The GPU was lost.".to_owned(),
            other => format!("The GPU failed. {}", said::of(other)),
        };
        // a loss may first show as a readback that fails
        if self.losses <= MOST_LOSSES {
            let mut settings = self.settings.clone();
            if settings.device == "auto" {
                settings.device = "gpu".into();
            }
            let again = gpus.load(&settings, self.data(), &runs).await;
            if let Ok(Loaded { device, session, fallback: None, .. }) = again {
                (self.device, self.session) = (device, session);
                self.notice =
                    Some(format!("{why} It was opened again, and training goes on from iteration {iteration}."));
                return self.retire_ended().await;
            }
        }
        self.device = Device::cpu()?;
        self.session = self.device.load(self.samples.data(), &runs).await?;
        (self.plan, self.why) = (self.session.plan_name(), None);
        let said = format!("{why} The CPU goes on from iteration {iteration}.");
        (self.notice, self.fallback) = (Some(said.clone()), Some(said));
        self.retire_ended().await
    }

    async fn retire_ended(&mut self) -> Result<()> {
        for (network, stand) in self.stands.iter().enumerate() {
            if stand.ended.is_some() {
                self.session.retire(network).await?;
            }
        }
        Ok(())
    }

    /// Begins again with the initial weights.
    ///
    /// # Errors
    /// Those of a device that does not take the networks again.
    pub async fn reset(&mut self, gpus: &mut Gpus) -> Result<()> {
        self.training = None;
        self.session = match self.device.load(self.data(), &self.starts).await {
            Err(Error::Lost(_) | Error::Device(_)) => {
                gpus.forget();
                let loaded = gpus.load(&self.settings, self.data(), &self.starts).await?;
                let of_gpu = || "The GPU was lost, and opened again.".to_owned();
                self.notice = Some(loaded.fallback.clone().unwrap_or_else(of_gpu));
                (self.device, self.fallback, self.why) = (loaded.device, loaded.fallback, loaded.why);
                loaded.session
            }
            loaded => loaded?,
        };
        self.plan = self.session.plan_name();
        self.stands = self.starts.iter().map(Stand::of).collect();
        self.costs = Costs::default();
        Ok(())
    }
}
