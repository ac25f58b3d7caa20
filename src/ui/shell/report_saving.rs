//! Writes the report of a study or of the ticked runs, as `study report` and `compare` do, on a thread of its own.

use std::path::PathBuf;

use super::jobs::JobOutcome;
use super::opening::report_no_thread;
use super::services::Services;
use super::{compared, studies};
use crate::domain::count::counted;
use crate::domain::{Notice, panic};
use crate::study::report_files::ReportFiles;
use crate::study::standing::StudyRequest;
use crate::ui::state::action::{Dialog, UiAction};
use crate::ui::state::app_state::AppState;
use crate::ui::state::message::Level;
use crate::ui::state::report_export::{ReportAction, ReportOf, SavedReport};

/// What of the report is made on the thread.
type Making = Box<dyn FnOnce() -> anyhow::Result<ReportFiles> + Send>;

/// Carries out an action.
pub(crate) fn act(services: &Services, state: &mut AppState, action: ReportAction) {
    match action {
        ReportAction::PickFolder(of) => pick_folder(services, state, of),
        ReportAction::Write(of, folder) => begin(services, state, of, folder),
    }
}

fn pick_folder(services: &Services, state: &mut AppState, of: ReportOf) {
    let start = state.project.as_ref().map(|open| open.project.root.clone());
    let then = move |folder| UiAction::Report(ReportAction::Write(of, folder));
    let title = "Folder for the report";
    let result = services.jobs.pick_folder(title, start.as_deref(), then, Dialog::ReportPath(of));
    report_no_thread(state, result);
}

fn begin(services: &Services, state: &mut AppState, of: ReportOf, folder: PathBuf) {
    state.dialog = None;
    let making = match (state.why_no_report(of), making(state, of)) {
        (None, Some(making)) => making,
        (why, _) => {
            let why = why.unwrap_or("the plan of the study cannot be read");
            return state.say(Level::Warning, Notice::new("The report was not written").cause(why));
        }
    };
    let work = move || {
        let written = panic::caught(|| save(making, folder)).unwrap_or_else(|why| Err(anyhow::anyhow!(why)));
        let refused = |error: anyhow::Error| Notice::new("The report was not written").cause(format!("{error:#}"));
        JobOutcome::ReportWritten(written.map_err(refused))
    };
    let result = services.jobs.spawn("write report", work);
    state.report = result.is_ok().then_some(of);
    report_no_thread(state, result);
}

/// What makes the report; `None` if no study can be told.
fn making(state: &AppState, of: ReportOf) -> Option<Making> {
    match of {
        ReportOf::Runs => {
            let runs = state.runs_table.ticked.clone();
            Some(Box::new(move || of_runs(&runs)))
        }
        ReportOf::Study => {
            let request = studies::on_disk(state)?;
            Some(Box::new(move || of_study(&request)))
        }
    }
}

fn of_runs(runs: &[PathBuf]) -> anyhow::Result<ReportFiles> {
    let title = counted(runs.len() as u64, "run");
    Ok(ReportFiles::of_runs(compared::comparison(&title, runs)?))
}

fn of_study(request: &StudyRequest) -> anyhow::Result<ReportFiles> {
    let (plan, _, overview) = request.overview(&|| true)?;
    anyhow::ensure!(overview.count("done") > 0, "no run of the plan is done");
    Ok(ReportFiles::of_study(&plan, &overview))
}

fn save(making: Making, folder: PathBuf) -> anyhow::Result<SavedReport> {
    if let Some(there) = ReportFiles::existing(&folder) {
        anyhow::bail!("{} exists: choose another folder", there.display());
    }
    let files = making()?;
    files.write(&folder)?;
    Ok(SavedReport { folder, notes: files.notes })
}

/// Takes in how it ended. What is to be known of the runs stands in the report, and in the log.
pub(crate) fn take(state: &mut AppState, result: Result<SavedReport, Notice>) {
    state.report = None;
    match result {
        Ok(SavedReport { folder, notes }) => {
            notes.into_iter().for_each(|note| state.say(Level::Info, note));
            state.announce(format!("The report is in {}", folder.display()));
        }
        Err(notice) => state.say(Level::Error, notice),
    }
}
