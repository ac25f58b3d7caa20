//! The dialog over the window: keys, about, a path to type, and those in files of their own.

use std::path::PathBuf;

use eframe::egui::text::{CCursor, CCursorRange};
use eframe::egui::text_edit::TextEditState;
use eframe::egui::{Context, Frame, Grid, Id, Key, Modal, Response, RichText, TextEdit, Ui, vec2};

use super::check::{check_ui, lost_labels_ui};
use super::class_editor::class_editor_ui;
use super::export::export_ui;
use super::export_weights::export_weights_ui;
use super::figure_gallery::figure_ui;
use super::import_network::import_network_ui;
use super::key_names::key_name;
use super::recognised::recognised_ui;
use super::run_notes::run_notes_ui;
use super::split::split_ui;
use super::theme::{Tokens, mono, semibold};
use super::widgets::fixed;
use crate::ui::state::action::{Dialog, UiAction};
use crate::ui::state::app_state::AppState;
use crate::ui::state::keys::{POINTER_HELP, bindings};
use crate::ui::state::report_export::{ReportAction, ReportOf};
use crate::ui::state::runs_action::RunsAction;

/// Height of the list of keys, points.
const KEYS_HEIGHT: f32 = 560.0;

/// A dialog in which the path of a folder is typed.
struct PathDialog {
    heading: &'static str,
    /// Name of the field, for screen readers.
    field: &'static str,
    button: &'static str,
    /// What is done with the path.
    then: fn(PathBuf) -> UiAction,
}

const PROJECT_PATH: PathDialog = PathDialog {
    heading: "Open a project by its path",
    field: "Path of the project folder",
    button: "Open",
    then: UiAction::OpenProject,
};
const RUN_PATH: PathDialog = PathDialog {
    heading: "Open a run by its path",
    field: "Path of the run folder",
    button: "Open",
    then: UiAction::OpenRun,
};
const FIGURES_PATH: PathDialog = PathDialog {
    heading: "Save the figures of the ticked runs",
    field: "Path of the folder for figures",
    button: "Save",
    then: |folder| UiAction::Runs(RunsAction::WriteFigures(folder)),
};
const RUNS_REPORT_PATH: PathDialog = PathDialog {
    heading: "Save the report of the ticked runs",
    field: "Path of the folder for the report",
    button: "Save",
    then: |folder| UiAction::Report(ReportAction::Write(ReportOf::Runs, folder)),
};
const STUDY_REPORT_PATH: PathDialog = PathDialog {
    heading: "Save the report of the study",
    field: "Path of the folder for the report",
    button: "Save",
    then: |folder| UiAction::Report(ReportAction::Write(ReportOf::Study, folder)),
};

/// Draws the open dialog, if any.
pub fn dialogs_ui(ctx: &Context, state: &AppState, actions: &mut Vec<UiAction>) {
    let Some(dialog) = state.dialog else { return };
    let frame = Frame::popup(&ctx.global_style()).inner_margin(20);
    let room = ctx.content_rect().size();
    let modal = Modal::new(Id::unique("dialog")).frame(frame).show(ctx, |ui| {
        let width = match dialog {
            Dialog::Keys => 640.0,
            Dialog::Check => 760.0,
            Dialog::Figure => f32::INFINITY,
            Dialog::Export | Dialog::ExportWeights | Dialog::ImportNetwork | Dialog::Split => 560.0,
            Dialog::About
            | Dialog::OpenPath
            | Dialog::OpenRunPath
            | Dialog::FiguresPath
            | Dialog::ReportPath(_)
            | Dialog::Classes
            | Dialog::Recognised
            | Dialog::RunNotes
            | Dialog::LostLabels => 480.0,
        };
        ui.set_max_width((room.x - 72.0).min(width));
        match dialog {
            Dialog::Keys => keys_ui(ui, room.y - 170.0),
            Dialog::About => about_ui(ui),
            Dialog::OpenPath => path_ui(ui, state, &PROJECT_PATH, actions),
            Dialog::OpenRunPath => path_ui(ui, state, &RUN_PATH, actions),
            Dialog::FiguresPath => path_ui(ui, state, &FIGURES_PATH, actions),
            Dialog::ReportPath(ReportOf::Runs) => path_ui(ui, state, &RUNS_REPORT_PATH, actions),
            Dialog::ReportPath(ReportOf::Study) => path_ui(ui, state, &STUDY_REPORT_PATH, actions),
            Dialog::Figure => figure_ui(ui, state, room, actions),
            Dialog::Export => export_ui(ui, state, actions),
            Dialog::ExportWeights => export_weights_ui(ui, state, actions),
            Dialog::ImportNetwork => import_network_ui(ui, state, actions),
            Dialog::Split => split_ui(ui, state, actions),
            Dialog::Recognised => recognised_ui(ui, state, actions),
            Dialog::Classes => class_editor_ui(ui, state, actions),
            Dialog::Check => check_ui(ui, state, actions),
            Dialog::RunNotes => run_notes_ui(ui, state, actions),
            Dialog::LostLabels => lost_labels_ui(ui, state, actions),
        }
        ui.add_space(8.0);
        if matches!(dialog, Dialog::Keys | Dialog::About | Dialog::Figure) && ui.button("Close").clicked() {
            actions.push(UiAction::Show(None));
        }
    });
    // These are cancelled by their button, not by a click beside the dialog.
    let is_held = match dialog {
        Dialog::Export => state.export.is_running(),
        Dialog::ExportWeights | Dialog::ImportNetwork => state.network_files.is_working(),
        Dialog::Split => state.split.is_running(),
        _ => false,
    };
    if modal.should_close() && !is_held {
        actions.push(UiAction::Show(None));
    }
}

