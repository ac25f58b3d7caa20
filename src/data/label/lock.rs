//! The lock that keeps two windows from writing one journal.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

use crate::data::DataError;

/// Locks a label folder for as long as the returned file is open.
///
/// # Errors
/// If another process holds the lock, or the folder is not writable.
pub(crate) fn lock(folder: &Path) -> Result<File, DataError> {
    let path = folder.join("lock");
    let opened = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
    let file = opened.map_err(DataError::io("cannot write to the label folder (check write permission)", &path))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let what = "another Pointillist window has this project open: close that window, or label there";
            return Err(DataError::content(what, folder));
        }
        // Some network file systems do not support locks. Labelling works without.
        Err(TryLockError::Error(error)) => log::warn!("cannot lock {}: {error}", path.display()),
    }
    Ok(file)
}
