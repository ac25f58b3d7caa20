//! The dialog for tags and note of a run.

use eframe::egui::{Button, TextEdit, Ui};

use crate::ui::state::action::UiAction;
use crate::ui::state::app_state::AppState;
use crate::ui::state::runs_action::RunsAction;

/// Lines of the field for the note.
const LINES: usize = 5;

/// Draws the dialog.
pub(super) fn run_notes_ui(ui: &mut Ui, state: &AppState, actions: &mut Vec<UiAction>) {
    let mut draft = state.runs_table.draft.clone();
    ui.heading("Tags and note");
    ui.weak(draft.folder.display().to_string());
    ui.add_space(8.0);
    let tags = TextEdit::singleline(&mut draft.tags).hint_text("Tags, separated by commas");
    ui.add(tags.desired_width(f32::INFINITY)).accessible_name("Tags of the run");
    ui.add_space(8.0);
    let note = TextEdit::multiline(&mut draft.note).hint_text("Note").desired_rows(LINES);
    ui.add(note.desired_width(f32::INFINITY)).accessible_name("Note on the run");
    if draft != state.runs_table.draft {
        actions.push(UiAction::Runs(RunsAction::DraftNotes(draft)));
    }
    ui.add_space(8.0);
    ui.horizontal(|ui| {
        if ui.add(Button::new("Save")).on_hover_text("Written to notes.json in the run folder").clicked() {
            actions.push(UiAction::Runs(RunsAction::SaveNotes));
        }
        if ui.button("Cancel").clicked() {
            actions.push(UiAction::Show(None));
        }
    });
}
