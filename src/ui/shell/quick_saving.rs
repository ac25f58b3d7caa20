//! Saves the quick map that is shown as a run of the project.

use std::path::PathBuf;
use std::sync::Arc;

use super::jobs::{JobOutcome, ProjectRuns};
use super::opening::report_no_thread;
use super::services::Services;
use crate::data::Project;
use crate::domain::{Notice, RunConfig};
use crate::engine::protocol::QuickLearned;
use crate::engine::quick::saved_run::QuickRun;
use crate::engine::quick::{Judgement, QuickStatus};
use crate::quick::lessons::Lessons;
use crate::train::division::DividedProject;
use crate::train::run_list;
use crate::ui::state::app_state::AppState;
use crate::ui::state::message::Level;

/// What is saved.
struct Saving {
    lessons: Arc<Lessons>,
    project: Arc<Project>,
    config: RunConfig,
    learned: QuickLearned,
    /// Ids of the tiles it has learned from.
    train: Vec<String>,
    miou: Option<f64>,
    folder: PathBuf,
}

/// Saves in the background.
pub(crate) fn save(services: &Services, state: &mut AppState) {
    if let Some(why) = state.why_no_quick_save() {
        state.say(Level::Warning, Notice::new("The quick map cannot be saved").cause(why));
        return;
    }
    let Some(saving) = Saving::of(state) else { return };
    let result = services.jobs.spawn("save quick map", move || saving.save());
    report_no_thread(state, result);
}

impl Saving {
    fn of(state: &AppState) -> Option<Self> {
        let (open, quick) = (state.project.as_ref()?, &state.view.quick);
        let Some(QuickStatus::Mapped(lesson)) = &quick.status else { return None };
        let lessons = Arc::clone(quick.lessons.as_ref()?); // The present labels may be newer.
        let train: Vec<String> = lessons.taught_by().map(str::to_owned).collect();
        let judgement = quick.judgement.as_ref().filter(|judgement| judgement.is_current);
        let left_out = judgement.map(|judgement| judgement.left_out);
        Some(Self {
            lessons,
            project: Arc::clone(&open.project),
            config: state.config(),
            learned: QuickLearned::new(lesson.clicks, lesson.classes.len(), lesson.tiles, left_out),
            miou: judgement.and_then(|judgement| unseen_miou(judgement, &train)),
            train,
            folder: run_list::free_folder(state.runs_home.as_ref()?, &run_list::quick_name(state.clock))?,
        })
    }

    fn save(self) -> JobOutcome {
        let Self { lessons, project, config, learned, train, miou, folder } = self;
        let project = DividedProject::new((*project).clone(), &config);
        let (val, project) = (project.ids(&project.val), project.project);
        let Some(head) = lessons.learn(None, None) else {
            return JobOutcome::Failed(
                Notice::new("The quick map could not be saved").cause("Only one class has labels"),
            );
        };
        let run = QuickRun { head: &head, project: &project, config: &config, learned, train, val, miou };
        match run.save(&folder) {
            Ok(()) => JobOutcome::QuickSaved { folder, runs: ProjectRuns::of(&project.root) },
            Err(error) => JobOutcome::Failed(Notice::new("The quick map could not be saved").cause(error.to_string())),
        }
    }
}

/// Mean IoU on the tiles it was judged by; `None` if it has learned from one of them, since another head was judged then.
fn unseen_miou(judgement: &Judgement, train: &[String]) -> Option<f64> {
    let scores: Vec<f64> = judgement.tiles.values().copied().filter(|miou| !miou.is_nan()).collect();
    let is_unseen = !scores.is_empty() && judgement.tiles.keys().all(|tile| !train.contains(tile));
    is_unseen.then(|| scores.iter().sum::<f64>() / scores.len() as f64)
}
