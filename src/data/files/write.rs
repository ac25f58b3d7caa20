//! Atomic file writes: a temporary file beside the target replaces it once it is complete and synced, so that even a power
//! cut leaves either the old file or the new one.

use std::io::Write;
use std::path::Path;

use tempfile::NamedTempFile;

use crate::data::DataError;

const DOING: &str = "cannot write (check free space and write permission of the folder)";

/// Writes a file atomically. The folder must exist.
pub fn atomically(path: &Path, content: &[u8]) -> Result<(), DataError> {
    let file = beside(path, content)?;
    file.as_file().sync_all().map_err(DataError::io(DOING, path))?;
    file.persist(path).map_err(|error| DataError::io(DOING, path)(error.error))?;
    sync_folder(folder_of(path));
    Ok(())
}

/// Like [`atomically`] without waiting for the disk, for many files that can be made again: whoever interrupts the program finds
/// each whole or not at all, but a power cut may leave empty ones.
pub(crate) fn unsynced(path: &Path, content: &[u8]) -> Result<(), DataError> {
    beside(path, content)?.persist(path).map_err(|error| DataError::io(DOING, path)(error.error))?;
    Ok(())
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A temporary file with the content beside the target.
fn beside(path: &Path, content: &[u8]) -> Result<NamedTempFile, DataError> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".pointillist-");
    #[cfg(unix)]
    {
        // Temporary files are private by default; results get ordinary permissions, subject to the user's umask.
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    let mut file = builder.tempfile_in(folder_of(path)).map_err(DataError::io(DOING, path))?;
    file.as_file_mut().write_all(content).map_err(DataError::io(DOING, path))?;
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
    fn a_missing_folder_is_named() {
        let message = atomically(Path::new("/nowhere/x.png"), b"").unwrap_err().to_string();
        assert!(message.contains("/nowhere/x.png"), "{message}");
    }
}
