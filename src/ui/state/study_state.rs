//! The study that the window shows: which plan, how it stands, and what it does.

use std::path::{Path, PathBuf};

use super::message::Level;
use super::study_form::StudyForm;
use super::study_look::StudyLook;
use super::study_looks::StudyLooks;
use crate::domain::Notice;
use crate::study::grid;
use crate::study::plans::StoredPlan;
use crate::study::session::{Doing, StudyNews};
use crate::study::standing::{Standing, StudyRequest};

/// A study in the window.
#[derive(Clone, Debug, Default)]
pub struct StudyState {
    /// Which plan.
    pub form: StudyForm,
    /// When it is looked at.
    pub looks: StudyLooks,
    /// How it stands, once it was looked at.
    pub standing: Option<Standing>,
    /// Why it cannot be looked at or carried out.
    pub fault: Option<String>,
    /// The fault ended the study: a look at it does not answer it.
    pub has_failed: bool,
    /// What was begun last. It tells what is worked at: settings may be others by now.
    pub started: Option<StudyRequest>,
    /// What it does; `None` while it is not worked at.
    pub doing: Option<Doing>,
    /// It was asked to stop.
    pub is_stopping: bool,
    /// The file that has the name of the plan that is put together, and holds another plan.
    pub clash: Option<PathBuf>,
    /// The plans in the project's folder.
    pub plans: Vec<StoredPlan>,
    /// Runs that failed in this session, in words, with the reason.
    pub failed: Vec<(String, String)>,
}

impl StudyState {
    /// Whether it is worked at.
    pub fn is_running(&self) -> bool {
        self.doing.is_some()
    }

    /// Chooses another plan, or changes what it compares. How another plan stands says nothing of this one, and why it failed is
    /// answered by the next look.
    pub fn choose(&mut self, form: StudyForm) {
        if !self.form.is_same_plan(&form) {
            (self.standing, self.clash, self.fault) = (None, None, None);
        }
        (self.form, self.has_failed) = (form, false);
        self.looks.cancel();
    }

    /// Another project is open. Looks are counted on: the answer to one at the project before does not count.
    pub fn leave_project(&mut self) {
        self.looks.cancel();
        *self = Self { form: self.form.clone(), looks: self.looks.clone(), ..Self::default() };
    }

    /// It begins. What was being looked at is out of date.
    pub fn begin(&mut self) {
        if self.looks.is_looking() {
            self.standing = None; // It may be of other settings.
        }
        self.looks.cancel();
        (self.doing, self.is_stopping) = (Some(Doing::Reads(0, 0)), false);
        (self.fault, self.has_failed, self.clash) = (None, false, None);
        self.failed.clear();
    }

    /// Takes in what happens. Returns what to tell the user.
    pub fn apply(&mut self, news: StudyNews) -> Option<(Level, Notice)> {
        match news {
            StudyNews::Does(doing) => self.doing = Some(doing),
            StudyNews::Stands(standing) => self.standing = Some(*standing),
            StudyNews::RunWarned(run, notice) => {
                let headline = format!("Run {run} of the study: {}", notice.headline);
                return Some((Level::Warning, Notice { headline, ..notice }));
            }
            StudyNews::RunFailed(run, why) => {
                let told = Notice::new(format!("Run {run} of the study failed")).cause(why.as_str());
                self.failed.push((run, why));
                return Some((Level::Error, told));
            }
            StudyNews::Ended { .. } => self.doing = None,
            StudyNews::Failed(why) => {
                let told = Notice::new("The study cannot go on").cause(why.as_str());
                (self.doing, self.fault, self.has_failed) = (None, Some(why), true);
                return Some((Level::Error, told));
            }
        }
        None
    }

    /// Takes in how a study stands that was looked at. Answers to earlier looks do not count.
    pub fn looked(&mut self, look: u64, found: StudyLook) {
        if !self.looks.takes(look) || self.is_running() {
            return;
        }
        let (standing, fault) = match found.standing {
            Some(Ok(standing)) => (Some(standing), None),
            Some(Err(why)) => (None, Some(why)),
            None => (None, None),
        };
        (self.standing, self.clash) = (standing, found.clash);
        if !self.has_failed {
            self.fault = fault;
        }
        if let Some(plans) = found.plans {
            self.plans = plans;
            self.looks.plans_are_listed();
        }
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
            let words = runs.get(place).map_or("", |run| run.words.as_str());
            format!("run {} of {}: {words}", place + 1, runs.len())
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
            words: format!("loss {place}"),
            state,
            best_miou: None,
            secs: None,
            note: String::new(),
        };
        Standing {
            name: "x".to_owned(),
            folder: "/x".into(),
            runs: states.into_iter().enumerate().map(run).collect(),
            ..Standing::default()
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
        assert_eq!(state.words().as_deref(), Some("run 2 of 2: loss 1 · step 50 of 100"));
        state.is_stopping = true;
        assert_eq!(state.words().as_deref(), Some("Stopping after the step …"));
        state.apply(StudyNews::Ended { stopped: true });
        assert!(!state.is_running());
    }

