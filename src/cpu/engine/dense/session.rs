//! Networks of any depth in training on the threads of a pool.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::SeqCst};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};

use super::super::instructions::Token;
use super::super::pool::{Pool, Work};
use super::super::session::PLAN;
use super::super::sharing::{Sharing, Way};
use super::orders::Orders;
use super::samples::Samples;
use super::trainee::{Scratch, Trainee};
use crate::Result;
use crate::backend::{Chunk, Evaluation, Run, Session, check_chunk, check_start, no_network};
use crate::data::Dataset;
use crate::model::Parameters;

/// The networks and the tasks to be done with them, shared by the threads.
struct Networks {
    samples: Samples,
    trainees: Vec<Trainee>,
    /// Costs of the chunk, one list per network.
    costs: Vec<Mutex<Vec<f64>>>,
    /// Networks that no longer train.
    retired: Vec<AtomicBool>,
    tasks: Vec<Task>,
    orders: RwLock<Orders>,
    /// Updates done before the round's first.
    done: AtomicU64,
    /// The updates of a [`Task::Train`].
    updates: AtomicU32,
}

/// A numbered task of the pool.
#[derive(Clone, Copy)]
enum Task {
    /// A part of the gradient over a network's next batch.
    Part { network: usize, part: usize },
    /// A part of a network's evaluation.
    Evaluate { network: usize, part: usize },
    /// Several updates of a network, from the first to the last.
    Train { network: usize },
    /// A slice of the first layer's units over a network's next batch.
    Below { network: usize, slice: usize },
    /// The update of such a slice.
    Learn { network: usize, slice: usize },
}

impl Work for Networks {
    type Scratch = Scratch;

    fn run(&self, task: usize, scratch: &mut Scratch) {
        let orders = self.orders.read().unwrap_or_else(PoisonError::into_inner);
        let done = self.done.load(SeqCst);
        match self.tasks[task] {
            Task::Part { network, part } => {
                self.trainees[network].part(part, &self.samples, orders.batch(done), scratch);
            }
            Task::Evaluate { network, part } => self.trainees[network].evaluate(part, &self.samples, scratch),
            Task::Below { network, slice } => {
                self.trainees[network].below(slice, &self.samples, orders.batch(done), scratch);
            }
            Task::Learn { network, slice } => {
                self.trainees[network].learn(slice, &self.samples, orders.batch(done), scratch);
            }
            Task::Train { network } if self.is_retired(network) => {}
            Task::Train { network } => {
                let (trainee, mut costs) = (&self.trainees[network], self.costs(network));
                for update in done..done + u64::from(self.updates.load(SeqCst)) {
                    costs.push(trainee.update(&self.samples, orders.batch(update), scratch));
                }
            }
        }
    }
}

impl Networks {
    fn new(token: Token, threads: usize, data: &Dataset, runs: &[Run]) -> Result<Self> {
        let first = &runs[0];
        // networks that have a thread each share none
        let shared = if runs.len() < threads { threads } else { 1 };
        let trainee = |run| Trainee::new(token, run, data.samples(), shared);
        let trainees: Vec<_> = runs.iter().map(trainee).collect::<Result<_>>()?;
        let of = |network: usize| 0..trainees[network].most_parts();
        let networks = || 0..runs.len();
        let parts = networks().flat_map(|network| of(network).map(move |part| Task::Part { network, part }));
        let evaluations = networks().flat_map(|network| of(network).map(move |part| Task::Evaluate { network, part }));
        let slices = |network: usize| {
            let slices = 0..trainees[network].slices();
            let below = slices.clone().map(move |slice| Task::Below { network, slice });
            below.chain(slices.map(move |slice| Task::Learn { network, slice }))
        };
        let trainings = networks().map(|network| Task::Train { network });
        let tasks = parts.chain(evaluations).chain(trainings).chain(networks().flat_map(slices)).collect();
        Ok(Self {
            samples: Samples::new(data, first.network.output(), first.network.outputs()),
            costs: runs.iter().map(|_| Mutex::default()).collect(),
            retired: runs.iter().map(|_| AtomicBool::new(false)).collect(),
            tasks,
            orders: RwLock::new(Orders::new(&first.recipe, data.samples())),
            done: AtomicU64::new(first.state.updates),
            updates: AtomicU32::new(0),
            trainees,
        })
    }

