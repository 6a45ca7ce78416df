//! The device that a [`Gpu`](super::Gpu) and its clones share, opened anew once where it is lost.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::device::{Adapter, Opened};
use crate::{Error, Result};

/// A device, and how to come by another in its place.
#[derive(Debug)]
pub(super) struct Shared {
    /// None where the device is of another owner.
    adapter: Option<Adapter>,
    current: Mutex<Current>,
}

#[derive(Debug)]
struct Current {
    opened: Arc<Opened>,
    is_second: bool,
}

impl Shared {
    /// A device that was opened on this adapter, or by another owner.
    pub fn new(adapter: Option<Adapter>, opened: Opened) -> Self {
        Self { adapter, current: Mutex::new(Current { opened: Arc::new(opened), is_second: false }) }
    }

    /// The device.
    pub fn opened(&self) -> Arc<Opened> {
        Arc::clone(&self.current().opened)
    }

    /// Another device for one that is lost: the first session that misses it opens it, the others find it here. The
    /// adapter is looked for anew, since a driver that was reset knows the old one no more.
    ///
    /// # Errors
    /// [`Error::Lost`] where this is the second loss, where the adapter is gone, or where the device is of another owner; [`Error::Device`] where it cannot be
    /// opened.
    pub fn instead_of(&self, lost: &Arc<Opened>, reason: &str) -> Result<Arc<Opened>> {
        let Some(own) = &self.adapter else { return Err(Error::Lost(reason.into())) };
        let mut current = self.current();
        if Arc::ptr_eq(&current.opened, lost) {
            if current.is_second {
                return Err(Error::Lost(format!("{reason}, for the second time")));
            }
            let gone = || Error::Lost(format!("{reason}, and {own} is gone"));
            let adapters = Adapter::all();
            let adapter = adapters.iter().find(|adapter| adapter.is_same(own)).ok_or_else(gone)?;
            let opened = Arc::new(Opened::new(adapter, lost.pipelines.sources().clone())?);
            *current = Current { opened, is_second: true };
        }
        Ok(Arc::clone(&current.opened))
    }

    fn current(&self) -> MutexGuard<'_, Current> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
