//! Opening projects and runs in the background.

use std::path::{Path, PathBuf};

use super::jobs::Opened;
use super::services::Services;
use crate::data::{KnownDataset, demo};
use crate::domain::Notice;
use crate::engine::{Command, RunId};
use crate::ui::state::action::{Dialog, UiAction};
use crate::ui::state::app_state::AppState;
use crate::ui::state::export_state::ExportState;
use crate::ui::state::in_view::InView;
use crate::ui::state::message::Level;
use crate::ui::state::open_project::OpenProject;
use crate::ui::state::run_state::RunState;
use crate::ui::state::runs_table::RunsTable;
use crate::ui::state::split_state::SplitState;
use crate::ui::state::study_action::StudyAction;
use crate::ui::state::view_camera::ViewCamera;

/// Reports that a job's thread could not be started.
pub(crate) fn report_no_thread(state: &mut AppState, result: std::io::Result<()>) {
    if let Err(error) = result {
        state.opening = None;
        state.say(
            Level::Error,
            Notice::new("Could not start a thread")
                .cause(error.to_string())
                .remedy("Close other programs and try again"),
        );
    }
}

pub(crate) fn pick_project(services: &Services, state: &mut AppState) {
    let start = state.project.as_ref().map(|project| project.project.root.clone());
    let title = "Open a folder of tiles";
    let result = services.jobs.pick_folder(title, start.as_deref(), UiAction::OpenProject, Dialog::OpenPath);
    report_no_thread(state, result);
}

pub(crate) fn pick_run(services: &Services, state: &mut AppState) {
    let root = state.project.as_ref().map(|project| project.project.root.clone());
    let start = state.runs_home.clone().or(root);
    let result =
        services.jobs.pick_folder("Open a run folder", start.as_deref(), UiAction::OpenRun, Dialog::OpenRunPath);
    report_no_thread(state, result);
}

/// Opens a project in the background.
pub(crate) fn open_project(services: &mut Services, state: &mut AppState, path: PathBuf) {
    if refuses_while_running(state) {
        return;
    }
    close_if_open(services, state, &path);
    state.dialog = None;
    state.opening = Some(path.clone());
    let result = services.jobs.open(path);
    report_no_thread(state, result);
}

pub(crate) fn open_demo(services: &mut Services, state: &mut AppState) {
    if refuses_while_running(state) {
        return;
    }
    if let Some(demo) = demo::folder() {
        close_if_open(services, state, &demo);
    }
    state.opening = Some(PathBuf::from("the demo project"));
    let result = services.jobs.open_demo();
    report_no_thread(state, result);
}

/// Closes the project if `path` is its folder: a journal can be open only once.
fn close_if_open(services: &mut Services, state: &mut AppState, path: &Path) {
    let open = state.project.as_ref().map(|project| project.project.root.as_path());
    let same = |root: &Path| root == path || std::fs::canonicalize(root).ok() == std::fs::canonicalize(path).ok();
    if open.is_some_and(same) {
        services.journal = None;
        state.project = None;
        state.view = InView::default();
    }
}

/// Whether a run or a study is in progress; if so, tells the user to stop it first. Both belong to their project.
fn refuses_while_running(state: &mut AppState) -> bool {
    let running = state.run.is_running() || state.study.is_running();
    if running {
        let what = if state.run.is_running() { "A run" } else { "A study" };
        let notice =
            Notice::new(format!("{what} is in progress")).remedy("Stop it before you open another project or run");
        state.say(Level::Warning, notice);
    }
    running
}

/// Opens a finished run over the open project.
pub(crate) fn open_run(services: &mut Services, state: &mut AppState, folder: PathBuf) {
    if refuses_while_running(state) {
        return;
    }
    let (run, data) = make_way(services, state, RunState::opening);
    send(services, state, Command::Open { run, folder, data });
}

/// Goes on with a run over the open project.
pub(crate) fn resume(services: &mut Services, state: &mut AppState, folder: PathBuf, more_epochs: u32) {
    if refuses_while_running(state) {
        return;
    }
    let (run, data) = make_way(services, state, RunState::resuming);
    send(services, state, Command::Continue { run, folder, data, more_epochs, lr: None });
}

/// Puts a run from disk in the place of the one before. Returns its id and the open project.
fn make_way(services: &mut Services, state: &mut AppState, begin: fn(RunId) -> RunState) -> (RunId, Option<PathBuf>) {
    state.dialog = None;
    services.last_run += 1;
    state.run.give_way_to(begin(services.last_run));
    state.export = ExportState::default();
    services.forget_quick_export();
    state.view.network = None;
    (services.last_run, state.project.as_ref().map(|project| project.project.root.clone()))
}

