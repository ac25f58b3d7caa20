//! How long frames take, for the log and for bug reports.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Frames further apart than this did not follow each other: nothing was moving.
const APART: Duration = Duration::from_millis(150);
/// Times kept, and told of at once.
const KEPT: usize = 120;

/// The time from each frame to the next while something moves.
#[derive(Clone, Debug)]
pub struct FrameTimes {
    started: Instant,
    frames: u64,
    last: Option<Instant>,
    millis: VecDeque<f32>,
    untold: usize,
}

impl FrameTimes {
    /// Nothing drawn yet, of a window asked for at `started`.
    pub fn new(started: Instant) -> Self {
        Self { started, frames: 0, last: None, millis: VecDeque::new(), untold: 0 }
    }

    /// A frame begins.
    pub fn note(&mut self, now: Instant) {
        self.frames += 1;
        if self.frames == 2 {
            log::debug!("the first frame is out {:.0} ms after the start", millis(now - self.started));
        }
        match self.last.replace(now) {
            Some(last) if now - last < APART => self.add(millis(now - last)),
            _ => {}
        }
    }

    fn add(&mut self, millis: f32) {
        if self.millis.len() == KEPT {
            self.millis.pop_front();
        }
        self.millis.push_back(millis);
        self.untold += 1;
        if self.untold >= KEPT {
            self.untold = 0;
            log::debug!("{}", self.summary().unwrap_or_default());
        }
    }

    /// The times in a line, once there are any.
    pub fn summary(&self) -> Option<String> {
        let mut sorted: Vec<f32> = self.millis.iter().copied().collect();
        sorted.sort_by(f32::total_cmp);
        let slowest = sorted.last()?;
        let median = sorted[sorted.len() / 2];
        Some(format!("{} frames: median {median:.1} ms, slowest {slowest:.1} ms", sorted.len()))
    }
}

fn millis(duration: Duration) -> f32 {
    duration.as_secs_f32() * 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_frames_that_follow_each_other_are_timed() {
        let mut now = Instant::now();
        let mut times = FrameTimes::new(now);
        assert_eq!(times.summary(), None);
        for millis in [0, 10, 20, 5000, 30] {
            now += Duration::from_millis(millis);
            times.note(now);
        }
        assert_eq!(times.summary().unwrap(), "3 frames: median 20.0 ms, slowest 30.0 ms");
    }

    #[test]
    fn old_times_are_forgotten() {
        let mut now = Instant::now();
        let mut times = FrameTimes::new(now);
        for frame in 0..500 {
            now += Duration::from_millis(if frame < 300 { 50 } else { 10 });
            times.note(now);
        }
        assert_eq!(times.summary().unwrap(), "120 frames: median 10.0 ms, slowest 10.0 ms");
    }
}
