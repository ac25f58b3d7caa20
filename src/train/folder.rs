//! The run folder: everything about a run in files that can be read, compared and cited without this program.
//!
//! `config.toml` (the configuration, every default filled in) · `classes.json` · `split.json` · `metrics.csv` (one row per evaluation) ·
//! `steps.csv` (loss and learning rate) · `summary.json` · `best.bpk` and `last.bpk` (weights) · `log.txt`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use burn::module::Module as _;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::data::files::append::AppendFile;
use crate::data::files::write;
use crate::data::layout::tile::TileMatch;
use crate::data::{DataError, Project};
use crate::domain::{ClassDef, Classes, RunConfig, stored};
use crate::model::Net;

const CONFIG: &str = "config.toml";
const CLASSES: &str = "classes.json";
const SUMMARY: &str = "summary.json";
const METRICS: &str = "metrics.csv";
const STEPS: &str = "steps.csv";
const SPLIT: &str = "split.json";
const LOG: &str = "log.txt";

const STEP_COLUMNS: [&str; 4] = ["step", "epoch", "loss", "lr"];
const METRIC_COLUMNS: [&str; 7] =
    ["step", "epoch", "train_loss", "val_miou", "val_pixel_accuracy", "val_pixels", "secs"];

/// Rows of `steps.csv` there are at most.
const MOST_ROWS: u64 = 5000;

/// So many steps make a row of `steps.csv`: by count and not by the clock, so that equal runs leave equal files.
pub fn steps_per_row(total_steps: u64) -> u64 {
    total_steps.div_ceil(MOST_ROWS).max(1)
}

/// Which of a run's checkpoints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Checkpoint {
    /// The one with the best score so far (the lowest training loss where nothing can be scored).
    Best,
    /// The latest.
    Last,
}

impl Checkpoint {
    /// Its name, for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Best => "best",
            Self::Last => "last",
        }
    }
}

/// Which tiles a run learned from and which it was scored on, by id. `split.json` in a run folder is this, so that tiles
/// added later never turn a tile that was learned from into one that is scored.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SplitRecord {
    /// Learned from.
    pub train: Vec<String>,
    /// Scored.
    pub val: Vec<String>,
    /// The file of each of these tiles, by id: an id may come to mean another tile when files are added.
    #[serde(default)]
    pub files: BTreeMap<String, String>,
}

impl SplitRecord {
    /// A record of a project's tiles.
    pub fn new(project: &Project, train: Vec<String>, val: Vec<String>) -> Self {
        let file = |id: &String| project.tile(id).map(|tile| (id.clone(), tile.file.clone()));
        let files = train.iter().chain(&val).filter_map(file).collect();
        Self { train, val, files }
    }

    /// The tile that an id of this record means in the project of now.
    pub fn find(&self, project: &Project, id: &str) -> TileMatch {
        project.tile_named(id, self.files.get(id).map(String::as_str))
    }
}

/// One row of `steps.csv`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepRow {
    /// Steps taken.
    pub step: u64,
    /// Epoch, from 1.
    pub epoch: u32,
    /// Mean loss since the row before.
    pub loss: f32,
    /// Learning rate.
    pub lr: f64,
}

/// One row of `metrics.csv`, its per-class columns apart.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricsRow {
    /// Steps taken.
    pub step: u64,
    /// Epochs finished.
    pub epoch: u32,
    /// Mean training loss since the row before.
    pub train_loss: f32,
    /// Mean IoU, NaN if nothing was scored.
    pub miou: f64,
    /// Pixel accuracy.
    pub pixel_accuracy: f64,
    /// Scored pixels.
    pub pixels: u64,
    /// Seconds since the row before.
    pub secs: f32,
    /// IoU per class.
    pub iou: Vec<f64>,
}

/// A run folder being written.
pub struct RunFolder {
    path: PathBuf,
    steps: AppendFile,
    metrics: AppendFile,
    log: AppendFile,
}

impl RunFolder {
    /// Creates the folder and its first files.
    ///
    /// # Errors
    /// If the folder already holds something (runs are never overwritten) or cannot be written.
    pub fn create(path: &Path, config: &RunConfig, classes: &Classes) -> Result<Self, DataError> {
        if path.read_dir().is_ok_and(|mut entries| entries.next().is_some()) {
            let what = "this folder is not empty, and a run never overwrites anything: choose another one";
            return Err(DataError::content(what, path));
        }
        let text = toml::to_string_pretty(config).map_err(|error| DataError::Content {
            what: format!("the configuration cannot be written as text ({error}): use a path in UTF-8"),
            path: config.data.clone(),
        })?;
        let is_new = !path.exists();
        fs::create_dir_all(path).map_err(DataError::io("cannot create the run folder (choose another one)", path))?;
        Self::begin(path, &text, classes).inspect_err(|_| {
            if is_new {
                fs::remove_dir_all(path).ok(); // A folder with half of its files would be in the way of the next try.
            }
        })
    }

