//! Closing the window during a run: the current step is finished and the run saved first. The window waits for that
//! up to a minute; a second request closes it at once.

use std::time::{Duration, Instant};

/// How long to wait for the step. Labels are on disk, and so is a checkpoint at most a minute old.
const PATIENCE: Duration = Duration::from_secs(60);

/// Whether the window is about to close.
#[derive(Debug, Default)]
pub struct Closing {
    since: Option<Instant>,
    left: bool,
    /// The engine was told to stop the run.
    pub stop_sent: bool,
}

/// What to do in this frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseDecision {
    /// Nobody asked to close, or nothing prevents it.
    KeepOpen,
    /// Stay open until the run has ended.
    Wait,
    /// Close now.
    Close,
}

impl Closing {
    /// Decides, given whether closing was requested in this frame and whether a run is in progress.
    pub fn next(&mut self, asked: bool, running: bool, now: Instant) -> CloseDecision {
        let Some(since) = self.since else {
            if asked && running {
                self.since = Some(now);
                return CloseDecision::Wait;
            }
            return CloseDecision::KeepOpen;
        };
        self.left |= asked || !running || now.duration_since(since) >= PATIENCE;
        if self.left { CloseDecision::Close } else { CloseDecision::Wait }
    }

    /// Whether the window waits for a run to end.
    pub fn is_waiting(&self) -> bool {
        self.since.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_run_the_window_closes_at_once() {
        let mut closing = Closing::default();
        assert_eq!(closing.next(true, false, Instant::now()), CloseDecision::KeepOpen);
        assert!(!closing.is_waiting());
    }

    #[test]
    fn the_window_waits_for_a_run_and_then_closes() {
        let (mut closing, now) = (Closing::default(), Instant::now());
        let verdicts = [(false, true), (true, true), (false, true), (false, false), (true, false)]
            .map(|(asked, running)| closing.next(asked, running, now));
        assert_eq!(
            verdicts,
            [
                CloseDecision::KeepOpen,
                CloseDecision::Wait,
                CloseDecision::Wait,
                CloseDecision::Close,
                CloseDecision::Close
            ]
        );
    }

    #[test]
    fn waiting_for_a_step_has_a_limit() {
        let (mut closing, now) = (Closing::default(), Instant::now());
        assert_eq!(closing.next(true, true, now), CloseDecision::Wait);
        assert_eq!(closing.next(false, true, now + PATIENCE / 2), CloseDecision::Wait);
        assert_eq!(closing.next(false, true, now + PATIENCE), CloseDecision::Close);
        assert_eq!(closing.next(false, true, now), CloseDecision::Close, "the decision is final");
    }

    #[test]
    fn a_second_request_closes_at_once() {
        let (mut closing, now) = (Closing::default(), Instant::now());
        assert_eq!(
            [closing.next(true, true, now), closing.next(true, true, now)],
            [CloseDecision::Wait, CloseDecision::Close]
        );
    }
}
