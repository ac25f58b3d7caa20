//! Refuses options that would have no effect.

use super::args::SimulateArgs;
use super::choices::Method;
use super::outputs::OutputArgs;
use super::train_args::TrainArgs;
use crate::domain::checkpoint::Checkpoint;
use crate::domain::config::{LossTerm, LossWeights, Optimizer, Schedule, SplitBy};
use crate::domain::weights::ClassWeights;
use crate::domain::{Choice, RunConfig, Strategy};
use crate::study::table::TableFormat;

/// Refuses what is for networks only, where a quick head computes.
pub(super) fn refuse_for_quick_head(checkpoint: Option<Checkpoint>, device: Option<&str>) -> anyhow::Result<()> {
    let has_none = "--checkpoint chooses between a network's checkpoints, and a quick head has none: leave it out";
    anyhow::ensure!(checkpoint.is_none(), has_none);
    anyhow::ensure!(device.is_none(), "--device is for networks, and a quick head computes on the CPU: leave it out");
    Ok(())
}

/// Refuses a reference where nothing that is made has differences. The report of a study always has a file with them.
pub(super) fn refuse_for_comparison(output: &OutputArgs) -> anyhow::Result<()> {
    let has_differences = output.format != TableFormat::Csv || output.wants_figures();
    let remedy = "leave it out, or choose --format markdown or latex, --html or --figures";
    anyhow::ensure!(
        has_differences || output.reference.is_none(),
        "--reference is for differences, which CSV has not: {remedy}"
    );
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
    let remedy = "leave it out, or name the run with --init-from";
    let has_run = config.init_from.is_some();
    anyhow::ensure!(has_run || args.init_checkpoint.is_none(), "--init-checkpoint is of another run: {remedy}");
    let is_pretrained = config.model.encoder.is_pretrained();
    for (option, is_given) in [("--encoder-lr", args.encoder_lr.is_some()), ("--no-head-start", args.no_head_start)] {
        let remedy = "leave it out, or add --encoder lite0";
        anyhow::ensure!(is_pretrained || !is_given, "{option} is for pretrained encoders: {remedy}");
    }
    let remedy = "leave it out, or add --arch unet++ --encoder none";
    let is_idle = args.deep_supervision && !config.model.is_nested();
    anyhow::ensure!(!is_idle, "--deep-supervision is for the network unet++ without a pretrained encoder: {remedy}");
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
    let has_blocks = config.split_by == SplitBy::Block;
    anyhow::ensure!(has_blocks || args.block.is_none(), "--block is for blocks: leave it out, or add --split-by block");
    let is_sgd = config.train.optimizer == Optimizer::Sgd;
    for (option, is_given) in [("--momentum", args.momentum.is_some()), ("--nesterov", args.nesterov)] {
        anyhow::ensure!(is_sgd || !is_given, "{option} is for the optimiser sgd: leave it out, or add --optimizer sgd");
    }
    let has_average = config.train.ema != 0.0;
    anyhow::ensure!(
        has_average || !args.score_raw,
        "--score-raw is for averaged weights: leave it out, or add --ema 0.99"
    );
    refuse_limits(args, config.train.shift_scale_rotate)?;
    refuse_for_loss(args, config.train.loss)?;
    refuse_decay(args, config.train.schedule)
}

/// Refuses limits of shifts, zooms and turns where there are none.
fn refuse_limits(args: &TrainArgs, share: f64) -> anyhow::Result<()> {
    for (option, is_given) in [
        ("--shift-limit", args.shift_limit.is_some()),
        ("--scale-limit", args.scale_limit.is_some()),
        ("--rotate-limit", args.rotate_limit.is_some()),
    ] {
        let remedy = "leave it out, or add --shift-scale-rotate 0.5";
        anyhow::ensure!(share != 0.0 || !is_given, "{option} is for shifted, zoomed and turned crops: {remedy}");
    }
    Ok(())
}

/// Refuses what is for terms of the loss that are off.
fn refuse_for_loss(args: &TrainArgs, loss: LossWeights) -> anyhow::Result<()> {
    let [pixelwise, cross_entropy, focal] =
        [&[LossTerm::CrossEntropy, LossTerm::Focal][..], &[LossTerm::CrossEntropy], &[LossTerm::Focal]];
    let crf = &[LossTerm::GatedCrf][..];
    for (option, is_given, terms) in [
        ("--class-weights", args.class_weights.as_ref().is_some_and(only_weigh), pixelwise),
        ("--label-smoothing", args.label_smoothing.is_some(), cross_entropy),
        ("--focal-gamma", args.focal_gamma.is_some(), focal),
        ("--crf-radius", args.crf_radius.is_some(), crf),
        ("--crf-sigma-xy", args.crf_sigma_xy.is_some(), crf),
        ("--crf-sigma-rgb", args.crf_sigma_rgb.is_some(), crf),
    ] {
        let is_off = terms.iter().all(|term| loss.of(*term) == 0.0);
        let names = terms.iter().map(Choice::name).collect::<Vec<_>>().join(" or ");
        let remedy = format!("leave it out, or give {names} a weight in --loss");
        anyhow::ensure!(!(is_off && is_given), "{option} is for the loss {names}: {remedy}");
    }
    Ok(())
}

/// Whether weights do nothing but weigh. A class of weight 0 is left out of every term.
fn only_weigh(weights: &ClassWeights) -> bool {
    match weights {
        ClassWeights::Given(weights) => weights.iter().all(|weight| *weight != 0.0),
        kind => kind.follow_labels(),
    }
}

/// Refuses numbers of a schedule that is not chosen.
fn refuse_decay(args: &TrainArgs, chosen: Schedule) -> anyhow::Result<()> {
    for (option, is_given, schedule) in [
        ("--decay-epochs", args.decay_epochs.is_some(), Schedule::Step),
        ("--decay-steps", args.decay_steps.is_some(), Schedule::Step),
        ("--decay-factor", args.decay_factor.is_some(), Schedule::Step),
        ("--decay-power", args.decay_power.is_some(), Schedule::Polynomial),
    ] {
        let name = schedule.name();
        let remedy = format!("leave it out, or add --schedule {name}");
        anyhow::ensure!(chosen == schedule || !is_given, "{option} is for the schedule {name}: {remedy}");
    }
    Ok(())
}
