//! The menu bar, with project and tile at the right end.

use std::path::Path;

use eframe::egui::{Align, Button, Label, Layout, MenuBar, RichText, Ui};

use super::key_names::shortcut;
use crate::domain::{Choice as _, LabelBook};
use crate::quick::method::QuickMethod;
use crate::ui::state::action::{Dialog, ExportAction, NetworkAction, UiAction, ViewAction};
use crate::ui::state::app_state::AppState;
use crate::ui::state::layer::Layer;
use crate::ui::state::runs_action::RunsAction;
use crate::ui::state::theme_choice::ThemeChoice;

/// Draws the bar.
pub fn menu_ui(ui: &mut Ui, state: &AppState, actions: &mut Vec<UiAction>) {
    MenuBar::new().ui(ui, |ui| {
        ui.menu_button("File", |ui| file_ui(ui, state, actions));
        ui.menu_button("Edit", |ui| edit_ui(ui, state, actions));
        ui.menu_button("Project", |ui| project_ui(ui, state, actions));
        ui.menu_button("View", |ui| view_ui(ui, state, actions));
        ui.menu_button("Run", |ui| run_ui(ui, state, actions));
        ui.menu_button("Help", |ui| {
            item(ui, true, "Keys", UiAction::Show(Some(Dialog::Keys)), actions);
            item(ui, true, "Copy diagnostics", UiAction::CopyDiagnostics, actions);
            item(ui, true, "About Pointillist", UiAction::Show(Some(Dialog::About)), actions);
        });
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| title_ui(ui, state));
    });
}

/// A menu entry with its key. Closes the menu when clicked.
fn item(ui: &mut Ui, enabled: bool, text: &str, action: UiAction, actions: &mut Vec<UiAction>) {
    let keys = shortcut(ui.ctx(), &action);
    if ui.add_enabled(enabled, Button::new(text).shortcut_text(keys)).clicked() {
        actions.push(action);
        ui.close();
    }
}

fn file_ui(ui: &mut Ui, state: &AppState, actions: &mut Vec<UiAction>) {
    let idle = !state.run.is_running();
    item(ui, idle, "Open folder…", UiAction::PickFolder, actions);
    item(ui, idle, "Open path…", UiAction::Show(Some(Dialog::OpenPath)), actions);
    ui.add_enabled_ui(idle && !state.settings.recent.is_empty(), |ui| {
        ui.menu_button("Open recent", |ui| {
            for root in &state.settings.recent {
                item(ui, true, &root.display().to_string(), UiAction::OpenProject(root.clone()), actions);
            }
        });
    });
    item(ui, idle, "Open demo", UiAction::OpenDemo, actions);
    ui.separator();
    let can_open_run = idle && state.project.is_some();
    item(ui, can_open_run, "Open run…", UiAction::PickRun, actions);
    item(ui, can_open_run, "Open run path…", UiAction::Show(Some(Dialog::OpenRunPath)), actions);
    item(ui, can_open_run, "Import network…", UiAction::Network(NetworkAction::OpenImport), actions);
    ui.separator();
    item(ui, state.can_export(), "Export map…", UiAction::Export(ExportAction::Open), actions);
    let run = state.exportable_run().map(Path::to_owned);
    let action = UiAction::Network(NetworkAction::OpenExport(run.clone().unwrap_or_default()));
    item(ui, run.is_some(), "Export weights…", action, actions);
    ui.separator();
    item(ui, true, "Quit", UiAction::Quit, actions);
}

fn edit_ui(ui: &mut Ui, state: &AppState, actions: &mut Vec<UiAction>) {
    let book = state.project.as_ref().map(|project| &project.book);
    item(ui, book.is_some_and(LabelBook::can_undo), "Undo", UiAction::Undo, actions);
    item(ui, book.is_some_and(LabelBook::can_redo), "Redo", UiAction::Redo, actions);
}

