//! Writing a run folder while the run is in progress.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use burn::module::Module as _;
use serde::Serialize;

use super::claim::{Claim, TAKEN};
use super::cut;
use super::files;
use super::predicts::Predicts;
use super::split_record::SplitRecord;
use super::state_file::StateFile;
use super::tables::{METRIC_COLUMNS, MetricsRow, RAW_COLUMN, STEP_COLUMNS, StepRow};
use crate::data::DataError;
use crate::data::files::append::AppendFile;
use crate::data::files::lock::lock;
use crate::data::files::write;
use crate::domain::checkpoint::Checkpoint;
use crate::domain::{Classes, RunConfig};
use crate::train::snapshot::Snapshot;
use crate::train::start_labels::StartLabels;

/// What is kept of the tables of a run that is resumed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Kept {
    /// The last row of `steps.csv`, by its step; `None` for no row.
    pub steps: Option<u64>,
    /// The last row of `metrics.csv`, by its step; `None` for no row.
    pub metrics: Option<u64>,
}

/// A run folder being written.
pub struct RunFolder {
    path: PathBuf,
    classes: Classes,
    steps: AppendFile,
    metrics: AppendFile,
    log: AppendFile,
    /// Held for as long as the run is in progress.
    _lock: File,
}

impl RunFolder {
    /// Creates the folder and its first files.
    ///
    /// # Errors
    /// If the folder is not empty (runs are never overwritten) or cannot be written.
    pub fn create(path: &Path, config: &RunConfig, classes: &Classes) -> Result<Self, DataError> {
        Self::refuse_occupied(path)?;
        let text = as_text(config)?;
        let is_new = !path.exists();
        fs::create_dir_all(path).map_err(DataError::io("cannot create the run folder (choose another one)", path))?;
        let begin = |lock| Self::begin(path, &text, classes, config.train.scores_raw(), lock);
        lock(path, TAKEN).and_then(begin).inspect_err(|_| {
            if is_new {
                fs::remove_dir_all(path).ok(); // An incomplete folder would be refused at the next attempt.
            }
        })
    }

    /// Refuses a folder that is not empty. It is asked before the long part of a start, too.
    ///
    /// # Errors
    /// If it is not.
    pub fn refuse_occupied(path: &Path) -> Result<(), DataError> {
        if path.read_dir().is_ok_and(|mut entries| entries.next().is_some()) {
            let what = "the run folder is not empty, and a run never overwrites anything: choose another one";
            return Err(DataError::content(what, path));
        }
        Ok(())
    }

    /// Opens the folder of a run to go on with it. Rows that were written after the checkpoint are cut off; the summary of how the run
    /// ended is removed last, so that the run can be resumed whenever this is interrupted.
    ///
    /// # Errors
    /// If a table has another header, or the folder cannot be read and written.
    pub fn reopen(claim: Claim, config: &RunConfig, classes: &Classes, kept: Kept) -> Result<Self, DataError> {
        let (path, lock) = claim.into_parts();
        write::remove_stale(&path);
        let [steps, metrics, log] = [files::STEPS, files::METRICS, files::LOG].map(|name| path.join(name));
        let whole_steps = cut::length_up_to(&steps, &STEP_COLUMNS.map(str::to_owned), kept.steps)?;
        let columns = metric_columns(classes, config.train.scores_raw());
        let whole_metrics = cut::length_up_to(&metrics, &columns, kept.metrics)?;
        let whole_log = cut::length_of_lines(&log)?;
        write::atomically(&path.join(files::CONFIG), as_text(config)?.as_bytes())?;
        let steps = AppendFile::reopen(&steps, whole_steps)?;
        let metrics = AppendFile::reopen(&metrics, whole_metrics)?;
        let log = AppendFile::reopen(&log, whole_log)?;
        remove(&path.join(files::SUMMARY))?;
        Ok(Self { path, classes: classes.clone(), steps, metrics, log, _lock: lock })
    }

    /// Begins the run of a folder anew. Its files are made again: a run that was killed at its start may lack some.
    ///
    /// # Errors
    /// If the folder cannot be written.
    pub fn restart(claim: Claim, config: &RunConfig, classes: &Classes) -> Result<Self, DataError> {
        let text = as_text(config)?;
        let (path, lock) = claim.into_parts();
        write::remove_stale(&path);
        let made_again = [files::STEPS, files::METRICS, files::LOG, files::SUMMARY];
        made_again.iter().try_for_each(|name| remove(&path.join(name)))?;
        Self::begin(&path, &text, classes, config.train.scores_raw(), lock)
    }

