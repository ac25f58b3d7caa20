//! The figures of a run as an event file for TensorBoard: the rows of its tables, with names and times.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::data::DataError;
use crate::data::files::append::AppendFile;
use crate::domain::Classes;
use crate::exchange::tensorboard;
use crate::train::folder::{MetricsRow, StepRow};

/// An event file that grows with a run.
pub(super) struct EventFile {
    file: AppendFile,
    classes: Vec<String>,
}

impl EventFile {
    /// Creates a file in the folder of a run, of which `steps` steps have been taken.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(super) fn create(folder: &Path, classes: &Classes, steps: u64) -> Result<Self, DataError> {
        let mut file = AppendFile::create(&free_path(folder, now() as u64))?;
        file.record(&tensorboard::beginning(now(), steps + 1))?;
        Ok(Self { file, classes: names(classes) })
    }

    /// Appends the figures of a row of `steps.csv`.
    ///
    /// # Errors
    /// If the disk is full or the folder is gone; they are kept, and written before the next ones.
    pub(super) fn add_step(&mut self, row: &StepRow) -> Result<(), DataError> {
        self.file.record(&of_step(now(), row))
    }

    /// Appends the figures of a row of `metrics.csv`.
    ///
    /// # Errors
    /// As for [`EventFile::add_step`].
    pub(super) fn add_metrics(&mut self, row: &MetricsRow) -> Result<(), DataError> {
        self.file.record(&of_metrics(now(), row, &self.classes))
    }

    /// Writes what could not be written before, and everything to the disk.
    ///
    /// # Errors
    /// If the disk is full or the folder is gone.
    pub(super) fn sync(&mut self) -> Result<(), DataError> {
        self.file.sync()
    }
}

/// The file that a run begun at this time would have in a folder; a later one if that exists.
fn free_path(folder: &Path, began_secs: u64) -> PathBuf {
    let path = |secs| folder.join(tensorboard::file_name(secs));
    let later = (began_secs..began_secs + 100).map(path).find(|path| !path.exists());
    later.unwrap_or_else(|| path(began_secs))
}

/// Names of the classes, in index order.
pub(super) fn names(classes: &Classes) -> Vec<String> {
    classes.iter().map(|class| class.name.clone()).collect()
}

/// The record of a row of `steps.csv`.
pub(super) fn of_step(secs: f64, row: &StepRow) -> Vec<u8> {
    let values = [("loss/train".to_owned(), f64::from(row.loss)), ("lr".to_owned(), row.lr)];
    tensorboard::scalars(secs, row.step, &values)
}

/// The record of a row of `metrics.csv`.
pub(super) fn of_metrics(secs: f64, row: &MetricsRow, classes: &[String]) -> Vec<u8> {
    let mut values = vec![("miou/val".to_owned(), row.miou), ("accuracy".to_owned(), row.pixel_accuracy)];
    values.extend(row.raw_miou.map(|miou| ("miou_raw/val".to_owned(), miou)));
    values.extend(classes.iter().zip(&row.iou).map(|(class, iou)| (format!("iou/{class}"), *iou)));
    tensorboard::scalars(secs, row.step, &values)
}

/// Seconds since 1970.
fn now() -> f64 {
    secs_of(SystemTime::now())
}

/// Seconds from 1970 to a time.
pub(super) fn secs_of(time: SystemTime) -> f64 {
    time.duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}