fn project_ui(ui: &mut Ui, state: &AppState, actions: &mut Vec<UiAction>) {
    item(ui, state.can_edit_classes(), "Edit classes…", UiAction::Show(Some(Dialog::Classes)), actions);
    let is_open = state.project.is_some();
    item(ui, is_open, "Check…", UiAction::Show(Some(Dialog::Check)), actions);
    let can_cut = state.split.offer.is_some() && !state.run.is_running();
    item(ui, can_cut, "Cut scenes into patches…", UiAction::Show(Some(Dialog::Split)), actions);
    item(ui, is_open, "Labels without a tile…", UiAction::Show(Some(Dialog::LostLabels)), actions);
}

fn view_ui(ui: &mut Ui, state: &AppState, actions: &mut Vec<UiAction>) {
    let views = if state.settings.two_views { "One view" } else { "Two views" };
    item(ui, true, views, UiAction::View(ViewAction::ToggleTwo), actions);
    let (can_swipe, swipe) = match state.swipe {
        Some(_) => (true, "End the swipe of two runs"),
        None => (state.runs_table.ticked.len() > 1, "Swipe two ticked runs"),
    };
    let errors = match state.settings.layers[state.active_view][Layer::Errors].visible {
        true => "Hide the error map",
        false => "Show the error map",
    };
    item(ui, true, errors, UiAction::View(ViewAction::ToggleLayer(Layer::Errors)), actions);
    item(ui, can_swipe, swipe, UiAction::Runs(RunsAction::ToggleSwipe), actions);
    ui.menu_button("Quick map by", |ui| {
        for method in QuickMethod::ALL {
            let choice = ui.radio(state.settings.quick_method == *method, method.title());
            if choice.on_hover_text(method.help()).clicked() {
                actions.push(UiAction::View(ViewAction::SetQuickMethod(*method)));
                ui.close();
            }
        }
    });
    ui.separator();
    item(ui, true, "Fit the tile", UiAction::View(ViewAction::Fit), actions);
    item(ui, true, "100 %", UiAction::View(ViewAction::ActualSize), actions);
    ui.separator();
    item(ui, true, "Previous tile", UiAction::StepTile(-1), actions);
    item(ui, true, "Next tile", UiAction::StepTile(1), actions);
    ui.separator();
    item(ui, true, "Larger interface", UiAction::StepZoom(1), actions);
    item(ui, true, "Smaller interface", UiAction::StepZoom(-1), actions);
    item(ui, true, "Default interface size", UiAction::ResetZoom, actions);
    ui.separator();
    ui.menu_button("Theme", |ui| {
        for choice in ThemeChoice::ALL {
            if ui.radio(state.settings.theme == choice, choice.name()).clicked() {
                actions.push(UiAction::SetTheme(choice));
                ui.close();
            }
        }
    });
}

fn run_ui(ui: &mut Ui, state: &AppState, actions: &mut Vec<UiAction>) {
    let running = state.run.is_running();
    let enabled = if running { state.can_pause() } else { state.can_start() };
    item(ui, enabled, state.start_or_pause_name(), UiAction::StartOrPause, actions);
    item(ui, running, "Stop", UiAction::Stop, actions);
    ui.separator();
    item(ui, running, "Evaluate now", UiAction::Evaluate, actions);
    item(ui, running, "Save a checkpoint now", UiAction::SaveCheckpoint, actions);
    ui.separator();
    item(ui, state.why_no_quick_save().is_none(), "Save the quick map as a run", UiAction::SaveQuickMap, actions);
}

/// Project and tile, or the folder being opened.
fn title_ui(ui: &mut Ui, state: &AppState) {
    if let Some(root) = &state.opening {
        ui.weak(format!("Opening {} …", root.display()));
        ui.spinner();
    } else if let Some(project) = &state.project {
        let name = &project.project.name;
        let tile = state.tile().map_or(String::new(), |tile| format!(" · {} ({})", tile.id, state.role(tile).name()));
        let text = RichText::new(format!("{name}{tile}")).weak();
        ui.add(Label::new(text).truncate()).on_hover_text(format!(
            "{}: {}",
            project.project.layout,
            project.project.root.display()
        ));
    }
}
