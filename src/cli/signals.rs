//! The signals that ask the command to end. The first lets it finish the current chunk and keep what is done; the second
//! ends the process at once.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU8, Ordering};

/// Ctrl-C, on Windows also Ctrl-Break.
pub const INTERRUPT: u8 = 2;
/// The terminal or the connection is gone; on Windows, the console is closed.
pub const HANG_UP: u8 = 1;
/// A scheduler or the system wants the process to end; on Windows, at logoff and shutdown.
const TERMINATE: u8 = 15;

/// The number of the first signal, or 0.
static CAME: AtomicU8 = AtomicU8::new(0);

/// From now on, a signal does not end the process but is noted, and the second of any kind ends it.
pub fn listen() {
    if let Err(error) = system::listen(note) {
        log::warn!("a signal such as Ctrl-C will end the run at once: {error}");
    }
}

/// The signal that asked the command to end, if one did.
pub fn came() -> Option<u8> {
    Some(CAME.load(Ordering::SeqCst)).filter(|signal| *signal != 0)
}

/// Breaks after a signal.
pub fn go_on() -> ControlFlow<()> {
    if came().is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
}

fn note(signal: u8) {
    if CAME.compare_exchange(0, signal, Ordering::SeqCst, Ordering::SeqCst).is_err() {
        super::progress::wipe();
        system::exit(128 + i32::from(signal));
    }
}

#[cfg(unix)]
mod system {
    use std::{io, thread};

    use signal_hook::iterator::Signals;
    /// Ends the process without running anything else, since other threads may be anywhere.
    pub use signal_hook::low_level::exit;

    use super::{HANG_UP, INTERRUPT, TERMINATE};

    pub fn listen(note: fn(u8)) -> io::Result<()> {
        let all = [INTERRUPT, TERMINATE, HANG_UP].into_iter();
        let mut signals = Signals::new(all.filter(|signal| !is_ignored(*signal)).map(i32::from))?;
        thread::Builder::new().name("signals".into()).spawn(move || {
            signals.forever().filter_map(|signal| signal.try_into().ok()).for_each(note);
        })?;
        Ok(())
    }

    /// Whether the process was started with hang-ups ignored, as by `nohup`, which must stay so.
    fn is_ignored(signal: u8) -> bool {
        // the field SigIgn is a mask in hexadecimal, with bit n − 1 for signal n; other systems do not tell
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let mask = status.lines().find_map(|line| u64::from_str_radix(line.strip_prefix("SigIgn:")?.trim(), 16).ok());
        signal == HANG_UP && mask.is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
    }
}

#[cfg(windows)]
mod system {
    use std::future::poll_fn;
    use std::process;
    use std::task::Poll;
    use std::{io, thread};

    use tokio::signal::windows::{ctrl_break, ctrl_c, ctrl_close, ctrl_logoff, ctrl_shutdown};

    use super::{HANG_UP, INTERRUPT, TERMINATE};

    pub fn listen(note: fn(u8)) -> io::Result<()> {
        // the system waits a few seconds for a process whose console is closed
        let (mut c, mut close) = (ctrl_c()?, ctrl_close()?);
        let (mut r#break, mut logoff, mut shutdown) = (ctrl_break()?, ctrl_logoff()?, ctrl_shutdown()?);
        let next = move || {
            pollster::block_on(poll_fn(|context| {
                let came = [
                    (c.poll_recv(context), INTERRUPT),
                    (r#break.poll_recv(context), INTERRUPT),
                    (close.poll_recv(context), HANG_UP),
                    (logoff.poll_recv(context), TERMINATE),
                    (shutdown.poll_recv(context), TERMINATE),
                ];
                came.into_iter().find(|(event, _)| event.is_ready()).map_or(Poll::Pending, |(_, of)| Poll::Ready(of))
            }))
        };
        thread::Builder::new().name("signals".into()).spawn(move || std::iter::repeat_with(next).for_each(note))?;
        Ok(())
    }

    pub fn exit(code: i32) -> ! {
        process::exit(code)
    }
}

#[cfg(not(any(unix, windows)))]
mod system {
    pub fn listen(_: fn(u8)) -> std::io::Result<()> {
        Ok(())
    }

    pub fn exit(code: i32) -> ! {
        std::process::exit(code)
    }
}
