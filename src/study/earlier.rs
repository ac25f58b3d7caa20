//! Earlier attempts at a run, which were broken off: what each is good for, and that none is left once the run is done.

use std::cmp::Reverse;
use std::fs;
use std::path::{Path, PathBuf};

use super::folder::{StudyFolder, done_run};
use super::key::RunKey;
use super::record::Record;
use crate::data::DataError;
use crate::domain::RunConfig;
use crate::engine::protocol::Summary;
use crate::engine::resumable;
use crate::train::folder::{Claim, FinishedRun, take_over};

/// An attempt at a run that was broken off.
pub(super) struct Earlier {
    pub(super) folder: PathBuf,
    pub(super) worth: Worth,
}

/// What an attempt is good for.
#[derive(Debug)]
pub(super) enum Worth {
    /// It is complete; only moving it to what is done is left.
    Complete(Box<Summary>),
    /// The run can go on from this step.
    Step(u64),
    /// It cannot, for this reason.
    Nothing(String),
}

/// Attempts at the run with this key, the one that is furthest on first. The run must be claimed.
pub(super) fn of(study: &StudyFolder, key: &RunKey) -> Vec<Earlier> {
    let id = key.id();
    let mut found: Vec<Earlier> = attempts(study)
        .filter(|(_, record)| record.is_of(key, &id))
        .map(|(folder, record)| Earlier { worth: Worth::of(&folder, &record), folder })
        .collect();
    found.sort_by_key(|attempt| Reverse(attempt.worth.rank()));
    found
}

/// Removes the attempts at a run that is done, whose id this is, unless somebody writes to them. Nothing else is removed.
pub(super) fn remove(study: &StudyFolder, id: &str) {
    for (folder, _) in attempts(study).filter(|(_, record)| record.id == id) {
        let is_free = Claim::take(&folder).map(drop); // Dropped at once: some systems remove no folder with an open file.
        let removed = is_free
            .and_then(|()| fs::remove_dir_all(&folder).map_err(DataError::io("cannot remove the attempt", &folder)));
        if let Err(error) = removed {
            log::warn!("an attempt that is no longer needed stays: {error}");
        }
    }
}

/// The attempts at all runs, by name. A link is none of them: what is behind it is not the study's.
fn attempts(study: &StudyFolder) -> impl Iterator<Item = (PathBuf, Record)> {
    let entries = fs::read_dir(study.unfinished()).into_iter().flatten().flatten();
    let is_folder = |entry: &fs::DirEntry| entry.file_type().is_ok_and(|kind| kind.is_dir());
    let mut folders: Vec<PathBuf> = entries.filter(is_folder).map(|entry| entry.path()).collect();
    folders.sort();
    folders.into_iter().filter_map(|folder| Record::read(&folder).map(|record| (folder, record)))
}

impl Worth {
    fn of(folder: &Path, record: &Record) -> Self {
        if let Some(done) = done_run(folder) {
            return Self::Complete(Box::new(done.summary));
        }
        match step(folder, record) {
            Ok(Some(step)) => Self::Step(step),
            Ok(None) => Self::Nothing("it was broken off before its state was saved".to_owned()),
            Err(error) => Self::Nothing(error.to_string()),
        }
    }

    /// How far on it is.
    fn rank(&self) -> Option<u64> {
        match self {
            Self::Complete(_) => Some(u64::MAX),
            Self::Step(step) => Some(*step),
            Self::Nothing(_) => None,
        }
    }
}

/// The step that an attempt goes on from, if it has been saved.
fn step(folder: &Path, record: &Record) -> anyhow::Result<Option<u64>> {
    let length = FinishedRun::open(folder)?.config.train.length;
    anyhow::ensure!(length == record.key.config.train.length, "it has another length than the plan says");
    resumable::step(folder)
}

impl Earlier {
    /// Moves the attempt to `to`, and makes it this worker's own. Whoever made it before finds no folder to write to any more.
    /// Paths and device become those of `config`: another machine may have begun it.
    ///
    /// # Errors
    /// If it is in progress, or cannot be moved or written; it is where it was then.
    pub(super) fn adopt(&self, to: &Path, config: &RunConfig) -> Result<(), DataError> {
        let mut stored = FinishedRun::open(&self.folder)?.config;
        stored.data.clone_from(&config.data);
        stored.device = config.device.clone();
        stored.init_from.clone_from(&config.init_from);
        stored.model.encoder = config.model.encoder.clone();
        drop(Claim::take(&self.folder)?);
        fs::rename(&self.folder, to).map_err(DataError::io("cannot move the attempt to", to))?;
        take_over(to, &stored).inspect_err(|_| {
            self.give_back(to).ok(); // What is told is why it was not taken over.
        })
    }