    fn begin(path: &Path, config: &str, classes: &Classes) -> Result<Self, DataError> {
        write::atomically(&path.join(CONFIG), config.as_bytes())?;
        write_json(&path.join(CLASSES), classes)?;
        let mut steps = AppendFile::create(&path.join(STEPS))?;
        steps.row(STEP_COLUMNS)?;
        let mut metrics = AppendFile::create(&path.join(METRICS))?;
        let per_class = classes.iter().map(|class| format!("iou_{}", class.name));
        metrics.row(METRIC_COLUMNS.map(str::to_owned).into_iter().chain(per_class))?;
        Ok(Self { path: path.to_owned(), steps, metrics, log: AppendFile::create(&path.join(LOG))? })
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Appends to `steps.csv`.
    ///
    /// # Errors
    /// If the disk is full or the folder gone; the row is kept, and written before the next one.
    pub fn add_step(&mut self, row: &StepRow) -> Result<(), DataError> {
        let StepRow { step, epoch, loss, lr } = row;
        self.steps.row([step.to_string(), epoch.to_string(), loss.to_string(), lr.to_string()])
    }

    /// Appends to `metrics.csv`.
    ///
    /// # Errors
    /// As for [`RunFolder::add_step`].
    pub fn add_metrics(&mut self, row: &MetricsRow) -> Result<(), DataError> {
        let MetricsRow { step, epoch, train_loss, miou, pixel_accuracy, pixels, secs, iou } = row;
        let fields = [
            step.to_string(),
            epoch.to_string(),
            train_loss.to_string(),
            miou.to_string(),
            pixel_accuracy.to_string(),
            pixels.to_string(),
            secs.to_string(),
        ];
        self.metrics.row(fields.into_iter().chain(iou.iter().map(ToString::to_string)))
    }

    /// Appends a line to `log.txt`.
    ///
    /// # Errors
    /// As for [`RunFolder::add_step`].
    pub fn log(&mut self, line: &str) -> Result<(), DataError> {
        self.log.line(line)
    }

    /// Brings rows and lines to the disk, those that could not be written before among them.
    ///
    /// # Errors
    /// If the disk is full or the folder gone.
    pub fn sync(&mut self) -> Result<(), DataError> {
        [&mut self.steps, &mut self.metrics, &mut self.log].into_iter().try_for_each(AppendFile::sync)
    }

    /// Writes a checkpoint; the one before stays whole until the new one is on the disk.
    ///
    /// # Errors
    /// If the disk is full or the folder gone.
    pub fn save(&self, net: &Net, which: Checkpoint) -> Result<PathBuf, DataError> {
        let path = checkpoint_path(&self.path, which);
        let bytes = net.clone().into_record().into_bytes().map_err(|error| DataError::Content {
            what: format!("the checkpoint cannot be put into bytes ({error})"),
            path: path.clone(),
        })?;
        write::atomically(&path, &bytes)?;
        Ok(path)
    }

    /// Writes `split.json`.
    ///
    /// # Errors
    /// If the disk is full or the folder gone.
    pub fn write_split(&self, split: &SplitRecord) -> Result<(), DataError> {
        write_json(&self.path.join(SPLIT), split)
    }

    /// Writes `summary.json`.
    ///
    /// # Errors
    /// If the disk is full or the folder gone.
    pub fn write_summary(&self, summary: &impl Serialize) -> Result<(), DataError> {
        write_json(&self.path.join(SUMMARY), summary)
    }
}

/// A run folder being read.
pub struct FinishedRun {
    /// The folder.
    pub path: PathBuf,
    /// Its configuration.
    pub config: RunConfig,
    /// Its classes.
    pub classes: Classes,
    /// What of the configuration was not understood, a sentence each.
    pub notes: Vec<String>,
}

impl FinishedRun {
    /// Opens a run folder.
    ///
    /// # Errors
    /// If it is none, or damaged; the message names the file.
    pub fn open(path: &Path) -> Result<Self, DataError> {
        let file = path.join(CONFIG);
        const NONE: &str = "this is no run folder (a run folder holds config.toml, best.bpk and more)";
        let text = fs::read_to_string(&file).map_err(DataError::io(NONE, &file))?;
        let (config, lost) = RunConfig::read_stored(&text).map_err(|error| DataError::Content {
            what: format!("the configuration is damaged: {error}"),
            path: file,
        })?;
        let list: Vec<ClassDef> = read_json(&path.join(CLASSES))?;
        let classes = Classes::new(list)
            .map_err(|error| DataError::Content { what: error.to_string(), path: path.join(CLASSES) })?;
        Ok(Self { path: path.to_owned(), config, classes, notes: other_version(CONFIG, lost) })
    }

