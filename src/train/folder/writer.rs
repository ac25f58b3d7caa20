//! Writing a run folder while the run is in progress.

use std::fs;
use std::path::{Path, PathBuf};

use burn::module::Module as _;
use serde::Serialize;

use super::files;
use super::predicts::Predicts;
use super::split_record::SplitRecord;
use super::tables::{METRIC_COLUMNS, MetricsRow, RAW_COLUMN, STEP_COLUMNS, StepRow};
use crate::data::DataError;
use crate::data::files::append::AppendFile;
use crate::data::files::write;
use crate::domain::checkpoint::Checkpoint;
use crate::domain::{Classes, RunConfig};
use crate::train::snapshot::Snapshot;

/// A run folder being written.
pub struct RunFolder {
    path: PathBuf,
    classes: Classes,
    steps: AppendFile,
    metrics: AppendFile,
    log: AppendFile,
}

impl RunFolder {
    /// Creates the folder and its first files.
    ///
    /// # Errors
    /// If the folder is not empty (runs are never overwritten) or cannot be written.
    pub fn create(path: &Path, config: &RunConfig, classes: &Classes) -> Result<Self, DataError> {
        Self::refuse_occupied(path)?;
        let text = toml::to_string_pretty(config).map_err(|error| DataError::Content {
            what: format!("cannot write the configuration as TOML ({error}): use a path in UTF-8"),
            path: config.data.clone(),
        })?;
        let is_new = !path.exists();
        fs::create_dir_all(path).map_err(DataError::io("cannot create the run folder (choose another one)", path))?;
        Self::begin(path, &text, classes, config.train.scores_raw()).inspect_err(|_| {
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

    fn begin(path: &Path, config: &str, classes: &Classes, scores_raw: bool) -> Result<Self, DataError> {
        write::atomically(&path.join(files::CONFIG), config.as_bytes())?;
        write_json(&path.join(files::CLASSES), classes)?;
        let mut steps = AppendFile::create(&path.join(files::STEPS))?;
        steps.row(STEP_COLUMNS)?;
        let mut metrics = AppendFile::create(&path.join(files::METRICS))?;
        let per_class = classes.iter().map(|class| format!("iou_{}", class.name));
        let raw = scores_raw.then(|| RAW_COLUMN.to_owned());
        metrics.row(METRIC_COLUMNS.map(str::to_owned).into_iter().chain(per_class).chain(raw))?;
        let (path, classes, log) = (path.to_owned(), classes.clone(), AppendFile::create(&path.join(files::LOG))?);
        Ok(Self { path, classes, steps, metrics, log })
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
    /// If the disk is full or the folder is gone.
    pub fn save(&self, snapshot: &Snapshot, which: Checkpoint) -> Result<PathBuf, DataError> {
        let path = files::checkpoint(&self.path, which);
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

    /// Writes `summary.json`.
    ///
    /// # Errors
    /// If the disk is full or the folder is gone.
    pub fn write_summary(&self, summary: &impl Serialize) -> Result<(), DataError> {
        write_json(&self.path.join(files::SUMMARY), summary)
    }
}

fn write_json(path: &Path, value: &impl Serialize) -> Result<(), DataError> {
    let text = serde_json::to_vec_pretty(value)
        .map_err(|error| DataError::Content { what: error.to_string(), path: path.to_owned() })?;
    write::atomically(path, &text)
}