    /// Moves an attempt that was adopted back to where it was.
    ///
    /// # Errors
    /// If it cannot be moved.
    pub(super) fn give_back(&self, from: &Path) -> Result<(), DataError> {
        fs::rename(from, &self.folder).map_err(DataError::io("cannot move the attempt back to", &self.folder))
    }

    /// The name of its folder.
    pub(super) fn name(&self) -> String {
        self.folder.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Classes;
    use crate::domain::config::{DeviceChoice, Length};
    use crate::engine::protocol::Outcome;
    use crate::study::fingerprint::Fingerprint;
    use crate::train::folder::{RunFolder, files};

    fn key(seed: u64) -> RunKey {
        RunKey::new(&RunConfig { seed, ..RunConfig::demo() }, None, Fingerprint::default())
    }

    /// An attempt at the run with this seed, without a state.
    fn attempt(study: &StudyFolder, name: &str, seed: u64) -> PathBuf {
        let folder = study.unfinished().join(name);
        let config = RunConfig { seed, ..RunConfig::demo() };
        drop(RunFolder::create(&folder, &config, &Classes::deepglobe()).unwrap());
        Record::new("s", "run", &key(seed), 10).write(&folder).unwrap();
        folder
    }

    fn names(study: &StudyFolder) -> Vec<String> {
        let entries = fs::read_dir(study.unfinished()).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn attempts_at_other_runs_and_other_folders_are_neither_found_nor_removed() {
        let dir = tempfile::tempdir().unwrap();
        let study = StudyFolder::at(dir.path());
        ["one", "two"].iter().for_each(|name| drop(attempt(&study, name, 1)));
        attempt(&study, "other", 2);
        let notes = study.unfinished().join("notes");
        fs::create_dir(&notes).unwrap();
        fs::write(notes.join("todo.txt"), "").unwrap();
        let found: Vec<_> = of(&study, &key(1)).iter().map(Earlier::name).collect();
        assert_eq!(found, ["one", "two"]);
        let held = Claim::take(&study.unfinished().join("two")).unwrap();
        remove(&study, &key(1).id());
        assert_eq!(names(&study), ["notes", "other", "two"], "two is in progress");
        drop(held);
        remove(&study, &key(1).id());
        assert_eq!(names(&study), ["notes", "other"]);
    }

    #[cfg(unix)]
    #[test]
    fn what_is_behind_a_link_is_not_removed() {
        let (dir, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (study, other) = (StudyFolder::at(dir.path()), StudyFolder::at(elsewhere.path()));
        let target = attempt(&other, "kept", 1);
        fs::create_dir_all(study.unfinished()).unwrap();
        std::os::unix::fs::symlink(&target, study.unfinished().join("link")).unwrap();
        remove(&study, &key(1).id());
        assert!(of(&study, &key(1)).is_empty() && target.join("config.toml").exists());
    }

    #[test]
    fn an_attempt_is_worth_what_it_has_saved() {
        let dir = tempfile::tempdir().unwrap();
        let study = StudyFolder::at(dir.path());
        let folder = attempt(&study, "run", 1);
        let worth = || of(&study, &key(1)).remove(0).worth;
        let why = || match worth() {
            Worth::Nothing(why) => why,
            other => panic!("{other:?}"),
        };
        assert!(why().contains("before its state was saved"));
        fs::write(folder.join(files::STATE), "half").unwrap();
        assert!(why().contains("damaged"), "{}", why());
        let summary = Summary { outcome: Outcome::Completed, steps: 3, ..Summary::default() };
        fs::write(folder.join(files::SUMMARY), serde_json::to_vec(&summary).unwrap()).unwrap();
        assert!(matches!(worth(), Worth::Complete(summary) if summary.steps == 3));
        let mut longer = RunConfig { seed: 1, ..RunConfig::demo() };
        longer.train.length = Length::Steps(12_345);
        take_over(&folder, &longer).unwrap();
        assert!(why().contains("another length"));
    }

    #[test]
    fn an_attempt_is_adopted_with_the_paths_and_the_device_of_this_machine_unless_it_is_in_progress() {
        let dir = tempfile::tempdir().unwrap();
        let study = StudyFolder::at(dir.path());
        let (folder, to) = (attempt(&study, "run-before", 1), study.unfinished().join("run-now"));
        let here = RunConfig { seed: 1, data: "/here".into(), device: DeviceChoice::Cpu, ..RunConfig::demo() };
        let earlier = of(&study, &key(1)).remove(0);
        let held = Claim::take(&folder).unwrap();
        assert!(earlier.adopt(&to, &here).is_err() && folder.exists() && !to.exists());
        drop(held);
        earlier.adopt(&to, &here).unwrap();
        assert!(!folder.exists());
        let stored = FinishedRun::open(&to).unwrap().config;
        assert_eq!((stored.data, stored.device), (here.data, here.device));
        earlier.give_back(&to).unwrap();
        assert!(folder.exists() && !to.exists());
    }
}
