//! The list of runs: its filter and order, tags and notes, and the figures of runs that are compared.

use std::path::{Path, PathBuf};

use super::jobs::{JobOutcome, ProjectRuns};
use super::opening::report_no_thread;
use super::services::Services;
use super::{figure_gallery, figure_saving, swiping};
use crate::data::DataError;
use crate::domain::Notice;
use crate::study::compare::ComparedRun;
use crate::train::run_notes::RunNotes;
use crate::ui::state::action::Dialog;
use crate::ui::state::app_state::AppState;
use crate::ui::state::run_figures::RunFigures;
use crate::ui::state::runs_action::RunsAction;

/// Carries out an action.
pub(crate) fn act(services: &Services, state: &mut AppState, action: RunsAction) {
    match action {
        RunsAction::SetFilter(filter) => {
            state.runs_table.filter = filter;
            state.refresh_runs();
        }
        RunsAction::SortBy(column) => {
            state.runs_table.sort_by(column);
            state.refresh_runs();
        }
        RunsAction::Tick(folder, is_ticked) => {
            state.runs_table.tick(&folder, is_ticked);
            swiping::follow_ticks(state);
            read_figures(services, state);
            figure_gallery::follow(services, state);
        }
        RunsAction::TickNone => {
            state.runs_table.tick_none();
            swiping::follow_ticks(state);
            figure_gallery::follow(services, state);
        }
        RunsAction::ReadFigures => {
            read_figures(services, state);
            figure_gallery::follow(services, state);
        }
        RunsAction::CompareAt(moment) => state.settings.scores = moment,
        RunsAction::SetMoreEpochs(epochs) => state.settings.more_epochs = epochs,
        RunsAction::PickFiguresFolder => figure_saving::pick_folder(services, state),
        RunsAction::WriteFigures(folder) => figure_saving::begin(services, state, folder),
        RunsAction::EditNotes(folder) => {
            state.draft_notes(&folder);
            state.dialog = Some(Dialog::RunNotes);
        }
        RunsAction::DraftNotes(draft) => state.runs_table.draft = draft,
        RunsAction::SaveNotes => save_notes(services, state),
        RunsAction::ToggleSwipe => swiping::toggle(state),
        RunsAction::MoveSwipe(share) => {
            if let Some(swipe) = &mut state.swipe {
                swipe.move_to(share);
            }
        }
    }
}

fn read_figures(services: &Services, state: &mut AppState) {
    let folders = state.runs_table.ticked.clone();
    if folders.is_empty() {
        return;
    }
    let read = |folder: PathBuf| {
        let figures = figures(&folder).map_err(|error| error.to_string());
        (folder, figures)
    };
    let result = services.jobs.spawn("read runs", move || JobOutcome::Figures(folders.into_iter().map(read).collect()));
    report_no_thread(state, result);
}

fn figures(folder: &Path) -> Result<RunFigures, DataError> {
    Ok(RunFigures::of(&ComparedRun::open(folder)?))
}

fn save_notes(services: &Services, state: &mut AppState) {
    let (draft, root) = (state.runs_table.draft.clone(), state.project.as_ref().map(|open| open.project.root.clone()));
    state.dialog = None;
    let Some(root) = root else { return };
    let result =
        services.jobs.spawn("save notes", move || match RunNotes::new(&draft.tags, &draft.note).write(&draft.folder) {
            Ok(()) => JobOutcome::Runs(ProjectRuns::of(&root)),
            Err(error) => JobOutcome::Failed(Notice::new("Tags and note were not saved").cause(error.to_string())),
        });
    report_no_thread(state, result);
}
