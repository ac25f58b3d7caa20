//! The run folder: everything about a run in files that can be read, compared and cited without this program.
//!
//! `config.toml` (the configuration, every default filled in) · `classes.json` · `split.json` · `metrics.csv` (one row per evaluation) ·
//! `steps.csv` (loss and learning rate) · `summary.json` · `best.bpk` and `last.bpk` (weights) · `log.txt`.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use burn::module::Module as _;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::data::project::TileNamed;
use crate::data::{DataError, Project};
use crate::domain::{ClassDef, Classes, RunConfig};
use crate::model::Net;

const CONFIG: &str = "config.toml";
const CLASSES: &str = "classes.json";
const SUMMARY: &str = "summary.json";
const METRICS: &str = "metrics.csv";
const STEPS: &str = "steps.csv";
const SPLIT: &str = "split.json";

const STEP_COLUMNS: [&str; 4] = ["step", "epoch", "loss", "lr"];
const METRIC_COLUMNS: [&str; 7] =
    ["step", "epoch", "train_loss", "val_miou", "val_pixel_accuracy", "val_pixels", "secs"];

/// Which of a run's checkpoints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checkpoint {
    /// The one with the best score so far (the lowest training loss where nothing can be scored).
    Best,
    /// The latest.
    Last,
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
    pub fn find(&self, project: &Project, id: &str) -> TileNamed {
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
    steps: Table,
    metrics: Table,
    log: File,
}

type Table = csv::Writer<BufWriter<File>>;

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
        fs::create_dir_all(path).map_err(DataError::io("cannot create the run folder (choose another one)", path))?;
        let text = toml::to_string_pretty(config).map_err(|error| DataError::Content {
            what: format!("the configuration cannot be written as text ({error}): use a path in UTF-8"),
            path: config.data.clone(),
        })?;
        write(&path.join(CONFIG), text.as_bytes())?;
        write_json(&path.join(CLASSES), classes)?;
        let per_class = classes.iter().map(|class| format!("iou_{}", class.name));
        let steps = table(path, STEPS, STEP_COLUMNS.map(str::to_owned))?;
        let metrics = table(path, METRICS, METRIC_COLUMNS.map(str::to_owned).into_iter().chain(per_class))?;
        let log = OpenOptions::new().create(true).append(true).open(path.join("log.txt"));
        let log = log.map_err(DataError::io("cannot write into the run folder", path))?;
        Ok(Self { path: path.to_owned(), steps, metrics, log })
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Appends to `steps.csv`. Reaches the disk with the next [`RunFolder::flush`].
    ///
    /// # Errors
    /// If the disk is full or the folder gone.
    pub fn add_step(&mut self, row: &StepRow) -> Result<(), DataError> {
        self.steps.serialize(row).map_err(csv_error(&self.path))
    }

    /// Appends to `metrics.csv` and brings everything to the disk.
    ///
    /// # Errors
    /// If the disk is full or the folder gone.
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
        let per_class = iou.iter().map(ToString::to_string);
        self.metrics.write_record(fields.into_iter().chain(per_class)).map_err(csv_error(&self.path))?;
        self.flush()
    }

    /// Brings everything written so far to the disk.
    ///
    /// # Errors
    /// If the disk is full or the folder gone.
    pub fn flush(&mut self) -> Result<(), DataError> {
        let flushed = self.steps.flush().and_then(|()| self.metrics.flush());
        flushed.map_err(DataError::io("cannot write", &self.path))
    }

    /// Appends a line to `log.txt`. A log that cannot be written must not end a run, so nothing is returned.
    pub fn log(&mut self, line: &str) {
        writeln!(self.log, "{line}").ok();
    }

    /// Writes a checkpoint; the one before stays whole until the new one is.
    ///
    /// # Errors
    /// If the disk is full or the folder gone.
    pub fn save(&self, net: &Net, which: Checkpoint) -> Result<PathBuf, DataError> {
        let path = checkpoint_path(&self.path, which);
        let partial = path.with_extension("partial.bpk");
        net.clone().save_file(&partial).map_err(|error| DataError::Content {
            what: format!("the checkpoint cannot be written ({error}): check the space left"),
            path: partial.clone(),
        })?;
        fs::rename(&partial, &path).map_err(DataError::io("cannot write the checkpoint", &path))?;
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
        let config = toml::from_str(&text).map_err(|error| DataError::Content {
            what: format!("the configuration is damaged: {error}"),
            path: file,
        })?;
        let list: Vec<ClassDef> = read_json(&path.join(CLASSES))?;
        let classes = Classes::new(list)
            .map_err(|error| DataError::Content { what: error.to_string(), path: path.join(CLASSES) })?;
        Ok(Self { path: path.to_owned(), config, classes })
    }

    /// Whether there are any weights to load.
    pub fn has_checkpoint(&self) -> bool {
        [Checkpoint::Best, Checkpoint::Last].iter().any(|which| checkpoint_path(&self.path, *which).exists())
    }

    /// Loads the best weights into a network of the run's shape; the last ones if the run was killed before its first
    /// evaluation.
    ///
    /// # Errors
    /// If there is no checkpoint, or it does not fit the configuration.
    pub fn load(&self, net: Net) -> Result<Net, DataError> {
        let has_best = checkpoint_path(&self.path, Checkpoint::Best).exists();
        load_checkpoint(&self.path, net, if has_best { Checkpoint::Best } else { Checkpoint::Last })
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

    /// `summary.json`, if the run got to write one (a killed one does not).
    pub fn summary<T: DeserializeOwned>(&self) -> Option<T> {
        read_json(&self.path.join(SUMMARY)).ok()
    }
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
    folder.join(match which {
        Checkpoint::Best => "best.bpk",
        Checkpoint::Last => "last.bpk",
    })
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

/// A table with its first line on the disk: whoever looks early finds what the columns are, not an empty file.
fn table(folder: &Path, name: &str, columns: impl IntoIterator<Item = String>) -> Result<Table, DataError> {
    const DOING: &str = "cannot write into the run folder";
    let file = File::create(folder.join(name)).map_err(DataError::io(DOING, folder))?;
    let mut table = csv::WriterBuilder::new().has_headers(false).from_writer(BufWriter::new(file));
    table.write_record(columns).map_err(csv_error(folder))?;
    table.flush().map_err(DataError::io(DOING, folder))?;
    Ok(table)
}

fn csv_error(path: &Path) -> impl Fn(csv::Error) -> DataError + '_ {
    |error| DataError::Content { what: format!("cannot write the run's figures ({error})"), path: path.to_owned() }
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), DataError> {
    fs::write(path, bytes).map_err(DataError::io("cannot write", path))
}

