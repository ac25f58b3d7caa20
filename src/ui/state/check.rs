//! The check of all masks of a project, made in the background before anyone trains.

use std::sync::Arc;

use super::job_progress::JobProgress;

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
    Running(Arc<JobProgress>),
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