    #[test]
    fn a_failed_run_is_named_and_the_study_goes_on() {
        let mut state = StudyState::default();
        state.begin();
        let told = state.apply(StudyNews::RunFailed("pce 1 %".to_owned(), "no memory".to_owned()));
        assert_eq!(told, Some((Level::Error, Notice::new("Run pce 1 % of the study failed").cause("no memory"))));
        assert!(state.is_running() && state.failed.len() == 1);
        let left = Notice::new("The attempt x is left behind").cause("it is damaged");
        let told = state.apply(StudyNews::RunWarned("pce 1 %".to_owned(), left));
        let (level, notice) = told.unwrap();
        assert_eq!((level, notice.cause.as_deref()), (Level::Warning, Some("it is damaged")));
        assert_eq!(notice.headline, "Run pce 1 % of the study: The attempt x is left behind");
        state.apply(StudyNews::Failed("the data have changed".to_owned()));
        assert_eq!((state.is_running(), state.fault.as_deref()), (false, Some("the data have changed")));
    }

    fn look(standing: Result<Standing, String>) -> StudyLook {
        StudyLook { standing: Some(standing), ..StudyLook::default() }
    }

    #[test]
    fn why_a_study_failed_stays_until_it_begins_again_or_another_is_chosen() {
        let mut state = StudyState::default();
        state.begin();
        state.apply(StudyNews::Failed("the data have changed".to_owned()));
        let number = state.looks.begin(&Ok(None)).unwrap();
        state.looked(number, look(Ok(standing(["done", "waiting"]))));
        assert_eq!(state.fault.as_deref(), Some("the data have changed"));
        assert!(state.standing.is_some(), "no run is shown as running");
        state.choose(StudyForm { name: "other".to_owned(), ..StudyForm::default() });
        assert!(state.fault.is_none() && state.standing.is_none());
        let number = state.looks.begin(&Ok(None)).unwrap();
        state.looked(number, StudyLook::failed("it cannot be read".to_owned()));
        assert_eq!(state.fault.as_deref(), Some("it cannot be read"));
    }

    #[test]
    fn answers_to_earlier_looks_do_not_count() {
        let mut state = StudyState::default();
        let first = state.looks.begin(&Ok(None)).unwrap();
        let second = state.looks.begin(&Err(String::new())).unwrap();
        state.looked(first, look(Ok(standing(["done", "done"]))));
        assert!(state.standing.is_none());
        state.looked(second, look(Ok(standing(["done", "waiting"]))));
        assert_eq!(state.standing.as_ref().map(|standing| standing.count("done")), Some(1));
        let third = state.looks.begin(&Ok(None)).unwrap();
        state.begin();
        assert!(state.standing.is_none(), "what is shown may be of other settings");
        state.looked(third, StudyLook::failed("too late".to_owned()));
        assert!(state.fault.is_none());
    }

    #[test]
    fn how_another_plan_stands_is_not_shown() {
        let mut state = StudyState { standing: Some(standing(["done", "done"])), ..StudyState::default() };
        let mut form = state.form.clone();
        form.grid.seeds += 1;
        state.choose(form.clone());
        assert!(state.standing.is_some(), "the plan is the same, until a look says how it stands now");
        let number = state.looks.begin(&Ok(None)).unwrap();
        state.choose(form.with_file(Path::new("/other.toml")));
        assert!(state.standing.is_none());
        state.looked(number, look(Ok(standing(["done", "done"]))));
        assert!(state.standing.is_none(), "nor is the answer to a look at the one before");
    }

    #[test]
    fn plans_stay_where_a_look_lists_none() {
        let plan = StoredPlan { file: "/a.toml".into(), name: "a".to_owned(), made: Err(String::new()) };
        let mut state = StudyState::default();
        state.looks.renew();
        let number = state.looks.begin(&Ok(None)).unwrap();
        state.looked(number, StudyLook { plans: Some(vec![plan]), ..StudyLook::default() });
        assert!(!state.looks.lists_plans());
        let number = state.looks.begin(&Err(String::new())).unwrap();
        state.looked(number, StudyLook::default());
        assert_eq!(state.plans.len(), 1);
    }

    #[test]
    fn the_answer_to_a_look_at_another_project_does_not_count() {
        let mut state = StudyState::default();
        let look = state.looks.begin(&Ok(None)).unwrap();
        state.leave_project();
        state.looked(look, StudyLook::failed("of the other".to_owned()));
        assert!(state.fault.is_none());
        assert_ne!(state.looks.begin(&Ok(None)), Some(look));
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
