//! A network from a file of another program, as a run: it is listed, opened, scored and predicts like one that was trained here.

use std::path::Path;

use burn::tensor::Device;

use super::protocol::{Outcome, Summary};
use super::refusal::Refusal;
use crate::data::DataError;
use crate::domain::checkpoint::Checkpoint;
use crate::exchange::Network;
use crate::model::Net;
use crate::train::folder::{RunFolder, SplitRecord};
use crate::train::snapshot::Snapshot;

/// Writes a run folder whose last checkpoint is the network of `file`. It has learned from and was scored on no tile that is known.
///
/// # Errors
/// If the network cannot be built or its tensors do not fit it, or the folder is not empty or cannot be written.
pub fn save(network: Network, file: &Path, out: &Path) -> anyhow::Result<()> {
    let Network { config, classes, predicts, tensors } = network;
    if let Some(problem) = config.model.problems(config.train.input).into_iter().next() {
        return Err(Refusal(problem).into());
    }
    let learned = tensors.iter().filter(|tensor| !tensor.name.contains(".running_"));
    let parameters = learned.map(|tensor| tensor.values.len()).sum();
    let net = Net::new(&config.model, classes.len(), &Device::flex());
    let net = net.with_tensors(tensors).map_err(|what| DataError::content(what, file))?;
    let mut folder = RunFolder::create(out, &config, &classes)?;
    folder.write_split(&SplitRecord::default())?;
    folder.log(&format!("Imported from {}", file.display()))?;
    folder.save(&Snapshot { net, predicts }, Checkpoint::Last)?;
    folder.write_summary(&Summary {
        folder: out.to_owned(),
        outcome: Outcome::Completed,
        parameters,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        ..Summary::default()
    })?;
    Ok(folder.sync()?)
}
