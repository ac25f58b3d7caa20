//! What is said while the window waits for the step at hand.

use eframe::egui::{Context, Id, Modal, Ui};

use crate::ui::state::action::UiAction;
use crate::ui::state::app_state::AppState;

/// Draws the notice over the window.
pub fn closing_ui(ctx: &Context, state: &AppState, actions: &mut Vec<UiAction>) {
    Modal::new(Id::unique("closing")).show(ctx, |ui| notice_ui(ui, state, actions));
}

fn notice_ui(ui: &mut Ui, state: &AppState, actions: &mut Vec<UiAction>) {
    ui.set_max_width(360.0);
    ui.heading("Finishing the step…");
    ui.label("The run is stopped and saved; the window closes by itself. Labels are on disk already.");
    ui.add_space(8.0);
    ui.horizontal(|ui| {
        ui.spinner();
        let leave = ui.button("Leave now");
        let what = match &state.run.checkpoint {
            Some(_) => "What was learned since the last checkpoint is lost",
            None => "The run has no checkpoint yet: what it has learned is lost",
        };
        if leave.on_hover_text(what).clicked() {
            actions.push(UiAction::Quit);
        }
    });
}
