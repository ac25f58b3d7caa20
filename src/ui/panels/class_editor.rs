//! The dialog that renames, recolours, adds, merges and deletes classes. Its size is fixed, so that nothing moves
//! under the pointer while the user types.

use eframe::egui::{Button, Checkbox, RichText, ScrollArea, TextEdit, Ui, vec2};
use lucide_icons::Icon;

use super::theme::Tokens;
use super::widgets::{fixed, icon, quiet_icon};
use crate::ui::state::action::UiAction;
use crate::ui::state::app_state::AppState;
use crate::ui::state::check::CheckState;
use crate::ui::state::class_draft::{ClassDraft, DraftFate, DraftRow};

const WIDTH: f32 = 560.0;
const LIST: f32 = 320.0;
/// Height for the list of changes, or for why the draft cannot be saved, points.
const CHANGES: f32 = 76.0;
/// Height of everything else in the dialog and around it, points.
const REST: f32 = 210.0;

/// Draws the dialog.
pub fn class_editor_ui(ui: &mut Ui, state: &AppState, actions: &mut Vec<UiAction>) {
    let room = ui.ctx().content_rect().size();
    let width = WIDTH.min(room.x - 72.0);
    let list = LIST.min(room.y - REST - CHANGES).max(56.0);
    ui.set_max_width(WIDTH.min(room.x - 72.0));
    ui.set_width(width);
    ui.heading("Classes");
    ui.weak("Stored in pointillist.toml in the project folder. Ignored classes do not count in loss and scores.");
    let readings = match &state.check {
        CheckState::Running(_) => "The masks are being read.".to_owned(),
        check => check.readings().map_or("No mask has been read.".to_owned(), |how| format!("Masks read: {how}.")),
    };
    ui.weak(readings);
    ui.add_space(4.0);
    let mut draft = state.class_draft.clone();
    fixed(ui, "classes", vec2(width, list), |ui| rows_ui(ui, &mut draft));
    if ui.add_enabled(draft.has_room(), Button::new((icon(Icon::Plus, 13.0), "Add a class"))).clicked() {
        draft.add();
    }
    let edits = draft.edits();
    fixed(ui, "changes", vec2(width, CHANGES), |ui| match &edits {
        Err(problem) => {
            ui.colored_label(Tokens::of(ui).error, problem);
        }
        Ok(_) => draft.changes(&labels_by_class(state)).into_iter().for_each(|change| {
            ui.label(change);
        }),
    });
    ui.horizontal(|ui| {
        if ui.add_enabled(edits.is_ok(), Button::new("Save")).clicked()
            && let Ok(edits) = edits
        {
            actions.push(UiAction::SetClasses(Box::new(edits)));
        }
        if ui.button("Cancel").clicked() {
            actions.push(UiAction::Show(None));
        }
    });
    if draft != state.class_draft {
        actions.push(UiAction::DraftClasses(draft));
    }
}

fn rows_ui(ui: &mut Ui, draft: &mut ClassDraft) {
    let (kept, names) = (draft.kept(), draft.clone());
    let mut decided = None;
    for row in draft.rows_mut() {
        let id = row.id;
        let fate = ui.push_id(id, |ui| ui.horizontal(|ui| row_ui(ui, row, &kept, &names)).inner).inner;
        decided = decided.or(fate.map(|fate| (id, fate)));
    }
    if let Some((id, fate)) = decided {
        draft.decide(id, fate);
    }
}

/// Draws a row. Returns what the user decided about it.
fn row_ui(ui: &mut Ui, row: &mut DraftRow, kept: &[(u64, String)], names: &ClassDraft) -> Option<DraftFate> {
    let name = row.class.name.clone();
    let number = row.id + 1;
    let color = ui.color_edit_button_srgb(&mut row.class.color);
    color.accessible_name(format!("Colour of class {number}"));
    let what = match row.fate {
        DraftFate::Kept => {
            let width = (ui.available_width() - 150.0).clamp(60.0, 280.0);
            let edit = TextEdit::singleline(&mut row.class.name).hint_text("name").desired_width(width);
            ui.add(edit).accessible_name(format!("Name of class {number}"));
            ui.add(Checkbox::new(&mut row.class.ignored, "ignored"));
            return more_ui(ui, row, kept);
        }
        DraftFate::Merged(into) => format!("merged into {}", names.name(into)),
        DraftFate::Unlabelled => "becomes unlabelled".to_owned(),
        DraftFate::Deleted => "deleted".to_owned(),
    };
    ui.label(RichText::new(&name).strikethrough());
    ui.weak(what);
    quiet_icon(ui, Icon::Undo2, &format!("Keep class {name}")).clicked().then_some(DraftFate::Kept)
}

/// The menu that merges or deletes a class.
fn more_ui(ui: &mut Ui, row: &DraftRow, kept: &[(u64, String)]) -> Option<DraftFate> {
    let mut decided = None;
    if row.is_fresh() {
        let gone = quiet_icon(ui, Icon::Trash2, "Remove this class").clicked();
        return gone.then_some(DraftFate::Deleted);
    }
    let button = ui.menu_button(icon(Icon::Ellipsis, 14.0), |ui| {
        ui.menu_button("Merge into", |ui| {
            ScrollArea::vertical().max_height(240.0).show(ui, |ui| {
                for (id, name) in kept.iter().filter(|(id, _)| *id != row.id) {
                    if ui.button(name).clicked() {
                        decided = Some(DraftFate::Merged(*id));
                        ui.close();
                    }
                }
            });
        });
        let choices = [("Make unlabelled", DraftFate::Unlabelled), ("Delete", DraftFate::Deleted)];
        for (text, fate) in choices {
            if ui.button(text).clicked() {
                decided = Some(fate);
                ui.close();
            }
        }
    });
    let name = format!("Merge or delete {}", row.class.name);
    button.response.on_hover_text(&name).accessible_name(name);
    decided
}

/// Own labels per class in the whole project.
fn labels_by_class(state: &AppState) -> Vec<u64> {
    let mut counts = vec![0; state.class_list().len()];
    let strokes = state.project.iter().flat_map(|project| project.book.standing());
    for class in strokes.filter_map(|stroke| stroke.class) {
        if let Some(count) = counts.get_mut(usize::from(class)) {
            *count += 1;
        }
    }
    counts
}
