//! Saves edits of the class list.

use super::checking::check;
use super::opening::open_project;
use super::services::Services;
use crate::data::ClassEdits;
use crate::domain::Notice;
use crate::ui::state::app_state::AppState;
use crate::ui::state::message::Level;

pub(crate) fn set_classes(services: &mut Services, state: &mut AppState, edits: &ClassEdits) {
    let Some(open) = &mut state.project else { return };
    let mut project = (*open.project).clone();
    if let Err(error) = project.edit_classes(edits) {
        let notice = Notice::new("The classes could not be saved").cause(error.to_string());
        return state.say(Level::Error, notice);
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
