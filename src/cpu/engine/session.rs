//! Networks in training on the threads of a pool.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use std::sync::{Mutex, PoisonError};

use super::instructions::Token;
use super::line::Samples;
use super::pool::{Pool, Work};
use super::shape::features;
use super::sharing::{Sharing, Way};
use super::trainee::{Scratch, Trainee};
use crate::Result;
use crate::backend::{Chunk, Evaluation, Run, Session, check_chunk, check_start, no_network};
use crate::data::Dataset;
use crate::model::Parameters;

/// The plan's name.
pub const PLAN: &str = "engine";

/// The networks and the tasks to be done with them, shared by the threads.
struct Networks {
    samples: Samples,
    trainees: Vec<Trainee>,
    /// Costs of the chunk, one list per network.
    costs: Vec<Mutex<Vec<f64>>>,
    tasks: Vec<Task>,
    /// Networks that no longer train.
    retired: Vec<AtomicBool>,
    /// The iterations of a [`Task::Train`].
    iterations: AtomicU32,
}

/// A numbered task of the pool.
#[derive(Clone, Copy)]
enum Task {
    /// A part of a network's gradient.
    Part { network: usize, part: usize },
    /// A chunk of a network's iterations, from the first to the last.
    Train { network: usize },
}

impl Work for Networks {
    type Scratch = Scratch;

    fn run(&self, task: usize, scratch: &mut Scratch) {
        match self.tasks[task] {
            Task::Part { network, part } => self.trainees[network].part(part, &self.samples, scratch),
            Task::Train { network } if self.is_retired(network) => {}
            Task::Train { network } => {
                for _ in 0..self.iterations.load(SeqCst) {
                    let trainee = &self.trainees[network];
                    for part in 0..trainee.parts() {
                        trainee.part(part, &self.samples, scratch);
                    }
                    self.step(network);
                }
            }
        }
    }
}

impl Networks {
    fn new(token: Token, data: &Dataset, runs: &[Run]) -> Self {
        let samples = Samples::new(data, features(data.features()));
        let trainees: Vec<_> = runs.iter().map(|run| Trainee::new(token, run, &samples)).collect();
        let parts = trainees
            .iter()
            .enumerate()
            .flat_map(|(network, trainee)| (0..trainee.parts()).map(move |part| Task::Part { network, part }));
        let tasks = parts.chain((0..runs.len()).map(|network| Task::Train { network })).collect();
        let costs = runs.iter().map(|_| Mutex::default()).collect();
        let retired = runs.iter().map(|_| AtomicBool::new(false)).collect();
        Self { samples, trainees, costs, tasks, retired, iterations: AtomicU32::new(0) }
    }

    fn is_retired(&self, network: usize) -> bool {
        self.retired[network].load(SeqCst)
    }

    /// The task numbers of the parts of a network.
    fn parts(&self, network: usize) -> Range<usize> {
        let first = self.trainees[..network].iter().map(Trainee::parts).sum();
        first..first + self.trainees[network].parts()
    }

    /// The task numbers of all parts, and those of all chunks.
    fn ranges(&self) -> (Range<usize>, Range<usize>) {
        let parts = self.tasks.len() - self.trainees.len();
        (0..parts, parts..self.tasks.len())
    }

    /// A step of a network whose parts are done.
    fn step(&self, network: usize) {
        let cost = self.trainees[network].step(&self.samples);
        self.costs[network].lock().unwrap_or_else(PoisonError::into_inner).push(cost);
    }
}

/// A session of the engine.
pub struct EngineSession {
    pool: Pool<Networks>,
    threads: usize,
    /// Of each network.
    sharing: Vec<Sharing>,
    retired: Vec<bool>,
    chunks: VecDeque<Chunk>,
}

impl EngineSession {
    pub fn new(token: Token, threads: usize, data: &Dataset, runs: &[Run]) -> Result<Self> {
        let networks = Networks::new(token, data, runs);
        let useful = networks.trainees.iter().map(Trainee::parts).max().unwrap_or(1).max(runs.len());
        let threads = threads.min(useful);
        Ok(Self {
            pool: Pool::new(networks, threads),
            threads,
            sharing: runs.iter().map(|_| Sharing::default()).collect(),
            retired: vec![false; runs.len()],
            chunks: VecDeque::new(),
        })
    }

