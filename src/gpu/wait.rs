//! Waiting: the one place where a browser and every other system differ.
//!
//! Everything in this module's parent that waits is `async`. Outside a browser, [`block_on`] runs such a future on the
//! caller's thread, and [`finished`] lets wgpu wait for the device, with finite patience. In a browser nothing may block:
//! the device reports by itself, and [`finished`] returns at once.

use std::future::Future;
use std::time::Duration;

/// How long a submission may take before the device counts as hung; a [software adapter](Progress) may take longer, as long as it
/// computes. A chunk aims at 50 ms, but if one iteration of a large
/// network takes a slow software adapter seconds, a chunk of four times as many iterations may follow it.
pub const PATIENCE: Duration = Duration::from_secs(120);
/// How long the first piece of work may take, which is next to nothing: a device that does not answer by then never will.
pub const FIRST_PATIENCE: Duration = Duration::from_secs(5);

/// What became of a wait.
#[derive(Debug, PartialEq, Eq)]
#[cfg_attr(target_arch = "wasm32", allow(dead_code, reason = "a browser does not say that it failed"))]
pub enum Waited {
    /// The device has done what it was given.
    Done,
    /// It did not within this many seconds.
    TimedOut(u64),
    /// It failed, and this is what wgpu says.
    Failed(String),
}

/// Runs a future to its end on this thread.
pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    pollster::block_on(future)
}

/// Waits until a submission is done, or everything that was submitted if none is named.
#[cfg(not(target_arch = "wasm32"))]
pub async fn finished(device: &wgpu::Device, submission: Option<wgpu::SubmissionIndex>, patience: Duration) -> Waited {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    let mut progress = Progress::new(device.adapter_info().device_type == wgpu::DeviceType::Cpu);
    loop {
        let wait = wgpu::PollType::Wait { submission_index: submission.clone(), timeout: Some(patience) };
        // wgpu panics on errors that are not a PollError
        match catch_unwind(AssertUnwindSafe(|| device.poll(wait).map(|_| ()))) {
            Ok(Ok(())) => return Waited::Done,
            Ok(Err(wgpu::PollError::Timeout)) if progress.is_made() => {}
            Ok(Err(wgpu::PollError::Timeout)) => return Waited::TimedOut(patience.as_secs()),
            Ok(Err(error)) => return Waited::Failed(error.to_string()),
            Err(_) => return Waited::Failed("the device failed while the host waited for it".into()),
        }
    }
}

/// Whether a device makes progress, as far as can be seen. Nothing shows what hardware does. A software adapter computes in
/// this process: while the process gets time of a processor, it is not hung, only slow or on a busy machine. Even that is
/// believed only a few times.
#[cfg(not(target_arch = "wasm32"))]
struct Progress {
    since: std::time::Instant,
    /// The process's time on processors by then; none where it cannot be seen to compute.
    computed: Option<Duration>,
    looks: u32,
}

#[cfg(not(target_arch = "wasm32"))]
impl Progress {
    const MOST_LOOKS: u32 = 10;

    fn new(is_software: bool) -> Self {
        let computed = if is_software { processor_time() } else { None };
        Self { since: std::time::Instant::now(), computed, looks: 0 }
    }

    /// Whether the device has computed for over a fiftieth of the time since the last look.
    fn is_made(&mut self) -> bool {
        let (Some(before), Some(now)) = (self.computed, processor_time()) else { return false };
        let is_made = now.saturating_sub(before) * 50 > self.since.elapsed() && self.looks < Self::MOST_LOOKS;
        *self = Self { since: std::time::Instant::now(), computed: Some(now), looks: self.looks + 1 };
        is_made
    }
}

/// The time that all threads of this process have spent on processors.
#[cfg(unix)]
fn processor_time() -> Option<Duration> {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Some(Duration::new(time.tv_sec.try_into().ok()?, time.tv_nsec.try_into().ok()?))
}

/// Not looked at elsewhere.
#[cfg(not(any(unix, target_arch = "wasm32")))]
fn processor_time() -> Option<Duration> {
    None
}

/// The browser waits by itself, unless there is no patience at all.
#[cfg(target_arch = "wasm32")]
pub async fn finished(_: &wgpu::Device, _: Option<wgpu::SubmissionIndex>, patience: Duration) -> Waited {
    if patience.is_zero() { Waited::TimedOut(0) } else { Waited::Done }
}

/// What a callback sends once its submission is done. Outside a browser another thread's poll may be about to call it, so
/// that this one looks again for as long as the device may take; none if it never comes.
#[cfg(not(target_arch = "wasm32"))]
pub async fn received<T>(receiver: impl Future<Output = Option<T>>) -> Option<T> {
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};
    use std::time::Instant;

    let (start, mut receiver) = (Instant::now(), pin!(receiver));
    loop {
        match receiver.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(received) => return received,
            Poll::Pending if start.elapsed() < PATIENCE => std::thread::sleep(Duration::from_micros(50)),
            Poll::Pending => return None,
        }
    }
}

/// What a callback sends, whenever the browser calls it.
#[cfg(target_arch = "wasm32")]
pub async fn received<T>(receiver: impl Future<Output = Option<T>>) -> Option<T> {
    receiver.await
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_software_adapter_that_computes_is_waited_for_but_not_forever_and_hardware_as_long_as_the_clock_says() {
        let compute = || {
            let begun = std::time::Instant::now();
            while begun.elapsed() < Duration::from_millis(20) {
                std::hint::spin_loop();
            }
        };
        let (mut software, mut hardware) = (Progress::new(true), Progress::new(false));
        for look in 0..=Progress::MOST_LOOKS {
            compute();
            assert_eq!(software.is_made(), look < Progress::MOST_LOOKS);
            assert!(!hardware.is_made());
        }
    }
}
