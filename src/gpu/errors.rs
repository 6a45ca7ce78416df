//! What a device has reported since it was opened, and what tests let go wrong on it.

use std::sync::{Mutex, PoisonError};

use crate::{Error, Result};

/// What a test lets go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(feature = "testing"), allow(dead_code, reason = "only tests let these happen"))]
pub enum Fault {
    /// The device is destroyed, as wgpu does it.
    Destroyed,
    /// The driver says that the device is lost.
    Lost,
    /// There is no memory for what is created next.
    OutOfMemory,
    /// The host has no patience when it waits next.
    Hang,
    /// The next readback cannot be mapped.
    Unmapped,
    /// Nothing that is submitted is carried out, though it counts as done.
    Drops,
    /// Nothing that is submitted is ever done.
    NeverAnswers,
}

impl Fault {
    /// Whether it goes wrong every time, and not just once.
    fn lasts(self) -> bool {
        matches!(self, Self::Drops | Self::NeverAnswers)
    }

    /// What the environment's `PLANAR_FAULT` lets go wrong on every device, for tests of whole commands.
    #[cfg(feature = "testing")]
    pub fn of_environment() -> Option<Self> {
        match std::env::var("PLANAR_FAULT").ok()?.as_str() {
            "drops" => Some(Self::Drops),
            "never-answers" => Some(Self::NeverAnswers),
            _ => None,
        }
    }
}

/// The first reports of a device: outside any error scope, and of its loss.
#[derive(Debug, Default)]
pub struct DeviceErrors {
    failed: Mutex<Option<String>>,
    lost: Mutex<Option<String>>,
    /// What a test lets go wrong next.
    fault: Mutex<Option<Fault>>,
}

impl DeviceErrors {
    /// An error that no scope caught.
    pub fn failed(&self, message: &str) {
        keep_first(&self.failed, message);
    }

    /// The device is lost.
    pub fn lost(&self, message: &str) {
        keep_first(&self.lost, if message.is_empty() { "it was destroyed" } else { message });
    }

    /// A loss before any other error, since the others come from it.
    pub fn check(&self) -> Result<()> {
        match (first(&self.lost), first(&self.failed)) {
            (Some(lost), _) => Err(Error::Lost(lost)),
            (None, Some(failed)) => Err(Error::Device(failed)),
            (None, None) => Ok(()),
        }
    }

    /// Lets something go wrong where it can next.
    #[cfg(feature = "testing")]
    pub fn let_fail(&self, fault: Fault) {
        *self.fault.lock().unwrap_or_else(PoisonError::into_inner) = Some(fault);
    }

    /// Whether this is to go wrong now.
    pub fn is_due(&self, fault: Fault) -> bool {
        let mut due = self.fault.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = *due == Some(fault);
        if is_due && !fault.lasts() {
            *due = None;
        }
        is_due
    }
}

fn keep_first(place: &Mutex<Option<String>>, message: &str) {
    log::debug!("the device reports: {message}");
    place.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(one_line(message));
}

fn first(place: &Mutex<Option<String>>) -> Option<String> {
    place.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// A driver's message of several lines as one.
pub fn one_line(message: &str) -> String {
    message.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}