fn write_json(path: &Path, value: &impl Serialize) -> Result<(), DataError> {
    let text = serde_json::to_vec_pretty(value)
        .map_err(|error| DataError::Content { what: error.to_string(), path: path.to_owned() })?;
    write(path, &text)
}

fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T, DataError> {
    let text = fs::read(path).map_err(DataError::io("cannot read", path))?;
    serde_json::from_slice(&text)
        .map_err(|error| DataError::Content { what: format!("this file is damaged: {error}"), path: path.to_owned() })
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, Tensor};

    use super::*;

    fn folder() -> (tempfile::TempDir, RunFolder) {
        let dir = tempfile::tempdir().unwrap();
        let run = RunFolder::create(&dir.path().join("run"), &RunConfig::demo(), &Classes::deepglobe()).unwrap();
        (dir, run)
    }

    #[test]
    fn a_run_reads_back_as_written() {
        let (_dir, mut run) = folder();
        let step = StepRow { step: 3, epoch: 1, loss: 0.5, lr: 1e-3 };
        let metrics = MetricsRow {
            step: 3,
            epoch: 1,
            train_loss: 0.5,
            miou: 0.25,
            pixel_accuracy: 0.75,
            pixels: 100,
            secs: 1.5,
            iou: vec![0.1, 0.2, 0.3, 0.4, 0.5, 0.6, f64::NAN],
        };
        run.add_step(&step).unwrap();
        run.add_metrics(&metrics).unwrap();
        let back = FinishedRun::open(run.path()).unwrap();
        assert_eq!(back.config, RunConfig::demo());
        assert_eq!(back.classes, Classes::deepglobe());
        let (steps, rows) = back.history();
        assert_eq!(steps, [step]);
        assert_eq!(rows[0].iou[..6], metrics.iou[..6]);
        assert!(rows[0].iou[6].is_nan());
    }

    #[test]
    fn tables_have_their_columns_from_the_beginning() {
        let (_dir, run) = folder();
        let text = |name: &str| fs::read_to_string(run.path().join(name)).unwrap();
        assert_eq!(text(STEPS), "step,epoch,loss,lr\n");
        assert!(
            text(METRICS).starts_with("step,epoch,train_loss,val_miou,") && text(METRICS).ends_with(",iou_unknown\n")
        );
        let (steps, metrics) = FinishedRun::open(run.path()).unwrap().history();
        assert!(steps.is_empty() && metrics.is_empty());
    }

    #[test]
    fn a_checkpoint_reloads_to_identical_logits() {
        let (_dir, run) = folder();
        let device = Device::flex();
        let config = RunConfig::demo().model;
        let net = Net::new(&config, 7, &device);
        let images = Tensor::random([1, 3, 16, 16], burn::tensor::Distribution::Default, &device);
        run.save(&net, Checkpoint::Best).unwrap();
        let loaded = load_checkpoint(run.path(), Net::new(&config, 7, &device), Checkpoint::Best).unwrap();
        assert_eq!(net.forward(images.clone()).into_data(), loaded.forward(images).into_data());
        let other = Net::new(&crate::domain::config::ModelConfig { base: 4, ..config }, 7, &device);
        let error = load_checkpoint(run.path(), other, Checkpoint::Best).expect_err("another shape");
        assert!(error.to_string().contains("does not fit"), "{error}");
    }

    #[test]
    fn runs_are_never_overwritten_and_folders_never_mistaken() {
        let (_dir, run) = folder();
        let again = RunFolder::create(run.path(), &RunConfig::demo(), &Classes::deepglobe());
        assert!(again.is_err_and(|error| error.to_string().contains("choose another")));
        let empty = tempfile::tempdir().unwrap();
        assert!(FinishedRun::open(empty.path()).is_err_and(|error| error.to_string().contains("no run folder")));
        let missing =
            load_checkpoint(run.path(), Net::new(&RunConfig::demo().model, 7, &Device::flex()), Checkpoint::Last);
        assert!(missing.is_err_and(|error| error.to_string().contains("no such checkpoint")));
    }
}
