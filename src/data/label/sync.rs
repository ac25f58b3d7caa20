//! Syncs labels to disk on a thread of its own: a sync may take 100 ms, a click must not wait.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Minimum time between syncs; edits in between share one.
const GROUP: Duration = Duration::from_millis(200);

/// Maximum time that closing a journal waits for the last sync.
const LAST: Duration = Duration::from_secs(3);

/// Whether written edits are on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DiskState {
    /// All edits are on disk.
    Synced,
    /// The last edits are with the operating system but not yet on disk.
    Pending,
    /// A sync failed. This state is final, because it is unknown which edits are missing.
    Failed(String),
}

/// A handle to the sync state of a journal.
#[derive(Clone, Debug, Default)]
pub struct Disk(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// Number of edits handed to the operating system.
    written: u64,
    /// Number of edits covered by a sync.
    synced: u64,
    failed: Option<String>,
    /// The thread should end.
    is_over: bool,
    /// The thread has ended.
    is_idle: bool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Disk {
    /// The current state.
    pub fn state(&self) -> DiskState {
        let state = self.0.lock();
        match &state.failed {
            Some(why) => DiskState::Failed(why.clone()),
            None if state.synced < state.written => DiskState::Pending,
            None => DiskState::Synced,
        }
    }
}

#[cfg(test)]
impl Disk {
    /// A handle whose sync has failed.
    pub(crate) fn refused(why: &str) -> Self {
        let disk = Self::default();
        disk.0.lock().failed = Some(why.to_owned());
        disk
    }
}

/// The sync thread. Dropping this syncs pending edits.
#[derive(Debug)]
pub(crate) struct Syncer(Disk);

impl Syncer {
    /// Starts the thread. `sync` must sync everything written before it is called.
    pub(crate) fn start(disk: Disk, sync: impl FnMut() -> io::Result<()> + Send + 'static) -> io::Result<Self> {
        let shared = Arc::clone(&disk.0);
        {
            let mut state = shared.lock();
            (state.is_over, state.is_idle) = (false, false);
        }
        std::thread::Builder::new().name("label-sync".to_owned()).spawn(move || serve(&shared, sync))?;
        Ok(Self(disk))
    }

    /// Reports a written edit.
    pub(crate) fn note(&self) {
        self.0.0.lock().written += 1;
        self.0.0.changed.notify_all();
    }
}

impl Drop for Syncer {
    fn drop(&mut self) {
        let shared = &self.0.0;
        let mut state = shared.lock();
        state.is_over = true;
        shared.changed.notify_all();
        let rest = shared.changed.wait_timeout_while(state, LAST, |state| !state.is_idle);
        drop(rest.unwrap_or_else(PoisonError::into_inner));
    }
}

fn serve(shared: &Shared, mut sync: impl FnMut() -> io::Result<()>) {
    let mut state = shared.lock();
    loop {
        let waiting = |state: &mut State| state.synced == state.written && !state.is_over;
        state = shared.changed.wait_while(state, waiting).unwrap_or_else(PoisonError::into_inner);
        if state.synced == state.written {
            state.is_idle = true;
            shared.changed.notify_all();
            return;
        }
        let target = state.written;
        drop(state);
        let result = sync();
        state = shared.lock();
        state.synced = target;
        if let Err(error) = result {
            state.failed.get_or_insert(error.to_string());
        }
        let rest = shared.changed.wait_timeout_while(state, GROUP, |state| !state.is_over);
        state = rest.unwrap_or_else(PoisonError::into_inner).0;
    }
}

/// A function that syncs the file and, on its first call, the folder entries.
pub(crate) fn sync_of(file: File, folder: &Path) -> impl FnMut() -> io::Result<()> + Send + 'static {
    let mut folders = vec![folder.parent().map(Path::to_owned), Some(folder.to_owned())];
    move || {
        for folder in folders.drain(..).flatten() {
            // Some network file systems do not support this; the file itself is still synced.
            sync_folder(&folder).unwrap_or_else(|error| log::debug!("cannot sync {}: {error}", folder.display()));
        }
        match file.sync_data() {
            // Some file systems do not support sync.
            Err(error) if matches!(error.kind(), io::ErrorKind::Unsupported | io::ErrorKind::InvalidInput) => Ok(()),
            synced => synced,
        }
    }
}

#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// On other systems folders cannot be synced, and need not be.
#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Instant;

    use super::*;

    #[test]
    fn many_edits_share_a_sync_and_the_last_are_synced_on_close() {
        let syncs = Arc::new(AtomicU32::new(0));
        let (disk, counted) = (Disk::default(), Arc::clone(&syncs));
        let syncer = Syncer::start(disk.clone(), move || {
            counted.fetch_add(1, Ordering::SeqCst);
            Ok(())
        });
        let syncer = syncer.unwrap();
        for _ in 0..1000 {
            syncer.note();
        }
        drop(syncer);
        assert_eq!(disk.state(), DiskState::Synced);
        assert!((1..=3).contains(&syncs.load(Ordering::SeqCst)), "{syncs:?}");
    }

    #[test]
    fn a_slow_disk_blocks_nobody_and_reports_pending_edits() {
        let (disk, start) = (Disk::default(), Instant::now());
        let syncer = Syncer::start(disk.clone(), || {
            std::thread::sleep(Duration::from_millis(300));
            Ok(())
        });
        let syncer = syncer.unwrap();
        syncer.note();
        assert_eq!(disk.state(), DiskState::Pending);
        assert!(start.elapsed() < Duration::from_millis(200), "reporting an edit does not wait");
        drop(syncer);
        assert_eq!(disk.state(), DiskState::Synced);
    }

    #[test]
    fn a_failed_sync_stays_failed() {
        let (disk, mut calls) = (Disk::default(), 0);
        let syncer = Syncer::start(disk.clone(), move || {
            calls += 1;
            if calls == 1 { Err(io::Error::other("the disk is gone")) } else { Ok(()) }
        });
        let syncer = syncer.unwrap();
        syncer.note();
        std::thread::sleep(Duration::from_millis(50));
        syncer.note();
        drop(syncer);
        assert_eq!(disk.state(), DiskState::Failed("the disk is gone".to_owned()));
    }
}
