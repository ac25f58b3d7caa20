//! Saves edits of the class list.

use std::path::PathBuf;
use std::sync::Arc;

use super::checking::check;
use super::jobs::JobOutcome;
use super::opening::{open_project, report_no_thread};
use super::services::Services;
use crate::data::{ClassEdits, DataError};
use crate::domain::Notice;
use crate::ui::state::action::UiAction;
use crate::ui::state::app_state::AppState;
use crate::ui::state::message::Level;

const NOT_SAVED: &str = "The classes could not be saved";

pub(crate) fn set_classes(services: &mut Services, state: &mut AppState, edits: &ClassEdits) {
    let Some(open) = &mut state.project else { return };
    let mut project = (*open.project).clone();
    if let Err(error) = project.edit_classes(edits) {
        return state.say(Level::Error, not_saved(&error));
    }
    state.dialog = None;
    if edits.keep_indices() {
        if let Some(journal) = &mut services.journal {
            journal.set_classes(&project);
        }
        open.set_project(project);
        state.fit_to_classes();
        check(services, state);
        return services.reload_tiles(state);
    }
    // Labels refer to classes by index, so the project is read again and maps them by name.
    state.follow_classes(edits);
    state.reopen_at = state.tile().map(|tile| tile.id.clone());
    open_project(services, state, project.root);
}

/// Keeps the classes of the recognised dataset.
pub(crate) fn confirm(state: &mut AppState) {
    state.dialog = None;
    let Some(open) = &mut state.project else { return };
    let mut project = (*open.project).clone();
    match project.confirm_recognised() {
        Ok(()) => open.set_project(project),
        Err(error) => state.say(Level::Error, not_saved(&error)),
    }
}

/// Takes the classes that the masks alone give: reads the masks on a thread of its own.
pub(crate) fn refuse(services: &Services, state: &mut AppState) {
    let Some(open) = state.project.as_ref().filter(|_| state.can_edit_classes()) else { return };
    let project = Arc::clone(&open.project);
    (state.dialog, state.opening) = (None, Some(project.root.clone()));
    let result = services.jobs.spawn("classes of the masks", move || JobOutcome::Refused {
        root: project.root.clone(),
        result: project.refuse_recognised().map_err(|error| error.to_string()),
    });
    report_no_thread(state, result);
}

/// Opens the project again once its classes are those of the masks.
pub(crate) fn take_refused(state: &mut AppState, root: PathBuf, result: Result<(), String>) -> Vec<UiAction> {
    let is_open = state.project.as_ref().is_some_and(|open| open.project.root == root);
    if state.opening.as_ref() == Some(&root) {
        state.opening = None;
    }
    match result {
        Err(why) => state.say(Level::Error, Notice::new(NOT_SAVED).cause(why)),
        Ok(()) if is_open => {
            state.reopen_at = state.tile().map(|tile| tile.id.clone());
            return vec![UiAction::OpenProject(root)];
        }
        Ok(()) => {}
    }
    Vec::new()
}

fn not_saved(error: &DataError) -> Notice {
    Notice::new(NOT_SAVED).cause(error.to_string())
}
