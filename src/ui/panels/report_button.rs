//! The button that saves a report.

use eframe::egui::{Button, Ui};

use crate::ui::state::action::UiAction;
use crate::ui::state::app_state::AppState;
use crate::ui::state::report_export::{ReportAction, ReportOf};

/// Draws the button and, while its report is being written, that it is.
pub(super) fn report_button_ui(ui: &mut Ui, state: &AppState, of: ReportOf, actions: &mut Vec<UiAction>) {
    let why_not = state.why_no_report(of);
    let button = ui.add_enabled(why_not.is_none(), Button::new("Save report…"));
    let button = button.on_hover_text(match of {
        ReportOf::Runs => {
            "The ticked runs as a report in HTML and as tables in Markdown, CSV and LaTeX, as compare writes them"
        }
        ReportOf::Study => {
            "The study as a report in HTML and as tables in Markdown, CSV and LaTeX, as study report writes them"
        }
    });
    let clicked = button.clicked();
    if let Some(why) = why_not {
        button.on_disabled_hover_text(why);
    }
    if clicked {
        actions.push(UiAction::Report(ReportAction::PickFolder(of)));
    }
    if state.is_writing_report(of) {
        ui.weak("Writing the report …").on_hover_text("Labels are counted, and each configuration predicts a tile");
    }
}
