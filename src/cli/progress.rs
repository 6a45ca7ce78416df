//! Progress on stderr: a bar on a terminal, and elsewhere a line now and then, so that the log of a job shows life.

use std::io::{self, IsTerminal as _, Write as _};
use std::ops::ControlFlow;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use console::Term;
use indicatif::{HumanBytes, HumanCount, ProgressBar, ProgressDrawTarget, ProgressStyle};
use planar::data::table;

use super::pace::{Pace, time};
use super::signals;
use crate::report::cost;

/// Columns that a bar needs beside its text.
const ROOM_FOR_BAR: u16 = 80;

/// The bar on the terminal, if there is one.
static STANDING: Mutex<Option<ProgressBar>> = Mutex::new(None);

/// Prints to the terminal where a bar may stand: the bar makes room, and stands below what was printed.
pub fn beside_the_bar<T>(print: impl FnOnce() -> T) -> T {
    let bar = STANDING.lock().unwrap_or_else(PoisonError::into_inner).clone();
    match bar {
        Some(bar) => bar.suspend(print),
        None => print(),
    }
}

/// Wipes the bar off before the process ends at once. It waits for nobody, since another thread may be drawing.
pub fn wipe() {
    if STANDING.try_lock().is_ok_and(|mut bar| bar.take().is_some()) {
        // a carriage return, and ECMA-48's "erase the line"
        let _ = io::stderr().write_all(b"\r\x1b[2K");
    }
}

/// A bar that stands until it is dropped. It is drawn by whoever reports progress, without a thread of its own.
struct Bar(ProgressBar);

impl Bar {
    fn new() -> Self {
        let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
        let is_wide = Term::stderr().size().1 >= ROOM_FOR_BAR;
        if let Ok(style) = ProgressStyle::with_template(if is_wide { "{wide_bar} {msg}" } else { "{wide_msg}" }) {
            bar.set_style(style.progress_chars("=> "));
        }
        *STANDING.lock().unwrap_or_else(PoisonError::into_inner) = Some(bar.clone());
        Self(bar)
    }

    fn show(&self, position: u64, of: u64, text: String) {
        self.0.update(|state| {
            state.set_len(of);
            state.set_pos(position);
        });
        self.0.set_message(text);
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        *STANDING.lock().unwrap_or_else(PoisonError::into_inner) = None;
        self.0.finish_and_clear();
    }
}

/// A bar over the bytes of a table that takes a while to read; nothing if stderr is not a terminal.
pub struct ReadBar {
    bar: Option<Bar>,
    is_shown: bool,
    pace: Pace,
    begun: Instant,
}

impl ReadBar {
    /// A bar that appears with the first report.
    pub fn new(quiet: bool) -> Self {
        let is_shown = !quiet && io::stderr().is_terminal();
        Self { bar: None, is_shown, pace: Pace::new(0, 0), begun: Instant::now() }
    }

    /// Shows how much has been read.
    pub fn show(&mut self, at: table::Progress) {
        if !self.is_shown {
            return;
        }
        let read = HumanBytes(at.bytes);
        let text = match at.of {
            Some(of) => {
                self.pace = Pace::new(of, 0);
                let left = self.pace.left(at.bytes, self.begun.elapsed().as_secs_f64());
                let left = left.map_or(String::new(), |left| format!(", {} left", time(left)));
                format!("reading: {read} of {}{left}", HumanBytes(of))
            }
            None => format!("reading: {read}"),
        };
        self.bar.get_or_insert_with(Bar::new).show(at.bytes, at.of.unwrap_or(0), text);
    }

    /// Removes the bar from the terminal.
    pub fn finish(self) {}
}

/// How far the work is.
#[derive(Clone, Copy, Debug, Default)]
pub struct At {
    /// Iterations done, over all networks and runs.
    pub iterations: u64,
    /// The last cost, of many networks the lowest, if there is one.
    pub cost: Option<f64>,
    /// How many networks have ended, and how many there are; none for a single network.
    pub networks: Option<[u64; 2]>,
}

