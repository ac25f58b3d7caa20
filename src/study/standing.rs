//! How a study stands, for whoever watches it: its runs, its table, the time left.

use std::path::{Path, PathBuf};

use super::estimate::{self, Measured};
use super::folder::StudyFolder;
use super::grid;
use super::keys;
use super::overview::{Overview, RunState, RunStatus};
use super::plan::{Plan, PlannedRun};
use super::report::{self, ReportRow};
use super::startable::Unstartable;
use crate::domain::config::{DeviceChoice, Precision};

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
    /// Where to compute, instead of where the plan says.
    pub device: Option<DeviceChoice>,
    /// Folder of the study, instead of the plan's own.
    pub out: Option<PathBuf>,
    /// Runs that were made before, which tell how long one takes.
    pub before: Vec<Measured>,
}

/// How a study stands.
#[derive(Clone, Debug, Default, PartialEq)]
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
    /// That there are finished runs in the folder which do not count, if there are any.
    pub uncounted: Option<String>,
    /// Runs that are left and cannot start here; `None` if every one can, or while the study is worked at: then each says so itself.
    pub unstartable: Option<Unstartable>,
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

    /// The plan, its folder, and which runs are done. The data are read only if a run has been begun, and as long as `goes_on` says so.
    ///
    /// # Errors
    /// If the plan or the data cannot be read.
    pub fn overview(&self, goes_on: &(impl Fn() -> bool + Sync)) -> anyhow::Result<(Plan, StudyFolder, Overview)> {
        let (plan, folder) = self.open()?;
        let keys = match folder.has_begun() {
            true => keys::of_plan(&plan, &plan.projects()?, &mut folder.hashes(), &|_, _| goes_on())?,
            false => None,
        };
        let overview = Overview::of(&plan, keys.as_deref(), &folder);
        Ok((plan, folder, overview))
    }

    /// How the study stands now. The data are read as for [`Self::overview`].
    ///
    /// # Errors
    /// If the plan or the data cannot be read.
    pub fn look(&self, goes_on: &(impl Fn() -> bool + Sync)) -> anyhow::Result<Standing> {
        let (plan, folder, overview) = self.overview(goes_on)?;
        let unstartable = Unstartable::of(&plan, &overview, self.device.as_ref());
        Ok(Standing { unstartable, ..Standing::of(&plan, &overview, &folder, &self.before) })
    }
}

impl Standing {
    /// That of a plan in its folder. Whether its runs can start here is not looked at.
    pub(super) fn of(plan: &Plan, overview: &Overview, folder: &StudyFolder, before: &[Measured]) -> Self {
        Self {
            name: plan.name.clone(),
            about: plan.about.clone(),
            folder: folder.root.clone(),
            runs: plan.runs.iter().zip(&overview.runs).map(|(run, status)| line(run, status)).collect(),
            rows: report::rows(plan, overview),
            left_secs: overview.left_secs.or_else(|| estimate::seconds(plan, overview, before)),
            uncounted: overview.uncounted(),
            unstartable: None,
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
        let folder = StudyFolder::at(Path::new("/no/such/study"));
        let standing = Standing::of(&plan, &Overview::of(&plan, None, &folder), &folder, &[]);
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

    #[test]
    fn what_does_not_count_is_told_in_the_words_of_the_overview() {
        let plan = Plan::read("x", "[base]\ndata = '/tiles'\n", Path::new(""), None).unwrap();
        let folder = StudyFolder::at(Path::new("/no/such/study"));
        let overview = Overview { others: 2, ..Overview::of(&plan, None, &folder) };
        let told = Standing::of(&plan, &overview, &folder, &[]).uncounted;
        assert!(told.is_some() && told == overview.uncounted(), "{told:?}");
    }

    #[test]
    fn a_look_tells_of_runs_that_cannot_start_here() {
        let home = tempfile::tempdir().unwrap();
        let look = |precisions: &str| {
            let text = format!("[base]\ndata = '/tiles'\n[grid]\n'train.precision' = [{precisions}]\n");
            let request = StudyRequest {
                plan: home.path().join("x.toml"),
                text: Some(text),
                data: None,
                precision: None,
                device: Some(DeviceChoice::Cpu),
                out: None,
                before: Vec::new(),
            };
            request.look(&|| true).unwrap().unstartable
        };
        let told = look("'f32', 'mixed'").map(|found| (found.runs, found.left));
        assert_eq!(told, Some((1, 2)));
        assert_eq!(look("'f32'"), None);
    }
}
