//! The dialog that asks whether a recognised dataset is the right one.

use eframe::egui::{Button, Grid, RichText, Ui};
use lucide_icons::Icon;

use super::theme::{class_color, mono};
use super::widgets::{accent_button, swatch};
use crate::ui::state::action::{Dialog, UiAction};
use crate::ui::state::app_state::AppState;

/// Draws the dialog.
pub(super) fn recognised_ui(ui: &mut Ui, state: &AppState, actions: &mut Vec<UiAction>) {
    let open = state.project.as_ref();
    let Some((open, known)) = open.and_then(|open| Some((open, open.project.recognised?))) else {
        ui.label("The classes are settled.");
        if ui.button("Close").clicked() {
            actions.push(UiAction::Show(None));
        }
        return;
    };
    ui.heading(format!("Is this {}?", known.name()));
    ui.weak("Names of files and content of masks are like its own, so its classes are used:");
    ui.add_space(8.0);
    Grid::new("recognised classes").num_columns(3).min_col_width(14.0).min_row_height(18.0).spacing([10.0, 3.0]).show(
        ui,
        |ui| {
            for (class, coding) in open.project.classes.iter().zip(open.project.codings()) {
                swatch(ui, class_color(class.color), 14.0);
                ui.label(&class.name);
                ui.weak(RichText::new(coding).font(mono(11.5)));
                ui.end_row();
            }
        },
    );
    if let Some(void) = known.void() {
        ui.add_space(4.0);
        ui.weak(format!("{void}."));
    }
    ui.add_space(8.0);
    ui.horizontal(|ui| {
        let can = state.can_edit_classes();
        if accent_button(ui, Icon::Check, "Use these classes", can).clicked() {
            actions.push(UiAction::ConfirmClasses);
        }
        if ui.button("Edit them…").clicked() {
            actions.push(UiAction::Show(Some(Dialog::Classes)));
        }
        let another = ui.add_enabled(can, Button::new("It is another dataset"));
        if another.on_hover_text("Names the classes by their values or colours").clicked() {
            actions.push(UiAction::RefuseClasses);
        }
    });
}
