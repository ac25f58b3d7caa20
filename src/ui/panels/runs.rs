//! The runs tab: run folders of the project, newest first.

use eframe::egui::{Button, Grid, ScrollArea, Ui};
use lucide_icons::Icon;

use super::theme::Tokens;
use super::widgets::{nothing_yet, number, quiet_icon};
use crate::domain::config::Encoder;
use crate::domain::count::counted;
use crate::domain::{Choice as _, Strategy};
use crate::quick::method::QuickMethod;
use crate::train::run_list::{GoesOn, Left, RunEntry};
use crate::ui::state::action::{NetworkAction, UiAction};
use crate::ui::state::app_state::AppState;
use crate::ui::state::format;

/// Numbers of epochs that a run can be made longer by.
const MORE_EPOCHS: [u32; 5] = [1, 5, 10, 20, 50];
/// Stands where a run has nothing to say.
const NOTHING: &str = "–";

/// Draws the tab.
pub fn runs_ui(ui: &mut Ui, state: &AppState, actions: &mut Vec<UiAction>) {
    ui.horizontal(|ui| {
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
        ui.weak(match &state.runs_home {
            Some(home) => home.display().to_string(),
            None => "No project is open.".to_owned(),
        });
    });
    if state.runs.is_empty() {
        nothing_yet(ui, "Runs of this project are listed here when they end.");
        return;
    }
    let masks = state.project.as_ref().is_none_or(|open| open.project.tiles.iter().any(|tile| tile.mask.is_some()));
    ScrollArea::both().id_salt("runs").auto_shrink(false).show(ui, |ui| {
        Grid::new("runs").num_columns(11).striped(true).spacing([16.0, 4.0]).show(ui, |ui| {
            for heading in ["", "", "", "run", "network", "labels", "steps", "best mIoU", "time", "ended", ""] {
                ui.weak(heading);
            }
            ui.end_row();
            for run in &state.runs {
                row_ui(ui, state, run, masks, actions);
                ui.end_row();
            }
        });
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

fn row_ui(ui: &mut Ui, state: &AppState, run: &RunEntry, masks: bool, actions: &mut Vec<UiAction>) {
    let shown = state.run.info.as_ref().is_some_and(|info| info.folder == run.folder);
    ui.add_enabled_ui(!state.run.is_running() && !shown, |ui| {
        let button = ui.button(if shown { "Opened" } else { "Open" });
        let button = button.on_hover_text(match run.is_quick {
            true => "Map the tile in view with this head",
            false => "Show its curves and fill in the form; its network predicts the tile in view",
        });
        let button = button.on_disabled_hover_text(match shown {
            true => "This run is open already",
            false => "A run is in progress. Stop it first",
        });
        if button.accessible_name(format!("Open run {}", run.name)).clicked() {
            actions.push(UiAction::OpenRun(run.folder.clone()));
        }
    });
    go_on_ui(ui, state, run, actions);
    start_from_ui(ui, state, run, actions);
    ui.label(number(&run.name)).on_hover_text(run.folder.display().to_string());
    match &run.config {
        Some(_) if run.is_quick => {
            ui.label(run.quick_method.map_or("quick head".to_owned(), QuickMethod::head));
            ui.label(Strategy::OwnLabelsOnly.describe());
        }
        Some(config) => {
            let model = &config.model;
            let depth = match &model.encoder {
                Encoder::None => format!("{} levels", model.levels),
                pretrained => pretrained.title().to_owned(),
            };
            let more: String = model.particulars().iter().map(|phrase| format!(", {phrase}")).collect();
            ui.label(format!("{}, base {}, {depth}{more}", model.arch.title(), model.base));
            // Early versions stored a sampling strategy even if there was no mask to sample from.
            let strategy = if masks { config.label_sampling().strategy } else { Strategy::OwnLabelsOnly };
            ui.label(if run.is_imported() { NOTHING.to_owned() } else { strategy.describe() });
        }
        None => {
            ui.colored_label(Tokens::of(ui).warn, "config.toml cannot be read");
            ui.label("");
        }
    }
    match &run.end {
        Some(end) => {
            let is_trained = !run.is_quick && !run.is_imported();
            let of_network = |text: String| if is_trained { text } else { NOTHING.to_owned() };
            ui.label(number(of_network(format::count(end.steps))));
            ui.label(number(end.best_miou.map_or(NOTHING.to_owned(), format::score)));
            ui.label(number(of_network(format::duration(end.secs))));
            ui.label(if run.is_quick { "saved" } else { &end.outcome });
        }
        None => {
            for text in ["", "", "", "interrupted"] {
                ui.weak(text);
            }
        }
    }
    if !run.is_quick && run.config.is_some() {
        let button = ui.button("Export weights…").on_hover_text("Write its network as safetensors or ONNX");
        if button.accessible_name(format!("Export weights of run {}", run.name)).clicked() {
            actions.push(UiAction::Network(NetworkAction::OpenExport(run.folder.clone())));
        }
    }
}

/// Goes on with a run that was stopped or killed, or makes one longer that has ended.
fn go_on_ui(ui: &mut Ui, state: &AppState, run: &RunEntry, actions: &mut Vec<UiAction>) {
    let resume = |more_epochs| UiAction::Resume { folder: run.folder.clone(), more_epochs };
    ui.add_enabled_ui(!state.run.is_running(), |ui| match run.goes_on() {
        Some(GoesOn::Unfinished) => {
            let button = ui.button("Resume").on_hover_text(match run.left {
                Left::Nothing => "It ended before its first checkpoint: start it again",
                Left::State | Left::Checkpoints => "Go on where its last checkpoint left it",
            });
            let button = button.on_disabled_hover_text("A run is in progress. Stop it first");
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
            let button = button.on_disabled_hover_text("A run is in progress. Stop it first");
            button.accessible_name(format!("Continue run {}", run.name));
        }
        None => {
            ui.label("");
        }
    });
}

/// Lets the next run begin with the weights of this one.
fn start_from_ui(ui: &mut Ui, state: &AppState, run: &RunEntry, actions: &mut Vec<UiAction>) {
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
