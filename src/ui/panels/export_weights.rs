//! The dialog for the export of a run's network: format, checkpoint, file.

use std::ops::RangeInclusive;

use eframe::egui::emath::Numeric;
use eframe::egui::{DragValue, TextEdit, Ui};
use lucide_icons::Icon;

use super::network_news::{closing_ui, news_ui};
use super::training_fields::choice_list_ui;
use super::widgets::{accent_button, field};
use crate::exchange::WeightsFormat;
use crate::ui::state::action::{NetworkAction, UiAction};
use crate::ui::state::app_state::AppState;
use crate::ui::state::network_files::{NetworkNews, WeightsForm};

/// Draws the dialog.
pub(super) fn export_weights_ui(ui: &mut Ui, state: &AppState, actions: &mut Vec<UiAction>) {
    let files = &state.network_files;
    let name = files.export.run.file_name().unwrap_or_default().to_string_lossy();
    ui.heading("Export weights");
    ui.weak(format!("The network of the run {name}, for other programs. The command export writes the same file."));
    ui.add_space(8.0);
    if let Some(NetworkNews::Done(lines, file)) = &files.news {
        return closing_ui(ui, lines, file, actions);
    }
    ui.add_enabled_ui(!files.is_working(), |ui| form_ui(ui, &files.export, actions));
    news_ui(ui, files.news.as_ref());
    ui.add_space(8.0);
    let exists = files.news == Some(NetworkNews::Exists);
    ui.horizontal(|ui| {
        let is_named = !files.export.file.trim().is_empty();
        let name = if exists { "Replace" } else { "Export" };
        if accent_button(ui, Icon::Download, name, is_named && !files.is_working()).clicked() {
            actions.push(UiAction::Network(NetworkAction::Export { overwrite: exists }));
        }
        if ui.add_enabled(!files.is_working(), eframe::egui::Button::new("Cancel")).clicked() {
            actions.push(UiAction::Show(None));
        }
    });
}

fn form_ui(ui: &mut Ui, old: &WeightsForm, actions: &mut Vec<UiAction>) {
    let (mut form, mut format) = (old.clone(), old.format);
    choice_list_ui(ui, "Format", &mut format);
    choice_list_ui(ui, "Checkpoint", &mut form.checkpoint);
    if format == WeightsFormat::Onnx {
        optional_ui(ui, "Tile", ("fixed, pixels", 512), &mut form.onnx.side, 1..=8192);
        optional_ui(ui, "Resolution", ("known, cm a pixel", 50.0), &mut form.onnx.resolution_cm, 0.01..=100_000.0);
        ui.weak("QGIS's plugin Deepness needs a fixed tile, and reads the resolution.");
    }
    ui.horizontal(|ui| {
        let width = ui.available_width() - 96.0;
        let edit = TextEdit::singleline(&mut form.file).hint_text("/path/to/file").desired_width(width);
        if ui.add(edit).accessible_name("File for the weights").changed() {
            form.may_replace = false;
        }
        if ui.button("Choose…").clicked() {
            actions.push(UiAction::Network(NetworkAction::PickExport));
        }
    });
    if format != old.format {
        form = form.with_format(format);
    }
    if form != *old {
        actions.push(UiAction::Network(NetworkAction::SetExport(form)));
    }
}

/// A number that may be left out, with what it says and what to start from.
fn optional_ui<T: Numeric>(
    ui: &mut Ui,
    name: &str,
    (words, start): (&str, T),
    value: &mut Option<T>,
    range: RangeInclusive<T>,
) {
    field(ui, name, |ui| {
        let mut is_given = value.is_some();
        if ui.checkbox(&mut is_given, words).changed() {
            *value = is_given.then_some(start);
        }
        if let Some(value) = value {
            ui.add(DragValue::new(value).range(range)).accessible_name(format!("{name}, {words}"));
        }
    });
}
