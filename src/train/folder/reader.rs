//! Reading the folder of a run that is over.

use std::fs::{self, File};
use std::io::{BufReader, ErrorKind};
use std::path::{Path, PathBuf};

use burn::module::Module as _;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::files;
use super::predicts::Predicts;
use super::split_record::SplitRecord;
use super::state_file;
use super::tables::{MetricsRow, StepRow};
use crate::data::DataError;
use crate::domain::checkpoint::Checkpoint;
use crate::domain::{ClassDef, Classes, RunConfig, stored};
use crate::model::Net;
use crate::quick::head_record;
use crate::quick::method::QuickMethod;
use crate::train::snapshot::Snapshot;
use crate::train::start_labels::StartLabels;
use crate::train::trainer_state::TrainerState;

/// What learned the quick head of a run folder; `None` of a network's run, or if the file is damaged.
pub fn quick_method(folder: &Path) -> Option<QuickMethod> {
    head_record::method_in(BufReader::new(File::open(folder.join(files::HEAD)).ok()?))
}

/// A run folder being read.
pub struct FinishedRun {
    /// The run folder.
    pub path: PathBuf,
    /// How it was configured.
    pub config: RunConfig,
    /// The classes of its network, in index order.
    pub classes: Classes,
    /// Fields of the configuration that were not understood, a sentence each.
    pub notes: Vec<String>,
}

impl FinishedRun {
    /// Opens a run folder.
    ///
    /// # Errors
    /// If it is not a run folder, or damaged; the message names the file.
    pub fn open(path: &Path) -> Result<Self, DataError> {
        let file = path.join(files::CONFIG);
        let text = fs::read_to_string(&file).map_err(|cause| {
            if path.is_dir() && cause.kind() == ErrorKind::NotFound {
                let study = if path.join("runs").is_dir() { " (those of a study are in its folder runs)" } else { "" };
                return DataError::content(format!("not a run folder: it has no config.toml{study}"), path);
            }
            DataError::io("cannot read", if path.is_dir() { &file } else { path })(cause)
        })?;
        let (config, lost) = RunConfig::read_stored(&text).map_err(|error| DataError::Content {
            what: format!("the configuration cannot be read: {error}"),
            path: file,
        })?;
        let list: Vec<ClassDef> = read_json(&path.join(files::CLASSES))?;
        let classes = Classes::new(list)
            .map_err(|error| DataError::Content { what: error.to_string(), path: path.join(files::CLASSES) })?;
        Ok(Self { path: path.to_owned(), config, classes, notes: other_version(files::CONFIG, lost) })
    }

    /// Whether a quick head was saved, and not a network.
    pub fn is_quick(&self) -> bool {
        self.path.join(files::HEAD).exists()
    }

    /// What learned the quick head; `None` of a network, or if its file is damaged.
    pub fn quick_method(&self) -> Option<QuickMethod> {
        quick_method(&self.path)
    }

    /// Whether this checkpoint exists.
    pub fn has(&self, which: Checkpoint) -> bool {
        files::checkpoint(&self.path, which).exists()
    }

    /// The wanted checkpoint, or the last one if that is missing: a run that was killed before its first evaluation has
    /// no best one.
    pub fn nearest(&self, wanted: Checkpoint) -> Checkpoint {
        if self.has(wanted) || !self.has(Checkpoint::Last) { wanted } else { Checkpoint::Last }
    }

    /// The rows of `steps.csv` and `metrics.csv`. Rows that cannot be read, such as the last one of a killed run, are
    /// skipped.
    pub fn history(&self) -> (Vec<StepRow>, Vec<MetricsRow>) {
        let rows = |name: &str| csv::ReaderBuilder::new().flexible(true).from_path(self.path.join(name));
        let steps =
            rows(files::STEPS).map_or_else(|_| Vec::new(), |mut r| r.deserialize().filter_map(Result::ok).collect());
        let metrics = rows(files::METRICS).map_or_else(
            |_| Vec::new(),
            |mut r| {
                let row = |record| MetricsRow::parse(&record, self.classes.len());
                r.records().filter_map(Result::ok).filter_map(row).collect()
            },
        );
        (steps, metrics)
    }

