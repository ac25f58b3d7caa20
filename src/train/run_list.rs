//! The runs of a project: where new ones go, what they are called, and how the old ones ended.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::Deserialize;

use super::folder::{files, quick_method};
use super::run_notes::RunNotes;
use crate::domain::checkpoint::Checkpoint;
use crate::domain::{Choice as _, RunConfig, Strategy, time};
use crate::quick::method::QuickMethod;

/// A run in the list.
#[derive(Clone, Debug, PartialEq)]
pub struct RunEntry {
    /// The run folder.
    pub folder: PathBuf,
    /// Name of the folder; of a run of a study, after that of the study.
    pub name: String,
    /// How it was configured; absent if `config.toml` cannot be read.
    pub config: Option<RunConfig>,
    /// How it ended; absent if it was killed or is still in progress.
    pub end: Option<RunEnd>,
    /// A quick head was saved, and not a network.
    pub is_quick: bool,
    /// What learned the quick head, if that can be read.
    pub quick_method: Option<QuickMethod>,
    /// What is there to go on from.
    pub left: Left,
    /// It belongs to a study, which counts it as what its plan says: it is not made longer.
    pub of_study: bool,
    /// What a person says of it, or why that cannot be read.
    pub notes: Result<RunNotes, String>,
}

/// What a run has left to go on from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Left {
    /// Neither checkpoints nor a state: it starts again.
    #[default]
    Nothing,
    /// The state at its last checkpoint.
    State,
    /// Checkpoints alone: an earlier version made it.
    Checkpoints,
}

/// How a run can go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GoesOn {
    /// It has not reached its end.
    Unfinished,
    /// It has ended, and can be made longer.
    Longer,
}

impl RunEntry {
    /// How the run can go on; `None` if it cannot.
    pub fn goes_on(&self) -> Option<GoesOn> {
        if self.is_quick || self.of_study || self.config.is_none() {
            return None;
        }
        let is_over = self.end.as_ref().is_some_and(|end| matches!(end.outcome.as_str(), "completed" | "early"));
        match self.left {
            Left::State if is_over => Some(GoesOn::Longer),
            Left::State => Some(GoesOn::Unfinished),
            Left::Nothing => (!is_over).then_some(GoesOn::Unfinished),
            Left::Checkpoints => None,
        }
    }
}

/// The part of `summary.json` that the list shows.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct RunEnd {
    /// `completed`, `early`, `stopped`, `failed`, or `imported` if it was trained elsewhere.
    pub outcome: String,
    /// Steps taken.
    pub steps: u64,
    /// Epochs completed.
    pub epochs: u32,
    /// Best mean IoU, 0 to 1; absent if nothing was scored.
    pub best_miou: Option<f64>,
    /// Seconds from start to end.
    pub secs: f64,
}

impl RunEntry {
    /// Whether its network came from a file: its configuration does not say how it was trained.
    pub fn is_imported(&self) -> bool {
        self.end.as_ref().is_some_and(|end| end.outcome == "imported")
    }
}

/// The folder for a project's new runs: in the project or, if that is read-only, in the user's data folder. It is created
/// when a run starts.
pub fn home(project_root: &Path) -> PathBuf {
    let inside = inside(project_root);
    let writable = if inside.is_dir() { &inside } else { project_root };
    if tempfile::tempfile_in(writable).is_ok() {
        return inside;
    }
    outside(project_root).unwrap_or(inside)
}

/// The folder for a project's plans and studies, beside that of its runs.
pub fn studies_home(project_root: &Path) -> PathBuf {
    studies_beside(project_root, &home(project_root))
}

/// The same where the folder for its runs is known: no file is written to see whether there can be one.
pub fn studies_beside(project_root: &Path, runs: &Path) -> PathBuf {
    if *runs == inside(project_root) { runs.with_file_name("studies") } else { runs.join("studies") }
}

/// The folders with the runs of a project's studies, by the name of the study.
fn studies(project_root: &Path) -> Vec<(String, PathBuf)> {
    let folders = std::fs::read_dir(studies_home(project_root)).into_iter().flatten().flatten();
    let runs = |entry: std::fs::DirEntry| (entry.file_name().to_string_lossy().into_owned(), entry.path().join("runs"));
    let mut found: Vec<_> = folders.map(runs).filter(|(_, runs)| runs.is_dir()).collect();
    found.sort();
    found
}