    /// Writes the first files. The configuration, which makes a folder that of a run, comes after the classes.
    fn begin(path: &Path, config: &str, classes: &Classes, scores_raw: bool, lock: File) -> Result<Self, DataError> {
        write_json(&path.join(files::CLASSES), classes)?;
        write::atomically(&path.join(files::CONFIG), config.as_bytes())?;
        let mut steps = AppendFile::create(&path.join(files::STEPS))?;
        steps.row(STEP_COLUMNS)?;
        let mut metrics = AppendFile::create(&path.join(files::METRICS))?;
        metrics.row(metric_columns(classes, scores_raw))?;
        let (path, classes, log) = (path.to_owned(), classes.clone(), AppendFile::create(&path.join(files::LOG))?);
        Ok(Self { path, classes, steps, metrics, log, _lock: lock })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Appends to `steps.csv`.
    ///
    /// # Errors
    /// If the disk is full or the folder is gone; the row is kept, and written before the next one.
    pub fn add_step(&mut self, row: &StepRow) -> Result<(), DataError> {
        self.steps.row(row.fields())
    }

    /// Appends to `metrics.csv`.
    ///
    /// # Errors
    /// As for [`RunFolder::add_step`].
    pub fn add_metrics(&mut self, row: &MetricsRow) -> Result<(), DataError> {
        self.metrics.row(row.fields())
    }

    /// Appends a line to `log.txt`.
    ///
    /// # Errors
    /// As for [`RunFolder::add_step`].
    pub fn log(&mut self, line: &str) -> Result<(), DataError> {
        self.log.line(line)
    }

    /// Writes rows and lines to the disk, including those that could not be written before.
    ///
    /// # Errors
    /// If the disk is full or the folder is gone.
    pub fn sync(&mut self) -> Result<(), DataError> {
        [&mut self.steps, &mut self.metrics, &mut self.log].into_iter().try_for_each(AppendFile::sync)
    }

    /// Writes which classes a checkpoint predicts, then the checkpoint. The previous one stays intact until the new one is on the
    /// disk, and keeps its list.
    ///
    /// # Errors
    /// If the disk is full, the folder is gone, or the network has diverged: the one before is worth more.
    pub fn save(&self, snapshot: &Snapshot, which: Checkpoint) -> Result<PathBuf, DataError> {
        let path = files::checkpoint(&self.path, which);
        if !snapshot.net.is_finite() {
            let what = "the network has diverged (some of its weights are no finite numbers), so the checkpoint before stays: \
                        lower the learning rate";
            return Err(DataError::content(what, &path));
        }
        let bytes = snapshot.net.clone().into_record().into_bytes().map_err(|error| DataError::Content {
            what: format!("cannot serialize the checkpoint ({error})"),
            path: path.clone(),
        })?;
        let (list, before) = (files::predicts(&self.path, which), self.list_on_disk(which));
        let had_list = list.exists();
        write_json(&list, &Predicts::new(snapshot.names(&self.classes), &bytes, before))?;
        write::atomically(&path, &bytes).inspect_err(|_| {
            if !had_list {
                fs::remove_file(&list).ok(); // There is no checkpoint it belongs to.
            }
        })?;
        Ok(path)
    }

    /// Where the state of the run is written.
    pub fn state_file(&self) -> StateFile {
        StateFile::in_folder(&self.path)
    }

    /// The list of the checkpoint that is on the disk.
    fn list_on_disk(&self, which: Checkpoint) -> Option<Predicts> {
        let checkpoint = fs::read(files::checkpoint(&self.path, which)).ok()?;
        let list = fs::read(files::predicts(&self.path, which)).ok()?;
        serde_json::from_slice::<Predicts>(&list).ok()?.of(&checkpoint)
    }

    /// Writes `split.json`.
    ///
    /// # Errors
    /// If the disk is full or the folder is gone.
    pub fn write_split(&self, split: &SplitRecord) -> Result<(), DataError> {
        write_json(&self.path.join(files::SPLIT), split)
    }

    /// Writes `labels.json`, or removes that of an earlier start.
    ///
    /// # Errors
    /// If the disk is full or the folder is gone.
    pub fn write_labels(&self, labels: Option<&StartLabels>) -> Result<(), DataError> {
        let path = self.path.join(files::LABELS);
        labels.map_or_else(|| remove(&path), |labels| write_json(&path, labels))
    }

    /// Writes `summary.json`.
    ///
    /// # Errors
    /// If the disk is full or the folder is gone.
    pub fn write_summary(&self, summary: &impl Serialize) -> Result<(), DataError> {
        write_json(&self.path.join(files::SUMMARY), summary)
    }
}

/// The header of `metrics.csv`.
fn metric_columns(classes: &Classes, scores_raw: bool) -> Vec<String> {
    let per_class = classes.iter().map(|class| format!("iou_{}", class.name));
    let raw = scores_raw.then(|| RAW_COLUMN.to_owned());
    METRIC_COLUMNS.map(str::to_owned).into_iter().chain(per_class).chain(raw).collect()
}

/// Removes a file, if it is there.
fn remove(path: &Path) -> Result<(), DataError> {
    if path.exists() { fs::remove_file(path).map_err(DataError::io("cannot remove", path)) } else { Ok(()) }
}

/// The content of `config.toml`.
pub(super) fn as_text(config: &RunConfig) -> Result<String, DataError> {
    toml::to_string_pretty(config).map_err(|error| DataError::Content {
        what: format!("cannot write the configuration as TOML ({error}): use a path in UTF-8"),
        path: config.data.clone(),
    })
}

fn write_json(path: &Path, value: &impl Serialize) -> Result<(), DataError> {
    let text = serde_json::to_vec_pretty(value)
        .map_err(|error| DataError::Content { what: error.to_string(), path: path.to_owned() })?;
    write::atomically(path, &text)
}
