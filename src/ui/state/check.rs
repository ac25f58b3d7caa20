//! The check of all masks of a project, made in the background before anyone trains.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Progress of a check, and whether it is still wanted.
#[derive(Debug, Default)]
pub struct CheckProgress {
    done: AtomicUsize,
    total: AtomicUsize,
    stopped: AtomicBool,
}

impl CheckProgress {
    /// Masks read and masks in all.
    pub fn read(&self) -> (usize, usize) {
        (self.done.load(Ordering::Relaxed), self.total.load(Ordering::Relaxed))
    }

    /// Asks the check to stop.
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    /// Records progress. Returns whether to continue.
    pub(crate) fn note(&self, done: usize, total: usize) -> bool {
        self.done.fetch_max(done, Ordering::Relaxed);
        self.total.store(total, Ordering::Relaxed);
        !self.stopped.load(Ordering::Relaxed)
    }
}

/// The result of a check, as text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckReport {
    /// Tiles, split and pixels: a table in fixed-width lines.
    pub summary: Vec<String>,
    /// Observations, one sentence each.
    pub findings: Vec<String>,
    /// How the masks were decoded: "12 masks by colour".
    pub readings: String,
    /// A finding the user must see at once.
    pub warning: Option<String>,
}

impl CheckReport {
    /// The report as text, for the clipboard.
    pub fn text(&self) -> String {
        [&self.summary[..], &self.findings[..]].concat().join("\n")
    }
}

/// State of the check of the open project.
#[derive(Debug, Default)]
pub enum CheckState {
    /// Not started.
    #[default]
    None,
    /// Reading masks.
    Running(Arc<CheckProgress>),
    /// Complete.
    Done(CheckReport),
}

impl CheckState {
    /// How the masks were decoded; `None` until the check is complete.
    pub fn readings(&self) -> Option<&str> {
        match self {
            Self::Done(report) if !report.readings.is_empty() => Some(&report.readings),
            Self::None | Self::Running(_) | Self::Done(_) => None,
        }
    }

    /// Stops a running check and forgets its result.
    pub fn stop(&mut self) {
        if let Self::Running(progress) = self {
            progress.stop();
        }
        *self = Self::None;
    }
}
