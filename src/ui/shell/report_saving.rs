//! Writes the report of a study or of the ticked runs, as `study report` and `compare` do, on a thread of its own.

use std::path::{Path, PathBuf};

use super::jobs::JobOutcome;
use super::opening::report_no_thread;
use super::services::Services;
use super::{compared, studies};
use crate::domain::count::counted;
use crate::domain::{Notice, panic};
use crate::engine::priority;
use crate::study::report_files::ReportFiles;
use crate::ui::state::action::{Dialog, UiAction};
use crate::ui::state::app_state::AppState;
use crate::ui::state::message::Level;
use crate::ui::state::report_export::{ReportAction, ReportOf, ReportSource, ReportTask, SavedReport, WritingReport};

/// What is said where there is no report.
const NOT_WRITTEN: &str = "The report was not written";

/// Carries out an action.
pub(crate) fn act(services: &Services, state: &mut AppState, action: ReportAction) {
    match action {
        ReportAction::PickFolder(of) => pick_folder(services, state, of),
        ReportAction::Write(of, folder) => begin(services, state, of, folder),
    }
}

/// Asks for a folder. What is told there is what was shown when it was asked for.
fn pick_folder(services: &Services, state: &mut AppState, of: ReportOf) {
    let task = match task(state, of) {
        Ok(task) => task,
        Err(why) => return refuse(state, why),
    };
    let start = task.root.clone();
    state.asked_report = Some(task);
    let then = move |folder| UiAction::Report(ReportAction::Write(of, folder));
    let title = "Folder for the report";
    let result = services.jobs.pick_folder(title, Some(&start), then, Dialog::ReportPath(of));
    report_no_thread(state, result);
}

fn begin(services: &Services, state: &mut AppState, of: ReportOf, folder: PathBuf) {
    state.dialog = None;
    let asked = state.asked_report.take().filter(|asked| asked.of() == of);
    let task = match asked.map_or_else(|| task(state, of), Ok) {
        Ok(task) if !state.is_open(&task.root) => return refuse(state, "another project is open by now"),
        Ok(_) if state.report.is_some() => return refuse(state, "another one is being written"),
        Ok(task) => task,
        Err(why) => return refuse(state, why),
    };
    let report = WritingReport { of, root: task.root.clone() };
    let work = move || {
        priority::lower_this_thread();
        let written = panic::caught(|| save(&task, folder)).unwrap_or_else(|why| Err(anyhow::anyhow!(why)));
        let refused = |error: anyhow::Error| Notice::new(NOT_WRITTEN).cause(format!("{error:#}"));
        JobOutcome::ReportWritten(written.map_err(refused))
    };
    let result = services.jobs.spawn("write report", work);
    state.report = result.is_ok().then_some(report);
    report_no_thread(state, result);
}

fn refuse(state: &mut AppState, why: &str) {
    state.say(Level::Warning, Notice::new(NOT_WRITTEN).cause(why));
}

/// The report of what is shown now, or why there can be none.
fn task(state: &AppState, of: ReportOf) -> Result<ReportTask, &'static str> {
    if let Some(why) = state.why_no_report(of) {
        return Err(why);
    }
    let root = state.project.as_ref().map(|open| open.project.root.clone()).ok_or("no project is open")?;
    let device = state.settings.form.device.clone();
    Ok(match of {
        ReportOf::Runs => {
            let source = ReportSource::Runs(state.runs_table.ticked.clone());
            ReportTask { root, source, device }
        }
        ReportOf::Study => {
            let request = studies::on_disk(state).ok_or("the plan of the study cannot be read")?;
            let device = request.device.clone().unwrap_or(device);
            ReportTask { root, source: ReportSource::Study(Box::new(request)), device }
        }
    })
}

/// Makes the report, which takes long. That its folder cannot be used is said before.
fn save(task: &ReportTask, folder: PathBuf) -> anyhow::Result<SavedReport> {
    refuse_to_replace(&folder)?;
    ReportFiles::prepare(&folder)?;
    let files = match &task.source {
        ReportSource::Runs(runs) => {
            let title = counted(runs.len() as u64, "run");
            ReportFiles::of_runs(compared::comparison(&title, runs)?, &task.device)
        }
        ReportSource::Study(request) => {
            let (plan, _, overview) = request.overview(&|| true)?;
            anyhow::ensure!(overview.count("done") > 0, "no run of the plan is done");
            ReportFiles::of_study(&plan, &overview, &task.device)
        }
    };
    refuse_to_replace(&folder)?; // Somebody else may have written one meanwhile.
    files.write(&folder)?;
    Ok(SavedReport { folder, notes: files.notes })
}

fn refuse_to_replace(folder: &Path) -> anyhow::Result<()> {
    match ReportFiles::existing(folder) {
        Some(there) => anyhow::bail!("{} exists: choose another folder", there.display()),
        None => Ok(()),
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::config::DeviceChoice;
    use crate::ui::state::held_blocks::tests::state;

    #[test]
    fn a_folder_that_cannot_be_used_is_told_before_the_work() {
        let dir = tempfile::tempdir().unwrap();
        let source = ReportSource::Runs(vec!["/no/such/run".into()]);
        let task = ReportTask { root: PathBuf::new(), source, device: DeviceChoice::Cpu };
        let why = |folder: PathBuf| format!("{:#}", save(&task, folder).unwrap_err());
        let told = why(dir.path().join("new"));
        assert!(told.contains("/no/such/run"), "{told}");
        let file = dir.path().join("file");
        std::fs::write(&file, "").unwrap();
        let told = why(file.join("report"));
        assert!(told.contains("cannot create the folder for the report"), "{told}");
        std::fs::write(dir.path().join("report.csv"), "").unwrap();
        let told = why(dir.path().to_owned());
        assert!(told.contains("report.csv exists"), "{told}");
    }

    #[test]
    fn a_report_is_of_what_was_shown_when_its_folder_was_asked_for() {
        let mut state = state();
        assert!(task(&state, ReportOf::Runs).is_err(), "no run is ticked");
        state.runs_table.tick(Path::new("/runs/a"), true);
        let root = state.project.as_ref().unwrap().project.root.clone();
        let task = task(&state, ReportOf::Runs).unwrap();
        assert_eq!((task.of(), &task.root), (ReportOf::Runs, &root));
        state.runs_table.tick_none();
        assert_eq!(task.source, ReportSource::Runs(vec!["/runs/a".into()]));
    }
}