/// Asks the engine for a run; the one before is back if it has no time.
fn send(services: &Services, state: &mut AppState, command: Command) {
    if !services.engine.send(command) {
        state.run.give_back();
        state.say(Level::Error, Notice::new("The engine is busy").remedy("Try again in a moment"));
    }
}

/// Lists the project's runs again.
pub(crate) fn list_runs(services: &Services, state: &mut AppState) {
    let Some(project) = &state.project else { return };
    let result = services.jobs.list_runs(project.project.root.clone());
    report_no_thread(state, result);
}

/// Replaces the open project with one that was just read. Returns what to do next.
pub(crate) fn take_project(services: &mut Services, state: &mut AppState, opened: Opened) -> Vec<UiAction> {
    let Opened { project, journal, replay, runs_home, runs, offer } = opened;
    // Faults are reported once they are all known; a recognised dataset is asked about.
    let said = [project.fault_note(), project.doubt()];
    let (root, tiles) = (project.root.clone(), project.tiles.len());
    state.messages.close_toasts(); // They concern the previous project, or earlier attempts to open this one.
    state.say(Level::Info, format!("Opened {} ({}): {tiles} tiles", root.display(), project.layout));
    for note in
        project.notes.iter().chain(&replay.notes).filter(|note| !said.iter().flatten().any(|said| said == *note))
    {
        state.say(Level::Warning, note.as_str());
    }
    project.remarks.iter().for_each(|remark| state.say(Level::Info, remark.as_str()));
    (state.opening, state.offer) = (None, None);
    state.settings.remember(&root);
    let mut open = OpenProject::new(project, replay.book, journal.path.clone());
    open.disk = journal.disk();
    open.lost_labels = journal.unlinked(&open.book);
    state.project = Some(open);
    services.journal = Some(journal);
    (state.runs_home, state.runs_table) = (Some(runs_home), RunsTable::default());
    state.take_runs(runs);
    state.forget_run();
    state.swipe = None;
    state.gallery.leave_project();
    // A figure of the project before is enlarged no longer.
    state.dialog = state.dialog.filter(|dialog| *dialog != Dialog::Figure);
    if !state.study.is_running() {
        state.study.leave_project();
    }
    state.export = ExportState::default();
    state.split.stop();
    state.split = SplitState { offer, ..SplitState::default() };
    state.dialog = question(state);
    services.forget_quick_export();
    state.filter.clear();
    state.thumbnails.clear();
    state.choose_preset();
    state.fit_to_classes();
    state.assign_roles();
    state.say_faults();
    state.camera = ViewCamera::default();
    services.forget_view();
    services.reload_tiles(state);
    let last = state.reopen_at.take();
    let first = [UiAction::Check, UiAction::SelectTile(first_tile(state, last.as_deref()))];
    let look = state.is_at_studies().then_some(UiAction::Study(StudyAction::Look));
    first.into_iter().chain(look).collect()
}

/// What to ask about a project that was just opened.
fn question(state: &AppState) -> Option<Dialog> {
    match () {
        () if offers_cut(state) => Some(Dialog::Split),
        () if is_recognised(state) => Some(Dialog::Recognised),
        () => state.dialog,
    }
}

/// Whether to offer unasked to cut the scenes: only those of LandCover.ai, and only while no label on them would be left aside. The
/// menu offers it for all others.
fn offers_cut(state: &AppState) -> bool {
    let is_landcover = |open: &OpenProject| open.project.recognised == Some(KnownDataset::LandCoverAi);
    let is_free = |open: &OpenProject| state.split.labels_aside(open) == 0;
    state.split.offer.is_some() && state.project.as_ref().is_some_and(|open| is_landcover(open) && is_free(open))
}

/// Whether the classes are those of a recognised dataset, and nobody has said yet whether that is right.
pub(crate) fn is_recognised(state: &AppState) -> bool {
    state.project.as_ref().is_some_and(|open| open.project.recognised.is_some())
}

/// The tile to show first: the one with this id if it still exists, else the first usable one.
fn first_tile(state: &AppState, last: Option<&str>) -> usize {
    let tiles = state.project.as_ref().map_or(&[][..], |open| &open.project.tiles);
    let again = last.and_then(|last| tiles.iter().position(|tile| tile.id == last));
    again.or_else(|| tiles.iter().position(|tile| tile.fault.is_none())).unwrap_or(0)
}
