//! Saves edits of the class list.

use super::checking::check;
use super::opening::open_project;
use super::services::Services;
use crate::data::{ClassEdits, DataError};
use crate::domain::Notice;
use crate::ui::state::app_state::AppState;
use crate::ui::state::message::Level;

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

/// Takes the classes that the masks alone give, and opens the project again.
pub(crate) fn refuse(services: &mut Services, state: &mut AppState) {
    state.dialog = None;
    let Some(open) = state.project.as_ref().filter(|_| state.can_edit_classes()) else { return };
    let root = open.project.root.clone();
    if let Err(error) = open.project.refuse_recognised() {
        return state.say(Level::Error, not_saved(&error));
    }
    state.reopen_at = state.tile().map(|tile| tile.id.clone());
    open_project(services, state, root);
}

fn not_saved(error: &DataError) -> Notice {
    Notice::new("The classes could not be saved").cause(error.to_string())
}
