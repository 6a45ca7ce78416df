//! Threads that live as long as the session and share numbered tasks, round after round.
//!
//! A round lasts some ten microseconds, so an idle thread first spins for a short while, then yields to other threads,
//! and only then sleeps. A round ends when its tasks are done: a thread that the system has descheduled without a task
//! delays nobody.

use std::hint::spin_loop;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Condvar, Mutex, Once, PoisonError};
use std::thread::{self, JoinHandle};

use crate::{Error, Result};

/// Spins before the first yield: about ten microseconds.
const LOOKS: usize = 400;

/// Yields before sleep.
const YIELDS: usize = 40;

/// Said once that threads are missing, since each of a process's sessions has a pool.
static SAID: Once = Once::new();

/// What the tasks are.
pub trait Work: Send + Sync + 'static {
    /// What a thread keeps between tasks.
    type Scratch: Default;

    /// Does task number `task`.
    fn run(&self, task: usize, scratch: &mut Self::Scratch);
}

/// The caller's thread and its workers.
pub struct Pool<W: Work> {
    shared: Arc<Shared<W>>,
    scratch: W::Scratch,
    workers: Vec<JoinHandle<()>>,
}

struct Shared<W> {
    work: W,
    /// The tasks that no thread has taken yet: the first in the upper half, the end in the lower.
    open: AtomicU64,
    /// Tasks of the round that are not done.
    undone: AtomicUsize,
    failed: AtomicBool,
    stop: AtomicBool,
    workers: Bed,
    caller: Bed,
}

impl<W: Work> Pool<W> {
    /// A pool of `threads` threads, including the caller's, or of fewer if the system refuses to start more: their number
    /// changes no result.
    pub fn new(work: W, threads: usize) -> Self {
        let shared = Arc::new(Shared {
            work,
            open: AtomicU64::new(0),
            undone: AtomicUsize::new(0),
            failed: AtomicBool::new(false),
            stop: AtomicBool::new(false),
            workers: Bed::default(),
            caller: Bed::default(),
        });
        let mut pool = Self { shared, scratch: W::Scratch::default(), workers: Vec::new() };
        for worker in 1..threads {
            let shared = Arc::clone(&pool.shared);
            let thread = thread::Builder::new().name(format!("engine {worker}"));
            match thread.spawn(move || shared.serve()) {
                Ok(handle) => pool.workers.push(handle),
                Err(error) => {
                    SAID.call_once(|| {
                        log::warn!("the CPU engine goes on with {worker} of {threads} threads: {error}");
                    });
                    break;
                }
            }
        }
        pool
    }

    /// What the tasks are.
    pub fn work(&self) -> &W {
        &self.shared.work
    }

    /// Does a range of tasks on the caller's thread.
    pub fn run_here(&mut self, tasks: Range<usize>) {
        for task in tasks {
            self.shared.work.run(task, &mut self.scratch);
        }
    }

    /// Does a range of tasks on all threads, and returns when they are done.
    ///
    /// # Errors
    /// [`Error::Thread`] if a thread panicked.
    pub fn run(&mut self, tasks: Range<usize>) -> Result<()> {
        if self.workers.is_empty() || tasks.len() < 2 {
            self.run_here(tasks);
            return Ok(());
        }
        let shared = &self.shared;
        shared.undone.store(tasks.len(), SeqCst);
        shared.open.store(pack(tasks), SeqCst);
        shared.workers.wake();
        shared.take_tasks(End::First, &mut self.scratch);
        shared.caller.wait_until(|| shared.undone.load(SeqCst) == 0);
        if shared.failed.load(SeqCst) {
            return Err(Error::Thread("one panicked".into()));
        }
        Ok(())
    }
}

impl<W: Work> Drop for Pool<W> {
    fn drop(&mut self) {
        self.shared.stop.store(true, SeqCst);
        self.shared.workers.wake();
        for worker in self.workers.drain(..) {
            let _ = worker.join(); // a panic was reported by the round it happened in
        }
    }
}

impl<W: Work> Shared<W> {
    /// The loop of a worker.
    fn serve(&self) {
        let mut scratch = W::Scratch::default();
        while !self.stop.load(SeqCst) {
            self.take_tasks(End::Last, &mut scratch);
            self.workers.wait_until(|| self.is_open() || self.stop.load(SeqCst));
        }
    }

    fn is_open(&self) -> bool {
        !unpack(self.open.load(SeqCst)).is_empty()
    }

    /// Does open tasks until there are none.
    fn take_tasks(&self, end: End, scratch: &mut W::Scratch) {
        let taken = |open| {
            let Range { start, end: stop } = unpack(open);
            (start < stop).then(|| match end {
                End::First => (start, start + 1..stop),
                End::Last => (stop - 1, start..stop - 1),
            })
        };
        while self.is_open() {
            let before = self.open.fetch_update(SeqCst, SeqCst, |open| taken(open).map(|(_, left)| pack(left)));
            if let Some((task, _)) = before.ok().and_then(taken) {
                let _done = Done(self);
                self.work.run(task, scratch);
            }
        }
    }
}

/// The end of the open tasks from which a thread takes. The caller and the workers take from opposite ends, so that
/// from round to round most tasks return to the core whose cache holds their data.
#[derive(Clone, Copy)]
enum End {
    First,
    Last,
}

fn pack(range: Range<usize>) -> u64 {
    (range.start as u64) << 32 | range.end as u64
}

fn unpack(range: u64) -> Range<usize> {
    (range >> 32) as usize..(range & 0xffff_ffff) as usize
}

/// Counts a task as done even if it panics, so that nobody waits for it forever.
struct Done<'a, W>(&'a Shared<W>);

impl<W> Drop for Done<'_, W> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.failed.store(true, SeqCst);
        }
        if self.0.undone.fetch_sub(1, SeqCst) == 1 {
            self.0.caller.wake();
        }
    }
}

/// Where threads wait for a condition.
///
/// A thread counts itself among the sleepers before it checks for the last time, and whoever makes the condition true
/// does so before counting sleepers; both are in one total order, so that one of the two sees the other.
#[derive(Default)]
struct Bed {
    sleepers: AtomicUsize,
    lock: Mutex<()>,
    bell: Condvar,
}

impl Bed {
    fn wait_until(&self, condition: impl Fn() -> bool) {
        for look in 0..LOOKS + YIELDS {
            if condition() {
                return;
            }
            if look < LOOKS { spin_loop() } else { thread::yield_now() }
        }
        let mut guard = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        self.sleepers.fetch_add(1, SeqCst);
        while !condition() {
            guard = self.bell.wait(guard).unwrap_or_else(PoisonError::into_inner);
        }
        self.sleepers.fetch_sub(1, SeqCst);
    }

    fn wake(&self) {
        if self.sleepers.load(SeqCst) > 0 {
            drop(self.lock.lock().unwrap_or_else(PoisonError::into_inner));
            self.bell.notify_all();
        }
    }
}
