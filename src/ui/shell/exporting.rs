//! Exports maps. The engine predicts and writes them; another source would drive [`crate::data::export::maps::MapExport`]
//! itself and report with the same [`ExportNews`].

use std::path::{Path, PathBuf};
use std::process::{Command as Program, Stdio};

use super::jobs::JobOutcome;
use super::opening::report_no_thread;
use super::run_control;
use super::services::Services;
use crate::domain::Notice;
use crate::engine::Command;
use crate::engine::protocol::{ExportNews, ExportRequest};
use crate::ui::state::action::{Dialog, ExportAction, UiAction};
use crate::ui::state::app_state::AppState;
use crate::ui::state::export_state::ExportForm;

/// The program that opens a folder in the desktop's file manager.
const FILE_MANAGER: &str = if cfg!(target_os = "windows") {
    "explorer"
} else if cfg!(target_os = "macos") {
    "open"
} else {
    "xdg-open"
};

/// Carries out an action.
pub(crate) fn act(services: &Services, state: &mut AppState, action: ExportAction) {
    match action {
        ExportAction::Open => open(state),
        ExportAction::SetForm(form) => (state.export.form, state.export.news) = (form, None),
        ExportAction::PickFolder => pick_folder(services, state),
        ExportAction::Begin { overwrite } => begin(services, state, overwrite),
        ExportAction::Cancel => run_control::send(services, state, Command::CancelExport),
        ExportAction::Reveal(folder) => reveal(services, state, folder),
    }
}

fn open(state: &mut AppState) {
    if state.can_export() {
        state.export.news = None;
        state.export.form.folder = state.default_maps_folder().display().to_string();
    }
    state.dialog = Some(Dialog::Export);
}

fn pick_folder(services: &Services, state: &mut AppState) {
    let typed = PathBuf::from(state.export.form.folder.trim());
    let start = typed.ancestors().find(|folder| folder.is_dir()).map(Path::to_owned);
    let all_tiles = state.export.form.all_tiles;
    let then = move |folder: PathBuf| {
        let folder = folder.display().to_string();
        UiAction::Export(ExportAction::SetForm(ExportForm { all_tiles, folder }))
    };
    let result = services.jobs.pick_folder("Folder for the maps", start.as_deref(), then, Dialog::Export);
    report_no_thread(state, result);
}

fn begin(services: &Services, state: &mut AppState, overwrite: bool) {
    let tiles = state.tiles_to_export();
    let request = ExportRequest { folder: state.export.form.folder.trim().into(), overwrite, tiles };
    state.export.news = Some(ExportNews::Progress { done: 0, total: request.tiles.len(), percent: 0 });
    if !services.engine.send(Command::Export(request)) {
        let notice = Notice::new("The engine is busy").remedy("Wait a moment and export again");
        state.export.news = Some(ExportNews::Refused(notice));
    }
}

/// Opens a folder in the file manager. Without one, says where the folder is.
fn reveal(services: &Services, state: &mut AppState, folder: PathBuf) {
    let result = services.jobs.spawn("file manager", move || {
        let mut program = Program::new(FILE_MANAGER);
        let opened = program.arg(&folder).stdout(Stdio::null()).stderr(Stdio::null()).status();
        match opened {
            // Windows' file manager reports failure even when it opens.
            Ok(status) if status.success() || cfg!(target_os = "windows") => JobOutcome::Nothing,
            _ => JobOutcome::Failed(
                Notice::new("No file manager could be opened").remedy(format!("The maps are in {}", folder.display())),
            ),
        }
    });
    report_no_thread(state, result);
}
