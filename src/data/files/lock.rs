//! The lock that keeps two processes from writing into one folder.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;
use std::time::{Duration, Instant};

use crate::data::DataError;

/// Name of the file that is locked.
const NAME: &str = "lock";
/// How long a lock that is held is tried again. A process that starts another one may have closed the file: until that one has begun, it has
/// a copy.
const PATIENCE: Duration = Duration::from_millis(200);
/// Time between two tries.
const PAUSE: Duration = Duration::from_millis(5);

/// Locks a folder for as long as the returned file is open.
///
/// # Errors
/// If the lock stays held, which `taken` says with a remedy, or the folder is not writable.
pub(crate) fn lock(folder: &Path, taken: &str) -> Result<File, DataError> {
    let path = folder.join(NAME);
    let opened = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
    let file = opened.map_err(DataError::io("cannot write to the folder (check write permission)", &path))?;
    match lock_within(&file, PATIENCE) {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(DataError::content(taken, folder)),
        // Some network file systems do not support locks. Everything works without.
        Err(TryLockError::Error(error)) => log::warn!("cannot lock {}: {error}", path.display()),
    }
    Ok(file)
}

/// Locks the file as soon as nobody else does, if that is so within `patience`.
fn lock_within(file: &File, patience: Duration) -> Result<(), TryLockError> {
    let start = Instant::now();
    loop {
        match file.try_lock() {
            Err(TryLockError::WouldBlock) if start.elapsed() < patience => std::thread::sleep(PAUSE),
            tried => return tried,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_that_is_held_is_refused_with_the_remedy() {
        let dir = tempfile::tempdir().unwrap();
        let _held = lock(dir.path(), "taken").unwrap();
        let error = lock(dir.path(), "close the other window").unwrap_err().to_string();
        assert!(error.contains("close the other window"), "{error}");
    }

    #[test]
    fn a_lock_that_is_given_back_in_a_moment_is_waited_for() {
        let dir = tempfile::tempdir().unwrap();
        let held = lock(dir.path(), "taken").unwrap();
        std::thread::scope(|scope| {
            scope.spawn(move || {
                std::thread::sleep(Duration::from_millis(50));
                drop(held);
            });
            let file = File::open(dir.path().join(NAME)).unwrap();
            lock_within(&file, Duration::from_secs(60)).unwrap();
        });
    }
}
