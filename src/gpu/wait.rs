//! Waiting: the one place where a browser and every other system differ.
//!
//! Everything in this module's parent that waits is `async`. Outside a browser, [`block_on`] runs such a future on the
//! caller's thread, and [`finished`] lets wgpu wait for the device, with finite patience. In a browser nothing may block:
//! the device reports by itself, and [`finished`] returns at once.

use std::future::Future;
use std::time::Duration;

/// How long a submission may take before the device counts as hung. A chunk aims at 50 ms, but if one iteration of a large
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

    let wait = wgpu::PollType::Wait { submission_index: submission, timeout: Some(patience) };
    // wgpu panics on errors that are not a PollError
    match catch_unwind(AssertUnwindSafe(|| device.poll(wait).map(|_| ()))) {
        Ok(Ok(())) => Waited::Done,
        Ok(Err(wgpu::PollError::Timeout)) => Waited::TimedOut(patience.as_secs()),
        Ok(Err(error)) => Waited::Failed(error.to_string()),
        Err(_) => Waited::Failed("the device failed while the host waited for it".into()),
    }
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
