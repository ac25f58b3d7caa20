//! Which runs are read for their figures, and by whom: of the threads that read, only the last counts.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use crate::domain::RunConfig;
use crate::study::compare::labels::LabelCounter;
use crate::train::run_list::RunEnd;

/// A ticked run as the list has it. While that stays the same, there is nothing new to read.
#[derive(Clone, Debug, PartialEq)]
pub struct TickedRun {
    /// The run folder.
    pub folder: PathBuf,
    /// How it was configured.
    pub config: Option<RunConfig>,
    /// How it ended.
    pub end: Option<RunEnd>,
}

/// What a thread is to read.
pub struct FigureReading {
    /// Which reading it is: what an earlier one finds does not count.
    pub number: u64,
    /// The runs.
    pub runs: Vec<PathBuf>,
    /// What they learned from is to be counted.
    pub with_labels: bool,
    /// Counts it, and knows what was counted before.
    pub counter: Arc<Mutex<LabelCounter>>,
    last: Arc<AtomicU64>,
}

impl FigureReading {
    /// Whether somebody still waits for it.
    pub fn goes_on(&self) -> bool {
        self.last.load(Ordering::Relaxed) == self.number
    }
}

/// The readings.
#[derive(Default)]
pub struct FigureReads {
    number: u64,
    /// The same, for those who read: they read no more once another reading is the last.
    last: Arc<AtomicU64>,
    /// The runs that a thread reads.
    asked: Option<Vec<TickedRun>>,
    counter: Arc<Mutex<LabelCounter>>,
}

impl FigureReads {
    /// Begins to read runs. Whoever reads others ends.
    pub fn begin(&mut self, runs: Vec<TickedRun>, with_labels: bool) -> FigureReading {
        self.end();
        let folders = runs.iter().map(|run| run.folder.clone()).collect();
        self.asked = Some(runs);
        let (counter, last) = (Arc::clone(&self.counter), Arc::clone(&self.last));
        FigureReading { number: self.number, runs: folders, with_labels, counter, last }
    }

    /// The runs that a thread reads.
    pub fn asked(&self) -> Option<&[TickedRun]> {
        self.asked.as_deref()
    }

    /// Ends the reading: what it finds does not count.
    pub fn end(&mut self) {
        self.number += 1;
        self.last.store(self.number, Ordering::Relaxed);
        self.asked = None;
    }

    /// Another project is open: what was counted is of the one before. Readings are counted on, so that none of that one counts.
    pub fn leave_project(&mut self) {
        self.end();
        self.counter = Arc::default();
    }

    /// The runs that a reading was of, which is over; `None` if it does not count.
    pub fn takes(&mut self, number: u64) -> Option<Vec<TickedRun>> {
        self.asked.take_if(|_| number == self.number)
    }
}

impl Drop for FigureReads {
    /// The window is closed.
    fn drop(&mut self) {
        self.end();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_reading_ends_those_before() {
        let run = |name: &str| vec![TickedRun { folder: name.into(), config: None, end: None }];
        let mut reads = FigureReads::default();
        let first = reads.begin(run("a"), true);
        assert!(first.goes_on() && reads.asked() == Some(run("a").as_slice()));
        let second = reads.begin(run("b"), false);
        assert!(!first.goes_on() && second.goes_on() && reads.takes(first.number).is_none());
        assert_eq!((reads.takes(second.number), reads.asked()), (Some(run("b")), None));
        let third = reads.begin(run("b"), true);
        drop(reads);
        assert!(!third.goes_on(), "nobody waits any more");
    }
}
