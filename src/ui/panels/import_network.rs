//! The dialog for the import of a network: the file, and what it may not say itself.

use eframe::egui::{Button, TextEdit, Ui};
use lucide_icons::Icon;

use super::network_news::{closing_ui, news_ui};
use super::widgets::{accent_button, field};
use crate::domain::Choice as _;
use crate::domain::config::Colors;
use crate::ui::state::action::{NetworkAction, UiAction};
use crate::ui::state::app_state::AppState;
use crate::ui::state::network_files::{ImportForm, NetworkNews};

/// Draws the dialog.
pub(super) fn import_network_ui(ui: &mut Ui, state: &AppState, actions: &mut Vec<UiAction>) {
    let files = &state.network_files;
    ui.heading("Import network");
    ui.weak(
        "A file of the export, or a U-Net of PyTorch, becomes a run of this project. The command import does the same.",
    );
    ui.add_space(8.0);
    if let Some(NetworkNews::Done(lines, folder)) = &files.news {
        return closing_ui(ui, lines, folder, actions);
    }
    ui.add_enabled_ui(!files.is_working(), |ui| form_ui(ui, &files.import, actions));
    news_ui(ui, files.news.as_ref());
    ui.add_space(8.0);
    ui.horizontal(|ui| {
        let is_named = !files.import.file.trim().is_empty();
        if accent_button(ui, Icon::Upload, "Import", is_named && !files.is_working()).clicked() {
            actions.push(UiAction::Network(NetworkAction::Import));
        }
        if ui.add_enabled(!files.is_working(), Button::new("Cancel")).clicked() {
            actions.push(UiAction::Show(None));
        }
    });
}

fn form_ui(ui: &mut Ui, old: &ImportForm, actions: &mut Vec<UiAction>) {
    let mut form = old.clone();
    ui.horizontal(|ui| {
        let width = ui.available_width() - 96.0;
        let edit = TextEdit::singleline(&mut form.file).hint_text("/path/to/weights.pth").desired_width(width);
        ui.add(edit).accessible_name("File of weights");
        if ui.button("Choose…").clicked() {
            actions.push(UiAction::Network(NetworkAction::PickImport));
        }
    });
    ui.add_space(4.0);
    field(ui, "Classes", |ui| {
        let edit = TextEdit::singleline(&mut form.classes)
            .hint_text("as in the file, or as in the project")
            .desired_width(300.0);
        ui.add(edit)
            .on_hover_text("Names in the order of the logits, separated by commas. The project must have them all");
    });
    field(ui, "Sees colours", |ui| colors_ui(ui, &mut form.colors));
    if form != *old {
        actions.push(UiAction::Network(NetworkAction::SetImport(form)));
    }
}

fn colors_ui(ui: &mut Ui, colors: &mut Option<Colors>) {
    let help = "As the file says, or as programs with its names mostly do";
    if ui.selectable_label(colors.is_none(), "as usual").on_hover_text(help).clicked() {
        *colors = None;
    }
    for option in Colors::ALL {
        let is_chosen = *colors == Some(*option);
        if ui.selectable_label(is_chosen, option.title()).on_hover_text(option.help()).clicked() {
            *colors = Some(*option);
        }
    }
}
