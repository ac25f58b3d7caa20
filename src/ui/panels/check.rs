//! The dialogs for the mask check and for labels without a tile.

use eframe::egui::{Button, Label, RichText, ScrollArea, Ui, vec2};

use super::theme::mono;
use super::widgets::{fixed, number, progress};
use crate::ui::state::action::UiAction;
use crate::ui::state::app_state::AppState;
use crate::ui::state::check::CheckState;
use crate::ui::state::format;

const HEIGHT: f32 = 420.0;
/// Height of everything else in the dialog and around it, points.
const REST: f32 = 170.0;

/// Draws the result of the mask check.
pub fn check_ui(ui: &mut Ui, state: &AppState, actions: &mut Vec<UiAction>) {
    ui.heading("Check");
    ui.weak("What training will see: tiles, how masks are read, pixels per class and split, and unused files.");
    ui.add_space(8.0);
    let room = ui.ctx().content_rect().size();
    let size = vec2(ui.available_width(), HEIGHT.min(room.y - REST).max(56.0));
    fixed(ui, "check", size, |ui| match &state.check {
        CheckState::None => {
            ui.weak("Not checked yet.");
        }
        CheckState::Running(progress_so_far) => {
            let (done, total) = progress_so_far.read();
            ui.label("Reading the masks…");
            progress(ui, done as f32 / total.max(1) as f32, 240.0, number(format!("{done} of {total}")));
        }
        CheckState::Done(report) => {
            ScrollArea::horizontal().show(ui, |ui| {
                for line in &report.summary {
                    ui.add(Label::new(RichText::new(line).font(mono(12.0))).extend());
                }
            });
            for finding in &report.findings {
                ui.horizontal_top(|ui| {
                    ui.weak("·");
                    ui.add(Label::new(finding).wrap());
                });
            }
        }
    });
    ui.horizontal(|ui| {
        let done = matches!(state.check, CheckState::Done(_));
        if ui.add_enabled(done, Button::new("Copy")).clicked()
            && let CheckState::Done(report) = &state.check
        {
            ui.ctx().copy_text(report.text());
        }
        if ui.add_enabled(!matches!(state.check, CheckState::Running(_)), Button::new("Check again")).clicked() {
            actions.push(UiAction::Check);
        }
        if ui.button("Close").clicked() {
            actions.push(UiAction::Show(None));
        }
    });
}

/// Draws the labels without a tile, each with a button that assigns them to the tile in view.
pub fn lost_labels_ui(ui: &mut Ui, state: &AppState, actions: &mut Vec<UiAction>) {
    ui.heading("Labels without a tile");
    ui.weak("Their image was moved, renamed or deleted, or its name is ambiguous. They are kept until you assign them to a tile.");
    ui.add_space(8.0);
    let lost = state.project.as_ref().map_or(&[][..], |open| &open.lost_labels);
    let tile = state.tile().map(|tile| tile.id.clone());
    if lost.is_empty() {
        ui.label("Every label belongs to a tile.");
    }
    for (name, strokes) in lost {
        ui.horizontal(|ui| {
            ui.label(format!("{name}: {}", format::counted(*strokes as u64, "stroke")));
            if let Some(tile) = &tile
                && ui
                    .button(format!("Assign to {tile}"))
                    .on_hover_text("The tile in view; select another one in the tile list")
                    .clicked()
            {
                actions.push(UiAction::Relink { from: name.clone(), tile: tile.clone() });
            }
        });
    }
    ui.add_space(8.0);
    if ui.button("Close").clicked() {
        actions.push(UiAction::Show(None));
    }
}