    fn is_retired(&self, network: usize) -> bool {
        self.retired[network].load(SeqCst)
    }

    fn costs(&self, network: usize) -> MutexGuard<'_, Vec<f64>> {
        self.costs[network].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The task numbers of the parts of a network over this many samples.
    fn parts(&self, network: usize, samples: usize) -> Range<usize> {
        let first = self.trainees[..network].iter().map(Trainee::most_parts).sum();
        first..first + self.trainees[network].parts(samples)
    }

    /// The task numbers of the slices of a network's units: those below, and those that learn.
    fn slices(&self, network: usize) -> [Range<usize>; 2] {
        let before: usize = self.trainees[..network].iter().map(|trainee| 2 * trainee.slices()).sum();
        let (first, count) = (self.trainings().end + before, self.trainees[network].slices());
        [first..first + count, first + count..first + 2 * count]
    }

    /// The task numbers of all networks' trainings.
    fn trainings(&self) -> Range<usize> {
        let first = 2 * self.all_parts();
        first..first + self.trainees.len()
    }

    /// The numbers of parts of all networks, as many as there are tasks of either kind.
    fn all_parts(&self) -> usize {
        self.trainees.iter().map(Trainee::most_parts).sum()
    }

    /// Works out the order of samples of the next updates; returns how many, at most `updates`.
    fn prepare(&self, updates: u32) -> u32 {
        self.orders.write().unwrap_or_else(PoisonError::into_inner).prepare(self.done.load(SeqCst), updates)
    }

    /// The samples of the next batch.
    fn next_batch(&self) -> usize {
        self.orders.read().unwrap_or_else(PoisonError::into_inner).batch(self.done.load(SeqCst)).count
    }
}

/// A session of networks that the fused kernels do not take.
pub struct DenseSession {
    pool: Pool<Networks>,
    threads: usize,
    /// Of each network.
    sharing: Vec<Sharing>,
    start: u64,
    chunks: VecDeque<Chunk>,
}

impl DenseSession {
    /// Networks ready to train on this many threads.
    ///
    /// # Errors
    /// [`Error::Mismatch`](crate::Error::Mismatch) if a run's moments are not its optimiser's.
    pub fn new(token: Token, threads: usize, data: &Dataset, runs: &[Run]) -> Result<Self> {
        let networks = Networks::new(token, threads, data, runs)?;
        let useful = networks.trainees.iter().map(|trainee| trainee.most_parts().max(trainee.slices()));
        let useful = useful.max().unwrap_or(1).max(runs.len());
        let threads = threads.min(useful);
        Ok(Self {
            start: networks.done.load(SeqCst),
            pool: Pool::new(networks, threads),
            threads,
            sharing: runs.iter().map(|_| Sharing::default()).collect(),
            chunks: VecDeque::new(),
        })
    }

    /// The numbers of all networks.
    fn networks(&self) -> Range<usize> {
        0..self.pool.work().trainees.len()
    }

    /// The parts of the next batch's gradient of a network, on all threads.
    fn gradient(&mut self, network: usize, samples: usize) -> Result<()> {
        let parts = self.pool.work().parts(network, samples);
        self.pool.run(parts)
    }

