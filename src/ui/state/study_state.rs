//! The study that the window shows: which plan, how it stands, and what it does.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::study_look::StudyLook;
use crate::domain::choice::choice_enum;
use crate::study::grid::{self, GridForm};
use crate::study::plans::StoredPlan;
use crate::study::preset::StudyPreset;
use crate::study::session::{Doing, StudyNews};
use crate::study::standing::Standing;

choice_enum! {
    /// Where a plan comes from.
    pub enum PlanSource, "plan" {
        BuiltIn { name: "built-in", title: "Built-in", help: "A plan of a reference study, on the tiles of the open project" }
        Grid { name: "grid", title: "Grid", help: "The settings of the training panel, with what is ticked here combined each with each" }
        File { name: "file", title: "File", help: "A plan file: one of this project, or another" }
    }
}

/// Which plan.
#[derive(Clone, Debug, PartialEq)]
pub struct StudyForm {
    /// Where it comes from.
    pub source: PlanSource,
    /// The built-in plan.
    pub preset: StudyPreset,
    /// Name of the plan that is put together.
    pub name: String,
    /// What it compares.
    pub grid: GridForm,
    /// Path of a plan file, as typed.
    pub file: String,
    /// The plan of the file is carried out on the open project, whatever folder it names.
    pub on_project: bool,
}

impl Default for StudyForm {
    fn default() -> Self {
        Self {
            source: PlanSource::Grid,
            preset: StudyPreset::DeepGlobeSmall,
            name: "labels-and-weights".to_owned(),
            grid: GridForm::default(),
            file: String::new(),
            on_project: true,
        }
    }
}

impl StudyForm {
    /// The form for a plan file.
    #[must_use]
    pub fn with_file(self, file: &Path) -> Self {
        Self { source: PlanSource::File, file: file.display().to_string(), ..self }
    }
}

/// A study in the window.
#[derive(Clone, Debug, Default)]
pub struct StudyState {
    /// Which plan.
    pub form: StudyForm,
    /// Which look at the plan is the last: answers to earlier ones do not count.
    pub looks: u64,
    /// The same, for those who look: they read no more once another look is the last.
    pub last_look: Arc<AtomicU64>,
    /// How it stands, once it was looked at.
    pub standing: Option<Standing>,
    /// Why it cannot be looked at or carried out.
    pub fault: Option<String>,
    /// What it does; `None` while it is not worked at.
    pub doing: Option<Doing>,
    /// It was asked to stop.
    pub is_stopping: bool,
    /// The file that has the name of the plan that is put together, and holds another plan.
    pub clash: Option<PathBuf>,
    /// The plans in the project's folder.
    pub plans: Vec<StoredPlan>,
    /// Runs that failed in this session, with the reason.
    pub failed: Vec<(String, String)>,
}

impl StudyState {
    /// Whether it is worked at.
    pub fn is_running(&self) -> bool {
        self.doing.is_some()
    }

    /// The number of another look: those before are out of date.
    pub fn next_look(&mut self) -> u64 {
        self.looks += 1;
        self.last_look.store(self.looks, Ordering::Relaxed);
        self.looks
    }

    /// Another project is open. Looks are counted on: the answer to one at the project before does not count.
    pub fn leave_project(&mut self) {
        let looks = self.next_look();
        *self = Self { form: self.form.clone(), looks, last_look: Arc::clone(&self.last_look), ..Self::default() };
    }

    /// It begins.
    pub fn begin(&mut self) {
        self.next_look(); // What is being looked at is out of date.
        (self.doing, self.is_stopping, self.fault) = (Some(Doing::Reads(0, 0)), false, None);
        self.clash = None;
        self.failed.clear();
    }

    /// Takes in what happens. Returns what to tell the user.
    pub fn apply(&mut self, news: StudyNews) -> Option<String> {
        match news {
            StudyNews::Does(doing) => self.doing = Some(doing),
            StudyNews::Stands(standing) => self.standing = Some(*standing),
            StudyNews::RunFailed(name, why) => {
                let told = format!("Run {name} of the study failed: {why}");
                self.failed.push((name, why));
                return Some(told);
            }
            StudyNews::Ended { .. } => self.doing = None,
            StudyNews::Failed(why) => (self.doing, self.fault) = (None, Some(why)),
        }
        None
    }

    /// Takes in how a study stands that was looked at. Answers to earlier looks do not count.
    pub fn looked(&mut self, look: u64, found: StudyLook) {
        if look != self.looks || self.is_running() {
            return;
        }
        (self.standing, self.fault) = match found.standing {
            Some(Ok(standing)) => (Some(standing), None),
            Some(Err(why)) => (None, Some(why)),
            None => (None, None),
        };
        (self.clash, self.plans) = (found.clash, found.plans);
    }

    /// A name like the one that is typed, which no plan has.
    pub fn free_name(&self) -> String {
        let typed = Some(self.form.name.trim()).filter(|name| !name.is_empty()).unwrap_or("study");
        let file_name = |name: &str| grid::file(Path::new(""), name);
        let is_free = |name: &String| !self.plans.iter().any(|plan| plan.file.ends_with(file_name(name)));
        (2..).map(|number| format!("{typed}-{number}")).find(is_free).unwrap_or_default()
    }

