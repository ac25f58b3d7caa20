//! The network of a finished run, for other programs.

use burn::tensor::Device;

use crate::domain::checkpoint::Checkpoint;
use crate::exchange::Network;
use crate::model::Net;
use crate::train::folder::{FinishedRun, load_checkpoint};

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
