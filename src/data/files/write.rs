//! Atomic file writes: a temporary file beside the target replaces it once it is complete and synced, so that even a power
//! cut leaves either the old file or the new one.

use std::io::Write;
use std::path::Path;

use crate::data::DataError;

/// Writes a file atomically. The folder must exist.
pub fn atomically(path: &Path, content: &[u8]) -> Result<(), DataError> {
    const DOING: &str = "cannot write (check free space and write permission of the folder)";
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".pointillist-");
    #[cfg(unix)]
    {
        // Temporary files are private by default; results get ordinary permissions, subject to the user's umask.
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    let mut file = builder.tempfile_in(folder).map_err(DataError::io(DOING, path))?;
    file.as_file_mut().write_all(content).map_err(DataError::io(DOING, path))?;
    file.as_file().sync_all().map_err(DataError::io(DOING, path))?;
    file.persist(path).map_err(|error| DataError::io(DOING, path)(error.error))?;
    sync_folder(folder);
    Ok(())
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
