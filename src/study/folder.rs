//! The folder of a study: runs, claims, failures, the plan, and the hashes of its data.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::claim::Claims;
use super::hash_cache::HashCache;
use super::key::RunKey;
use super::plan::Plan;
use crate::data::DataError;
use crate::data::files::write;
use crate::domain::time;
use crate::engine::protocol::{Outcome, Summary};
use crate::train::folder::{FinishedRun, files};
use crate::train::run_list;

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
    pub key: RunKey,
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
        for folder in [self.runs(), self.root.join("claims"), self.root.join("failed")] {
            fs::create_dir_all(&folder).map_err(DataError::io("cannot create the folder of the study", &folder))?;
        }
        write::atomically(&self.root.join("study.toml"), plan.text.as_bytes())
    }

    /// Where run folders are.
    pub fn runs(&self) -> PathBuf {
        self.root.join("runs")
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
        ["runs", "claims", "failed"].into_iter().any(has_entries)
    }

    /// All runs that are done, whatever their names.
    pub fn done(&self) -> Vec<DoneRun> {
        let entries = fs::read_dir(self.runs()).into_iter().flatten().flatten();
        let mut folders: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
        folders.sort();
        folders.iter().filter_map(|folder| done_run(folder)).collect()
    }

    /// The folder for a run that begins now. What an interrupted or failed attempt left there is set aside.
    ///
    /// # Errors
    /// If that cannot be moved.
    pub(super) fn make_way(&self, name: &str) -> Result<PathBuf, DataError> {
        let folder = self.runs().join(name);
        if !folder.exists() {
            return Ok(folder);
        }
        if done_run(&folder).is_some() {
            // The plan has changed: a run of this name is done, but another one.
            return Ok(run_list::free_folder(&self.runs(), name).unwrap_or(folder));
        }
        // An unfinished run begins anew. Once a run can be resumed exactly, this is where it is picked up instead.
        let aside = self.root.join("aside");
        fs::create_dir_all(&aside).map_err(DataError::io("cannot create", &aside))?;
        let dated = format!("{name}-{}", time::timestamp(SystemTime::now()));
        let target = run_list::free_folder(&aside, &dated).unwrap_or_else(|| aside.join(dated));
        fs::rename(&folder, target).map_err(DataError::io("cannot set the unfinished run aside", &folder))?;
        Ok(folder)
    }
}

/// A run folder, if it is that of a run of a study that is complete and saved.
fn done_run(folder: &Path) -> Option<DoneRun> {
    let summary: Summary = serde_json::from_slice(&fs::read(folder.join(files::SUMMARY)).ok()?).ok()?;
    let is_done = matches!(summary.outcome, Outcome::Completed | Outcome::Early) && summary.unsaved.is_none();
    Some(DoneRun { folder: folder.to_owned(), key: RunKey::read(folder)?, summary }).filter(|_| is_done)
}

impl DoneRun {
    /// Minutes that an epoch with its evaluation took, from `metrics.csv`; `None` of a run without a whole epoch.
    pub fn minutes_per_epoch(&self) -> Option<f64> {
        let (_, rows) = FinishedRun::open(&self.folder).ok()?.history();
        let epochs = rows.last()?.epoch;
        let secs: f64 = rows.iter().map(|row| f64::from(row.secs)).sum();
        (epochs > 0).then(|| secs / 60.0 / f64::from(epochs))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::RunConfig;
    use crate::study::fingerprint::Fingerprint;

    /// A study's folder with a run of this name, done or not.
    fn study(name: &str, outcome: Outcome) -> (tempfile::TempDir, StudyFolder) {
        let dir = tempfile::tempdir().unwrap();
        let study = StudyFolder::at(dir.path());
        let folder = study.runs().join(name);
        fs::create_dir_all(&folder).unwrap();
        RunKey::new(&RunConfig::demo(), None, Fingerprint::default()).write(&folder, "s", name).unwrap();
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
    fn an_unfinished_run_is_set_aside_and_a_finished_one_stays() {
        let (_dir, unfinished) = study("a", Outcome::Stopped);
        let way = unfinished.make_way("a").unwrap();
        assert!(way.ends_with("runs/a") && !way.exists());
        let aside: Vec<_> = fs::read_dir(unfinished.root.join("aside")).unwrap().flatten().collect();
        assert!(aside.len() == 1 && aside[0].path().join("study.json").exists());
        let (_dir, finished) = study("a", Outcome::Completed);
        assert!(finished.make_way("a").unwrap().ends_with("runs/a-2"));
        assert_eq!(finished.done().len(), 1);
        assert!(finished.make_way("b").unwrap().ends_with("runs/b"));
    }
}
