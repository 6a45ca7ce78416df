//! Progress on a terminal, and Ctrl-C.

use std::fmt::Write;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use indicatif::{HumanCount, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use planar::data::table;
use planar::train::CostAt;

/// Set by the first Ctrl-C; the second ends the process.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Makes the first Ctrl-C stop training after the current chunk, and the second end the process.
pub fn stop_on_ctrl_c() {
    let installed = ctrlc::set_handler(|| {
        if INTERRUPTED.swap(true, Ordering::SeqCst) {
            std::process::exit(130);
        }
    });
    if let Err(error) = installed {
        log::warn!("Ctrl-C will end the run at once: {error}");
    }
}

/// Whether Ctrl-C has been pressed.
pub fn is_interrupted() -> bool {
    INTERRUPTED.load(Ordering::SeqCst)
}

/// A bar over the networks of a sweep; nothing if stderr is not a terminal.
pub struct NetworkBar(ProgressBar);

impl NetworkBar {
    /// A bar for this many networks, some of which have already ended.
    pub fn new(networks: u64, ended: u64, quiet: bool) -> Self {
        let target = if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let bar = ProgressBar::with_draw_target(Some(networks), target).with_position(ended);
        if let Ok(style) = ProgressStyle::with_template("{wide_bar} {human_pos}/{human_len} networks, {eta} left") {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.reset_eta();
        tick(&bar);
        Self(bar)
    }

    /// Shows how many networks have ended.
    pub fn ended(&self, networks: u64) {
        self.0.set_position(networks);
    }

    /// Removes the bar from the terminal.
    pub fn finish(self) {
        self.0.finish_and_clear();
    }
}

/// A bar over the bytes of a table that takes a while to read; nothing if stderr is not a terminal.
pub struct ReadBar(ProgressBar);

impl ReadBar {
    /// A bar that appears with the first report.
    pub fn new(quiet: bool) -> Self {
        let target = if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let bar = ProgressBar::with_draw_target(None, target);
        if let Ok(style) = ProgressStyle::with_template("reading {wide_bar} {bytes} of {total_bytes}, {eta} left") {
            bar.set_style(style.progress_chars("=> "));
        }
        Self(bar)
    }

    /// Shows how much has been read.
    pub fn show(&mut self, at: table::Progress) {
        if let Some(size) = at.of {
            self.0.set_length(size);
        }
        self.0.set_position(at.bytes);
    }

    /// Removes the bar from the terminal.
    pub fn finish(self) {
        self.0.finish_and_clear();
    }
}

/// A bar with the speed, the time left and the cost; nothing if stderr is not a terminal.
pub struct Progress(ProgressBar);

impl Progress {
    /// A bar for this many iterations.
    pub fn new(iterations: u64, quiet: bool) -> Self {
        let target = if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let bar = ProgressBar::with_draw_target(Some(iterations), target);
        let template = "{wide_bar} {human_pos}/{human_len} iterations, {speed}/s, {eta} left, cost {msg}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            let speed = |state: &ProgressState, out: &mut dyn Write| {
                // a speed that cannot be written is no reason to stop
                let _ = write!(out, "{}", HumanCount(state.per_sec() as u64));
            };
            bar.set_style(style.with_key("speed", speed).progress_chars("=> "));
        }
        tick(&bar);
        Self(bar)
    }

    /// Shows how far training is; breaks after Ctrl-C.
    pub fn show(&self, at: CostAt) -> ControlFlow<()> {
        self.0.set_position(at.iteration);
        self.0.set_message(format!("{:.6}", at.cost));
        go_on()
    }

    /// Removes the bar from the terminal.
    pub fn finish(self) {
        self.0.finish_and_clear();
    }
}

/// Lets a bar's clock go on between reports. That takes a thread, and indicatif panics if the system refuses to start one:
/// the bar then moves with the reports alone.
fn tick(bar: &ProgressBar) {
    if std::thread::Builder::new().spawn(|| ()).is_ok_and(|probe| probe.join().is_ok()) {
        bar.enable_steady_tick(Duration::from_millis(200));
    }
}

/// Breaks after Ctrl-C.
pub fn go_on() -> ControlFlow<()> {
    if is_interrupted() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
}