    /// How far it is: runs that are over and a part of the one in progress, as a share of all.
    pub fn progress(&self) -> f32 {
        let Some(standing) = self.standing.as_ref().filter(|standing| !standing.runs.is_empty()) else { return 0.0 };
        let part = match self.doing {
            Some(Doing::Steps(_, step, of)) if of > 0 => step as f32 / of as f32,
            _ => 0.0,
        };
        ((standing.count("done") + self.failed.len()) as f32 + part).min(standing.runs.len() as f32)
            / standing.runs.len() as f32
    }

    /// That it is in progress, in a few words; `None` if it is not.
    pub fn in_progress(&self) -> Option<String> {
        let runs = self.standing.as_ref().map_or(0, |standing| standing.runs.len());
        Some(match self.doing.as_ref()? {
            Doing::Makes(place, _) | Doing::Steps(place, ..) => {
                format!("A study is in progress: run {} of {runs}", place + 1)
            }
            Doing::Reads(..) | Doing::Waits(_) => "A study is in progress".to_owned(),
        })
    }

    /// What it does, in words.
    pub fn words(&self) -> Option<String> {
        let doing = self.doing.as_ref()?;
        let run = |place: usize| {
            let runs = self.standing.as_ref().map_or(&[][..], |standing| &standing.runs);
            let name = runs.get(place).map_or("", |run| run.name.as_str());
            format!("run {} of {}: {name}", place + 1, runs.len())
        };
        Some(match doing {
            _ if self.is_stopping => "Stopping after the step …".to_owned(),
            Doing::Reads(_, 0) => "Reading the data …".to_owned(),
            Doing::Reads(done, all) => format!("Reading the data: {done} of {all} files"),
            Doing::Makes(place, what) => format!("{} · {what}", run(*place)),
            Doing::Steps(place, step, of) => format!("{} · step {step} of {of}", run(*place)),
            Doing::Waits(others) => format!("Waiting for {others} in progress elsewhere"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::standing::RunLine;

    fn standing(states: [&'static str; 2]) -> Standing {
        let run = |(place, state): (usize, &'static str)| RunLine {
            name: format!("run-{place}"),
            state,
            best_miou: None,
            secs: None,
            note: String::new(),
        };
        Standing {
            name: "x".to_owned(),
            about: String::new(),
            folder: "/x".into(),
            runs: states.into_iter().enumerate().map(run).collect(),
            rows: Vec::new(),
            left_secs: None,
        }
    }

    #[test]
    fn progress_counts_runs_and_the_steps_of_the_one_in_progress() {
        let mut state = StudyState::default();
        assert!(!state.is_running() && state.words().is_none());
        state.begin();
        state.apply(StudyNews::Stands(Box::new(standing(["done", "running"]))));
        state.apply(StudyNews::Does(Doing::Steps(1, 50, 100)));
        assert!((state.progress() - 0.75).abs() < 1e-6);
        assert_eq!(state.words().as_deref(), Some("run 2 of 2: run-1 · step 50 of 100"));
        state.is_stopping = true;
        assert_eq!(state.words().as_deref(), Some("Stopping after the step …"));
        state.apply(StudyNews::Ended { stopped: true });
        assert!(!state.is_running());
    }

    #[test]
    fn a_failed_run_is_named_and_the_study_goes_on() {
        let mut state = StudyState::default();
        state.begin();
        let told = state.apply(StudyNews::RunFailed("pce-1".to_owned(), "no memory".to_owned()));
        assert_eq!(told.as_deref(), Some("Run pce-1 of the study failed: no memory"));
        assert!(state.is_running() && state.failed.len() == 1);
        state.apply(StudyNews::Failed("the data have changed".to_owned()));
        assert_eq!((state.is_running(), state.fault.as_deref()), (false, Some("the data have changed")));
    }

    #[test]
    fn answers_to_earlier_looks_do_not_count() {
        let mut state = StudyState { looks: 2, ..StudyState::default() };
        let look = |standing| StudyLook { standing: Some(standing), ..StudyLook::default() };
        state.looked(1, look(Ok(standing(["done", "done"]))));
        assert!(state.standing.is_none());
        state.looked(2, look(Ok(standing(["done", "waiting"]))));
        assert_eq!(state.standing.as_ref().map(|standing| standing.count("done")), Some(1));
        state.begin();
        state.looked(3, StudyLook::failed("too late".to_owned()));
        assert!(state.fault.is_none());
    }

    #[test]
    fn the_answer_to_a_look_at_another_project_does_not_count() {
        let mut state = StudyState::default();
        let look = state.next_look();
        state.leave_project();
        state.looked(look, StudyLook::failed("of the other".to_owned()));
        assert!(state.fault.is_none());
        assert_ne!(state.next_look(), look);
    }

    #[test]
    fn a_free_name_is_that_of_no_plan() {
        let plan = |name: &str| StoredPlan {
            file: grid::file(Path::new("/studies"), name),
            name: name.to_owned(),
            made: Err(String::new()),
        };
        let mut state =
            StudyState { plans: ["weights", "weights-2", "study-3"].map(plan).to_vec(), ..StudyState::default() };
        state.form.name = " weights".to_owned();
        assert_eq!(state.free_name(), "weights-3");
        state.form.name.clear();
        assert_eq!(state.free_name(), "study-2");
    }
}
