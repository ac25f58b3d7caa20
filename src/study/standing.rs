//! How a study stands, for whoever watches it: its runs, its table, the time left.

use std::path::{Path, PathBuf};

use super::estimate::{self, Measured};
use super::folder::StudyFolder;
use super::grid;
use super::key::RunKey;
use super::keys;
use super::overview::{Overview, RunState, RunStatus};
use super::plan::{Plan, PlannedRun};
use super::report::{self, ReportRow};
use crate::domain::config::Precision;

/// Which plan, with which data, and where its results are.
#[derive(Clone, Debug, PartialEq)]
pub struct StudyRequest {
    /// A plan file, or the name of a preset.
    pub plan: PathBuf,
    /// The text of a plan that is still to be written to that file; `None` if it is there.
    pub text: Option<String>,
    /// Folder of tiles, instead of the one that the plan names.
    pub data: Option<PathBuf>,
    /// In which numbers all runs compute, instead of what the plan says.
    pub precision: Option<Precision>,
    /// Folder of the study, instead of the plan's own.
    pub out: Option<PathBuf>,
    /// Runs that were made before, which tell how long one takes.
    pub before: Vec<Measured>,
}

/// How a study stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    /// Name of the study.
    pub name: String,
    /// What is studied, in a sentence; may be empty.
    pub about: String,
    /// Its folder.
    pub folder: PathBuf,
    /// Its runs, in the order of the plan.
    pub runs: Vec<RunLine>,
    /// The table of results, as far as there are any.
    pub rows: Vec<ReportRow>,
    /// Seconds until all are done; `None` while nothing tells.
    pub left_secs: Option<f64>,
}

/// A run of a study in a line.
#[derive(Clone, Debug, PartialEq)]
pub struct RunLine {
    /// Its name.
    pub name: String,
    /// The same in words: its configuration, and the seed.
    pub words: String,
    /// `done`, `running`, `failed` or `waiting`.
    pub state: &'static str,
    /// Best mean IoU, once it is done.
    pub best_miou: Option<f64>,
    /// Seconds it took, once it is done.
    pub secs: Option<f64>,
    /// Why it failed, or who makes it; else empty.
    pub note: String,
}

impl StudyRequest {
    /// Opens the plan.
    ///
    /// # Errors
    /// If it cannot be read, or a run cannot be configured so.
    pub fn open(&self) -> anyhow::Result<(Plan, StudyFolder)> {
        let data = self.data.as_deref();
        let plan = match &self.text {
            Some(text) => {
                let name = self.plan.file_stem().unwrap_or_default().to_string_lossy();
                Plan::read(&name, text, self.plan.parent().unwrap_or(Path::new("")), data)?
            }
            None => Plan::open(&self.plan, data)?,
        };
        let folder = StudyFolder::at(self.out.as_ref().unwrap_or(&plan.home));
        Ok((plan.with_precision(self.precision)?, folder))
    }

    /// The file of the plan that is still to be written, if it holds another plan.
    pub fn clash(&self) -> Option<&Path> {
        let text = self.text.as_ref()?;
        grid::is_another(&self.plan, text).then_some(self.plan.as_path())
    }

    /// Writes the plan, if that is still to be done.
    ///
    /// # Errors
    /// If there is another plan of this name, or it cannot be written.
    pub(super) fn keep(&self) -> anyhow::Result<()> {
        self.text.as_ref().map_or(Ok(()), |text| grid::keep(&self.plan, text))?;
        Ok(())
    }

    /// How the study stands now. The data are read only if a run has been begun, and as long as `goes_on` says so.
    ///
    /// # Errors
    /// If the plan or the data cannot be read.
    pub fn look(&self, goes_on: &(impl Fn() -> bool + Sync)) -> anyhow::Result<Standing> {
        let (plan, folder) = self.open()?;
        let keys = match folder.has_begun() {
            true => keys::of_plan(&plan, &plan.projects()?, &mut folder.hashes(), &|_, _| goes_on())?,
            false => None,
        };
        Ok(Standing::of(&plan, keys.as_deref(), &folder, &self.before))
    }
}

impl Standing {
    /// Reads the study's folder. Without `keys` no run has been begun.
    pub(super) fn of(plan: &Plan, keys: Option<&[RunKey]>, folder: &StudyFolder, before: &[Measured]) -> Self {
        let overview = Overview::of(plan, keys, folder);
        Self {
            name: plan.name.clone(),
            about: plan.about.clone(),
            folder: folder.root.clone(),
            runs: plan.runs.iter().zip(&overview.runs).map(|(run, status)| line(run, status)).collect(),
            rows: report::rows(plan, &overview),
            left_secs: overview.left_secs.or_else(|| estimate::seconds(plan, before)),
        }
    }

    /// How many runs are in this state.
    pub fn count(&self, state: &str) -> usize {
        self.runs.iter().filter(|run| run.state == state).count()
    }
}

/// A run in words: its configuration, and the seed unless that is part of it.
pub(super) fn words(run: &PlannedRun) -> String {
    let seed = format!("seed {}", run.config.seed);
    match run.words.split(" · ").any(|part| part == seed) {
        true => run.words.clone(),
        false => format!("{} · {seed}", run.words),
    }
}

fn line(run: &PlannedRun, status: &RunStatus) -> RunLine {
    let (done, note) = match &status.state {
        RunState::Done(done) => (Some(done), String::new()),
        RunState::Running(owner) => (None, owner.describe()),
        RunState::Failed(failure) => (None, failure.why.clone()),
        RunState::Waiting => (None, String::new()),
    };
    RunLine {
        name: run.name.clone(),
        words: words(run),
        state: status.state.word(),
        best_miou: done.and_then(|done| done.summary.best_miou),
        secs: done.map(|done| done.summary.secs),
        note,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_named_in_words_with_their_seed() {
        let read = |text: &str| Plan::read("x", text, Path::new(""), None).unwrap();
        let plan =
            read("seeds = [4, 7]\n[base]\ndata = '/tiles'\n[grid]\n'train.class_weights' = ['none', 'inverse']\n");
        let folder = tempfile::tempdir().unwrap();
        let standing = Standing::of(&plan, None, &StudyFolder::at(folder.path()), &[]);
        let told: Vec<(&str, &str)> =
            standing.runs.iter().map(|run| (run.name.as_str(), run.words.as_str())).take(2).collect();
        let want = [
            ("class_weights-none_seed-4", "no class weights · seed 4"),
            ("class_weights-none_seed-7", "no class weights · seed 7"),
        ];
        assert_eq!(told, want);
        let varied = read("[base]\ndata = '/tiles'\n[grid]\nseed = [1, 2]\n");
        assert_eq!(words(&varied.runs[0]), "seed 1", "it is said once");
    }
}
