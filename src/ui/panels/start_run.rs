//! The button that starts one run.

use eframe::egui::{Response, Ui};
use lucide_icons::Icon;

use super::widgets::{accent_button, plain_button};
use crate::ui::state::app_state::AppState;

/// Draws it. While the Studies tab is in front, whose own button starts many runs, it says that it starts one, and does not stand out.
/// It stays where it is: whoever looks for it finds it, and its key starts a run all the same.
pub(super) fn start_run_ui(ui: &mut Ui, state: &AppState, name: &str) -> Response {
    let can_start = state.can_start();
    if !state.is_at_studies() {
        return accent_button(ui, Icon::Play, name, can_start);
    }
    let button = plain_button(ui, Icon::Play, "Start one run", can_start);
    button.on_hover_text("With the settings of the Training panel. \"Start the study\" makes all runs of its plan")
}
