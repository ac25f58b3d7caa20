//! Defaults that are shown in the help and not filled in by the parser: those of the default configuration, and of options that
//! some runs do not have.

use clap::{Arg, Command};

use crate::domain::checkpoint::Checkpoint;
use crate::domain::config::{InputSize, Length, LossTerm, LossWeights, RunConfig};
use crate::domain::weights::ClassWeights;
use crate::domain::{Choice as _, Strategy};

/// Adds the defaults to the help.
pub(super) fn shown(command: Command) -> Command {
    let config = RunConfig::default();
    command
        .mut_subcommand("train", |train| resuming_alone(with_defaults(train, training(&config))))
        .mut_subcommand("sample", |sample| with_defaults(sample, sampling(&config)))
        .mut_subcommand("evaluate", |evaluate| with_defaults(evaluate, checkpoint()))
        .mut_subcommand("predict", |predict| with_defaults(predict, checkpoint()))
}

/// A run that is resumed keeps its configuration: every option that would change it is refused beside `--resume`.
fn resuming_alone(train: Command) -> Command {
    const BESIDE: [&str; 6] = ["resume", "more_epochs", "lr", "data", "quiet", "json"];
    train.mut_args(|arg| if BESIDE.contains(&arg.get_id().as_str()) { arg } else { arg.conflicts_with("resume") })
}

fn with_defaults(command: Command, defaults: Vec<(&'static str, String)>) -> Command {
    defaults
        .into_iter()
        .fold(command, |command, (option, default)| command.mut_arg(option, |arg| with_default(arg, &default)))
}

fn with_default(arg: Arg, default: &str) -> Arg {
    let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    arg.help(format!("{help} [default: {default}]"))
}

/// Which checkpoint a network's run predicts with.
fn checkpoint() -> Vec<(&'static str, String)> {
    vec![("checkpoint", Checkpoint::default().name().to_owned())]
}

/// The options of `train` that have a default, by id.
fn training(config: &RunConfig) -> Vec<(&'static str, String)> {
    let (model, train) = (&config.model, &config.train);
    let mut defaults = vec![
        ("init_checkpoint", config.init_checkpoint.name().to_owned()),
        ("arch", model.arch.name().to_owned()),
        ("encoder", model.encoder.name().to_owned()),
        ("base", model.base.to_string()),
        ("levels", model.levels.to_string()),
        ("colors", model.colors.name().to_owned()),
        ("in_channels", model.in_channels.to_string()),
        ("norm", model.norm.name().to_owned()),
        ("upsampling", model.upsampling.name().to_owned()),
        ("supervision", train.supervision.name().to_owned()),
        ("loss", loss(train.loss)),
        ("label_smoothing", train.label_smoothing.to_string()),
        ("focal_gamma", train.focal_gamma.to_string()),
        ("crf_radius", train.crf_radius.to_string()),
        ("crf_sigma_xy", train.crf_sigma_xy.to_string()),
        ("crf_sigma_rgb", train.crf_sigma_rgb.to_string()),
        ("class_weights", weights(&train.class_weights)),
        ("evaluate_every", train.evaluate_every.to_string()),
        ("patience", train.patience.to_string()),
        ("batch", train.batch.to_string()),
        ("accumulate", train.accumulate.to_string()),
        ("precision", train.precision.name().to_owned()),
        ("optimizer", train.optimizer.name().to_owned()),
        ("lr", train.lr.to_string()),
        ("encoder_lr", train.encoder_lr.to_string()),
        ("weight_decay", train.weight_decay.to_string()),
        ("momentum", train.momentum.to_string()),
        ("clip_norm", train.clip_norm.to_string()),
        ("schedule", train.schedule.name().to_owned()),
        ("warm_up", train.warm_up.to_string()),
        ("decay_factor", train.decay_factor.to_string()),
        ("decay_power", train.decay_power.to_string()),
        ("batches", train.batches.name().to_owned()),
        ("pseudo_labels", train.pseudo_labels.to_string()),
        ("rotation", train.rotation.to_string()),
        ("shift_scale_rotate", train.shift_scale_rotate.to_string()),
        ("shift_limit", train.shift_limit.to_string()),
        ("scale_limit", train.scale_limit.to_string()),
        ("rotate_limit", train.rotate_limit.to_string()),
        ("jitter", train.jitter.to_string()),
        ("ema", train.ema.to_string()),
        ("val_ratio", config.val_ratio.to_string()),
        ("folds", config.folds.to_string()),
        ("fold", config.fold.to_string()),
        ("split_by", config.split_by.name().to_owned()),
        ("block", config.block.to_string()),
        ("seed", config.seed.to_string()),
        ("device", String::from(config.device.clone())),
    ];
    defaults.push(match train.length {
        Length::Epochs(epochs) => ("epochs", epochs.to_string()),
        Length::Steps(steps) => ("steps", steps.to_string()),
    });
    defaults.push(match train.decay_every {
        Length::Epochs(epochs) => ("decay_epochs", epochs.to_string()),
        Length::Steps(steps) => ("decay_steps", steps.to_string()),
    });
    defaults.push(match train.input {
        InputSize::Crop(side) => ("crop", side.to_string()),
        InputSize::Resize(side) => ("resize", side.to_string()),
    });
    defaults.extend(sampling(config));
    defaults
}

/// The option of `train` and `sample` for the default strategy.
fn sampling(config: &RunConfig) -> Vec<(&'static str, String)> {
    match config.sampling.strategy {
        Strategy::FractionPerClass(ratio) => vec![("keep", ratio.to_string())],
        Strategy::FractionOfPixels(ratio) => vec![("keep_pixels", ratio.to_string())],
        Strategy::PointsPerClass(points) => vec![("points", points.to_string())],
        Strategy::OwnLabelsOnly | Strategy::Full => Vec::new(),
    }
}

/// The terms that are on, as `--loss` takes them.
fn loss(weights: LossWeights) -> String {
    let on = LossTerm::ALL.iter().filter(|term| weights.of(**term) > 0.0);
    on.map(|term| format!("{}={}", term.name(), weights.of(*term))).collect::<Vec<_>>().join(",")
}

fn weights(weights: &ClassWeights) -> String {
    match weights {
        ClassWeights::Given(list) => list.iter().map(ToString::to_string).collect::<Vec<_>>().join(","),
        ClassWeights::Effective(beta) => format!("effective={beta}"),
        named => named.name().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;
    use crate::cli::args::Args;

    #[test]
    fn the_help_of_train_shows_the_defaults() {
        let mut command = shown(Args::command());
        command.clone().debug_assert();
        let train = command.find_subcommand_mut("train").expect("it exists");
        let help = train.render_help().to_string().split_whitespace().collect::<Vec<_>>().join(" ");
        for part in ["[default: unet]", "[default: 20]", "[default: 0.001]", "[default: adamw]", "[default: auto]"] {
            assert!(help.contains(part), "{part} is not in {help}");
        }
    }
}
