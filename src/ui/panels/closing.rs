//! What is shown before the window closes: a question while a study is in progress, then a notice while it waits for the run to end.

use eframe::egui::{Context, Id, Modal, Ui};

use crate::ui::state::action::UiAction;
use crate::ui::state::app_state::AppState;

/// Width of the texts, points.
const WIDTH: f32 = 360.0;

/// Draws question or notice over the window, if there is one.
pub fn closing_ui(ctx: &Context, state: &AppState, actions: &mut Vec<UiAction>) {
    if state.closing.is_waiting() {
        Modal::new(Id::unique("closing")).show(ctx, |ui| notice_ui(ui, state, actions));
    } else if state.closing.is_asking() {
        let modal = Modal::new(Id::unique("close study")).show(ctx, |ui| question_ui(ui, actions));
        if modal.should_close() {
            actions.push(UiAction::KeepOpen);
        }
    }
}

fn question_ui(ui: &mut Ui, actions: &mut Vec<UiAction>) {
    ui.set_max_width(WIDTH);
    ui.heading("A study is in progress");
    ui.label(
        "If the window closes, the study stops after the step. Runs that are done stay, the run in progress is saved, and \
         \"Go on\" in the Studies tab, or pointillist study run, continues from there.",
    );
    ui.add_space(8.0);
    ui.horizontal(|ui| {
        if ui.button("Keep it going").clicked() {
            actions.push(UiAction::KeepOpen);
        }
        if ui.button("Stop and close").clicked() {
            actions.push(UiAction::Quit);
        }
    });
}

fn notice_ui(ui: &mut Ui, state: &AppState, actions: &mut Vec<UiAction>) {
    ui.set_max_width(WIDTH);
    ui.heading("Finishing the step…");
    ui.label("The run is being stopped and saved; then the window closes. All labels are already on disk.");
    ui.add_space(8.0);
    ui.horizontal(|ui| {
        ui.spinner();
        if ui.button("Close now").on_hover_text(lost(state)).clicked() {
            actions.push(UiAction::Quit);
        }
    });
}

/// What is lost if the window does not wait.
fn lost(state: &AppState) -> &'static str {
    let has_checkpoint = state.run.checkpoint.is_some();
    match () {
        () if state.study.is_running() => "What the run in progress has learned since its last checkpoint will be lost",
        () if has_checkpoint => "Progress since the last checkpoint will be lost",
        () => "The run has no checkpoint yet: all of its progress will be lost",
    }
}