/// The runs of a study, under its name.
fn of_study((study, runs): (String, PathBuf)) -> Vec<RunEntry> {
    let mut found = list(&[runs]);
    found.iter_mut().for_each(|run| (run.name, run.of_study) = (format!("{study}/{}", run.name), true));
    found
}

/// The folder for runs in a project that can be written to.
fn inside(project_root: &Path) -> PathBuf {
    project_root.join(".pointillist").join("runs")
}

/// A project's runs, from both folders, newest first; after them those of its studies.
pub fn of_project(project_root: &Path) -> Vec<RunEntry> {
    let homes: Vec<_> = [Some(inside(project_root)), outside(project_root)].into_iter().flatten().collect();
    list(&homes).into_iter().chain(studies(project_root).into_iter().flat_map(of_study)).collect()
}

/// The folder for runs of a read-only project.
fn outside(project_root: &Path) -> Option<PathBuf> {
    let name = project_root.file_name()?.to_string_lossy().into_owned();
    let key = crate::domain::hash::key(0, &project_root.to_string_lossy());
    Some(data_folder()?.join("runs").join(format!("{name}-{key:016x}")))
}

/// This program's folder in the user's data folder, if the system has one.
fn data_folder() -> Option<PathBuf> {
    Some(directories::ProjectDirs::from("", "", "pointillist")?.data_dir().to_path_buf())
}

/// The name of a run that starts now: time, network, labels.
pub fn name(config: &RunConfig, now: SystemTime) -> String {
    let keep = match config.label_sampling().strategy {
        Strategy::Full => "full".to_owned(),
        Strategy::FractionPerClass(r) => format!("keep{r}"),
        Strategy::FractionOfPixels(r) => format!("pixels{r}"),
        Strategy::PointsPerClass(n) => format!("points{n}"),
        Strategy::OwnLabelsOnly => "own-labels".to_owned(),
    };
    format!("{}-{}-{keep}", time::timestamp(now), config.model.arch.name())
}

/// The name of a run of a quick head that is saved now.
pub fn quick_name(now: SystemTime) -> String {
    format!("{}-quick", time::timestamp(now))
}

/// The name of a run that is imported from a file now.
pub fn imported_name(file: &Path, now: SystemTime) -> String {
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    format!("{}-{stem}", time::timestamp(now))
}

/// A folder that does not exist yet, for a run with this name.
pub fn free_folder(home: &Path, name: &str) -> Option<PathBuf> {
    let names = (1..).map(|i| if i == 1 { name.to_owned() } else { format!("{name}-{i}") });
    names.map(|name| home.join(name)).find(|folder| !folder.exists())
}

/// All runs in these folders, newest first.
fn list(homes: &[PathBuf]) -> Vec<RunEntry> {
    let folders = homes.iter().filter_map(|home| std::fs::read_dir(home).ok());
    let mut runs: Vec<_> = folders.flatten().flatten().filter_map(|entry| read(&entry.path())).collect();
    runs.sort_by(|a, b| b.name.cmp(&a.name));
    runs
}

/// Reads a run folder; `None` if it is something else.
fn read(folder: &Path) -> Option<RunEntry> {
    let config = std::fs::read_to_string(folder.join(files::CONFIG)).ok()?;
    let end = std::fs::read_to_string(folder.join(files::SUMMARY)).ok();
    Some(RunEntry {
        folder: folder.to_path_buf(),
        name: folder.file_name()?.to_string_lossy().into_owned(),
        config: RunConfig::read_stored(&config).ok().map(|(config, _)| config),
        end: end.and_then(|text| serde_json::from_str(&text).ok()),
        is_quick: folder.join(files::HEAD).exists(),
        quick_method: quick_method(folder),
        left: left(folder),
        of_study: false,
        notes: RunNotes::read(folder).map_err(|error| error.to_string()),
    })
}