/// The progress of iterations: on a terminal a bar, elsewhere lines; nothing if quiet. Dropped, it leaves no bar behind.
pub struct Progress {
    bar: Option<Bar>,
    is_quiet: bool,
    pace: Pace,
    begun: Instant,
}

impl Progress {
    /// For this many iterations in all, some of which were done before, by a run that is resumed.
    pub fn new(iterations: u64, before: u64, is_quiet: bool) -> Self {
        let bar = (!is_quiet && io::stderr().is_terminal()).then(Bar::new);
        Self { bar, is_quiet, pace: Pace::new(iterations, before), begun: Instant::now() }
    }

    /// Shows how far the work is; breaks after a signal.
    pub fn show(&mut self, at: At) -> ControlFlow<()> {
        let seconds = self.begun.elapsed().as_secs_f64();
        if let Some(bar) = &self.bar {
            bar.show(at.iterations, self.pace.of(), on_bar(&self.pace, at, seconds));
        } else if !self.is_quiet && self.pace.is_due(at.iterations, seconds) {
            super::tell(on_line(&self.pace, at, seconds));
        }
        signals::go_on()
    }

    /// Removes the bar from the terminal.
    pub fn finish(self) {}
}

/// `3,120,000/10,000,000 iterations, 12/100 networks, 812,000/s, 8 s left, cost 0.243100`
fn on_bar(pace: &Pace, at: At, seconds: f64) -> String {
    let mut text = format!("{}/{} iterations", HumanCount(at.iterations), HumanCount(pace.of()));
    match at.networks {
        Some([ended, of]) => text += &format!(", {}/{} networks", HumanCount(ended), HumanCount(of)),
        None => {
            let speed = pace.speed(at.iterations, seconds);
            text += &speed.map_or(String::new(), |speed| format!(", {}/s", HumanCount(speed as u64)));
        }
    }
    text += &pace.left(at.iterations, seconds).map_or(String::new(), |left| format!(", {} left", time(left)));
    text += &at.cost.filter(|_| at.networks.is_none()).map_or(String::new(), |of| format!(", cost {}", cost(of, 6)));
    text
}

/// `1,200,000 of 10,000,000 iterations, 12 of 100 networks, cost 0.2431, 12 s, about 88 s left`
fn on_line(pace: &Pace, at: At, seconds: f64) -> String {
    let mut text = format!("{} of {} iterations", HumanCount(at.iterations), HumanCount(pace.of()));
    if let Some([ended, of]) = at.networks {
        text += &format!(", {} of {} networks", HumanCount(ended), HumanCount(of));
    }
    let lowest = if at.networks.is_some() { "lowest " } else { "" };
    text += &at.cost.map_or(String::new(), |of| format!(", {lowest}cost {}", cost(of, 4)));
    text += &format!(", {}", time(seconds));
    text + &pace.left(at.iterations, seconds).map_or(String::new(), |left| format!(", about {} left", time(left)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_and_a_bar_say_iterations_networks_cost_and_what_is_left() {
        let pace = Pace::new(10_000_000, 0);
        let at = At { iterations: 1_200_000, cost: Some(0.243_14), networks: None };
        assert_eq!(on_line(&pace, at, 12.0), "1,200,000 of 10,000,000 iterations, cost 0.2431, 12 s, about 88 s left");
        assert_eq!(on_bar(&pace, at, 12.0), "1,200,000/10,000,000 iterations, 100,000/s, 88 s left, cost 0.243140");
        let at = At { iterations: 3_120_000, cost: None, networks: Some([12, 100]) };
        let (line, bar) = (on_line(&pace, at, 60.0), on_bar(&pace, at, 60.0));
        assert_eq!(line, "3,120,000 of 10,000,000 iterations, 12 of 100 networks, 60 s, about 2 min left");
        assert_eq!(bar, "3,120,000/10,000,000 iterations, 12/100 networks, 2 min left");
    }
}
