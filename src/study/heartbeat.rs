//! Keeps a claim alive while its run is made.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use crossbeam_channel::{RecvTimeoutError, Sender, bounded};

use super::claim::{BEAT, Claim};

/// A thread that beats for a claim. Dropping it ends the thread and gives the claim back.
pub(super) struct Heartbeat {
    claim: Arc<Claim>,
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
        let claim = Arc::new(claim);
        let is_lost = Arc::new(AtomicBool::new(false));
        let (end, ended) = bounded::<()>(0);
        let (held, lost) = (Arc::clone(&claim), Arc::clone(&is_lost));
        let thread = std::thread::Builder::new().name("claim".to_owned()).spawn(move || {
            while ended.recv_timeout(BEAT) == Err(RecvTimeoutError::Timeout) {
                match held.beat() {
                    Ok(true) => {}
                    Ok(false) => lost.store(true, Ordering::Relaxed),
                    Err(error) => log::warn!("the claim of a run cannot be renewed: {error}"),
                }
            }
        })?;
        Ok(Self { claim, is_lost, end: Some(end), thread: Some(thread) })
    }

    /// Whether another worker has taken the run over, as of the last beat.
    pub(super) fn is_lost(&self) -> bool {
        self.is_lost.load(Ordering::Relaxed)
    }

    /// Whether another worker has taken the run over by now: after a sleep of the machine, the last beat says nothing.
    pub(super) fn is_lost_now(&self) -> bool {
        self.is_lost() || matches!(self.claim.is_held(), Ok(false))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::claim::{Attempt, Claims};

    fn beating(folder: &std::path::Path) -> Heartbeat {
        match Claims::of(folder).take("id", "run").unwrap() {
            Attempt::Mine(claim) => Heartbeat::start(claim).unwrap(),
            Attempt::Others => panic!("the claim is free"),
        }
    }

    #[test]
    fn a_claim_that_is_lost_between_beats_is_noticed_when_it_matters() {
        let dir = tempfile::tempdir().unwrap();
        let heartbeat = beating(dir.path());
        assert!(!heartbeat.is_lost_now());
        std::fs::write(dir.path().join("id.json"), "{}").unwrap();
        assert!(heartbeat.is_lost_now() && !heartbeat.is_lost(), "the next beat is half a minute away");
        drop(heartbeat);
        assert!(dir.path().join("id.json").exists(), "what is lost is not given back");
    }

    #[test]
    fn the_claim_is_given_back_at_the_end() {
        let dir = tempfile::tempdir().unwrap();
        drop(beating(dir.path()));
        assert!(!dir.path().join("id.json").exists());
    }
}
