//! The network of a run, for other programs.

use std::fs;
use std::path::{Path, PathBuf};

use burn::tensor::Device;

use crate::data::DataError;
use crate::data::files::write;
use crate::domain::checkpoint::Checkpoint;
use crate::exchange::onnx::OnnxOptions;
use crate::exchange::{Network, WeightsFormat};
use crate::model::Net;
use crate::train::folder::{FinishedRun, load_checkpoint};

/// What to export.
#[derive(Clone, Debug, PartialEq)]
pub struct NetworkExport {
    /// The run folder.
    pub run: PathBuf,
    /// Which of its networks; the last one if the run has no such checkpoint.
    pub checkpoint: Checkpoint,
    /// Format of the file.
    pub format: WeightsFormat,
    /// For ONNX.
    pub onnx: OnnxOptions,
    /// The file.
    pub out: PathBuf,
    /// Whether a file that exists may be replaced.
    pub overwrite: bool,
}

/// What was exported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportedNetwork {
    /// Of which checkpoint.
    pub checkpoint: Checkpoint,
    /// How many tensors the file holds.
    pub tensors: usize,
    /// What to tell about the run, a sentence each.
    pub notes: Vec<String>,
}

impl NetworkExport {
    /// Writes the file, whole or not at all, and its folder if that is missing.
    ///
    /// # Errors
    /// If the file exists and may not be replaced, the run has no network, or reading or writing fails.
    pub fn carry_out(&self) -> anyhow::Result<ExportedNetwork> {
        let out = &self.out;
        anyhow::ensure!(
            self.overwrite || !out.exists(),
            "{} exists: choose another file, or allow to overwrite it",
            out.display()
        );
        let run = FinishedRun::open(&self.run)?;
        let checkpoint = run.nearest(self.checkpoint);
        let network = network(&run, checkpoint)?;
        let content = self.format.write(&network, self.onnx).map_err(|why| DataError::content(why, out))?;
        let folder = out.parent().unwrap_or(Path::new(""));
        fs::create_dir_all(folder).map_err(DataError::io("cannot create the folder for the file", folder))?;
        write::atomically(out, &content)?;
        Ok(ExportedNetwork { checkpoint, tensors: network.tensors.len(), notes: run.notes })
    }
}

/// Reads a checkpoint of a run.
///
/// # Errors
/// If the run has no network, or the checkpoint cannot be loaded.
pub fn network(run: &FinishedRun, checkpoint: Checkpoint) -> anyhow::Result<Network> {
    anyhow::ensure!(
        !run.is_quick(),
        "the run is a quick head, which needs this program's features and is no network: train one to export it: {}",
        run.path.display()
    );
    let net = Net::new(&run.config.model, run.classes.len(), &Device::flex());
    let snapshot = load_checkpoint(&run.path, net, &run.classes, checkpoint)?;
    let predicted = snapshot.names(&run.classes);
    Ok(Network {
        config: run.config.clone(),
        predicts: run.classes.iter().map(|class| predicted.contains(&class.name)).collect(),
        classes: run.classes.clone(),
        tensors: snapshot.net.tensors(),
    })
}
