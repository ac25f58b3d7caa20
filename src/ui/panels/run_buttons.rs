//! What can be done with a run of the list: open it, go on with it, start from it, export its weights.

use std::ops::RangeInclusive;

use eframe::egui::{Button, DragValue, Id, Popup, PopupCloseBehavior, Ui};

use crate::train::run_list::{GoesOn, Left, RunEntry};
use crate::ui::state::action::{NetworkAction, UiAction};
use crate::ui::state::app_state::AppState;
use crate::ui::state::runs_action::RunsAction;

/// Epochs that a run can be made longer by at a time.
const MORE_EPOCHS: RangeInclusive<u32> = 1..=100_000;

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
    let why_not = state.why_busy();
    ui.add_enabled_ui(why_not.is_none(), |ui| match run.goes_on() {
        Some(GoesOn::Unfinished) => {
            let button = ui.button("Resume").on_hover_text(match run.left {
                Left::Nothing => "It ended before its first checkpoint: start it again",
                Left::State | Left::Checkpoints => "Go on where its last checkpoint left it",
            });
            let button = button.on_disabled_hover_text(why_not.unwrap_or_default());
            if button.accessible_name(format!("Resume run {}", run.name)).clicked() {
                actions.push(UiAction::Resume { folder: run.folder.clone(), more_epochs: 0 });
            }
        }
        Some(GoesOn::Longer) => {
            let button = ui.button("Continue…");
            // A click on the number must not close it.
            // It is that of the run, wherever its row stands.
            let popup = Popup::from_toggle_button_response(&button).id(Id::unique(("continue run", &run.folder)));
            let popup = popup.close_behavior(PopupCloseBehavior::CloseOnClickOutside);
            popup.show(|ui| longer_ui(ui, state, run, actions));
            let button =
                button.on_hover_text("Train on from its end; the learning rate's schedule is that of the new length");
            let button = button.on_disabled_hover_text(why_not.unwrap_or_default());
            button.accessible_name(format!("Continue run {}", run.name));
        }
        None => {
            ui.label("");
        }
    });
}

/// By how many epochs the run is made longer.
fn longer_ui(ui: &mut Ui, state: &AppState, run: &RunEntry, actions: &mut Vec<UiAction>) {
    let mut epochs = state.settings.more_epochs;
    ui.horizontal(|ui| {
        let suffix = if epochs == 1 { " more epoch" } else { " more epochs" };
        let number = ui.add(DragValue::new(&mut epochs).range(MORE_EPOCHS).speed(0.1).suffix(suffix));
        let number = number.on_hover_text("Drag, or click and type");
        if number.accessible_name("Epochs to train on for").changed() {
            actions.push(UiAction::Runs(RunsAction::SetMoreEpochs(epochs)));
        }
        let why_not = state.why_busy();
        let button = ui.add_enabled(why_not.is_none(), Button::new("Train on"));
        let button = button.on_disabled_hover_text(why_not.unwrap_or_default());
        if button.accessible_name(format!("Train on run {}", run.name)).clicked() {
            actions.push(UiAction::Resume { folder: run.folder.clone(), more_epochs: epochs });
            ui.close();
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
