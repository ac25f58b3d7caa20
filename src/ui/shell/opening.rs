//! Opening projects and runs, off the window's thread.

use std::path::{Path, PathBuf};

use super::jobs::Done;
use super::services::Services;
use crate::data::demo;
use crate::engine::Command;
use crate::ui::state::action::Dialog;
use crate::ui::state::app_state::AppState;
use crate::ui::state::in_view::InView;
use crate::ui::state::message::Level;
use crate::ui::state::run_state::RunState;

pub(crate) fn failed_to_start(state: &mut AppState, result: std::io::Result<()>) {
    if let Err(error) = result {
        state.opening = None;
        state.say(
            Level::Error,
            &format!("The system has no thread to give: {error}. Close other programs and try again"),
        );
    }
}

pub(crate) fn pick_project(services: &Services, state: &mut AppState) {
    let start = state.project.as_ref().map(|project| project.project.root.clone());
    let title = "Open a folder of tiles";
    let result = services.jobs.pick_folder(title, start.as_deref(), Done::ProjectPicked, Dialog::OpenPath);
    failed_to_start(state, result);
}

pub(crate) fn pick_run(services: &Services, state: &mut AppState) {
    let root = state.project.as_ref().map(|project| project.project.root.clone());
    let start = state.runs_home.clone().or(root);
    let result = services.jobs.pick_folder("Open a run folder", start.as_deref(), Done::RunPicked, Dialog::OpenRunPath);
    failed_to_start(state, result);
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
    failed_to_start(state, result);
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
    failed_to_start(state, result);
}

/// A journal can be open only once: a project to be opened anew is closed first.
fn close_if_open(services: &mut Services, state: &mut AppState, path: &Path) {
    let open = state.project.as_ref().map(|project| project.project.root.as_path());
    let same = |root: &Path| root == path || std::fs::canonicalize(root).ok() == std::fs::canonicalize(path).ok();
    if open.is_some_and(same) {
        services.journal = None;
        state.project = None;
        state.view = InView::default();
    }
}

/// A run belongs to its project: another one is opened only when it is over.
fn refuses_while_running(state: &mut AppState) -> bool {
    let running = state.run.is_running();
    if running {
        state.say(Level::Warning, "A run is on: stop it before opening something else");
    }
    running
}

/// Opens a finished run over the open project.
pub(crate) fn open_run(services: &mut Services, state: &mut AppState, folder: PathBuf) {
    if refuses_while_running(state) {
        return;
    }
    state.dialog = None;
    services.last_run += 1;
    state.run = RunState::opening(services.last_run);
    state.view.prediction = None;
    let data = state.project.as_ref().map(|project| project.project.root.clone());
    if !services.engine.send(Command::Open { run: services.last_run, folder, data }) {
        state.run = RunState::default();
        state.say(Level::Error, "The engine is busy: try again in a moment");
    }
}

/// Looks for run folders.
pub(crate) fn list_runs(services: &Services, state: &mut AppState) {
    let Some(project) = &state.project else { return };
    let result = services.jobs.list_runs(project.project.root.clone());
    failed_to_start(state, result);
}
