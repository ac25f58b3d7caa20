//! The label journal: an append-only file of edits, flushed at each one, from which all own labels are derived.

use std::path::{Path, PathBuf};

use super::{DataError, Project};
use crate::domain::{Edit, LabelBook};

/// A project's journal, open for writing (the window) or following (the trainer).
#[derive(Debug)]
pub struct Journal {
    /// The file.
    pub path: PathBuf,
}

/// What replaying a journal gave.
#[derive(Debug, Default)]
pub struct Replay {
    /// All labels.
    pub book: LabelBook,
    /// Lines that could not be used, a sentence each (naming file and line).
    pub notes: Vec<String>,
}

impl Journal {
    /// Where a project's journal lies: `.pointillist/labels.jsonl` in its folder, or, if that folder cannot be written,
    /// in the user's data folder under a name derived from the project's path.
    pub fn path_for(project_root: &Path) -> PathBuf {
        todo!("{project_root:?}")
    }

    /// Opens for appending (creating nothing until the first edit) and replays what is there.
    pub fn open(project: &Project) -> Result<(Self, Replay), DataError> {
        todo!("{project:?}")
    }

    /// Appends an edit and flushes it to the operating system, so that it survives `kill -9`.
    pub fn append(&mut self, edit: &Edit) -> Result<(), DataError> {
        todo!("{edit:?}")
    }

    /// Reads what has been appended since the last call (by any process) and applies it to `book`. Returns the ids of
    /// the tiles whose labels changed. An incomplete last line is left for the next call.
    pub fn follow(&mut self, book: &mut LabelBook) -> Result<Vec<String>, DataError> {
        todo!("{book:?}")
    }
}
