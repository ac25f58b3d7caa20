//! Exports the map that is shown: the engine writes those of a network, a thread of their own those of the quick head. Both
//! report with [`ExportNews`].

use std::path::{Path, PathBuf};
use std::process::{Command as Program, Stdio};
use std::sync::Arc;

use super::jobs::JobOutcome;
use super::opening::report_no_thread;
use super::run_control;
use super::services::Services;
use crate::domain::Notice;
use crate::engine::Command;
use crate::engine::protocol::{ExportNews, ExportRequest};
use crate::engine::quick::QuickExport;
use crate::ui::state::action::{Dialog, ExportAction, UiAction};
use crate::ui::state::app_state::AppState;
use crate::ui::state::export_state::ExportForm;
use crate::ui::state::map_source::MapSource;

/// The program that opens a folder in the desktop's file manager.
const FILE_MANAGER: &str = if cfg!(target_os = "windows") {
    "explorer"
} else if cfg!(target_os = "macos") {
    "open"
} else {
    "xdg-open"
};

/// Carries out an action.
pub(crate) fn act(services: &mut Services, state: &mut AppState, action: ExportAction) {
    match action {
        ExportAction::Open => open(state),
        ExportAction::SetForm(_) if state.export.is_running() => {} // A folder was chosen too late.
        ExportAction::SetForm(form) => (state.export.form, state.export.news) = (form, None),
        ExportAction::PickFolder => pick_folder(services, state),
        ExportAction::Begin { overwrite } => begin(services, state, overwrite),
        ExportAction::Cancel => cancel(services, state),
        ExportAction::Reveal(folder) => reveal(services, state, folder),
    }
}

fn open(state: &mut AppState) {
    if state.can_export() {
        (state.export.source, state.export.news) = (state.exports(), None);
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

fn begin(services: &mut Services, state: &mut AppState, overwrite: bool) {
    let tiles = state.tiles_to_export();
    let (folder, by) = (state.export.form.folder.trim().into(), state.map_maker());
    let request = ExportRequest { folder, by, overwrite, tiles };
    let source = state.export.source;
    state.export.news = Some(ExportNews::Progress { done: 0, total: request.tiles.len(), percent: 0 });
    let begun = match source {
        Some(MapSource::Quick) => begin_quick(services, state, request),
        _ => services.engine.send(Command::Export(request)),
    };
    if !begun {
        let notice = Notice::new("The export could not begin").remedy("Wait a moment and export again");
        state.export.news = Some(ExportNews::Refused(notice));
    }
}

/// Exports the quick head's maps.
fn begin_quick(services: &mut Services, state: &AppState, request: ExportRequest) -> bool {
    let Some((lessons, open)) = state.view.quick.lessons.as_ref().zip(state.project.as_ref()) else { return false };
    let (lessons, project, waker) = (Arc::clone(lessons), Arc::clone(&open.project), services.waker());
    services.quick_export = QuickExport::start(request, lessons, project, waker).ok();
    services.quick_export.is_some()
}

fn cancel(services: &Services, state: &mut AppState) {
    match &services.quick_export {
        Some(export) => export.cancel(),
        None => run_control::send(services, state, Command::CancelExport),
    }
}

/// Takes in how the export of the quick head's maps goes.
pub(crate) fn take_news(services: &mut Services, state: &mut AppState) {
    let Some(news) = services.quick_export.as_ref().and_then(QuickExport::poll) else { return };
    if !matches!(news, ExportNews::Progress { .. }) {
        services.quick_export = None;
    }
    state.apply_export(news);
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
