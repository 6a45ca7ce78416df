//! Files that are written: whether one may be, whether it can be, and that only one process does.
//!
//! One rule holds for every file that a command writes: what is there already and is not of the same run is not
//! overwritten, unless that is asked for. See [`may_write`].

mod lock;

use std::fs::{self, File, OpenOptions};
use std::io::{self, IsTerminal as _, Read as _};
use std::path::Path;

pub use lock::Lock;

use crate::checkpoint::atomic;
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
        _ => atomic::check(path).map_err(io),
    }
}

/// Fails for a named pipe that nothing reads, which would otherwise be waited for without an end.
///
/// # Errors
/// [`Error::Io`].
pub fn check_reader(path: &Path) -> Result<()> {
    #[cfg(unix)]
    if fs::metadata(path).is_ok_and(|about| std::os::unix::fs::FileTypeExt::is_fifo(&about.file_type())) {
        use std::os::unix::fs::OpenOptionsExt as _;

        let opened = OpenOptions::new().append(true).custom_flags(libc::O_NONBLOCK).open(path);
        return opened.map(drop).map_err(|source| match source.raw_os_error() {
            Some(libc::ENXIO) => Error::Io { path: path.into(), source: io::Error::other("nothing reads this pipe") },
            _ => Error::Io { path: path.into(), source },
        });
    }
    let _ = path;
    Ok(())
}

/// Opens a file to be read to its end. A device such as `/dev/zero`, which has none, is refused.
///
/// # Errors
/// [`Error::Io`].
pub fn open(path: &Path) -> Result<File> {
    let io = |source| Error::Io { path: path.into(), source };
    let file = File::open(path).map_err(io)?;
    #[cfg(unix)]
    {
        let kind = file.metadata().map_err(io)?.file_type();
        if std::os::unix::fs::FileTypeExt::is_char_device(&kind) && !file.is_terminal() {
            return Err(io(io::Error::new(io::ErrorKind::InvalidInput, "this is a device, not a file")));
        }
    }
    Ok(file)
}

/// All that a file holds, opened as [`open`] does.
///
/// # Errors
/// [`Error::Io`].
pub fn read(path: &Path) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open(path)?.read_to_end(&mut bytes).map_err(|source| Error::Io { path: path.into(), source })?;
    Ok(bytes)
}
