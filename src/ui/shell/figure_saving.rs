//! Writes the figures of the compared runs, as `compare --figures` does, on a thread of their own.

use std::path::{Path, PathBuf};

use super::jobs::JobOutcome;
use super::opening::report_no_thread;
use super::services::Services;
use crate::domain::{Notice, panic};
use crate::study::compare::figure_files::{self, FigureFormat};
use crate::study::compare::{ComparedRun, Comparison, Entry, figures};
use crate::ui::state::action::{Dialog, UiAction};
use crate::ui::state::app_state::AppState;
use crate::ui::state::figures_export::FiguresExport;
use crate::ui::state::message::Level;
use crate::ui::state::runs_action::RunsAction;

/// What is written: whoever wants one of the two deletes the other.
const FORMAT: FigureFormat = FigureFormat::Both;

pub(crate) fn pick_folder(services: &Services, state: &mut AppState) {
    let start = state.project.as_ref().map(|open| open.project.root.clone());
    let then = |folder| UiAction::Runs(RunsAction::WriteFigures(folder));
    let title = "Folder for the figures";
    let result = services.jobs.pick_folder(title, start.as_deref(), then, Dialog::FiguresPath);
    report_no_thread(state, result);
}

/// Begins to write the figures of the ticked runs. Differences are to the first of them.
pub(crate) fn begin(services: &Services, state: &mut AppState, folder: PathBuf) {
    state.dialog = None;
    if state.runs_table.export == FiguresExport::Writing {
        return;
    }
    let runs = state.runs_table.ticked.clone();
    let work = move || {
        let written = panic::caught(|| save(&runs, &folder)).unwrap_or_else(|why| Err(anyhow::anyhow!(why)));
        let refused = |error: anyhow::Error| Notice::new("The figures were not written").cause(format!("{error:#}"));
        JobOutcome::FiguresWritten(written.map(|figures| (figures, folder)).map_err(refused))
    };
    let result = services.jobs.spawn("write figures", work);
    if result.is_ok() {
        state.runs_table.export = FiguresExport::Writing;
    }
    report_no_thread(state, result);
}

/// Takes in how it ended.
pub(crate) fn take(state: &mut AppState, result: Result<(usize, PathBuf), Notice>) {
    state.runs_table.export = match result {
        Ok((figures, folder)) => FiguresExport::Written(figures, folder),
        Err(notice) => {
            state.say(Level::Error, notice);
            FiguresExport::Idle
        }
    };
}

/// Writes the figures of these runs and returns how many there are.
fn save(runs: &[PathBuf], folder: &Path) -> anyhow::Result<usize> {
    let opened: Vec<ComparedRun> = runs.iter().map(|run| ComparedRun::open(run)).collect::<Result<_, _>>()?;
    let mut comparison = Comparison::of("ticked runs", opened.into_iter().map(Entry::from).collect());
    comparison.count_labels(&|_, _| ());
    let plates = figures::all(&comparison);
    anyhow::ensure!(!plates.is_empty(), "these runs have neither curves nor scores");
    if let Some(there) = figure_files::existing(folder, &plates, FORMAT) {
        anyhow::bail!("{} exists: choose another folder", there.display());
    }
    std::fs::create_dir_all(folder).map_err(|error| anyhow::anyhow!("cannot create {}: {error}", folder.display()))?;
    figure_files::write(folder, &plates, FORMAT)?;
    Ok(plates.len())
}
