//! Keeps a claim alive while its run is made.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use crossbeam_channel::{RecvTimeoutError, Sender, bounded};

use super::claim::{BEAT, Claim};

/// A thread that beats for a claim. Dropping it ends the thread and gives the claim back.
pub(super) struct Heartbeat {
    is_lost: Arc<AtomicBool>,
    end: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Heartbeat {
    /// Starts to beat.
    ///
    /// # Errors
    /// If the system cannot start a thread.
    pub(super) fn start(claim: Claim) -> std::io::Result<Self> {
        let is_lost = Arc::new(AtomicBool::new(false));
        let (end, ended) = bounded::<()>(0);
        let lost = Arc::clone(&is_lost);
        let thread = std::thread::Builder::new().name("claim".to_owned()).spawn(move || {
            while ended.recv_timeout(BEAT) == Err(RecvTimeoutError::Timeout) {
                match claim.beat() {
                    Ok(true) => {}
                    Ok(false) => lost.store(true, Ordering::Relaxed),
                    Err(error) => log::warn!("the claim of a run cannot be renewed: {error}"),
                }
            }
        })?;
        Ok(Self { is_lost, end: Some(end), thread: Some(thread) })
    }

    /// Whether another worker has taken the run over.
    pub(super) fn is_lost(&self) -> bool {
        self.is_lost.load(Ordering::Relaxed)
    }
}

impl Drop for Heartbeat {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}
