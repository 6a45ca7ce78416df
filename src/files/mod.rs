//! Files that are written: whether one may be, whether it can be, and that only one process does.
//!
//! One rule holds for every file that a command writes: what is there already and is not of the same run is not
//! overwritten, unless that is asked for. See [`may_write`].

pub(crate) mod atomic;
mod lock;
mod special;

use std::fs::{self, OpenOptions};
use std::io;
use std::path::Path;

pub use atomic::{remove_leftovers, replace};
pub use lock::Lock;
pub use special::{check_reader, open, read};

use crate::{Error, Result};

/// Whether a file may be written: it is not there, or empty, or no file but a device or a pipe, or of the same run, or is
/// to be overwritten whatever it is. `difference` says how what the file holds differs from what would be written; it is
/// asked only if that decides.
///
/// ```
/// use planar::files::may_write;
///
/// # fn main() -> std::io::Result<()> {
/// # let folder = tempfile::TempDir::new()?;
/// let path = folder.path().join("run.svg");
/// let other = || Ok(Some("it is of another run".into()));
/// assert!(may_write(&path, false, other).is_ok());
/// std::fs::write(&path, "something")?;
/// assert!(may_write(&path, false, other).is_err());
/// assert!(may_write(&path, true, other).is_ok());
/// assert!(may_write(&path, false, || Ok(None)).is_ok());
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`Error::Overwrite`] with the difference, and those of `difference`.
pub fn may_write(path: &Path, overwrite: bool, difference: impl FnOnce() -> Result<Option<String>>) -> Result<()> {
    let holds_something = fs::metadata(path).is_ok_and(|about| about.is_file() && about.len() > 0);
    if overwrite || !holds_something {
        return Ok(());
    }
    match difference()? {
        Some(problem) => Err(Error::Overwrite { path: path.into(), problem }),
        None => Ok(()),
    }
}

/// Fails if a file could not be replaced, before the work whose result goes there. Nothing is changed.
///
/// # Errors
/// [`Error::Io`] with the system's reason: a folder that is missing or cannot be written to, a folder in the place of the
/// file, a pipe that nothing reads.
pub fn check_writable(path: &Path) -> Result<()> {
    let io = |source| Error::Io { path: path.into(), source };
    match fs::metadata(path) {
        Ok(about) if about.is_dir() => Err(io(io::ErrorKind::IsADirectory.into())),
        Ok(about) if !about.is_file() => {
            check_reader(path)?;
            OpenOptions::new().append(true).open(path).map(drop).map_err(io)
        }
        Ok(_) => atomic::check(path).map_err(io),
        Err(error) if error.kind() == io::ErrorKind::NotFound => atomic::check(path).map_err(io),
        // such as a name that is too long
        Err(error) => Err(io(error)),
    }
}

/// Fails if a file is to be written that is also read, which would not be overwritten even if that were asked for.
///
/// # Errors
/// [`Error::Mismatch`] naming it.
pub fn check_apart<'a>(written: &[&Path], read: impl Iterator<Item = &'a Path>) -> Result<()> {
    for read in read {
        if let Some(path) = written.iter().find(|path| same_file::is_same_file(path, read).unwrap_or(false)) {
            return Err(Error::Mismatch(format!("{} is read by this run, which cannot also write it", path.display())));
        }
    }
    Ok(())
}
