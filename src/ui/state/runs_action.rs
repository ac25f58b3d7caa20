//! What the user can ask of the list of runs.

use std::path::PathBuf;

use super::run_column::RunColumn;
use super::runs_table::NotesDraft;
use super::score_moment::ScoreMoment;

/// A request about the list of runs.
#[derive(Clone, Debug, PartialEq)]
pub enum RunsAction {
    /// List only runs that contain these words.
    SetFilter(String),
    /// Sort by a column; at the second time the other way round, at the third not at all.
    SortBy(RunColumn),
    /// Compare the run in this folder with others, or no longer.
    Tick(PathBuf, bool),
    /// Compare no runs.
    TickNone,
    /// Read the figures of the compared runs again.
    ReadFigures,
    /// Compare these scores of the runs.
    CompareAt(ScoreMoment),
    /// Choose by how many epochs a run is made longer.
    SetMoreEpochs(u32),
    /// Choose a folder for the figures of the compared runs.
    PickFiguresFolder,
    /// Write the figures of the compared runs into this folder.
    WriteFigures(PathBuf),
    /// Edit tags and note of the run in this folder.
    EditNotes(PathBuf),
    /// Replace tags and note as typed so far.
    DraftNotes(NotesDraft),
    /// Write tags and note as typed.
    SaveNotes,
    /// Swipe the first two ticked runs over the tile in view, or no longer.
    ToggleSwipe,
    /// Move the handle between them: 0 is the left edge of the tile, 1 the right one.
    MoveSwipe(f32),
}