    /// Some updates of all networks whose order is prepared. If there are at least as many networks as threads, each thread
    /// trains whole networks; otherwise one network is trained after another, by all threads or by one.
    fn updates(&mut self, updates: u32) -> Result<()> {
        let done = self.pool.work().done.load(SeqCst);
        let networks: Vec<_> = self.networks().filter(|network| !self.pool.work().is_retired(*network)).collect();
        if networks.len() >= self.threads {
            self.pool.work().updates.store(updates, SeqCst);
            let trainings = self.pool.work().trainings();
            self.pool.run(trainings)?;
        } else {
            for network in networks {
                self.pool.work().done.store(done, SeqCst);
                let mut sharing = std::mem::take(&mut self.sharing[network]);
                sharing.make(updates, |way, updates| match way {
                    Way::Shared => self.updates_of_all_threads(network, updates),
                    Way::Alone => self.updates_of_one_thread(network, updates),
                })?;
                self.sharing[network] = sharing;
            }
        }
        self.pool.work().done.store(done + u64::from(updates), SeqCst);
        Ok(())
    }

    /// The next updates of a network, whose parts the threads share, and units of a first layer that has most of the weights.
    fn updates_of_all_threads(&mut self, network: usize, updates: u32) -> Result<()> {
        for _ in 0..updates {
            let samples = self.pool.work().next_batch();
            if self.pool.work().trainees[network].shares_units(samples) {
                let [below, learn] = self.pool.work().slices(network);
                self.pool.run(below)?;
                self.gradient(network, samples)?;
                self.pool.run(learn)?;
            } else {
                self.gradient(network, samples)?;
            }
            let work = self.pool.work();
            let trainee = &work.trainees[network];
            work.costs(network).push(trainee.step(samples, trainee.parts(samples)));
            work.done.fetch_add(1, SeqCst);
        }
        self.pool.work().trainees[network].give_back_units();
        Ok(())
    }

    /// The next updates of a network, on the caller's thread.
    fn updates_of_one_thread(&mut self, network: usize, updates: u32) -> Result<()> {
        self.pool.work().updates.store(updates, SeqCst);
        let training = self.pool.work().trainings().start + network;
        self.pool.run_here(training..training + 1);
        self.pool.work().done.fetch_add(updates.into(), SeqCst);
        Ok(())
    }
}

impl Session for DenseSession {
    fn plan_name(&self) -> &'static str {
        PLAN
    }

    fn advance(&mut self, iterations: u32) -> Result<()> {
        check_chunk(iterations)?;
        let mut left = iterations;
        while left > 0 {
            let updates = self.pool.work().prepare(left);
            self.updates(updates)?;
            left -= updates;
        }
        let work = self.pool.work();
        let costs = self.networks().map(|network| std::mem::take(&mut *work.costs(network))).collect();
        let (parameters, moments) = work.trainees.iter().map(Trainee::values).unzip();
        self.chunks.push_back(Chunk { iterations, costs, parameters, moments });
        Ok(())
    }

    fn retire(&mut self, network: usize) -> Result<()> {
        let retired = &self.pool.work().retired;
        retired.get(network).ok_or_else(|| no_network(network, retired.len()))?.store(true, SeqCst);
        Ok(())
    }

    fn restart(&mut self, start: &[Parameters]) -> Result<()> {
        let work = self.pool.work();
        check_start(work.trainees.iter().map(Trainee::network), start)?;
        for ((trainee, parameters), retired) in work.trainees.iter().zip(start).zip(&work.retired) {
            trainee.restart(parameters);
            retired.store(false, SeqCst);
        }
        work.done.store(self.start, SeqCst);
        self.chunks.clear();
        Ok(())
    }

    fn collect(&mut self) -> Result<Option<Chunk>> {
        Ok(self.chunks.pop_front())
    }

    fn evaluate(&mut self) -> Result<Vec<Evaluation>> {
        let (parts, samples) = (self.pool.work().all_parts(), self.pool.work().samples.count);
        self.pool.run(parts..2 * parts)?;
        Ok(self.pool.work().trainees.iter().map(|trainee| trainee.evaluation(samples)).collect())
    }

    fn gradients(&mut self) -> Result<Vec<Parameters>> {
        self.pool.work().prepare(1);
        let samples = self.pool.work().next_batch();
        for network in self.networks() {
            self.gradient(network, samples)?;
        }
        Ok(self.pool.work().trainees.iter().map(|trainee| trainee.gradient(samples)).collect())
    }
}
