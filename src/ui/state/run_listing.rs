//! How the list of runs follows what is on the disk.

use std::path::{Path, PathBuf};

use super::action::Tab;
use super::app_state::AppState;
use super::figure_reads::TickedRun;
use super::open_project::OpenProject;
use super::runs_table::NotesDraft;
use crate::train::run_list::RunEntry;

impl AppState {
    /// Whether the open project is the one in this folder. What a job brings may be of the one before.
    pub fn is_open(&self, root: &Path) -> bool {
        self.project.as_ref().is_some_and(|open| open.project.root == root)
    }

    /// Whether the Compare tab is in front.
    pub fn is_at_compare(&self) -> bool {
        self.settings.tab == Tab::Compare && self.settings.lower_open.unwrap_or(self.layout.lower)
    }

    /// The ticked runs as the list has them.
    pub fn ticked_runs(&self) -> Vec<TickedRun> {
        let listed = |folder: &PathBuf| {
            let entry = self.runs.iter().find(|run| run.folder == *folder);
            let config = entry.and_then(|run| run.config.clone());
            TickedRun { folder: folder.clone(), config, end: entry.and_then(|run| run.end.clone()) }
        };
        self.runs_table.ticked.iter().map(listed).collect()
    }

    /// Takes the project's runs as they were listed.
    pub fn take_runs(&mut self, runs: Vec<RunEntry>) {
        self.runs = runs;
        let there = |folder: &PathBuf| self.runs.iter().any(|run| run.folder == *folder);
        self.runs_table.ticked.retain(there);
        self.runs_table.take(&self.runs);
        self.refresh_runs();
    }

    /// Lists the runs anew, after a change of the filter or the order.
    pub fn refresh_runs(&mut self) {
        let has_mask = |open: &OpenProject| open.project.tiles.iter().any(|tile| tile.mask.is_some());
        self.runs_table.refresh(&self.runs, self.project.as_ref().is_none_or(has_mask));
    }

    /// Begins to edit tags and note of a run.
    pub fn draft_notes(&mut self, folder: &Path) {
        let run = self.runs.iter().find(|run| run.folder == folder);
        let Some(Ok(notes)) = run.map(|run| run.notes.as_ref()) else { return };
        let (tags, note) = (notes.tags_text(), notes.note.clone());
        self.runs_table.draft = NotesDraft { folder: folder.to_owned(), tags, note };
    }
}
