//! Shared by the benchmarks.

use std::hint::black_box;
use std::time::{Duration, Instant};

use planar::backend::Session;

/// How long this many iterations take, including reading their costs.
pub fn advance(session: &mut dyn Session, iterations: u64) -> planar::Result<Duration> {
    let start = Instant::now();
    for done in (0..iterations).step_by(500) {
        session.advance((iterations - done).min(500) as u32)?;
        black_box(session.collect()?);
    }
    Ok(start.elapsed())
}
