//! The notice shown while the window waits for the run to end.

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
    ui.label("The run is being stopped and saved; then the window closes. All labels are already on disk.");
    ui.add_space(8.0);
    ui.horizontal(|ui| {
        ui.spinner();
        let close = ui.button("Close now");
        let what = match &state.run.checkpoint {
            Some(_) => "Progress since the last checkpoint will be lost",
            None => "The run has no checkpoint yet: all of its progress will be lost",
        };
        if close.on_hover_text(what).clicked() {
            actions.push(UiAction::Quit);
        }
    });
}
