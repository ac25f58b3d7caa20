//! The folder of a study: runs, claims, failures, the plan, and the hashes of its data.
//!
//! Every attempt at a run has a folder of its own and is moved to the others once it is done, so a worker that was held for dead
//! writes into nobody's results.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::claim::Claims;
use super::hash_cache::HashCache;
use super::plan::Plan;
use super::record::Record;
use crate::data::DataError;
use crate::data::files::write;
use crate::engine::protocol::{Outcome, Summary};
use crate::train::folder::{FinishedRun, files};
use crate::train::run_list;

/// Digits of a claim's token in the name of its attempt.
const TOKEN_DIGITS: usize = 8;
/// How often a move is tried again, and how long between.
const MOVES: usize = 20;
const BETWEEN_MOVES: Duration = Duration::from_millis(100);

/// A study's folder.
#[derive(Clone, Debug)]
pub struct StudyFolder {
    /// Its path.
    pub root: PathBuf,
}

/// A run of a study that reached its end: all its steps, or an early one that its configuration asks for.
#[derive(Clone, Debug)]
pub struct DoneRun {
    /// Its folder.
    pub folder: PathBuf,
    /// What it did, with which data.
    pub record: Record,
    /// How it ended.
    pub summary: Summary,
}

impl StudyFolder {
    /// A folder that need not exist.
    pub fn at(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    /// Creates what is missing, and keeps a copy of the plan.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn create(&self, plan: &Plan) -> Result<(), DataError> {
        for folder in [self.runs(), self.unfinished(), self.root.join("claims"), self.root.join("failed")] {
            fs::create_dir_all(&folder).map_err(DataError::io("cannot create the folder of the study", &folder))?;
        }
        write::atomically(&self.root.join("study.toml"), plan.text.as_bytes())
    }

    /// Where the folders of runs are that are done.
    pub fn runs(&self) -> PathBuf {
        self.root.join("runs")
    }

    /// Where the folders of runs are that are being made or were broken off.
    pub fn unfinished(&self) -> PathBuf {
        self.root.join("unfinished")
    }

    /// The claims.
    pub fn claims(&self) -> Claims {
        Claims::of(&self.root.join("claims"))
    }

    /// The note of a failure of the run with this id.
    pub fn failure(&self, id: &str) -> PathBuf {
        self.root.join("failed").join(format!("{id}.json"))
    }

    /// The hashes of the data. They are kept once the folder exists.
    pub fn hashes(&self) -> HashCache {
        if self.root.is_dir() { HashCache::open(&self.root.join("hashes.json")) } else { HashCache::default() }
    }

    /// Whether any run has been begun.
    pub fn has_begun(&self) -> bool {
        let has_entries = |name: &str| fs::read_dir(self.root.join(name)).is_ok_and(|mut found| found.next().is_some());
        ["runs", "unfinished", "claims", "failed"].into_iter().any(has_entries)
    }

    /// All runs that are done, whatever their names.
    pub fn done(&self) -> Vec<DoneRun> {
        let entries = fs::read_dir(self.runs()).into_iter().flatten().flatten();
        let mut folders: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
        folders.sort();
        folders.iter().filter_map(|folder| done_run(folder)).collect()
    }

    /// The folder of an attempt at a run. Nobody else writes there: `token` is that of the attempt's claim.
    pub(super) fn attempt(&self, name: &str, token: &str) -> PathBuf {
        let short = token.get(..TOKEN_DIGITS).unwrap_or(token);
        self.unfinished().join(format!("{name}-{short}"))
    }

    /// Moves a run that is done to the others. Returns where it is.
    ///
    /// # Errors
    /// If it cannot be moved.
    pub(super) fn keep(&self, attempt: &Path, name: &str) -> Result<PathBuf, DataError> {
        // A run of this name may be done already: the plan has changed, or another worker was quicker.
        let target = || run_list::free_folder(&self.runs(), name).unwrap_or_else(|| self.runs().join(name));
        move_folder(attempt, &target, "cannot move the run to")
    }
}

/// Moves a folder, for which it tries for a while: Windows moves none while a file in it is open. `to` is asked each time. Returns where it
/// is.
///
/// # Errors
/// If it is not there, or cannot be moved.
pub(super) fn move_folder(from: &Path, to: &dyn Fn() -> PathBuf, doing: &'static str) -> Result<PathBuf, DataError> {
    let mut tries = 0;
    loop {
        let target = to();
        match fs::rename(from, &target) {
            Ok(()) => return Ok(target),
            Err(error) if tries == MOVES || error.kind() == ErrorKind::NotFound => {
                return Err(DataError::io(doing, &target)(error));
            }
            Err(_) => std::thread::sleep(BETWEEN_MOVES),
        }
        tries += 1;
    }
}

