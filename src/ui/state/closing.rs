//! Closing the window during a run: the current step is finished and the run saved first. The window waits for that
//! up to a minute; a second request closes it at once. Of a study, which may have days to go, it asks first.

use std::time::{Duration, Instant};

/// How long to wait for the step. Labels are on disk, and so is a checkpoint at most a minute old.
const PATIENCE: Duration = Duration::from_secs(60);

/// Whether the window is about to close.
#[derive(Debug, Default)]
pub struct Closing {
    /// Whether to close is being asked.
    asks: bool,
    since: Option<Instant>,
    left: bool,
    /// The engine was told to stop the run.
    pub stop_sent: bool,
}

/// What is in progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// Nothing.
    None,
    /// A run.
    Run,
    /// A study.
    Study,
}

/// What to do in this frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseDecision {
    /// Nobody asked to close, or nothing prevents it.
    KeepOpen,
    /// Stay open until the user has said whether to close.
    Ask,
    /// Stay open until the run has ended.
    Wait,
    /// Close now.
    Close,
}

impl Closing {
    /// Decides, given whether closing was requested in this frame and what is in progress.
    pub fn next(&mut self, asked: bool, work: Work, now: Instant) -> CloseDecision {
        let is_working = work != Work::None;
        if let Some(since) = self.since {
            self.left |= asked || !is_working || now.duration_since(since) >= PATIENCE;
            return if self.left { CloseDecision::Close } else { CloseDecision::Wait };
        }
        match (self.asks, asked) {
            (true, true) if !is_working => CloseDecision::Close, // Nothing is left to ask about.
            (true, false) if !is_working => {
                self.asks = false; // A question without an answer is no consent, and how the study ended is still to be read.
                CloseDecision::KeepOpen
            }
            (true, false) => CloseDecision::Ask,
            (false, true) if work == Work::Study => {
                self.asks = true;
                CloseDecision::Ask
            }
            (_, true) if is_working => {
                (self.asks, self.since) = (false, Some(now));
                CloseDecision::Wait
            }
            _ => CloseDecision::KeepOpen,
        }
    }

    /// The user has said that the window is to stay open.
    pub fn keep_open(&mut self) {
        self.asks = false;
    }

    /// Whether to close is being asked.
    pub fn is_asking(&self) -> bool {
        self.asks
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
        assert_eq!(closing.next(true, Work::None, Instant::now()), CloseDecision::KeepOpen);
        assert!(!closing.is_waiting() && !closing.is_asking());
    }

    #[test]
    fn the_window_waits_for_a_run_and_then_closes() {
        let (mut closing, now) = (Closing::default(), Instant::now());
        let verdicts = [(false, true), (true, true), (false, true), (false, false), (true, false)]
            .map(|(asked, running)| closing.next(asked, if running { Work::Run } else { Work::None }, now));
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
        assert_eq!(closing.next(true, Work::Run, now), CloseDecision::Wait);
        assert_eq!(closing.next(false, Work::Run, now + PATIENCE / 2), CloseDecision::Wait);
        assert_eq!(closing.next(false, Work::Run, now + PATIENCE), CloseDecision::Close);
        assert_eq!(closing.next(false, Work::Run, now), CloseDecision::Close, "the decision is final");
    }

    #[test]
    fn a_second_request_closes_at_once() {
        let (mut closing, now) = (Closing::default(), Instant::now());
        assert_eq!(
            [closing.next(true, Work::Run, now), closing.next(true, Work::Run, now)],
            [CloseDecision::Wait, CloseDecision::Close]
        );
    }

    #[test]
    fn a_study_is_asked_about_once_and_goes_on_if_the_window_is_to_stay() {
        let (mut closing, now) = (Closing::default(), Instant::now());
        let next = |closing: &mut Closing, asked| closing.next(asked, Work::Study, now);
        assert_eq!([next(&mut closing, true), next(&mut closing, false)], [CloseDecision::Ask; 2]);
        assert!(closing.is_asking() && !closing.is_waiting());
        closing.keep_open();
        assert_eq!(next(&mut closing, false), CloseDecision::KeepOpen);
        assert_eq!([next(&mut closing, true), next(&mut closing, true)], [CloseDecision::Ask, CloseDecision::Wait]);
        assert!(!closing.is_asking() && closing.is_waiting());
        assert_eq!(next(&mut closing, false), CloseDecision::Wait, "nothing is asked again");
    }

    #[test]
    fn a_study_that_ends_while_it_is_asked_about_leaves_the_window_open() {
        let (mut closing, now) = (Closing::default(), Instant::now());
        assert_eq!(closing.next(true, Work::Study, now), CloseDecision::Ask);
        assert_eq!(closing.next(false, Work::None, now), CloseDecision::KeepOpen);
        assert!(!closing.is_asking());
        assert_eq!(closing.next(true, Work::Study, now), CloseDecision::Ask);
        assert_eq!(closing.next(true, Work::None, now), CloseDecision::Close, "unless it is closed in the same frame");
    }
}
