//! Work that Ctrl-C breaks off at once, although the library looks only now and then whether it is to go on.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use planar::Error;
use pyo3::prelude::*;

use crate::errors::{OrRaise, of_panic};

/// How often signals are looked for.
const LOOK: Duration = Duration::from_millis(20);

/// Threads whose work was broken off and that have not ended yet, each with its process: one that is forked has none of them.
static LEFT: Mutex<Vec<(u32, JoinHandle<()>)>> = Mutex::new(Vec::new());

/// Works in a thread of its own while this one looks for signals, without the GIL. `work` ends soon after its flag is set;
/// what it would have returned is not waited for.
pub fn breakable<T: Send + 'static>(
    py: Python<'_>,
    work: impl FnOnce(&AtomicBool) -> planar::Result<T> + Send + 'static,
) -> PyResult<T> {
    let is_broken = Arc::new(AtomicBool::new(false));
    let (send, mut receive) = channel();
    let flag = Arc::clone(&is_broken);
    let thread = Builder::new().spawn(move || {
        // nobody may be left to receive it
        let _ = send.send(catch_unwind(AssertUnwindSafe(|| work(&flag))));
    });
    let thread = thread.map_err(|error| Error::Thread(error.to_string())).or_raise(py)?;
    loop {
        let done;
        (receive, done) = py.detach(|| {
            let done = receive.recv_timeout(LOOK);
            (receive, done)
        });
        match done {
            Ok(Ok(done)) => return done.or_raise(py),
            Ok(Err(panic)) => return Err(of_panic(py, panic.as_ref())),
            Err(RecvTimeoutError::Disconnected) => return Err(of_panic(py, &"its thread is gone")),
            Err(RecvTimeoutError::Timeout) => {
                if let Err(raised) = py.check_signals() {
                    is_broken.store(true, Relaxed);
                    let mut left = LEFT.lock().unwrap_or_else(PoisonError::into_inner);
                    left.retain(|(_, thread)| !thread.is_finished());
                    left.push((std::process::id(), thread));
                    return Err(raised);
                }
            }
        }
    }
}

/// Waits for the threads that are left, at the end of the process.
pub fn wait() {
    let left = std::mem::take(&mut *LEFT.lock().unwrap_or_else(PoisonError::into_inner));
    let here = left.into_iter().filter(|(process, _)| *process == std::process::id());
    here.for_each(|(_, thread)| drop(thread.join()));
}