fn left(folder: &Path) -> Left {
    let has_checkpoint = || Checkpoint::ALL.iter().any(|which| files::checkpoint(folder, *which).exists());
    match folder.join(files::STATE).exists() {
        true => Left::State,
        false if has_checkpoint() => Left::Checkpoints,
        false => Left::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_listed_even_if_some_are_damaged() {
        let home = tempfile::tempdir().unwrap();
        let write = |run: &str, file: &str, text: &str| {
            let folder = home.path().join(run);
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(folder.join(file), text).unwrap();
        };
        write("1-old", "config.toml", &toml::to_string(&RunConfig::demo()).unwrap());
        write("1-old", "summary.json", r#"{"outcome":"stopped","steps":7,"best_miou":0.5,"last":{"x":null}}"#);
        write("2-cut-short", "config.toml", "[train]\nof_another_version = 1");
        write("3-no-run", "notes.txt", "");
        let runs = list(&[home.path().to_path_buf(), PathBuf::from("/no/such/folder")]);
        assert_eq!(runs.iter().map(|r| r.name.as_str()).collect::<Vec<_>>(), ["2-cut-short", "1-old"]);
        assert!(runs[0].end.is_none() && runs[0].config.is_some());
        assert_eq!(runs[1].end.as_ref().map(|end| (end.steps, end.best_miou)), Some((7, Some(0.5))));
    }

    #[test]
    fn what_has_not_ended_goes_on_and_what_has_can_be_longer() {
        let home = tempfile::tempdir().unwrap();
        let goes_on = |outcome: Option<&str>, files: &[&str]| {
            let folder = home.path().join("run");
            std::fs::create_dir(&folder).unwrap();
            let write = |file: &str, text: &str| std::fs::write(folder.join(file), text).unwrap();
            write("config.toml", "");
            outcome.iter().for_each(|outcome| write("summary.json", &format!(r#"{{"outcome":"{outcome}"}}"#)));
            files.iter().for_each(|file| write(file, ""));
            let goes_on = read(&folder).unwrap().goes_on();
            std::fs::remove_dir_all(&folder).unwrap();
            goes_on
        };
        let saved = ["last.bpk", "last.state"];
        for outcome in [None, Some("stopped"), Some("failed")] {
            assert_eq!(goes_on(outcome, &saved), Some(GoesOn::Unfinished), "{outcome:?}");
            assert_eq!(goes_on(outcome, &[]), Some(GoesOn::Unfinished), "{outcome:?}: it starts again");
            assert_eq!(goes_on(outcome, &["best.bpk"]), None, "{outcome:?}, by an earlier version");
        }
        for outcome in ["completed", "early"] {
            assert_eq!(goes_on(Some(outcome), &saved), Some(GoesOn::Longer));
            assert_eq!(goes_on(Some(outcome), &[]), None);
        }
        assert_eq!(goes_on(None, &["head.json"]), None, "a quick head");
    }

    #[test]
    fn runs_of_a_study_stand_under_its_name_and_are_not_made_longer() {
        let project = tempfile::tempdir().unwrap();
        let folder = studies_home(project.path()).join("weights/runs/unet");
        std::fs::create_dir_all(&folder).unwrap();
        let write = |file: &str, text: &str| std::fs::write(folder.join(file), text).unwrap();
        write("config.toml", "");
        write("summary.json", r#"{"outcome":"completed"}"#);
        write("last.state", "");
        let runs = of_project(project.path());
        let [run] = runs.as_slice() else { panic!("{runs:?}") };
        assert_eq!((run.name.as_str(), run.goes_on()), ("weights/unet", None));
        assert_eq!(read(&folder).unwrap().goes_on(), Some(GoesOn::Longer), "but for the study it could be");
    }

    #[test]
    fn names_give_time_network_and_labels() {
        assert_eq!(name(&RunConfig::default(), SystemTime::UNIX_EPOCH), "19700101-000000-unet-keep0.1");
    }

    #[test]
    fn a_run_from_own_labels_only_says_so() {
        let config = RunConfig::default().own_labels_only();
        assert!(name(&config, SystemTime::UNIX_EPOCH).ends_with("-own-labels"));
        assert_eq!(config.label_sampling().strategy.describe(), "own labels only");
    }

    #[test]
    fn runs_of_a_writable_project_go_into_it() {
        let project = tempfile::tempdir().unwrap();
        assert_eq!(home(project.path()), project.path().join(".pointillist").join("runs"));
    }
}