    /// Where the run stood at its last checkpoint; `None` if it ended before the first one, or was made by an earlier version.
    ///
    /// # Errors
    /// If `last.state` cannot be read, is damaged, or was written by another version.
    pub fn state<P: DeserializeOwned>(&self) -> Result<Option<(P, TrainerState)>, DataError> {
        let path = self.path.join(files::STATE);
        if path.exists() { state_file::read(&path).map(Some) } else { Ok(None) }
    }

    /// The same without what the trainer carries, which is not read: it may be large.
    ///
    /// # Errors
    /// If the file cannot be read, is cut off, or was written by another version.
    pub fn progress<P: DeserializeOwned>(&self) -> Result<Option<P>, DataError> {
        let path = self.path.join(files::STATE);
        if path.exists() { state_file::read_progress(&path).map(Some) } else { Ok(None) }
    }

    /// Which tiles were learned from and which were scored.
    ///
    /// # Errors
    /// If `split.json` is missing or damaged.
    pub fn split(&self) -> Result<SplitRecord, DataError> {
        read_json(&self.path.join(files::SPLIT))
    }

    /// The labels that the run began with; `None` if it is of a version that did not record them, or a tile could not be read.
    pub fn labels(&self) -> Option<StartLabels> {
        read_json(&self.path.join(files::LABELS)).ok()
    }

    /// `summary.json`, and a sentence for each field that was not understood. `None` if the run was killed before it wrote
    /// one.
    pub fn summary<T: Default + Serialize + DeserializeOwned>(&self) -> Option<(T, Vec<String>)> {
        let text: serde_json::Value = read_json(&self.path.join(files::SUMMARY)).ok()?;
        let (summary, lost) = stored::read(&T::default(), &T::default(), &text).ok()?;
        Some((summary, other_version(files::SUMMARY, lost)))
    }
}

fn other_version(file: &str, lost: Vec<String>) -> Vec<String> {
    let sentence = |phrase| format!("{file} was written by another version: {phrase} and is ignored");
    lost.into_iter().map(sentence).collect()
}

/// Loads a checkpoint of the run in `folder` into a network of its shape, which tells `classes` apart.
///
/// # Errors
/// If the checkpoint is missing or does not fit the network.
pub fn load_checkpoint(folder: &Path, net: Net, classes: &Classes, which: Checkpoint) -> Result<Snapshot, DataError> {
    let path = files::checkpoint(folder, which);
    if !path.exists() {
        return Err(DataError::Content {
            what: "the run has no such checkpoint: it ended before its first evaluation, or the file was removed"
                .to_owned(),
            path,
        });
    }
    let net = net.try_load_file(&path).map_err(|error| DataError::Content {
        what: format!("the checkpoint does not fit the run's configuration, or is damaged ({error})"),
        path: path.clone(),
    })?;
    Ok(Snapshot { net, predicts: predicted(&path, &files::predicts(folder, which), classes)? })
}

/// Whether a checkpoint predicts each class, by the list beside it.
fn predicted(checkpoint: &Path, list: &Path, classes: &Classes) -> Result<Vec<bool>, DataError> {
    if !list.exists() {
        return Ok(vec![true; classes.len()]); // Runs of earlier versions predict every class.
    }
    let bytes = fs::read(checkpoint).map_err(DataError::io("cannot read", checkpoint))?;
    let predicts = read_json::<Predicts>(list)?.of(&bytes).ok_or_else(|| DataError::Content {
        what: "the list of predicted classes is that of another checkpoint: restore it, or remove it to predict every class"
            .to_owned(),
        path: list.to_owned(),
    })?;
    Ok(predicts.flags(classes))
}

fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T, DataError> {
    let text = fs::read(path).map_err(DataError::io("cannot read", path))?;
    serde_json::from_slice(&text)
        .map_err(|error| DataError::Content { what: format!("the file is damaged: {error}"), path: path.to_owned() })
}
