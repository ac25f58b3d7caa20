//! What can be done with a run of the list: open it, go on with it, start from it, export its weights.

use eframe::egui::{Button, Ui};

use crate::domain::count::counted;
use crate::train::run_list::{GoesOn, Left, RunEntry};
use crate::ui::state::action::{NetworkAction, UiAction};
use crate::ui::state::app_state::AppState;

/// Numbers of epochs that a run can be made longer by.
const MORE_EPOCHS: [u32; 5] = [1, 5, 10, 20, 50];

/// Opens the run.
pub(super) fn open_ui(ui: &mut Ui, state: &AppState, run: &RunEntry, actions: &mut Vec<UiAction>) {
    let shown = state.run.info.as_ref().is_some_and(|info| info.folder == run.folder);
    let why_not = shown.then_some("This run is open already").or_else(|| state.why_busy());
    ui.add_enabled_ui(why_not.is_none(), |ui| {
        let button = ui.button(if shown { "Opened" } else { "Open" });
        let button = button.on_hover_text(match run.is_quick {
            true => "Map the tile in view with this head",
            false => "Show its curves and fill in the form; its network predicts the tile in view",
        });
        let button = button.on_disabled_hover_text(why_not.unwrap_or_default());
        if button.accessible_name(format!("Open run {}", run.name)).clicked() {
            actions.push(UiAction::OpenRun(run.folder.clone()));
        }
    });
}

/// Writes its network for other programs.
pub(super) fn export_ui(ui: &mut Ui, run: &RunEntry, actions: &mut Vec<UiAction>) {
    if run.is_quick || run.config.is_none() {
        ui.label("");
        return;
    }
    let button = ui.button("Export weights…").on_hover_text("Write its network as safetensors or ONNX");
    if button.accessible_name(format!("Export weights of run {}", run.name)).clicked() {
        actions.push(UiAction::Network(NetworkAction::OpenExport(run.folder.clone())));
    }
}

/// Goes on with a run that was stopped or killed, or makes one longer that has ended.
pub(super) fn go_on_ui(ui: &mut Ui, state: &AppState, run: &RunEntry, actions: &mut Vec<UiAction>) {
    let resume = |more_epochs| UiAction::Resume { folder: run.folder.clone(), more_epochs };
    let why_not = state.why_busy();
    ui.add_enabled_ui(why_not.is_none(), |ui| match run.goes_on() {
        Some(GoesOn::Unfinished) => {
            let button = ui.button("Resume").on_hover_text(match run.left {
                Left::Nothing => "It ended before its first checkpoint: start it again",
                Left::State | Left::Checkpoints => "Go on where its last checkpoint left it",
            });
            let button = button.on_disabled_hover_text(why_not.unwrap_or_default());
            if button.accessible_name(format!("Resume run {}", run.name)).clicked() {
                actions.push(resume(0));
            }
        }
        Some(GoesOn::Longer) => {
            let menu = ui.menu_button("Continue…", |ui| {
                for epochs in MORE_EPOCHS {
                    if ui.button(counted(epochs.into(), "more epoch")).clicked() {
                        actions.push(resume(epochs));
                        ui.close();
                    }
                }
            });
            let button = menu
                .response
                .on_hover_text("Train on from its end; the learning rate's schedule is that of the new length");
            let button = button.on_disabled_hover_text(why_not.unwrap_or_default());
            button.accessible_name(format!("Continue run {}", run.name));
        }
        None => {
            ui.label("");
        }
    });
}

/// Lets the next run begin with the weights of this one.
pub(super) fn start_from_ui(ui: &mut Ui, state: &AppState, run: &RunEntry, actions: &mut Vec<UiAction>) {
    if run.is_quick || run.config.is_none() || run.left == Left::Nothing {
        ui.label("");
        return;
    }
    let is_chosen = state.settings.form.init_from.as_ref() == Some(&run.folder);
    let button = ui.add_enabled(!state.run.is_running() && !is_chosen, Button::new("Start from"));
    let button = button.on_hover_text("The next run begins with the weights of this one, its classes matched by name");
    let button = button.on_disabled_hover_text(match is_chosen {
        true => "The form names it already",
        false => "A run is in progress. Stop it first",
    });
    if button.accessible_name(format!("Start from run {}", run.name)).clicked() {
        actions.push(UiAction::StartFrom(run.folder.clone()));
    }
}
