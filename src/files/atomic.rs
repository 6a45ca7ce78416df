//! Files that are complete at every moment, whatever ends the program.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use sha2::{Digest as _, Sha256};

use crate::{Error, Result};

/// Replaces the contents of a file: bytes are written to a temporary file beside it, synced and renamed, and the folder
/// is synced. For a link, the file that it points to is replaced; something that is not a file, such as a pipe, is
/// written to.
///
/// # Errors
/// [`Error::Io`] if the file cannot be written, in which case its old contents are there still.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    let io = |source| Error::Io { path: path.into(), source };
    if fs::metadata(path).is_ok_and(|about| !about.is_file() && !about.is_dir()) {
        super::check_reader(path)?;
        return fs::write(path, bytes).map_err(io);
    }
    let path = &target(path);
    let temporary = temporary(path);
    let mut put = put(&temporary, path, bytes);
    // another process may have found it before it was locked, and taken it for a leftover
    for _ in 0..10 {
        match put {
            Err(ref error) if error.kind() == io::ErrorKind::NotFound => put = self::put(&temporary, path, bytes),
            _ => break,
        }
    }
    if let Err(error) = put {
        let _ = fs::remove_file(&temporary);
        return Err(io(error));
    }
    // a rename is on the disk once its folder is synced
    #[cfg(unix)]
    File::open(folder(path)).and_then(|folder| folder.sync_all()).map_err(io)?;
    Ok(())
}

fn put(temporary: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(temporary)?;
    // shows others that it is no leftover; where there are no locks, they have to guess
    let _ = file.try_lock();
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(temporary, path)
}

/// Fails if [`replace`] would, unless the disk is full; the file is left as it is.
pub(crate) fn check(path: &Path) -> io::Result<()> {
    let temporary = temporary(&target(path));
    File::create(&temporary).and_then(|_| fs::remove_file(&temporary))
}

/// Removes the temporary files that killed runs left beside a checkpoint, but none that is being written.
pub fn remove_leftovers(path: &Path) {
    let path = target(path);
    let prefix = prefix(&path);
    let Ok(entries) = fs::read_dir(folder(&path)) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let process = name.to_str().and_then(|name| name.strip_prefix(&prefix)?.strip_suffix(SUFFIX));
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !process.is_some_and(|process| process.split('-').all(is_number)) {
            continue;
        }
        let is_written = File::open(entry.path()).map(|file| matches!(file.try_lock(), Err(TryLockError::WouldBlock)));
        if !is_written.unwrap_or(false) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// The file that a path means: links are followed, even one to a file that is not there yet.
pub(crate) fn target(path: &Path) -> PathBuf {
    const MOST_LINKS: usize = 40;
    if let Ok(path) = fs::canonicalize(path) {
        return path;
    }
    let mut path = path.to_path_buf();
    for _ in 0..MOST_LINKS {
        match fs::read_link(&path) {
            Ok(to) => path = folder(&path).join(to),
            Err(_) => break,
        }
    }
    match (fs::canonicalize(folder(&path)), path.file_name()) {
        (Ok(folder), Some(name)) => folder.join(name),
        _ => path,
    }
}

/// A hidden file beside another, which it is named after.
pub(crate) fn beside(path: &Path, extension: &str) -> PathBuf {
    folder(path).join(format!("{}{extension}", prefix(path)))
}

/// A temporary file of this process and call.
fn temporary(path: &Path) -> PathBuf {
    static CALLS: AtomicU32 = AtomicU32::new(0);
    let call = CALLS.fetch_add(1, Ordering::Relaxed);
    beside(path, &format!("{}-{call}{SUFFIX}", std::process::id()))
}

const SUFFIX: &str = ".tmp";
/// The most bytes of a name that stand in the names of files beside it; file systems allow 255.
const MOST_BYTES: usize = 200;

fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// How the names of the hidden files beside a file begin. What does not fit is stood for by a hash.
fn prefix(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    match name.len() {
        0..=MOST_BYTES => format!(".{name}."),
        _ => {
            let hash: String =
                Sha256::digest(name.as_bytes()).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
            let room = MOST_BYTES - hash.len();
            let begin: String =
                name.char_indices().take_while(|(at, _)| *at < room).map(|(_, letter)| letter).collect();
            format!(".{begin}{hash}.")
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;

    use super::*;

    #[test]
    fn writers_of_one_file_do_not_take_each_others_temporary_files_for_leftovers() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("run.svg");
        let barrier = Barrier::new(8);
        std::thread::scope(|scope| {
            for k in 0..8_u8 {
                let (path, barrier) = (&path, &barrier);
                scope.spawn(move || {
                    barrier.wait();
                    for _ in 0..40 {
                        remove_leftovers(path);
                        replace(path, &[k; 1000]).unwrap();
                    }
                });
            }
        });
        let bytes = fs::read(&path).unwrap();
        assert!(bytes.len() == 1000 && bytes.iter().all(|byte| *byte == bytes[0]));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn the_longest_name_is_written_too() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join(format!("{}.svg", "ä".repeat(125)));
        check(&path).unwrap();
        replace(&path, b"drawn").unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
