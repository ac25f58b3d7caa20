//! Earlier attempts at a run, which were broken off: what each is good for, and that none is left once the run is done.

use std::cmp::Reverse;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::folder::{StudyFolder, move_folder};
use super::key::RunKey;
use super::record::Record;
use super::worth::Worth;
use crate::data::DataError;
use crate::domain::RunConfig;
use crate::engine::resumable;
use crate::train::folder::{Claim, FinishedRun, take_over};

/// An attempt at a run that was broken off.
pub(super) struct Earlier {
    pub(super) folder: PathBuf,
    pub(super) worth: Worth,
}

/// Why a run cannot go on with an attempt.
#[derive(Debug)]
pub(super) enum Hindrance {
    /// The attempt is damaged: it never can.
    Lasting(String),
    /// It cannot at the moment. The attempt is worth what it was.
    Passing(String),
}

/// Attempts at the run with this key, the one that is furthest on first. The run must be claimed. An attempt that another version of this
/// program makes at the moment, under another claim, is none of them.
///
/// # Errors
/// If they cannot be listed.
pub(super) fn of(study: &StudyFolder, key: &RunKey) -> Result<Vec<Earlier>, DataError> {
    // A network file system lists a folder from memory until this machine has changed it.
    drop(tempfile::NamedTempFile::new_in(study.unfinished()));
    let mut found: Vec<Earlier> = at_run(study, &attempts(study)?, key)
        .into_iter()
        .map(|(folder, record)| Earlier { worth: Worth::of(folder, record), folder: folder.clone() })
        .collect();
    found.sort_by_key(|attempt| Reverse(attempt.worth.rank()));
    Ok(found)
}

/// Those of a study's attempts that are at the run with this key, but for those that another version makes at the moment.
pub(super) fn at_run<'a>(
    study: &StudyFolder,
    attempts: &'a [(PathBuf, Record)],
    key: &RunKey,
) -> Vec<&'a (PathBuf, Record)> {
    let (id, claims) = (key.id(), study.claims());
    let is_free = |record: &Record| record.id == id || claims.holder(&record.id).is_none();
    attempts.iter().filter(|(_, record)| record.is_of(key, &id) && is_free(record)).collect()
}

/// Removes the attempts at runs that are done, unless somebody writes to them. Nothing else is removed; one that was made longer is another
/// run.
pub(super) fn remove(study: &StudyFolder, is_done: impl Fn(&Record) -> bool) {
    let found = attempts(study).unwrap_or_else(|error| {
        log::warn!("attempts that are no longer needed stay: {error}");
        Vec::new()
    });
    for (folder, _) in found.into_iter().filter(|(folder, record)| is_done(record) && !is_longer(folder, record)) {
        let is_free = Claim::take(&folder).map(drop); // Dropped at once: some systems remove no folder with an open file.
        let removed = is_free
            .and_then(|()| fs::remove_dir_all(&folder).map_err(DataError::io("cannot remove the attempt", &folder)));
        if let Err(error) = removed {
            log::warn!("an attempt that is no longer needed stays: {error}");
        }
    }
}

/// Whether it was made longer than its plan says, or shorter.
fn is_longer(folder: &Path, record: &Record) -> bool {
    FinishedRun::open(folder).is_ok_and(|run| run.config.train.length != record.key.config.train.length)
}

/// The attempts at all runs, by name. A link is none of them: what is behind it is not the study's.
///
/// # Errors
/// If they cannot be listed.
pub(super) fn attempts(study: &StudyFolder) -> Result<Vec<(PathBuf, Record)>, DataError> {
    let unfinished = study.unfinished();
    let entries = match fs::read_dir(&unfinished) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(DataError::io("cannot list the attempts in", &unfinished))?,
    };
    let is_folder = |entry: &fs::DirEntry| entry.file_type().is_ok_and(|kind| kind.is_dir());
    let mut folders: Vec<PathBuf> = entries.flatten().filter(is_folder).map(|entry| entry.path()).collect();
    folders.sort();
    Ok(folders.into_iter().filter_map(|folder| Record::read(&folder).map(|record| (folder, record))).collect())
}

/// Notes that the loss of the run in this folder has diverged.
pub(super) fn note_divergence(folder: &Path) {
    let (Some(record), Ok(Some(step))) = (Record::read(folder), resumable::step(folder)) else { return };
    if let Err(error) = record.diverged(step).write(folder) {
        log::warn!("it is not noted that the run has diverged: {error}");
    }
}

impl Hindrance {
    /// That of an error about the attempt's files.
    fn of(error: DataError) -> Self {
        if error.is_lasting() { Self::Lasting(error.to_string()) } else { Self::passing(error) }
    }

    fn passing(error: DataError) -> Self {
        Self::Passing(error.to_string())
    }
}

