//! The training loop, for one network or many: paced chunks, logged costs, divergence, and stopping when asked to.
//!
//! [`Training`] is the loop without I/O: it asks for work with [`Request`]s, and it is told results and times. It calls no
//! device, reads no clock and never waits, so that a blocking driver and an asynchronous one follow the same rules.
//! [`train`], [`train_all`] and [`train_each`] are the blocking driver.

mod curve;
mod drive;
mod event;
#[cfg(test)]
mod fake;
mod network;
mod outcome;
mod pace;
#[cfg(test)]
mod page;
#[cfg(test)]
mod properties;
mod schedule;
#[cfg(test)]
mod tests;
mod training;

pub use curve::CostCurve;
pub use drive::{train, train_all, train_each};
pub use event::Event;
pub use outcome::{CostAt, Outcome, Status};
pub use schedule::{LOG_LIMIT, Schedule};
pub use training::{Request, Training};