/// The keys in two columns of groups. Scrolls if the window is too low.
fn keys_ui(ui: &mut Ui, room: f32) {
    ui.heading("Keys");
    ui.add_space(8.0);
    let size = vec2(ui.available_width(), room.min(KEYS_HEIGHT));
    fixed(ui, "keys", size, key_columns_ui);
}

fn key_columns_ui(ui: &mut Ui) {
    ui.columns(2, |columns| {
        for (column, groups) in columns.iter_mut().zip([["File", "Labels", "Window"], ["View", "Run", ""]]) {
            for group in groups.into_iter().filter(|group| !group.is_empty()) {
                group_ui(column, group);
            }
        }
    });
}

fn group_ui(ui: &mut Ui, group: &str) {
    let strong = Tokens::of(ui).strong;
    ui.label(RichText::new(group).font(semibold(13.0)).color(strong));
    Grid::new(group).num_columns(2).min_row_height(18.0).spacing([16.0, 3.0]).show(ui, |ui| {
        for (_, keys, text) in POINTER_HELP.iter().filter(|(of, ..)| *of == group) {
            ui.label(RichText::new(*keys).font(mono(12.0)));
            ui.label(*text);
            ui.end_row();
        }
        for binding in bindings().iter().filter(|binding| binding.group == group) {
            let keys: Vec<_> = binding.keys.iter().map(|key| key_name(ui.ctx(), key)).collect();
            ui.label(RichText::new(keys.join(" or ")).font(mono(12.0)));
            ui.label(binding.text);
            ui.end_row();
        }
    });
    ui.add_space(8.0);
}

fn about_ui(ui: &mut Ui) {
    ui.heading("Pointillist");
    ui.weak(format!("version {}", env!("CARGO_PKG_VERSION")));
    ui.add_space(8.0);
    ui.label("Label a landscape with dots, and watch a network learn it.");
    ui.add_space(8.0);
    ui.label(format!("Licence: {}", env!("CARGO_PKG_LICENSE")));
    ui.label("Fonts: Inter and JetBrains Mono (SIL Open Font Licence), icons: Lucide (ISC).");
}

/// The typed path, with a leading `~/` replaced by the home folder.
fn from_home(typed: &str) -> PathBuf {
    let home = directories::BaseDirs::new().zip(typed.strip_prefix("~/"));
    home.map_or_else(|| typed.into(), |(dirs, rest)| dirs.home_dir().join(rest))
}

/// Focuses the field of a dialog that has just opened and selects its text.
fn focus_at_first(ui: &Ui, response: &Response, len: usize) {
    let (id, pass) = (response.id.with("shown in"), ui.ctx().cumulative_pass_nr());
    let before = ui.data_mut(|data| data.get_temp::<u64>(id));
    ui.data_mut(|data| data.insert_temp(id, pass));
    if before.is_some_and(|before| before + 1 >= pass) {
        return;
    }
    response.request_focus();
    let mut state = TextEditState::load(ui.ctx(), response.id).unwrap_or_default();
    state.cursor.set_char_range(Some(CCursorRange::two(CCursor::new(0), CCursor::new(len))));
    state.store(ui.ctx(), response.id);
}

fn path_ui(ui: &mut Ui, state: &AppState, dialog: &PathDialog, actions: &mut Vec<UiAction>) {
    ui.heading(dialog.heading);
    ui.add_space(8.0);
    let mut path = state.typed_path.clone();
    let edit = TextEdit::singleline(&mut path).hint_text("/path/to/folder").desired_width(f32::INFINITY);
    let response = ui.add(edit).accessible_name(dialog.field);
    focus_at_first(ui, &response, path.chars().count());
    if response.changed() {
        actions.push(UiAction::TypePath(path.clone()));
    }
    let entered = response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
    ui.add_space(8.0);
    ui.horizontal(|ui| {
        let named = !path.trim().is_empty();
        if (ui.add_enabled(named, eframe::egui::Button::new(dialog.button)).clicked() || entered) && named {
            actions.push((dialog.then)(from_home(path.trim())));
        }
        if ui.button("Cancel").clicked() {
            actions.push(UiAction::Show(None));
        }
    });
}
