//! Edits of the labels: written to the journal first, then drawn.

use super::selection::select_tile;
use super::services::Services;
use crate::domain::{Edit, Notice};
use crate::engine::Command;
use crate::ui::state::app_state::AppState;
use crate::ui::state::message::Level;

/// Writes an edit to the journal, then draws it. An edit that cannot be written is not drawn: the file is
/// authoritative.
pub(crate) fn label(services: &mut Services, state: &mut AppState, edit: Edit) {
    if refuses_during_study(state) {
        return;
    }
    let in_view = state.tile().map(|tile| tile.id.clone());
    let (Some(project), Some(journal)) = (&mut state.project, &mut services.journal) else { return };
    let drawn_on = project.book.standing().last().map(|stroke| stroke.tile.clone());
    if matches!(edit, Edit::Extend(_)) && drawn_on != in_view {
        return; // A key changed the tile during a drag: the positions mean nothing on the tile the stroke began on.
    }
    let written = journal.append(&edit);
    project.saved = written.is_ok();
    if let Err(error) = written {
        let notice = Notice::new("The label could not be saved, so it was not placed").cause(error.to_string());
        state.say(Level::Error, notice);
        return;
    }
    let begins = matches!(edit, Edit::Begin(_));
    let Some(tile) = project.book.apply(edit) else { return };
    project.recount(&tile);
    if begins {
        services.quick.set_labels(&tile, project.book.standing_on(&tile).cloned().collect()); // A click is complete at once.
    }
    // The tile of an undone stroke may no longer be in the project; the view is not affected then.
    if in_view.as_ref() == Some(&tile) {
        state.view.follow_labels(&project.book, &tile);
    }
}

/// Whether a study is in progress, which keeps the labels as they are; if so, tells it.
fn refuses_during_study(state: &mut AppState) -> bool {
    let refuses = state.study.is_running();
    if refuses {
        let notice = Notice::new("Labels stay as they are while a study is in progress");
        let notice = notice.cause("its runs are compared on the same data").remedy("Stop the study to label");
        state.messages.say_now("labels of a study", state.clock, Level::Warning, notice);
    }
    refuses
}

/// Undoes or redoes, showing the tile concerned.
pub(crate) fn undo(services: &mut Services, state: &mut AppState, edit: Edit) {
    let Some(project) = &state.project else { return };
    let tile = if edit == Edit::Undo { project.book.next_undo() } else { project.book.next_redo() };
    let Some(tile) = tile.map(|stroke| stroke.tile.clone()) else { return };
    let place = project.project.tiles.iter().position(|candidate| candidate.id == tile);
    if let Some(index) = place.filter(|index| *index != state.selected) {
        select_tile(services, state, index);
        state.scroll_to_tile = true;
    }
    label(services, state, edit);
    tell_labels(services, state);
}

/// Tells engine and quick head that labels changed.
pub(crate) fn tell_labels(services: &Services, state: &AppState) {
    if let Some((open, tile)) = state.project.as_ref().zip(state.tile()) {
        // A key may have changed the tile during the stroke.
        let drawn_on = open.book.standing().last().map(|stroke| &stroke.tile).filter(|drawn_on| **drawn_on != tile.id);
        drawn_on.into_iter().chain([&tile.id]).for_each(|tile| services.learn_quickly(&open.book, tile));
    }
    if state.run.is_running() {
        // If the command queue is full, the worker reads the journal anyway before it gets to the next command.
        services.engine.send(Command::LabelsChanged);
    }
}

/// Moves labels whose tile is missing to another tile.
pub(crate) fn relink(services: &mut Services, state: &mut AppState, from: &str, tile: &str) {
    if refuses_during_study(state) {
        return;
    }
    let (Some(open), Some(journal)) = (&mut state.project, &mut services.journal) else { return };
    if let Err(error) = journal.relink(&mut open.book, from, tile) {
        let notice = Notice::new(format!("The labels of {from} could not be moved")).cause(error.to_string());
        return state.say(Level::Error, notice);
    }
    open.lost_labels = journal.unlinked(&open.book);
    open.recount(tile);
    services.learn_quickly(&open.book, tile);
    state.say(Level::Info, format!("The labels of {from} now belong to {tile}"));
    if let Some(selected) = state.tile().filter(|selected| selected.id == tile).map(|_| state.selected) {
        select_tile(services, state, selected);
    }
    tell_labels(services, state);
}
