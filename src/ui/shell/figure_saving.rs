//! Writes the figures of the compared runs, as `compare --figures` does, on a thread of their own.

use std::path::{Path, PathBuf};

use super::compared;
use super::jobs::JobOutcome;
use super::opening::report_no_thread;
use super::services::Services;
use crate::domain::count::counted;
use crate::domain::{Notice, panic};
use crate::study::compare::figure_files::{self, FigureFormat};
use crate::study::compare::figures;
use crate::ui::state::action::{Dialog, UiAction};
use crate::ui::state::app_state::AppState;
use crate::ui::state::figures_export::{FiguresExport, SavedFigures};
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
    let root = state.project.as_ref().map(|open| open.project.root.clone());
    let Some(root) = root.filter(|_| state.runs_table.export != FiguresExport::Writing) else { return };
    let runs = state.runs_table.ticked.clone();
    let work = move || {
        let written = panic::caught(|| save(runs, folder)).unwrap_or_else(|why| Err(anyhow::anyhow!(why)));
        let refused = |error: anyhow::Error| Notice::new("The figures were not written").cause(format!("{error:#}"));
        JobOutcome::FiguresWritten { root, result: written.map_err(refused) }
    };
    let result = services.jobs.spawn("write figures", work);
    if result.is_ok() {
        state.runs_table.export = FiguresExport::Writing;
    }
    report_no_thread(state, result);
}

/// Takes in how it ended. Where other runs are ticked by now, or another project is open, only the log says where the figures are.
pub(crate) fn take(state: &mut AppState, root: &Path, result: Result<SavedFigures, Notice>) {
    let is_here = state.is_open(root);
    let export = match result {
        Ok(saved) => {
            saved.notes.iter().for_each(|note| state.say(Level::Warning, note.as_str()));
            if is_here && state.runs_table.ticked == saved.runs {
                FiguresExport::Written(saved.count, saved.folder)
            } else {
                let figures = counted(saved.count as u64, "figure");
                state.say(Level::Info, format!("{figures} in {}", saved.folder.display()));
                FiguresExport::Idle
            }
        }
        Err(notice) => {
            state.say(Level::Error, notice);
            FiguresExport::Idle
        }
    };
    if is_here {
        state.runs_table.export = export;
    }
}

/// Writes the figures of these runs.
fn save(runs: Vec<PathBuf>, folder: PathBuf) -> anyhow::Result<SavedFigures> {
    let mut comparison = compared::comparison("ticked runs", &runs)?;
    comparison.count_labels(&|_, _| ());
    let plates = figures::all(&comparison);
    anyhow::ensure!(!plates.is_empty(), "these runs have neither curves nor scores");
    if let Some(there) = figure_files::existing(&folder, &plates, FORMAT) {
        anyhow::bail!("{} exists: choose another folder", there.display());
    }
    std::fs::create_dir_all(&folder).map_err(|error| anyhow::anyhow!("cannot create {}: {error}", folder.display()))?;
    figure_files::write(&folder, &plates, FORMAT)?;
    let left = figure_files::left_over(&folder, &plates, FORMAT);
    let beside =
        (!left.is_empty()).then(|| format!("{} has other figures as well: {}", folder.display(), left.join(", ")));
    let notes = comparison.notes.into_iter().chain(beside).collect();
    Ok(SavedFigures { runs, count: plates.len(), folder, notes })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Project;
    use crate::domain::LabelBook;
    use crate::ui::state::open_project::OpenProject;
    use crate::ui::state::settings::Settings;

    #[test]
    fn figures_are_told_beside_the_runs_that_they_are_of() {
        let dir = tempfile::tempdir().unwrap();
        image::RgbImage::new(4, 4).save(dir.path().join("a.png")).unwrap();
        let project = Project::open(dir.path()).unwrap();
        let root = project.root.clone();
        let mut state = AppState::new(Settings::default());
        state.project = Some(OpenProject::new(project, LabelBook::default(), dir.path().join("labels.jsonl")));
        let saved = || SavedFigures {
            runs: vec!["/runs/a".into()],
            count: 3,
            folder: "/figures".into(),
            notes: vec!["the labels of a could not be counted".to_owned()],
        };
        state.runs_table.tick(Path::new("/runs/a"), true);
        take(&mut state, &root, Ok(saved()));
        assert_eq!(state.runs_table.export, FiguresExport::Written(3, "/figures".into()));
        let told = state.messages.text();
        assert!(told.contains("labels of a could not be counted") && !told.contains("3 figures"), "{told}");

        state.runs_table.tick(Path::new("/runs/b"), true);
        assert_eq!(state.runs_table.export, FiguresExport::Idle, "they are not of these runs");
        take(&mut state, &root, Ok(saved()));
        assert_eq!(state.runs_table.export, FiguresExport::Idle);
        assert!(state.messages.text().contains("3 figures in /figures"));

        state.runs_table.export = FiguresExport::Writing;
        take(&mut state, Path::new("/other"), Ok(saved()));
        assert_eq!(state.runs_table.export, FiguresExport::Writing, "that is of the project before");
    }
}
