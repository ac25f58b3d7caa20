//! The runs tab: run folders of the project, and what can be done with the list.

use eframe::egui::{Button, TextEdit, Ui};
use lucide_icons::Icon;

use super::runs_table::table_ui;
use super::widgets::{nothing_yet, quiet_icon};
use crate::ui::state::action::{NetworkAction, Tab, UiAction};
use crate::ui::state::app_state::AppState;
use crate::ui::state::format;
use crate::ui::state::runs_action::RunsAction;

/// Width of the field for the filter, points.
const FILTER: f32 = 160.0;

/// Draws the tab.
pub fn runs_ui(ui: &mut Ui, state: &AppState, actions: &mut Vec<UiAction>) {
    ui.horizontal_wrapped(|ui| head_ui(ui, state, actions));
    if state.runs.is_empty() {
        nothing_yet(ui, "Runs of this project are listed here when they end.");
    } else if state.runs_table.rows.is_empty() {
        nothing_yet(ui, "No run matches the filter.");
    } else {
        table_ui(ui, state, actions);
    }
}

fn head_ui(ui: &mut Ui, state: &AppState, actions: &mut Vec<UiAction>) {
    if quiet_icon(ui, Icon::RefreshCw, "Refresh the list").clicked() {
        actions.push(UiAction::ListRuns);
    }
    if quiet_icon(ui, Icon::FolderOpen, "Open a run from another folder").clicked() {
        actions.push(UiAction::PickRun);
    }
    save_ui(ui, state, actions);
    let import = ui.add_enabled(state.project.is_some(), Button::new("Import network…"));
    if import.on_hover_text("Make a run of a file of weights, such as a .pth of PyTorch").clicked() {
        actions.push(UiAction::Network(NetworkAction::OpenImport));
    }
    filter_ui(ui, state, actions);
    compare_ui(ui, state, actions);
    swipe_button_ui(ui, state, actions);
    ui.weak(match &state.runs_home {
        Some(home) => home.display().to_string(),
        None => "No project is open.".to_owned(),
    });
}

/// Saves the quick map beside the runs of networks.
fn save_ui(ui: &mut Ui, state: &AppState, actions: &mut Vec<UiAction>) {
    let why_not = state.why_no_quick_save();
    let button = ui.add_enabled(why_not.is_none(), Button::new("Save quick map"));
    let button = button.on_hover_text("Save the quick map as a run: it can be opened, scored and exported later");
    let clicked = button.clicked();
    if let Some(why) = why_not {
        button.on_disabled_hover_text(why);
    }
    if clicked {
        actions.push(UiAction::SaveQuickMap);
    }
}

fn filter_ui(ui: &mut Ui, state: &AppState, actions: &mut Vec<UiAction>) {
    let mut filter = state.runs_table.filter.clone();
    let edit = TextEdit::singleline(&mut filter).hint_text("Filter").desired_width(FILTER);
    let edit = ui.add(edit).on_hover_text("Words of a run's name, network, labels, end, tags or note");
    if edit.accessible_name("Filter runs").changed() {
        actions.push(UiAction::Runs(RunsAction::SetFilter(filter)));
    }
    let (listed, all) = (state.runs_table.rows.len(), state.runs.len());
    if listed < all {
        ui.weak(format!("{listed} of {}", format::counted(all as u64, "run")));
    }
}

/// Goes to the comparison of the ticked runs.
fn compare_ui(ui: &mut Ui, state: &AppState, actions: &mut Vec<UiAction>) {
    let ticked = state.runs_table.ticked.len();
    let button = ui.add_enabled(ticked > 0, Button::new(format!("Compare {ticked}")));
    let button = button.on_hover_text("Curves and scores of the ticked runs beside each other (F6)");
    let button = button.on_disabled_hover_text("Tick the runs to compare; the first is the one they are compared with");
    if button.accessible_name("Compare the ticked runs").clicked() {
        actions.push(UiAction::ShowTab(Tab::Compare));
    }
    if ticked > 0 && quiet_icon(ui, Icon::X, "Untick all runs").clicked() {
        actions.push(UiAction::Runs(RunsAction::TickNone));
    }
}

/// Swipes the first two ticked runs over the tile in view.
pub(super) fn swipe_button_ui(ui: &mut Ui, state: &AppState, actions: &mut Vec<UiAction>) {
    let is_on = state.swipe.is_some();
    let can = is_on || state.runs_table.ticked.len() > 1;
    let button = ui.add_enabled(can, Button::new(if is_on { "End swipe" } else { "Swipe A | B" }));
    let button =
        button.on_hover_text("The map of the tile in view: left of a handle by run A, right of it by run B (C)");
    if button.on_disabled_hover_text("Tick two runs to swipe their maps over the tile in view").clicked() {
        actions.push(UiAction::Runs(RunsAction::ToggleSwipe));
    }
}
