//! The export of a report: its tables in each form and its page, as files in a folder.

use std::path::PathBuf;

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

/// A report that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedReport {
    /// Where it is.
    pub folder: PathBuf,
    /// What is to be known of it; it stands in the report as well.
    pub notes: Vec<String>,
}
