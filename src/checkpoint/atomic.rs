//! Files that are complete at every moment, whatever ends the program.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::{Error, Result};

/// Replaces the contents of a file: bytes are written to a temporary file beside it, synced and renamed, and the folder
/// is synced. For a link, the file that it points to is replaced; something that is not a file, such as a pipe, is
/// written to.
///
/// # Errors
/// [`Error::Io`] if the file cannot be written, in which case its old contents are there still.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    let io = |source| Error::Io { path: path.into(), source };
    let path = &fs::canonicalize(path).unwrap_or_else(|_| path.into());
    if path.exists() && !path.is_file() {
        return fs::write(path, bytes).map_err(io);
    }
    let (folder, prefix) = beside(path);
    let temporary = folder.join(format!("{prefix}{}{SUFFIX}", std::process::id()));
    let written = File::create(&temporary).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    if let Err(error) = written.and_then(|()| fs::rename(&temporary, path)) {
        let _ = fs::remove_file(&temporary);
        return Err(io(error));
    }
    // a rename is on the disk once its folder is synced
    #[cfg(unix)]
    File::open(&folder).and_then(|folder| folder.sync_all()).map_err(io)?;
    Ok(())
}

/// Removes the temporary files that killed runs left beside a checkpoint.
pub fn remove_leftovers(path: &Path) {
    let (folder, prefix) = beside(&fs::canonicalize(path).unwrap_or_else(|_| path.into()));
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let process = name.to_str().and_then(|name| name.strip_prefix(&prefix)?.strip_suffix(SUFFIX));
        if process.is_some_and(|process| process.parse::<u32>().is_ok()) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

const SUFFIX: &str = ".tmp";

/// The folder of a file, and the prefix of its temporary files before the process id.
fn beside(path: &Path) -> (PathBuf, String) {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    (folder.into(), format!(".{name}."))
}
