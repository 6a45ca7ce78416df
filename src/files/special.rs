//! Files that are none: devices without an end, and pipes without a reader.

use std::fs::File;
#[cfg(unix)]
use std::fs::{OpenOptions, metadata};
use std::io::Read as _;
#[cfg(unix)]
use std::io::{self, IsTerminal as _};
#[cfg(unix)]
use std::os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _};
use std::path::Path;

use crate::{Error, Result};

/// Fails for a named pipe that nothing reads, which would otherwise be waited for without an end.
///
/// # Errors
/// [`Error::Io`].
pub fn check_reader(path: &Path) -> Result<()> {
    #[cfg(unix)]
    if metadata(path).is_ok_and(|about| about.file_type().is_fifo()) {
        let opened = OpenOptions::new().append(true).custom_flags(libc::O_NONBLOCK).open(path);
        return opened.map(drop).map_err(|source| match source.raw_os_error() {
            Some(libc::ENXIO) => Error::Io { path: path.into(), source: io::Error::other("nothing reads this pipe") },
            _ => Error::Io { path: path.into(), source },
        });
    }
    #[cfg(not(unix))]
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
        if kind.is_char_device() && !file.is_terminal() {
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
