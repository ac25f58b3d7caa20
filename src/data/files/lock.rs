//! The lock that keeps two processes from writing into one folder.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

use crate::data::DataError;

/// Name of the file that is locked.
const NAME: &str = "lock";

/// Locks a folder for as long as the returned file is open.
///
/// # Errors
/// If the lock is held, which `taken` says with a remedy, or the folder is not writable.
pub(crate) fn lock(folder: &Path, taken: &str) -> Result<File, DataError> {
    let path = folder.join(NAME);
    let opened = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
    let file = opened.map_err(DataError::io("cannot write to the folder (check write permission)", &path))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(DataError::content(taken, folder)),
        // Some network file systems do not support locks. Everything works without.
        Err(TryLockError::Error(error)) => log::warn!("cannot lock {}: {error}", path.display()),
    }
    Ok(file)
}
