//! Writing the state of a run on a thread of its own, so that training goes on meanwhile.
//!
//! Weights and moments are read by the thread that owns Burn, which also puts them in Burn's format; what is left, and takes longest, is
//! the disk.

use std::path::PathBuf;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::priority;
use crate::data::DataError;

/// Time from one state to the next at an evaluation: epochs may be short, and a state is large.
const STATE_EVERY: Duration = Duration::from_secs(10);
/// The same after a failure.
const RETRY_EVERY: Duration = Duration::from_secs(60);
/// Making and writing states takes at most one part in so many of the time.
const STATE_SHARE: u32 = 20;

/// Writes states one after the other.
pub(super) struct StateWriter {
    /// Where they are written.
    path: PathBuf,
    in_progress: Option<JoinHandle<Attempt>>,
    /// When the last attempt ended.
    attempted: Option<Instant>,
    /// How long it took to make the state, and to write it.
    took: Duration,
    /// How long it took to make the state that is written next.
    made_in: Duration,
    /// The last attempt has failed.
    lacks_state: bool,
}

/// An attempt that has ended.
struct Attempt {
    written: Result<(), DataError>,
    took: Duration,
}

/// What the user is to be told.
#[derive(Debug)]
pub(super) enum StateNews {
    /// There is a state again.
    Back,
    /// There is none any more, and why.
    Lost(DataError),
}

impl StateWriter {
    pub(super) fn new(path: PathBuf) -> Self {
        let (took, made_in) = (Duration::ZERO, Duration::ZERO);
        Self { path, in_progress: None, attempted: None, took, made_in, lacks_state: false }
    }

    /// Whether it is time for another state. It never is while one is being written.
    pub(super) fn is_due(&self) -> bool {
        let least = if self.lacks_state { RETRY_EVERY } else { STATE_EVERY };
        let pause = least.max(self.took * STATE_SHARE);
        self.in_progress.is_none() && self.attempted.is_none_or(|at| at.elapsed() >= pause)
    }

    /// Making the state that is written next has taken so long.
    pub(super) fn made_in(&mut self, took: Duration) {
        self.made_in = took;
    }

    /// Begins to write a state. If another one is being written it is waited for.
    pub(super) fn begin(
        &mut self,
        write: impl FnOnce() -> Result<(), DataError> + Send + 'static,
    ) -> Option<StateNews> {
        let before = self.wait();
        let made_in = self.made_in;
        let attempt = move || {
            priority::lower_this_thread();
            let began = Instant::now();
            let written = write();
            Attempt { written, took: made_in + began.elapsed() }
        };
        match std::thread::Builder::new().name("state".to_owned()).spawn(attempt) {
            Ok(thread) => {
                self.in_progress = Some(thread);
                before
            }
            Err(error) => {
                let written = Err(DataError::io("cannot start a thread to write", &self.path)(error));
                self.note(Attempt { written, took: made_in }).or(before)
            }
        }
    }

    /// What has come of the write in progress, once it has ended.
    pub(super) fn poll(&mut self) -> Option<StateNews> {
        if self.in_progress.as_ref().is_some_and(JoinHandle::is_finished) { self.wait() } else { None }
    }

    /// Waits for the write in progress.
    pub(super) fn wait(&mut self) -> Option<StateNews> {
        let ended = self.in_progress.take()?.join();
        let attempt = ended.unwrap_or_else(|_| Attempt {
            written: Err(DataError::content("it was not written: the thread that writes it has failed", &self.path)),
            took: Duration::ZERO,
        });
        self.note(attempt)
    }

    fn note(&mut self, Attempt { written, took }: Attempt) -> Option<StateNews> {
        (self.attempted, self.took) = (Some(Instant::now()), took);
        let lacked_state = std::mem::replace(&mut self.lacks_state, written.is_err());
        match written {
            Ok(()) if lacked_state => Some(StateNews::Back),
            Err(error) if !lacked_state => Some(StateNews::Lost(error)),
            Ok(()) | Err(_) => None,
        }
    }
}

/// The folder stays locked until nobody writes into it.
impl Drop for StateWriter {
    fn drop(&mut self) {
        self.wait();
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::mpsc::sync_channel;

    use super::*;

    fn writer() -> StateWriter {
        StateWriter::new(PathBuf::from("run/last.state"))
    }

    fn full() -> Result<(), DataError> {
        Err(DataError::content("the disk is full", Path::new("run/last.state")))
    }

    #[test]
    fn no_other_state_is_due_while_one_is_written_and_the_caller_goes_on() {
        let (mut states, (go_on, wait)) = (writer(), sync_channel::<()>(1));
        assert!(states.is_due(), "there is none yet");
        let held = move || wait.recv().map_err(|error| DataError::content(error.to_string(), Path::new("run")));
        assert!(states.begin(held).is_none());
        assert!(states.poll().is_none() && states.in_progress.is_some() && !states.is_due());
        go_on.send(()).unwrap();
        assert!(states.wait().is_none() && states.in_progress.is_none());
        assert!(!states.is_due() && states.attempted.is_some(), "the next one has time");
    }

    #[test]
    fn a_second_state_is_written_after_the_first() {
        let (mut states, (ended, order)) = (writer(), sync_channel(2));
        for number in [1, 2] {
            let ended = ended.clone();
            let pause = Duration::from_millis(if number == 1 { 30 } else { 0 });
            states.begin(move || {
                std::thread::sleep(pause);
                ended.send(number).unwrap();
                Ok(())
            });
        }
        drop(states);
        assert_eq!(order.try_iter().collect::<Vec<i32>>(), [1, 2], "dropping waits for what is being written");
    }

    #[test]
    fn failures_are_told_once_and_their_end_as_well() {
        let mut states = writer();
        let mut after = |write: fn() -> Result<(), DataError>| states.begin(write).or_else(|| states.wait());
        assert!(after(|| Ok(())).is_none());
        assert!(matches!(after(full), Some(StateNews::Lost(error)) if error.to_string().contains("full")));
        assert!(after(full).is_none());
        assert!(matches!(after(|| Ok(())), Some(StateNews::Back)));
        assert!(matches!(after(|| panic!("a fault")), Some(StateNews::Lost(_))), "a panic does not end the run");
    }

    #[test]
    fn states_that_take_long_are_rare() {
        let mut states = writer();
        states.took = Duration::from_secs(3);
        for (secs, is_due) in [(30, false), (61, true)] {
            let Some(then) = Instant::now().checked_sub(Duration::from_secs(secs)) else { return };
            states.attempted = Some(then);
            assert_eq!(states.is_due(), is_due, "20 times 3 s are a minute");
        }
    }
}
