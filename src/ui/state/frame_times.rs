//! Measures frame times for the log and for bug reports.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Frames further apart than this belong to no animation and are not timed.
const APART: Duration = Duration::from_millis(150);
/// Frame times kept, and logged at a time.
const KEPT: usize = 120;

/// Times between consecutive frames.
#[derive(Clone, Debug)]
pub struct FrameTimes {
    started: Instant,
    frames: u64,
    last: Option<Instant>,
    millis: VecDeque<f32>,
    unlogged: usize,
}

impl FrameTimes {
    /// No frames yet; `started` is when the program started.
    pub fn new(started: Instant) -> Self {
        Self { started, frames: 0, last: None, millis: VecDeque::new(), unlogged: 0 }
    }

    /// Records that a frame begins.
    pub fn note(&mut self, now: Instant) {
        self.frames += 1;
        if self.frames == 2 {
            log::debug!("first frame shown {:.0} ms after startup", millis(now - self.started));
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
        self.unlogged += 1;
        if self.unlogged >= KEPT {
            self.unlogged = 0;
            log::debug!("{}", self.summary().unwrap_or_default());
        }
    }

    /// Count, median and maximum in a line; `None` before the first time.
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
    fn only_consecutive_frames_are_timed() {
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
    fn only_recent_times_are_kept() {
        let mut now = Instant::now();
        let mut times = FrameTimes::new(now);
        for frame in 0..500 {
            now += Duration::from_millis(if frame < 300 { 50 } else { 10 });
            times.note(now);
        }
        assert_eq!(times.summary().unwrap(), "120 frames: median 10.0 ms, slowest 10.0 ms");
    }
}
