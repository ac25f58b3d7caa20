//! The dialog for the export of maps: which tiles, where to, and how it goes.

use std::path::Path;

use eframe::egui::{Grid, Label, RichText, TextEdit, Ui};
use lucide_icons::Icon;

use super::run_bar::network_text;
use super::theme::{Tokens, mono};
use super::widgets::{accent_button, number, progress};
use crate::data::export::maps::ExportReport;
use crate::engine::protocol::ExportNews;
use crate::engine::quick::QuickStatus;
use crate::ui::state::action::{ExportAction, UiAction};
use crate::ui::state::app_state::AppState;
use crate::ui::state::format;
use crate::ui::state::map_source::MapSource;

/// Draws the dialog.
pub(super) fn export_ui(ui: &mut Ui, state: &AppState, actions: &mut Vec<UiAction>) {
    ui.heading("Export map");
    let predicting = state.run.info.as_ref().and_then(|info| info.predicting.as_ref());
    let source = match state.export.source {
        Some(MapSource::Quick) => quick_text(state),
        _ => format!("By the {}.", state.saved_quick_text().unwrap_or_else(|| network_text(predicting))),
    };
    ui.weak(format!("{source} The files are those of the command predict."));
    ui.add_space(8.0);
    match &state.export.news {
        Some(ExportNews::Progress { done, total, percent }) => {
            progress_ui(ui, f32::from(*percent) / 100.0, &format!("{done} of {total}"), actions);
        }
        Some(ExportNews::Ended(report)) => ended_ui(ui, report, actions),
        other => form_ui(ui, state, other.as_ref(), actions),
    }
}

fn form_ui(ui: &mut Ui, state: &AppState, news: Option<&ExportNews>, actions: &mut Vec<UiAction>) {
    let mut form = state.export.form.clone();
    let tile = state.tile().map_or("", |tile| &tile.id);
    let tiles =
        state.project.as_ref().map_or(0, |open| open.project.tiles.iter().filter(|t| t.fault.is_none()).count());
    ui.radio_value(&mut form.all_tiles, false, format!("The tile in view: {tile}"));
    ui.radio_value(&mut form.all_tiles, true, format!("All tiles ({})", format::count(tiles as u64)));
    ui.add_space(4.0);
    ui.horizontal(|ui| {
        let width = ui.available_width() - 96.0;
        let edit = TextEdit::singleline(&mut form.folder).hint_text("/path/to/folder").desired_width(width);
        ui.add(edit).accessible_name("Folder for the maps");
        if ui.button("Choose…").clicked() {
            actions.push(UiAction::Export(ExportAction::PickFolder));
        }
    });
    files_ui(ui);
    news_ui(ui, news);
    ui.add_space(8.0);
    let named = !form.folder.trim().is_empty();
    ui.horizontal(|ui| {
        let overwrite = matches!(news, Some(ExportNews::Exists { .. }));
        let name = if overwrite { "Replace" } else { "Export" };
        if accent_button(ui, Icon::Download, name, named && state.can_export()).clicked() {
            actions.push(UiAction::Export(ExportAction::Begin { overwrite }));
        }
        if ui.button("Cancel").clicked() {
            actions.push(UiAction::Show(None));
        }
    });
    if form != state.export.form {
        actions.push(UiAction::Export(ExportAction::SetForm(form)));
    }
}

/// What the quick map was learned from.
fn quick_text(state: &AppState) -> String {
    let head = state.quick_method().head();
    let left = match &state.view.quick.status {
        Some(QuickStatus::Mapped(lesson)) => lesson.tiles_left,
        _ => 0,
    };
    match left {
        0 => format!("By the {head}, as learned from all labels."),
        _ => format!("By the {head}; the labels of {} do not count yet.", format::counted(left as u64, "tile")),
    }
}

/// What is written for each tile.
fn files_ui(ui: &mut Ui) {
    ui.add_space(4.0);
    Grid::new("files of a map").num_columns(2).min_row_height(18.0).spacing([16.0, 2.0]).show(ui, |ui| {
        for (ending, what) in [
            ("_classes.png", "class indices, for other programs"),
            ("_colors.png", "the same in the classes' colours"),
            ("_confidence.png", "probability of the class, 0 to 255"),
            ("_legend.csv", "index, name, colour and share of each class, and what made the map"),
        ] {
            ui.label(RichText::new(ending).font(mono(12.0)));
            ui.weak(what);
            ui.end_row();
        }
    });
}

/// Why an export did not begin.
fn news_ui(ui: &mut Ui, news: Option<&ExportNews>) {
    let text = match news {
        Some(ExportNews::Exists { count: 1, first }) => format!("This file exists already: {}", first.display()),
        Some(ExportNews::Exists { count, first }) => {
            format!("{count} files exist already. The first is {}", first.display())
        }
        Some(ExportNews::Refused(notice)) => notice.to_string(),
        _ => return,
    };
    ui.add_space(8.0);
    ui.add(Label::new(RichText::new(text).color(Tokens::of(ui).warn)).wrap());
}

fn progress_ui(ui: &mut Ui, share: f32, tiles: &str, actions: &mut Vec<UiAction>) {
    ui.horizontal(|ui| progress(ui, share, 360.0, number(tiles)));
    ui.add_space(8.0);
    if ui.button("Cancel").clicked() {
        actions.push(UiAction::Export(ExportAction::Cancel));
    }
}

fn ended_ui(ui: &mut Ui, report: &ExportReport, actions: &mut Vec<UiAction>) {
    let ExportReport { folder, written, total, faults } = report;
    ui.label(match (written, total) {
        (0, _) => "No map was written.".to_owned(),
        (written, total) if written == total => format!("{} written to", format::counted(*written as u64, "map")),
        _ => format!("{written} of {} written to", format::counted(*total as u64, "map")),
    });
    if *written > 0 {
        path_ui(ui, folder);
    }
    for fault in faults {
        ui.add(Label::new(RichText::new(fault).color(Tokens::of(ui).warn)).wrap());
    }
    ui.add_space(8.0);
    ui.horizontal(|ui| {
        if *written > 0 && ui.button("Open folder").clicked() {
            actions.push(UiAction::Export(ExportAction::Reveal(folder.clone())));
        }
        if *written > 0 && ui.button("Copy path").clicked() {
            ui.ctx().copy_text(folder.display().to_string());
        }
        if ui.button("Close").clicked() {
            actions.push(UiAction::Show(None));
        }
    });
}

fn path_ui(ui: &mut Ui, folder: &Path) {
    let text = RichText::new(folder.display().to_string()).font(mono(12.0));
    ui.add(Label::new(text).wrap());
}
