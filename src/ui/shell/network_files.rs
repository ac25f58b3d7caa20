//! Exports the network of a run and imports those of files, on threads of their own.

use std::path::{Path, PathBuf};

use super::jobs::{JobOutcome, ProjectRuns};
use super::opening::report_no_thread;
use super::services::Services;
use crate::domain::{Choice as _, Notice, panic};
use crate::engine::exported::NetworkExport;
use crate::engine::imported::NetworkImport;
use crate::ui::state::action::{Dialog, NetworkAction, Tab, UiAction};
use crate::ui::state::app_state::AppState;
use crate::ui::state::message::Level;
use crate::ui::state::network_files::{ImportForm, NetworkNews, WeightsForm};

/// Endings of the files that can be imported.
const ENDINGS: [&str; 4] = ["safetensors", "pth", "pt", "bin"];

/// Carries out an action.
pub(crate) fn act(services: &Services, state: &mut AppState, action: NetworkAction) {
    let files = &mut state.network_files;
    if files.is_working() {
        return; // A file was chosen too late.
    }
    match action {
        NetworkAction::OpenExport(run) => state.open_weights_export(run),
        NetworkAction::SetExport(form) => (files.export, files.news) = (form, None),
        NetworkAction::PickExport => pick_export(services, state),
        NetworkAction::Export { overwrite } => export(services, state, overwrite),
        NetworkAction::OpenImport => (files.news, state.dialog) = (None, Some(Dialog::ImportNetwork)),
        NetworkAction::SetImport(form) => (files.import, files.news) = (form, None),
        NetworkAction::PickImport => pick_import(services, state),
        NetworkAction::Import => import(services, state),
    }
}

/// The nearest folder of a typed path that exists.
fn nearest_folder(typed: &str) -> Option<PathBuf> {
    Path::new(typed.trim()).ancestors().skip(1).find(|folder| folder.is_dir()).map(Path::to_owned)
}

fn pick_export(services: &Services, state: &mut AppState) {
    let form = state.network_files.export.clone();
    let (format, typed) = (form.format, Path::new(form.file.trim()));
    let mut dialog = rfd::AsyncFileDialog::new().set_title("File for the weights");
    dialog = dialog.add_filter(format.title(), &[format.name()]);
    if let Some(name) = typed.file_name() {
        dialog = dialog.set_file_name(name.to_string_lossy());
    }
    if let Some(folder) = nearest_folder(&form.file) {
        dialog = dialog.set_directory(folder);
    }
    // The desktop has asked about a file that exists.
    let then = move |file: PathBuf| {
        let file = file.display().to_string();
        UiAction::Network(NetworkAction::SetExport(WeightsForm { file, may_replace: true, ..form }))
    };
    let result = services.jobs.await_dialog(dialog.save_file(), then, Dialog::ExportWeights);
    report_no_thread(state, result);
}

fn pick_import(services: &Services, state: &mut AppState) {
    let form = state.network_files.import.clone();
    let mut dialog = rfd::AsyncFileDialog::new().set_title("File of weights").add_filter("Weights", &ENDINGS);
    if let Some(folder) = nearest_folder(&form.file) {
        dialog = dialog.set_directory(folder);
    }
    let then = move |file: PathBuf| {
        let file = file.display().to_string();
        UiAction::Network(NetworkAction::SetImport(ImportForm { file, ..form }))
    };
    let result = services.jobs.await_dialog(dialog.pick_file(), then, Dialog::ImportNetwork);
    report_no_thread(state, result);
}

fn export(services: &Services, state: &mut AppState, overwrite: bool) {
    let mut request = state.network_files.export.request();
    request.overwrite |= overwrite;
    if !request.overwrite && request.out.exists() {
        state.network_files.news = Some(NetworkNews::Exists);
        return;
    }
    begin(services, state, "export weights", move || exported(&request));
}

fn exported(request: &NetworkExport) -> JobOutcome {
    // Also a fault of the program must end in the dialog, which cannot be closed before.
    let done = panic::caught(|| request.carry_out().map_err(|error| format!("{error:#}"))).unwrap_or_else(Err);
    let news = match done {
        Ok(done) => {
            let what = format!("The {} checkpoint, {} tensors, is in", done.checkpoint.name(), done.tensors);
            NetworkNews::Done(done.notes.into_iter().chain([what]).collect(), request.out.clone())
        }
        Err(why) => NetworkNews::Failed(Notice::new("The weights were not exported").cause(why)),
    };
    JobOutcome::Network { news, runs: None }
}

fn import(services: &Services, state: &mut AppState) {
    let homes = state.project.as_ref().zip(state.runs_home.as_ref());
    let request =
        homes.and_then(|(open, home)| state.network_files.import.request(&open.project.root, home, state.clock));
    match request {
        Some(request) => begin(services, state, "import network", move || imported(&request)),
        None => {
            let notice =
                Notice::new("The network was not imported").cause("no project is open").remedy("Open one first");
            state.network_files.news = Some(NetworkNews::Failed(notice));
        }
    }
}

fn imported(request: &NetworkImport) -> JobOutcome {
    let done = panic::caught(|| request.carry_out().map_err(|error| format!("{error:#}"))).unwrap_or_else(Err);
    let news = match done {
        Ok(done) => {
            let what = format!("{} is a run of this project: open it in the Runs tab.", done.what);
            NetworkNews::Done(done.notes.into_iter().chain([what]).collect(), request.out.clone())
        }
        Err(why) => NetworkNews::Failed(Notice::new("The network was not imported").cause(why)),
    };
    JobOutcome::Network { news, runs: request.data.as_deref().map(ProjectRuns::of) }
}

fn begin(services: &Services, state: &mut AppState, name: &str, work: impl FnOnce() -> JobOutcome + Send + 'static) {
    let result = services.jobs.spawn(name, work);
    state.network_files.news = result.is_ok().then_some(NetworkNews::Working);
    report_no_thread(state, result);
}

/// Takes in how it ended.
pub(crate) fn take(state: &mut AppState, news: NetworkNews, runs: Option<ProjectRuns>) {
    match &news {
        NetworkNews::Done(lines, path) => state.say(Level::Info, format!("{} {}", lines.join(" "), path.display())),
        NetworkNews::Failed(notice) => state.say(Level::Error, notice.clone()),
        NetworkNews::Working | NetworkNews::Exists => {}
    }
    if let Some(ProjectRuns { runs, .. }) = runs.filter(|listed| state.is_open(&listed.root)) {
        state.take_runs(runs);
        (state.settings.tab, state.settings.lower_open) = (Tab::Runs, Some(true));
    }
    state.network_files.news = Some(news);
}