impl Earlier {
    /// Moves the attempt to `to`, and makes it this worker's own. Whoever made it before finds no folder to write to any more.
    /// Paths, device and what is written beside the tables become those of `config`: another machine may have begun it.
    ///
    /// # Errors
    /// If it is in progress, damaged, or cannot be moved or written; it is where it was then.
    pub(super) fn adopt(&self, to: &Path, config: &RunConfig) -> Result<(), Hindrance> {
        let mut stored = FinishedRun::open(&self.folder).map_err(Hindrance::of)?.config;
        stored.data.clone_from(&config.data);
        (stored.device, stored.tensorboard) = (config.device.clone(), config.tensorboard);
        stored.init_from.clone_from(&config.init_from);
        stored.model.encoder = config.model.encoder.clone();
        drop(Claim::take(&self.folder).map_err(Hindrance::passing)?);
        let moved = move_folder(&self.folder, &|| to.to_owned(), "cannot move the attempt to");
        moved.map_err(Hindrance::passing)?;
        take_over(to, &stored).map_err(|error| {
            self.give_back(to).ok(); // What is told is why it was not taken over.
            match error {
                DataError::Io { .. } => Hindrance::of(error),
                DataError::Content { .. } | DataError::Known(_) => Hindrance::passing(error),
            }
        })
    }

    /// Moves an attempt that was adopted back to where it was.
    ///
    /// # Errors
    /// If it cannot be moved.
    pub(super) fn give_back(&self, from: &Path) -> Result<(), DataError> {
        move_folder(from, &|| self.folder.clone(), "cannot move the attempt back to").map(drop)
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
    use crate::engine::protocol::{Outcome, Summary};
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

    fn found(study: &StudyFolder) -> Vec<Earlier> {
        of(study, &key(1)).unwrap()
    }

    fn remove_done(study: &StudyFolder) {
        let id = key(1).id();
        remove(study, |record| record.id == id);
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
        let names_found: Vec<_> = found(&study).iter().map(Earlier::name).collect();
        assert_eq!(names_found, ["one", "two"]);
        let held = Claim::take(&study.unfinished().join("two")).unwrap();
        remove_done(&study);
        assert_eq!(names(&study), ["notes", "other", "two"], "two is in progress");
        drop(held);
        remove_done(&study);
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
        remove_done(&study);
        assert!(found(&study).is_empty() && target.join("config.toml").exists());
    }

    #[test]
    fn an_attempt_is_worth_what_it_has_saved() {
        let dir = tempfile::tempdir().unwrap();
        let study = StudyFolder::at(dir.path());
        let folder = attempt(&study, "run", 1);
        let worth = || found(&study).remove(0).worth;
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
        remove_done(&study);
        assert!(folder.exists(), "a longer run is another one");
    }

    #[test]
    fn an_attempt_is_not_given_up_because_it_cannot_be_read_at_the_moment() {
        let dir = tempfile::tempdir().unwrap();
        let study = StudyFolder::at(dir.path());
        attempt(&study, "damaged", 1);
        let folder = attempt(&study, "run", 1);
        fs::create_dir(folder.join(files::STATE)).unwrap(); // Reading it fails, as with a disk that is gone.
        let first = found(&study).remove(0);
        assert!(first.name() == "run" && matches!(first.worth, Worth::Unknown(_)), "{:?}", first.worth);
    }

    #[test]
    fn an_attempt_that_lacks_a_table_stays_where_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let study = StudyFolder::at(dir.path());
        let (folder, to) = (attempt(&study, "run", 1), study.unfinished().join("run-now"));
        fs::remove_file(folder.join(files::STEPS)).unwrap();
        let adopted = found(&study).remove(0).adopt(&to, &RunConfig::demo());
        assert!(matches!(&adopted, Err(Hindrance::Lasting(why)) if why.contains(files::STEPS)), "{adopted:?}");
        assert!(folder.exists() && !to.exists());
    }

    #[test]
    fn what_another_version_makes_at_the_moment_is_left_to_it() {
        let dir = tempfile::tempdir().unwrap();
        let study = StudyFolder::at(dir.path());
        let folder = attempt(&study, "run", 1);
        Record { id: "other".to_owned(), ..Record::read(&folder).unwrap() }.write(&folder).unwrap();
        assert_eq!(found(&study).len(), 1);
        fs::create_dir(dir.path().join("claims")).unwrap();
        let claim = study.claims().take("other", "run").unwrap();
        assert!(found(&study).is_empty());
        drop(claim);
        assert_eq!(found(&study).len(), 1);
    }

    #[test]
    fn an_attempt_is_adopted_with_the_paths_and_the_device_of_this_machine_unless_it_is_in_progress() {
        let dir = tempfile::tempdir().unwrap();
        let study = StudyFolder::at(dir.path());
        let (folder, to) = (attempt(&study, "run-before", 1), study.unfinished().join("run-now"));
        let here = RunConfig { seed: 1, data: "/here".into(), device: DeviceChoice::Cpu, ..RunConfig::demo() };
        let earlier = found(&study).remove(0);
        let held = Claim::take(&folder).unwrap();
        assert!(matches!(earlier.adopt(&to, &here), Err(Hindrance::Passing(why)) if why.contains("in progress")));
        assert!(folder.exists() && !to.exists());
        drop(held);
        earlier.adopt(&to, &here).unwrap();
        assert!(!folder.exists());
        let stored = FinishedRun::open(&to).unwrap().config;
        assert_eq!((stored.data, stored.device), (here.data, here.device));
        earlier.give_back(&to).unwrap();
        assert!(folder.exists() && !to.exists());
    }
}
