//! The look at all masks of a project, in the background: what they come to is known before anyone trains.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::data::Project;
use crate::domain::RunConfig;
use crate::train::check::Check;

/// How far a check has come, and whether anybody still wants it.
#[derive(Debug, Default)]
pub struct CheckProgress {
    done: AtomicUsize,
    total: AtomicUsize,
    stopped: AtomicBool,
}

impl CheckProgress {
    /// Masks read, and masks in all.
    pub fn read(&self) -> (usize, usize) {
        (self.done.load(Ordering::Relaxed), self.total.load(Ordering::Relaxed))
    }

    /// Nobody wants it any more.
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    /// Notes how far it is. Returns whether to go on.
    fn note(&self, done: usize, total: usize) -> bool {
        self.done.fetch_max(done, Ordering::Relaxed);
        self.total.store(total, Ordering::Relaxed);
        !self.stopped.load(Ordering::Relaxed)
    }
}

/// What a check found, as text to be shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckReport {
    /// Tiles, split and pixels: a table in lines of equal letters.
    pub summary: Vec<String>,
    /// What a user should know, a sentence each.
    pub findings: Vec<String>,
    /// How the masks were taken: "12 masks by colour".
    pub readings: String,
    /// What must be told at once.
    pub warning: Option<String>,
}

impl CheckReport {
    /// All of it as text.
    pub fn text(&self) -> String {
        [&self.summary[..], &self.findings[..]].concat().join("\n")
    }
}

/// A check of the open project: none yet, under way, or done.
#[derive(Debug, Default)]
pub enum CheckState {
    /// No project was looked at.
    #[default]
    None,
    /// Masks are being read.
    Running(Arc<CheckProgress>),
    /// All is known.
    Done(CheckReport),
}

impl CheckState {
    /// How the masks were taken, once that is known.
    pub fn readings(&self) -> Option<&str> {
        match self {
            Self::Done(report) if !report.readings.is_empty() => Some(&report.readings),
            Self::None | Self::Running(_) | Self::Done(_) => None,
        }
    }

    /// Ends what is under way.
    pub fn stop(&mut self) {
        if let Self::Running(progress) = self {
            progress.stop();
        }
        *self = Self::None;
    }
}

/// Looks at every mask; `None` if it was stopped.
pub(crate) fn check_masks(project: Project, config: &RunConfig, progress: &CheckProgress) -> Option<CheckReport> {
    let check = Check::new(project, config, |done, total| progress.note(done, total))?;
    Some(CheckReport {
        summary: check.summary(),
        findings: check.findings(),
        readings: check.readings_line(),
        warning: check.warning(),
    })
}