/// A run folder, if it is that of a run of a study that is complete and saved. A run that was continued beyond what its plan asks for is
/// another one.
pub(super) fn done_run(folder: &Path) -> Option<DoneRun> {
    let summary: Summary = serde_json::from_slice(&fs::read(folder.join(files::SUMMARY)).ok()?).ok()?;
    let record = Record::read(folder)?;
    let is_saved = matches!(summary.outcome, Outcome::Completed | Outcome::Early) && summary.unsaved.is_none();
    let is_as_planned = FinishedRun::open(folder).ok()?.config.train.length == record.key.config.train.length;
    (is_saved && is_as_planned).then(|| DoneRun { folder: folder.to_owned(), record, summary })
}

impl DoneRun {
    /// Minutes that an epoch with its evaluation took, from `metrics.csv`; `None` of a run of less than an epoch.
    pub fn minutes_per_epoch(&self) -> Option<f64> {
        let (_, rows) = FinishedRun::open(&self.folder).ok()?.history();
        let secs: f64 = rows.iter().map(|row| f64::from(row.secs)).sum();
        minutes_per_epoch(secs, rows.last()?.step, self.record.steps_per_epoch)
    }
}

pub(super) fn minutes_per_epoch(secs: f64, steps: u64, steps_per_epoch: u64) -> Option<f64> {
    let has_whole_epoch = steps_per_epoch > 0 && steps >= steps_per_epoch;
    has_whole_epoch.then(|| secs / 60.0 * steps_per_epoch as f64 / steps as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::config::Length;
    use crate::domain::{Classes, RunConfig};
    use crate::study::fingerprint::Fingerprint;
    use crate::study::key::RunKey;
    use crate::train::folder::{Kept, RunFolder};

    /// A study's folder with a run of this name, done or not.
    fn study(name: &str, outcome: Outcome) -> (tempfile::TempDir, StudyFolder) {
        let dir = tempfile::tempdir().unwrap();
        let study = StudyFolder::at(dir.path());
        let folder = study.runs().join(name);
        drop(RunFolder::create(&folder, &RunConfig::demo(), &Classes::deepglobe()).unwrap());
        let key = RunKey::new(&RunConfig::demo(), None, Fingerprint::default());
        Record::new("s", name, &key, 10).write(&folder).unwrap();
        let summary = Summary { outcome, steps: 3, ..Summary::default() };
        fs::write(folder.join(files::SUMMARY), serde_json::to_vec(&summary).unwrap()).unwrap();
        (dir, study)
    }

    #[test]
    fn only_complete_runs_are_done() {
        for outcome in [Outcome::Completed, Outcome::Early] {
            let (_dir, study) = study("a", outcome);
            assert_eq!(study.done().len(), 1);
        }
        for outcome in [Outcome::Stopped, Outcome::Failed] {
            assert!(study("a", outcome).1.done().is_empty());
        }
        let (_dir, study) = study("a", Outcome::Completed);
        fs::remove_file(study.runs().join("a/study.json")).unwrap();
        assert!(study.done().is_empty(), "a run of which nobody knows what it is");
    }

    #[test]
    fn a_run_that_was_continued_is_no_longer_that_of_the_plan() {
        let (_dir, study) = study("a", Outcome::Completed);
        let folder = study.runs().join("a");
        let summary = fs::read(folder.join(files::SUMMARY)).unwrap();
        let mut longer = RunConfig::demo();
        longer.train.length = Length::Steps(12_345);
        let claim = crate::train::folder::Claim::take(&folder).unwrap();
        drop(RunFolder::reopen(claim, &longer, &Classes::deepglobe(), Kept::default()).unwrap());
        fs::write(folder.join(files::SUMMARY), summary).unwrap();
        assert!(study.done().is_empty(), "its results are those of more steps");
    }

    #[test]
    fn attempts_share_no_folder_and_what_is_done_is_never_replaced() {
        let (_dir, study) = study("a", Outcome::Completed);
        let attempts = ["0123456789", "9876543210"].map(|token| study.attempt("a", token));
        assert!(attempts[0].ends_with("unfinished/a-01234567") && attempts[0] != attempts[1]);
        for (attempt, name) in attempts.iter().zip(["runs/a-2", "runs/a-3"]) {
            fs::create_dir_all(attempt).unwrap();
            fs::write(attempt.join("log.txt"), "").unwrap();
            assert!(study.keep(attempt, "a").unwrap().ends_with(name) && !attempt.exists());
        }
        assert_eq!(study.done().len(), 1);
    }

    #[test]
    fn a_part_of_an_epoch_counts_as_a_part() {
        assert_eq!(minutes_per_epoch(60.0, 10, 100), None, "no whole epoch");
        assert_eq!(minutes_per_epoch(60.0, 10, 0), None, "unknown");
        assert_eq!(minutes_per_epoch(300.0, 250, 100), Some(2.0));
    }
}