    /// Whether there are such weights to load.
    pub fn has(&self, which: Checkpoint) -> bool {
        checkpoint_path(&self.path, which).exists()
    }

    /// The checkpoint to use where this one is wanted: a run that was killed before its first evaluation has only the
    /// last one.
    pub fn nearest(&self, wanted: Checkpoint) -> Checkpoint {
        if self.has(wanted) || !self.has(Checkpoint::Last) { wanted } else { Checkpoint::Last }
    }

    /// The rows of `steps.csv` and `metrics.csv`. Rows that cannot be read (a killed run's last one) are left out.
    pub fn history(&self) -> (Vec<StepRow>, Vec<MetricsRow>) {
        let rows = |name: &str| csv::ReaderBuilder::new().flexible(true).from_path(self.path.join(name));
        let steps = rows(STEPS).map_or_else(|_| Vec::new(), |mut r| r.deserialize().filter_map(Result::ok).collect());
        let metrics = rows(METRICS).map_or_else(
            |_| Vec::new(),
            |mut r| r.records().filter_map(Result::ok).filter_map(|record| metrics_row(&record)).collect(),
        );
        (steps, metrics)
    }

    /// Which tiles were learned from and scored.
    ///
    /// # Errors
    /// If `split.json` is missing or damaged.
    pub fn split(&self) -> Result<SplitRecord, DataError> {
        read_json(&self.path.join(SPLIT))
    }

    /// `summary.json`, if the run got to write one (a killed one does not), and a sentence for what of it was not
    /// understood.
    pub fn summary<T: Default + Serialize + DeserializeOwned>(&self) -> Option<(T, Vec<String>)> {
        let text: serde_json::Value = read_json(&self.path.join(SUMMARY)).ok()?;
        let (summary, lost) = stored::read(&T::default(), &T::default(), &text).ok()?;
        Some((summary, other_version(SUMMARY, lost)))
    }
}

fn other_version(file: &str, lost: Vec<String>) -> Vec<String> {
    let sentence = |phrase| format!("{file} was written by another version: {phrase}, and is passed over");
    lost.into_iter().map(sentence).collect()
}

/// Loads a checkpoint of the run in `folder` into a network of its shape.
///
/// # Errors
/// If the checkpoint is missing or does not fit the network.
pub fn load_checkpoint(folder: &Path, net: Net, which: Checkpoint) -> Result<Net, DataError> {
    let path = checkpoint_path(folder, which);
    if !path.exists() {
        return Err(DataError::Content {
            what: "this run has no such checkpoint: it ended before its first evaluation, or the file was removed"
                .to_owned(),
            path,
        });
    }
    net.try_load_file(&path).map_err(|error| DataError::Content {
        what: format!("the checkpoint does not fit the run's configuration, or is damaged ({error})"),
        path,
    })
}

fn checkpoint_path(folder: &Path, which: Checkpoint) -> PathBuf {
    folder.join(format!("{}.bpk", which.name()))
}

fn metrics_row(record: &csv::StringRecord) -> Option<MetricsRow> {
    let field = |i: usize| record.get(i);
    Some(MetricsRow {
        step: field(0)?.parse().ok()?,
        epoch: field(1)?.parse().ok()?,
        train_loss: field(2)?.parse().ok()?,
        miou: field(3)?.parse().ok()?,
        pixel_accuracy: field(4)?.parse().ok()?,
        pixels: field(5)?.parse().ok()?,
        secs: field(6)?.parse().ok()?,
        iou: record.iter().skip(7).map(|text| text.parse().unwrap_or(f64::NAN)).collect(),
    })
}

fn write_json(path: &Path, value: &impl Serialize) -> Result<(), DataError> {
    let text = serde_json::to_vec_pretty(value)
        .map_err(|error| DataError::Content { what: error.to_string(), path: path.to_owned() })?;
    write::atomically(path, &text)
}

fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T, DataError> {
    let text = fs::read(path).map_err(DataError::io("cannot read", path))?;
    serde_json::from_slice(&text)
        .map_err(|error| DataError::Content { what: format!("this file is damaged: {error}"), path: path.to_owned() })
}

#[cfg(test)]
mod tests;
