//! The export of a report: its tables in each form and its page, as files in a folder.

use std::path::PathBuf;

use crate::domain::config::DeviceChoice;
use crate::study::standing::StudyRequest;

/// What a report is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReportOf {
    /// The ticked runs.
    Runs,
    /// The study that is shown.
    Study,
}

/// A request about a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReportAction {
    /// Choose a folder for it.
    PickFolder(ReportOf),
    /// Write it into this folder.
    Write(ReportOf, PathBuf),
}

/// A report that is to be written.
#[derive(Clone, Debug, PartialEq)]
pub struct ReportTask {
    /// The folder of the project.
    pub root: PathBuf,
    /// What is told.
    pub source: ReportSource,
    /// Where pictures are predicted.
    pub device: DeviceChoice,
}

/// What a report tells.
#[derive(Clone, Debug, PartialEq)]
pub enum ReportSource {
    /// These runs.
    Runs(Vec<PathBuf>),
    /// This study.
    Study(Box<StudyRequest>),
}

impl ReportTask {
    /// What it is about.
    pub fn of(&self) -> ReportOf {
        match self.source {
            ReportSource::Runs(_) => ReportOf::Runs,
            ReportSource::Study(_) => ReportOf::Study,
        }
    }
}

/// A report that is being written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WritingReport {
    /// What it is about.
    pub of: ReportOf,
    /// The folder of its project.
    pub root: PathBuf,
}

/// A report that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedReport {
    /// Where it is.
    pub folder: PathBuf,
    /// What is to be known of it; it stands in the report as well.
    pub notes: Vec<String>,
}
