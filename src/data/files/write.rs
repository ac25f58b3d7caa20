//! Atomic file writes: a temporary file beside the target replaces it once it is complete and synced, so that even a power
//! cut leaves either the old file or the new one.

use std::io::Write;
use std::path::Path;
use std::time::Duration;

use tempfile::NamedTempFile;

use crate::data::DataError;

/// How the names of temporary files begin.
const PREFIX: &str = ".pointillist-";

const DOING: &str = "cannot write (check free space and write permission of the folder)";

/// Writes a file atomically. The folder must exist.
pub fn atomically(path: &Path, content: &[u8]) -> Result<(), DataError> {
    parts_atomically(path, &[content])
}

/// Like [`atomically`], with a content in several parts, one after the other.
pub fn parts_atomically(path: &Path, parts: &[&[u8]]) -> Result<(), DataError> {
    let file = beside(path, parts)?;
    file.as_file().sync_all().map_err(DataError::io(DOING, path))?;
    file.persist(path).map_err(|error| DataError::io(DOING, path)(error.error))?;
    sync_folder(folder_of(path));
    Ok(())
}

/// Like [`atomically`] without waiting for the disk, for many files that can be made again: whoever interrupts the program finds
/// each whole or not at all, but a power cut may leave empty ones.
pub(crate) fn unsynced(path: &Path, content: &[u8]) -> Result<(), DataError> {
    beside(path, &[content])?.persist(path).map_err(|error| DataError::io(DOING, path)(error.error))?;
    Ok(())
}

/// Removes temporary files that a killed program has left in a folder: those older than an hour, since younger ones may be in use.
pub(crate) fn remove_stale(folder: &Path) {
    const AGE: Duration = Duration::from_secs(3600);
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let is_ours = entry.file_name().to_string_lossy().starts_with(PREFIX);
        let age = || entry.metadata().and_then(|data| data.modified()).ok().and_then(|time| time.elapsed().ok());
        if is_ours && age().is_some_and(|age| age > AGE) {
            std::fs::remove_file(entry.path()).ok();
        }
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A temporary file with the content beside the target.
fn beside(path: &Path, parts: &[&[u8]]) -> Result<NamedTempFile, DataError> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(PREFIX);
    #[cfg(unix)]
    {
        // Temporary files are private by default; results get ordinary permissions, subject to the user's umask.
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    let mut file = builder.tempfile_in(folder_of(path)).map_err(DataError::io(DOING, path))?;
    let written = parts.iter().try_for_each(|part| file.as_file_mut().write_all(part));
    written.map_err(DataError::io(DOING, path))?;
    Ok(file)
}

/// Syncs the folder entry. Some file systems do not support this; the file exists regardless.
#[cfg(unix)]
fn sync_folder(folder: &Path) {
    std::fs::File::open(folder).and_then(|folder| folder.sync_all()).ok();
}

#[cfg(not(unix))]
fn sync_folder(_folder: &Path) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_write_leaves_the_old_file_and_no_temporary_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.json");
        atomically(&path, b"old").unwrap();
        std::fs::create_dir(dir.path().join("folder")).unwrap();
        let error = atomically(&dir.path().join("folder"), b"new").unwrap_err().to_string();
        assert!(error.contains("free space") && error.contains("folder"), "{error}");
        let mut names: Vec<_> =
            dir.path().read_dir().unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        assert_eq!(names, ["folder", "x.json"]);
        assert_eq!(std::fs::read(&path).unwrap(), b"old");
    }

    #[test]
    fn only_old_temporary_files_are_stale() {
        let dir = tempfile::tempdir().unwrap();
        let long_ago = std::time::SystemTime::now() - Duration::from_secs(7200);
        for (name, is_old) in [(".pointillist-a", true), (".pointillist-b", false), ("c", true)] {
            let file = std::fs::File::create(dir.path().join(name)).unwrap();
            if is_old {
                file.set_modified(long_ago).unwrap();
            }
        }
        remove_stale(dir.path());
        let left = [".pointillist-a", ".pointillist-b", "c"].map(|name| dir.path().join(name).exists());
        assert_eq!(left, [false, true, true]);
    }

    #[test]
    fn a_missing_folder_is_named() {
        let message = atomically(Path::new("/nowhere/x.png"), b"").unwrap_err().to_string();
        assert!(message.contains("/nowhere/x.png"), "{message}");
    }
}
