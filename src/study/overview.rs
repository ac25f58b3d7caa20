//! How a study stands: what is done, in progress, failed and to be made, and how long the rest takes.

use serde::Serialize;

use super::failure::{self, Failure};
use super::folder::{DoneRun, StudyFolder};
use super::key::RunKey;
use super::owner::Owner;
use super::plan::{Plan, PlannedRun};
use super::saved::Saved;
use super::time_left::{self, Progress, Timed};
use crate::domain::count::counted;

/// A run of the plan, and how it stands.
#[derive(Clone, Debug)]
pub struct RunStatus {
    /// Name of the run.
    pub name: String,
    /// Its configuration without the seed.
    pub configuration: String,
    /// How it stands.
    pub state: RunState,
    /// The share of its steps that is saved, of a run that is not done; 0 if none is.
    pub saved: f64,
}

/// How a run stands.
#[derive(Clone, Debug)]
pub enum RunState {
    /// It reached its end.
    Done(Box<DoneRun>),
    /// A worker makes it.
    Running(Owner),
    /// It failed, and nobody has tried again.
    Failed(Failure),
    /// Nobody has begun it, or it was interrupted.
    Waiting,
}

impl RunState {
    /// One word for it.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Done(_) => "done",
            Self::Running(_) => "running",
            Self::Failed(_) => "failed",
            Self::Waiting => "waiting",
        }
    }
}

/// How a study stands.
#[derive(Clone, Debug)]
pub struct Overview {
    /// The runs in the order of the plan.
    pub runs: Vec<RunStatus>,
    /// Seconds until all are done, with as many workers as there are now; `None` before the first one is done.
    pub left_secs: Option<f64>,
    /// Finished runs in the folder that are none of the plan's: made with other data or settings.
    pub others: usize,
}

/// A row of `study status --json`.
#[derive(Clone, Debug, Default, Serialize)]
struct Row<'a> {
    name: &'a str,
    state: &'a str,
    best_miou: Option<f64>,
    secs: Option<f64>,
    folder: Option<String>,
    by: Option<String>,
    why: Option<&'a str>,
}

impl Overview {
    /// Reads the study's folder. Without `keys` no run has been begun.
    pub fn of(plan: &Plan, keys: Option<&[RunKey]>, folder: &StudyFolder) -> Self {
        let (done, saved) = (folder.done(), keys.map(|_| Saved::of(folder)));
        let status = |(index, run): (usize, &PlannedRun)| {
            let key = keys.map(|keys| &keys[index]);
            let state = key.map_or(RunState::Waiting, |key| state(key, &done, folder));
            let is_done = matches!(state, RunState::Done(_));
            let saved = saved.as_ref().zip(key).filter(|_| !is_done).map_or(0.0, |(saved, key)| saved.share(key));
            RunStatus { name: run.name.clone(), configuration: run.configuration.clone(), state, saved }
        };
        let runs: Vec<RunStatus> = plan.runs.iter().enumerate().map(status).collect();
        let left_secs = time_left::seconds(&timed(plan, &runs));
        let others = keys.map_or(0, |keys| others(keys, &done));
        Self { runs, left_secs, others }
    }

    /// Runs in this state, by its word.
    pub fn count(&self, word: &str) -> usize {
        self.runs.iter().filter(|run| run.state.word() == word).count()
    }

    /// That there are finished runs which do not count, if there are any.
    pub fn uncounted(&self) -> Option<String> {
        let (runs, them) = (counted(self.others as u64, "finished run"), if self.others == 1 { "it" } else { "them" });
        (self.others > 0).then(|| {
            format!(
                "Not counted: {runs} in this study's folder, made with other data or other settings than those of the plan now. \
                 pointillist compare shows {them}"
            )
        })
    }

    /// Everything as JSON.
    pub fn json(&self) -> serde_json::Value {
        let rows: Vec<Row<'_>> = self.runs.iter().map(row).collect();
        serde_json::json!({ "runs": rows, "left_secs": self.left_secs, "others": self.others })
    }
}

/// How many runs have none of these keys.
fn others(keys: &[RunKey], done: &[DoneRun]) -> usize {
    let ids: Vec<String> = keys.iter().map(RunKey::id).collect();
    let is_of_plan = |run: &DoneRun| keys.iter().zip(&ids).any(|(key, id)| run.record.is_of(key, id));
    done.iter().filter(|run| !is_of_plan(run)).count()
}

fn state(key: &RunKey, done: &[DoneRun], folder: &StudyFolder) -> RunState {
    let id = key.id();
    if let Some(run) = done.iter().find(|run| run.record.is_of(key, &id)) {
        return RunState::Done(Box::new(run.clone()));
    }
    let running = folder.claims().holder(&id).map(RunState::Running);
    let failed = || Failure::read(&folder.failure(&id)).map(RunState::Failed);
    running.or_else(failed).unwrap_or(RunState::Waiting)
}

/// The runs of a plan that stand so, as far as time is concerned.
pub(super) fn timed<'a>(plan: &'a Plan, runs: &[RunStatus]) -> Vec<Timed<'a>> {
    let timed = |(run, status): (&'a PlannedRun, &RunStatus)| Timed {
        config: &run.config,
        progress: progress(&status.state),
        saved: status.saved,
    };
    plan.runs.iter().zip(runs).map(timed).collect()
}

fn progress(state: &RunState) -> Progress {
    match state {
        RunState::Done(run) => Progress::Done(run.summary.secs),
        RunState::Running(owner) => Progress::Running(failure::seconds().saturating_sub(owner.since) as f64),
        RunState::Failed(_) | RunState::Waiting => Progress::Open,
    }
}

fn row(run: &RunStatus) -> Row<'_> {
    let plain = Row { name: &run.name, state: run.state.word(), ..Row::default() };
    match &run.state {
        RunState::Done(done) => Row {
            best_miou: done.summary.best_miou,
            secs: Some(done.summary.secs),
            folder: Some(done.folder.display().to_string()),
            ..plain
        },
        RunState::Running(owner) => Row {
            by: Some(owner.describe()),
            secs: Some(failure::seconds().saturating_sub(owner.since) as f64),
            ..plain
        },
        RunState::Failed(failure) => Row { why: Some(&failure.why), ..plain },
        RunState::Waiting => plain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::RunConfig;
    use crate::engine::protocol::Summary;
    use crate::study::fingerprint::Fingerprint;
    use crate::study::record::Record;

    #[test]
    fn finished_runs_of_other_data_are_told() {
        let key = |digest: &str| {
            let print = Fingerprint { digest: digest.to_owned(), files: 1, bytes: 2 };
            RunKey::new(&RunConfig::demo(), None, print)
        };
        let done = |digest: &str| DoneRun {
            folder: "/no/such/run".into(),
            record: Record::new("s", "r", &key(digest), 1),
            summary: Summary::default(),
        };
        assert_eq!(others(&[key("a")], &[done("a"), done("b")]), 1);
        let overview = |others: usize| Overview { runs: Vec::new(), left_secs: None, others };
        let told = overview(1).uncounted().unwrap();
        assert!(told.contains("1 finished run ") && told.ends_with("compare shows it"), "{told}");
        assert_eq!(overview(0).uncounted(), None);
    }
}