    /// Iterations of a network, whose parts the threads share.
    fn iterations_of_all_threads(&mut self, network: usize, iterations: u32) -> Result<()> {
        let parts = self.pool.work().parts(network);
        for _ in 0..iterations {
            self.pool.run(parts.clone())?;
            self.pool.work().step(network);
        }
        Ok(())
    }

    /// Iterations of a network, on the caller's thread.
    fn iterations_of_one_thread(&mut self, network: usize, iterations: u32) -> Result<()> {
        self.pool.work().iterations.store(iterations, SeqCst);
        let (_, trainings) = self.pool.work().ranges();
        let training = trainings.start + network;
        self.pool.run_here(training..training + 1);
        Ok(())
    }

    /// The gradients and the forward pass of each network at the present parameters.
    fn pass(&mut self) -> Result<Vec<(Parameters, Evaluation)>> {
        let (parts, _) = self.pool.work().ranges();
        self.pool.run(parts)?;
        let work = self.pool.work();
        Ok(work.trainees.iter().map(|trainee| trainee.finish(&work.samples)).collect())
    }
}

impl Session for EngineSession {
    fn plan_name(&self) -> &'static str {
        PLAN
    }

    /// If there are at least as many networks as threads, each thread trains whole networks; otherwise one network is trained
    /// after another, by all threads or by one.
    fn advance(&mut self, iterations: u32) -> Result<()> {
        check_chunk(iterations)?;
        let networks = self.retired.len();
        if self.retired.iter().filter(|retired| !**retired).count() >= self.threads {
            self.pool.work().iterations.store(iterations, SeqCst);
            let (_, chunks) = self.pool.work().ranges();
            self.pool.run(chunks)?;
        } else {
            for network in (0..networks).filter(|network| !self.retired[*network]).collect::<Vec<_>>() {
                let mut sharing = std::mem::take(&mut self.sharing[network]);
                sharing.make(iterations, |way, iterations| match way {
                    Way::Shared => self.iterations_of_all_threads(network, iterations),
                    Way::Alone => self.iterations_of_one_thread(network, iterations),
                })?;
                self.sharing[network] = sharing;
            }
        }
        let work = self.pool.work();
        let costs =
            work.costs.iter().map(|costs| std::mem::take(&mut *costs.lock().unwrap_or_else(PoisonError::into_inner)));
        self.chunks.push_back(Chunk {
            iterations,
            costs: costs.collect(),
            parameters: work.trainees.iter().map(Trainee::parameters).collect(),
            moments: vec![Vec::new(); networks],
        });
        Ok(())
    }

    fn retire(&mut self, network: usize) -> Result<()> {
        let networks = self.retired.len();
        *self.retired.get_mut(network).ok_or_else(|| no_network(network, networks))? = true;
        self.pool.work().retired[network].store(true, SeqCst);
        Ok(())
    }

    fn restart(&mut self, start: &[Parameters]) -> Result<()> {
        let work = self.pool.work();
        check_start(work.trainees.iter().map(Trainee::network), start)?;
        for ((trainee, parameters), retired) in work.trainees.iter().zip(start).zip(&work.retired) {
            trainee.restart(parameters);
            retired.store(false, SeqCst);
        }
        self.retired.fill(false);
        self.chunks.clear();
        Ok(())
    }

    fn collect(&mut self) -> Result<Option<Chunk>> {
        Ok(self.chunks.pop_front())
    }

    fn evaluate(&mut self) -> Result<Vec<Evaluation>> {
        Ok(self.pass()?.into_iter().map(|(_, evaluation)| evaluation).collect())
    }

    fn gradients(&mut self) -> Result<Vec<Parameters>> {
        Ok(self.pass()?.into_iter().map(|(gradients, _)| gradients).collect())
    }
}
