//! Refuses options that would have no effect.

use super::args::{Method, SimulateArgs, TrainArgs};
use crate::domain::checkpoint::Checkpoint;
use crate::domain::config::Optimizer;
use crate::domain::{RunConfig, Strategy};

/// Refuses what is for networks only, where a quick head computes.
pub(super) fn refuse_for_quick_head(checkpoint: Option<Checkpoint>, device: Option<&str>) -> anyhow::Result<()> {
    let has_none = "--checkpoint chooses between a network's checkpoints, and a quick head has none: leave it out";
    anyhow::ensure!(checkpoint.is_none(), has_none);
    anyhow::ensure!(device.is_none(), "--device is for networks, and a quick head computes on the CPU: leave it out");
    Ok(())
}

/// Refuses options of `simulate` that mean nothing for its method.
pub(super) fn refuse_for_method(args: &SimulateArgs) -> anyhow::Result<()> {
    let is_network = args.method.quick().is_none();
    for (option, is_given) in [("--steps", args.steps.is_some()), ("--device", args.device.is_some())] {
        let remedy = "leave it out, or choose one with --method, such as preset";
        anyhow::ensure!(is_network || !is_given, "{option} is for networks: {remedy}");
    }
    let is_linear = args.method == Method::Quick;
    anyhow::ensure!(is_linear || args.features.is_none(), "--features is for --method quick: leave it out");
    Ok(())
}

/// Refuses options of `train` that mean nothing for the network or the optimiser that is chosen.
pub(super) fn refuse_for_run(args: &TrainArgs, config: &RunConfig) -> anyhow::Result<()> {
    let is_pretrained = config.model.encoder.is_pretrained();
    for (option, is_given) in [("--encoder-lr", args.encoder_lr.is_some()), ("--no-head-start", args.no_head_start)] {
        let remedy = "leave it out, or add --encoder lite0";
        anyhow::ensure!(is_pretrained || !is_given, "{option} is for pretrained encoders: {remedy}");
    }
    let has_full_masks = config.label_sampling().strategy == Strategy::Full;
    let has_no_room = has_full_masks && args.pseudo_labels.is_some_and(|weight| weight > 0.0);
    let remedy = "leave it out, or learn from sparse labels with --supervision sparse";
    anyhow::ensure!(!has_no_room, "--pseudo-labels has no effect beside full masks: {remedy}");
    anyhow::ensure!(
        config.folds > 0 || args.fold.is_none(),
        "--fold chooses among --folds: add them, such as --folds 5"
    );
    let has_no_share = config.folds > 0 && args.val_ratio.is_some();
    anyhow::ensure!(!has_no_share, "--val-ratio has no effect in a cross-validation: leave it out, or add --folds 0");
    let is_sgd = config.train.optimizer == Optimizer::Sgd;
    for (option, is_given) in [("--momentum", args.momentum.is_some()), ("--nesterov", args.nesterov)] {
        anyhow::ensure!(is_sgd || !is_given, "{option} is for the optimiser sgd: leave it out, or add --optimizer sgd");
    }
    Ok(())
}
