//! Closing the window while a run is on: the step at hand is finished and the run saved first. That is waited for, but
//! not for ever, and a second wish to close is obeyed at once.

use std::time::{Duration, Instant};

/// How long a step is waited for. Labels are on the disk, and so is the checkpoint of a minute ago.
const PATIENCE: Duration = Duration::from_secs(60);

/// A window that may be about to close.
#[derive(Debug, Default)]
pub struct Closing {
    since: Option<Instant>,
    left: bool,
    /// The engine was told to end the run.
    pub told: bool,
}

/// What is to happen in this frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nobody wants to close, or nothing stands in the way of it.
    Stay,
    /// The window stays open until the run has ended.
    Wait,
    /// The window closes now.
    Leave,
}

impl Closing {
    /// Decides, given whether somebody asked for an end in this frame and whether a run is on.
    pub fn next(&mut self, asked: bool, running: bool, now: Instant) -> Verdict {
        let Some(since) = self.since else {
            if asked && running {
                self.since = Some(now);
                return Verdict::Wait;
            }
            return Verdict::Stay;
        };
        self.left |= asked || !running || now.duration_since(since) >= PATIENCE;
        if self.left { Verdict::Leave } else { Verdict::Wait }
    }

    /// Whether the end of a run is waited for.
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
        assert_eq!(closing.next(true, false, Instant::now()), Verdict::Stay);
        assert!(!closing.is_waiting());
    }

    #[test]
    fn a_run_is_waited_for_and_then_the_window_closes() {
        let (mut closing, now) = (Closing::default(), Instant::now());
        let verdicts = [(false, true), (true, true), (false, true), (false, false), (true, false)]
            .map(|(asked, running)| closing.next(asked, running, now));
        assert_eq!(verdicts, [Verdict::Stay, Verdict::Wait, Verdict::Wait, Verdict::Leave, Verdict::Leave]);
    }

    #[test]
    fn a_step_that_never_ends_is_not_waited_for_for_ever() {
        let (mut closing, now) = (Closing::default(), Instant::now());
        assert_eq!(closing.next(true, true, now), Verdict::Wait);
        assert_eq!(closing.next(false, true, now + PATIENCE / 2), Verdict::Wait);
        assert_eq!(closing.next(false, true, now + PATIENCE), Verdict::Leave);
        assert_eq!(closing.next(false, true, now), Verdict::Leave, "what was decided stands");
    }

    #[test]
    fn asking_twice_leaves_at_once() {
        let (mut closing, now) = (Closing::default(), Instant::now());
        assert_eq!([closing.next(true, true, now), closing.next(true, true, now)], [Verdict::Wait, Verdict::Leave]);
    }
}
