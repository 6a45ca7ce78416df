//! One process writes a file at a time.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

use same_file::Handle;

use super::atomic;
use crate::{Error, Result};

/// The right to write a file, until it is dropped. The file itself is replaced while it is written, so what the system
/// locks is an empty file beside it, such as `.run.svg.lock`, which the holder removes. A killed process leaves it there,
/// but not locked: the next writer takes it and removes it.
#[derive(Debug)]
pub struct Lock {
    path: PathBuf,
    /// Locked as long as it is open.
    _file: File,
}

impl Lock {
    /// Takes the lock of a file. There is none for devices and pipes, nor where the file system has no locks or the
    /// folder cannot be written to.
    ///
    /// # Errors
    /// [`Error::Busy`] if another process holds it, or this one.
    pub fn take(path: &Path) -> Result<Option<Self>> {
        if fs::metadata(path).is_ok_and(|about| !about.is_file()) {
            return Ok(None);
        }
        let lock = atomic::beside(&atomic::target(path), "lock");
        loop {
            let Ok(file) = OpenOptions::new().write(true).create(true).truncate(false).open(&lock) else {
                return Ok(None);
            };
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Err(Error::Busy { path: path.into() }),
                Err(TryLockError::Error(error)) => {
                    log::debug!("{}: {error}", lock.display());
                    let _ = fs::remove_file(&lock);
                    return Ok(None);
                }
            }
            // the holder before may have removed it in between, and another may have made a new one
            let locked = file.try_clone().and_then(Handle::from_file);
            if matches!((locked, Handle::from_path(&lock)), (Ok(this), Ok(there)) if this == there) {
                return Ok(Some(Self { path: lock, _file: file }));
            }
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // before it is unlocked, so that nobody else's is removed
        let _ = fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

    use super::*;

    #[test]
    fn one_at_a_time_holds_a_lock_and_nothing_is_left_of_it() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("run.svg");
        let (holders, taken, threads) = (AtomicUsize::new(0), AtomicUsize::new(0), 8);
        let barrier = Barrier::new(threads);
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    barrier.wait();
                    for _ in 0..2000 {
                        match Lock::take(&path) {
                            Ok(lock) => {
                                assert!(lock.is_some());
                                assert_eq!(holders.fetch_add(1, SeqCst), 0, "two hold it");
                                taken.fetch_add(1, SeqCst);
                                holders.fetch_sub(1, SeqCst);
                            }
                            Err(error) => assert!(matches!(error, Error::Busy { .. }), "{error}"),
                        }
                    }
                });
            }
        });
        assert!(taken.load(SeqCst) > 0);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn what_a_killed_process_left_is_taken_and_removed() {
        let folder = tempfile::TempDir::new().unwrap();
        fs::write(folder.path().join(".run.svg.lock"), "").unwrap();
        let lock = Lock::take(&folder.path().join("run.svg")).unwrap();
        assert!(lock.is_some() && Lock::take(&folder.path().join("run.svg")).is_err());
        drop(lock);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
