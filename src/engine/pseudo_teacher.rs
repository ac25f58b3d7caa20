//! Makes the pseudo-labels of a run anew when its labels change, while it trains.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};

use super::{priority, pseudo_labels};
use crate::data::feed::training_set::TrainingSet;
use crate::domain::{RunConfig, panic};

/// From a change to new pseudo-labels at least: clicks come in bursts.
const PAUSE: Duration = Duration::from_secs(2);
/// From a change to new pseudo-labels at least, as a multiple of how long the last ones took: most of the time is the network's.
const SHARE: u32 = 3;

/// A thread that makes pseudo-labels. Dropping this ends it.
pub(super) struct PseudoTeacher {
    changes: Option<Sender<()>>,
    is_over: Arc<AtomicBool>,
    trouble: Arc<Mutex<Option<String>>>,
    thread: Option<JoinHandle<()>>,
}

impl PseudoTeacher {
    /// Starts the thread; `None` if the run has no pseudo-labels.
    ///
    /// # Errors
    /// If the thread could not be started.
    pub(super) fn start(set: &Arc<TrainingSet>, config: &RunConfig) -> std::io::Result<Option<Self>> {
        if !pseudo_labels::are_wanted(config) {
            return Ok(None);
        }
        let (changes, received) = crossbeam_channel::unbounded();
        let is_over = Arc::<AtomicBool>::default();
        let trouble = Arc::<Mutex<Option<String>>>::default();
        let (set, config, over, told) = (Arc::clone(set), config.clone(), Arc::clone(&is_over), Arc::clone(&trouble));
        let work = move || {
            priority::lower_this_thread();
            let teach = || pseudo_labels::give(&set, &config, &mut |_, _| !over.load(Ordering::Relaxed)).is_some();
            if let Err(why) = panic::caught(|| follow(&received, PAUSE, teach)) {
                *told.lock().unwrap_or_else(PoisonError::into_inner) = Some(why);
            }
        };
        let thread = std::thread::Builder::new().name("pseudo-labels".to_owned()).spawn(work)?;
        Ok(Some(Self { changes: Some(changes), is_over, trouble, thread: Some(thread) }))
    }

    /// Why the thread ended early, once.
    pub(super) fn take_trouble(&self) -> Option<String> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// The labels have changed.
    pub(super) fn labels_changed(&self) {
        if let Some(changes) = &self.changes {
            changes.send(()).ok(); // A thread that ended early has told why.
        }
    }
}

impl Drop for PseudoTeacher {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        self.changes = None; // Disconnects the receiver, so the thread ends.
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

/// Calls `teach` a while, `least` or longer, after a change, until it says no or nobody tells of changes any more.
fn follow(changes: &Receiver<()>, least: Duration, mut teach: impl FnMut() -> bool) {
    let mut pause = least;
    while changes.recv().is_ok() && wait(changes, pause) {
        let began = Instant::now();
        if !teach() {
            return;
        }
        pause = least.max(SHARE * began.elapsed());
    }
}

/// Waits, and takes in further changes. `false` once nobody tells of any.
fn wait(changes: &Receiver<()>, pause: Duration) -> bool {
    let end = Instant::now() + pause;
    loop {
        match changes.recv_deadline(end) {
            Ok(()) => {}
            Err(end) => return end == RecvTimeoutError::Timeout,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_of_changes_is_one_and_the_end_is_heard_while_waiting() {
        let (sender, changes) = crossbeam_channel::unbounded();
        (0..5).for_each(|_| sender.send(()).unwrap());
        assert!(wait(&changes, Duration::from_millis(1)) && changes.is_empty());
        sender.send(()).unwrap();
        drop(sender);
        assert!(!wait(&changes, Duration::from_secs(3600)));
        follow(&changes, PAUSE, || panic!("nobody told of a change"));
    }

    #[test]
    fn every_burst_is_taught_until_teaching_is_refused() {
        let (sender, changes) = crossbeam_channel::unbounded();
        sender.send(()).unwrap();
        let mut taught = 0;
        follow(&changes, Duration::ZERO, || {
            taught += 1;
            sender.send(()).unwrap();
            taught < 3
        });
        assert_eq!(taught, 3);
    }
}
