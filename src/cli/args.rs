//! The arguments as typed, and the configuration they come to.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::Context as _;
use clap::{Parser, Subcommand, ValueEnum};

use crate::domain::config::{Arch, DeviceChoice, Frame, Length, Loss, Optimizer, Schedule};
use crate::domain::weights::ClassWeights;
use crate::domain::{RunConfig, Strategy};

/// Label a landscape with dots, and watch a network learn it.
///
/// Without a command the window opens, on PATH if it is given.
#[derive(Debug, Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
pub struct Args {
    /// Folder of tiles (or one image) to open in the window.
    pub path: Option<PathBuf>,
    /// What to do without a window.
    #[command(subcommand)]
    pub verb: Option<Verb>,
}

/// What to do without a window.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Train a network on a folder of tiles.
    Train(Box<TrainArgs>),
    /// Score a finished run against full masks.
    Evaluate(EvaluateArgs),
    /// Segment images with a finished run.
    Predict(PredictArgs),
    /// Write sampled masks, and the picture of full and sampled mask side by side.
    Sample(SampleArgs),
    /// How long a training step or an inference takes on this machine.
    Bench(BenchArgs),
    /// What a bug report needs: adapters, limits, chosen device, versions.
    Doctor,
    /// Draw the built-in demo scenes anew.
    #[command(hide = true)]
    GenerateDemo(DemoArgs),
}

/// Arguments of `train`. What is not given comes from `--config`, or from the defaults.
#[derive(Debug, clap::Args)]
pub struct TrainArgs {
    /// Folder of tiles.
    #[arg(long)]
    pub data: Option<PathBuf>,
    /// Run folder to create.
    #[arg(long)]
    pub out: PathBuf,
    /// A configuration to start from, such as another run's config.toml.
    #[arg(long)]
    pub config: Option<PathBuf>,
    /// Network.
    #[arg(long, value_enum)]
    pub arch: Option<ArchArg>,
    /// Channels of the first level.
    #[arg(long, allow_negative_numbers = true, value_parser = whole::<usize>)]
    pub base: Option<usize>,
    /// Resolutions of the network.
    #[arg(long, allow_negative_numbers = true, value_parser = whole::<usize>)]
    pub levels: Option<usize>,
    /// Partial cross-entropy over sampled and clicked pixels, or cross-entropy over full masks.
    #[arg(long, value_enum)]
    pub loss: Option<LossArg>,
    /// Which pixels keep their label.
    #[command(flatten)]
    pub sampling: SamplingArgs,
    /// Learn from clicked labels alone.
    #[arg(long, group = "sampling")]
    pub clicks_only: bool,
    /// none, inverse, or one weight per class: 0.5,1,2
    #[arg(long, allow_hyphen_values = true, value_parser = parse_weights)]
    pub class_weights: Option<ClassWeights>,
    /// Passes over the training tiles.
    #[arg(long, group = "length", allow_negative_numbers = true, value_parser = whole::<u32>)]
    pub epochs: Option<u32>,
    /// Optimiser steps.
    #[arg(long, group = "length", allow_negative_numbers = true, value_parser = whole::<u64>)]
    pub steps: Option<u64>,
    /// Crops or tiles a step.
    #[arg(long, allow_negative_numbers = true, value_parser = whole::<usize>)]
    pub batch: Option<usize>,
    /// Train on whole tiles, resized to this many pixels squared.
    #[arg(long, group = "frame", allow_negative_numbers = true, value_parser = whole::<u32>)]
    pub resize: Option<u32>,
    /// Train on square crops of this size.
    #[arg(long, group = "frame", allow_negative_numbers = true, value_parser = whole::<u32>)]
    pub crop: Option<u32>,
    /// Optimiser.
    #[arg(long, value_enum)]
    pub optimizer: Option<OptimizerArg>,
    /// Learning rate at the start.
    #[arg(long, allow_hyphen_values = true)]
    pub lr: Option<f64>,
    /// Weight decay.
    #[arg(long, allow_hyphen_values = true)]
    pub weight_decay: Option<f64>,
    /// Course of the learning rate.
    #[arg(long, value_enum)]
    pub schedule: Option<ScheduleArg>,
    /// Do not mirror crops at random.
    #[arg(long)]
    pub no_flips: bool,
    /// Do not turn crops at random.
    #[arg(long)]
    pub no_quarter_turns: bool,
    /// Share of the training tiles that validate, if the dataset names none.
    #[arg(long, allow_negative_numbers = true)]
    pub val_ratio: Option<f64>,
    /// Classes kept out of loss and score, by name, in place of those the dataset ignores.
    #[arg(long, value_delimiter = ',')]
    pub ignore: Option<Vec<String>>,
    /// Seed of sampling, split, weights, order and crops.
    #[arg(long, allow_negative_numbers = true, value_parser = whole::<u64>)]
    pub seed: Option<u64>,
    /// auto, gpu, cpu, or part of an adapter's name.
    #[arg(long)]
    pub device: Option<String>,
    /// Print only what is wrong, and the last line.
    #[arg(long)]
    pub quiet: bool,
}

/// Arguments of `evaluate`.
#[derive(Debug, clap::Args)]
pub struct EvaluateArgs {
    /// Run folder.
    #[arg(long)]
    pub run: PathBuf,
    /// Another folder of tiles: all its tiles with a mask are scored. Without it, the run's validation tiles are.
    #[arg(long)]
    pub data: Option<PathBuf>,
    /// auto, gpu, cpu, or part of an adapter's name; as the run was trained if not given.
    #[arg(long)]
    pub device: Option<String>,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `predict`.
#[derive(Debug, clap::Args)]
pub struct PredictArgs {
    /// Run folder.
    #[arg(long)]
    pub run: PathBuf,
    /// Images to segment, or folders of them.
    #[arg(required = true)]
    pub images: Vec<PathBuf>,
    /// Folder for the results.
    #[arg(long)]
    pub out: PathBuf,
    /// auto, gpu, cpu, or part of an adapter's name; as the run was trained if not given.
    #[arg(long)]
    pub device: Option<String>,
}

/// Arguments of `sample`.
#[derive(Debug, clap::Args)]
pub struct SampleArgs {
    /// Folder of tiles.
    #[arg(long)]
    pub data: PathBuf,
    /// Which pixels keep their label.
    #[command(flatten)]
    pub sampling: SamplingArgs,
    /// Another seed, other pixels.
    #[arg(long, default_value_t = 42, allow_negative_numbers = true, value_parser = whole::<u64>)]
    pub seed: u64,
    /// Folder for the results.
    #[arg(long)]
    pub out: PathBuf,
}

/// Arguments of `bench`.
#[derive(Debug, clap::Args)]
pub struct BenchArgs {
    /// Time training steps (this is the default).
    #[arg(long, conflicts_with = "infer")]
    pub train: bool,
    /// Time inference.
    #[arg(long)]
    pub infer: bool,
    /// Network.
    #[arg(long, value_enum, default_value = "unet")]
    pub arch: ArchArg,
    /// Channels of the first level.
    #[arg(long, default_value_t = 16)]
    pub base: usize,
    /// Resolutions of the network.
    #[arg(long, default_value_t = 5)]
    pub levels: usize,
    /// Classes to tell apart.
    #[arg(long, default_value_t = 7)]
    pub classes: usize,
    /// Side of the pictures.
    #[arg(long, default_value_t = 256)]
    pub size: u32,
    /// Pictures a step.
    #[arg(long, default_value_t = 4)]
    pub batch: usize,
    /// Steps timed, after 4 to warm up.
    #[arg(long, default_value_t = 12)]
    pub steps: usize,
    /// auto, gpu, cpu, or part of an adapter's name.
    #[arg(long, default_value = "cpu")]
    pub device: String,
    /// Print one line of JSON.
    #[arg(long)]
    pub json: bool,
}

/// Which pixels of the masks keep their label: one of these, in every command that samples.
#[derive(Debug, clap::Args)]
#[group(id = "sampling", multiple = false)]
pub struct SamplingArgs {
    /// Share of the pixels of each class that keep their label.
    #[arg(long, allow_negative_numbers = true)]
    pub keep: Option<f64>,
    /// Share of all pixels that keep their label.
    #[arg(long, allow_negative_numbers = true)]
    pub keep_pixels: Option<f64>,
    /// Labelled points per class and tile.
    #[arg(long, allow_negative_numbers = true, value_parser = whole::<u32>)]
    pub points: Option<u32>,
}

/// Arguments of `generate-demo`.
#[derive(Debug, clap::Args)]
pub struct DemoArgs {
    /// Folder for the scenes.
    #[arg(long)]
    pub out: PathBuf,
}

/// `--arch`.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum ArchArg {
    /// U-Net.
    Unet,
    /// U-Net++.
    #[value(name = "unet++")]
    UnetPlusPlus,
}

/// `--loss`.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum LossArg {
    /// Partial cross-entropy.
    Pce,
    /// Cross-entropy over full masks.
    Ce,
}

/// `--optimizer`.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum OptimizerArg {
    /// AdamW.
    Adamw,
    /// Adam.
    Adam,
}

/// `--schedule`.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum ScheduleArg {
    /// Half a cosine down to 0.
    Cosine,
    /// No change.
    Constant,
}

fn parse_weights(text: &str) -> Result<ClassWeights, String> {
    match text {
        "none" => Ok(ClassWeights::None),
        "inverse" => Ok(ClassWeights::Inverse),
        list => list
            .split(',')
            .map(|number| number.trim().parse().map_err(|error| format!("'{number}' is no number: {error}")))
            .collect::<Result<_, _>>()
            .map(ClassWeights::Given),
    }
}

/// A whole number from 0 up. What is too small is refused with the rest of the configuration, with the remedy.
fn whole<T: FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_error| format!("'{text}' cannot be used: give a whole number that is not negative"))
}

impl SamplingArgs {
    /// The strategy that is named, if any is.
    pub(super) fn strategy(&self) -> Option<Strategy> {
        let fraction = self.keep.map(Strategy::FractionPerClass);
        let pixels = self.keep_pixels.map(Strategy::FractionOfPixels);
        fraction.or(pixels).or(self.points.map(Strategy::PointsPerClass))
    }
}

impl TrainArgs {
    /// The configuration these arguments come to.
    pub(super) fn config(&self) -> anyhow::Result<RunConfig> {
        let mut config = match &self.config {
            Some(path) => read_config(path)?,
            None => RunConfig::default(),
        };
        self.apply_to_data(&mut config);
        self.apply_to_model(&mut config);
        self.apply_to_training(&mut config);
        if config.data.as_os_str().is_empty() {
            anyhow::bail!("there is nothing to train on: give --data with a folder of tiles (such as data/demo)");
        }
        // The run folder must find the data from wherever it is opened.
        config.data = std::path::absolute(&config.data)?;
        Ok(config)
    }

    fn apply_to_data(&self, config: &mut RunConfig) {
        set(&mut config.data, self.data.clone());
        set(&mut config.val_ratio, self.val_ratio);
        set(&mut config.seed, self.seed);
        set(&mut config.sampling.seed, self.seed);
        set(&mut config.device, self.device.clone().map(DeviceChoice::from));
        set(&mut config.sampling.strategy, self.sampling.strategy());
        if self.clicks_only {
            config.sampling.strategy = Strategy::Nothing;
        }
        if self.ignore.is_some() {
            config.ignore.clone_from(&self.ignore);
        }
    }

    fn apply_to_model(&self, config: &mut RunConfig) {
        let arch = self.arch.map(|arch| match arch {
            ArchArg::Unet => Arch::UNet,
            ArchArg::UnetPlusPlus => Arch::UNetPlusPlus,
        });
        set(&mut config.model.arch, arch);
        set(&mut config.model.base, self.base);
        set(&mut config.model.levels, self.levels);
    }

    fn apply_to_training(&self, config: &mut RunConfig) {
        let train = &mut config.train;
        let loss = self.loss.map(|loss| match loss {
            LossArg::Pce => Loss::Pce,
            LossArg::Ce => Loss::Ce,
        });
        let optimizer = self.optimizer.map(|optimizer| match optimizer {
            OptimizerArg::Adamw => Optimizer::AdamW,
            OptimizerArg::Adam => Optimizer::Adam,
        });
        let schedule = self.schedule.map(|schedule| match schedule {
            ScheduleArg::Cosine => Schedule::Cosine,
            ScheduleArg::Constant => Schedule::Constant,
        });
        set(&mut train.loss, loss);
        set(&mut train.class_weights, self.class_weights.clone());
        set(&mut train.length, self.epochs.map(Length::Epochs).or(self.steps.map(Length::Steps)));
        set(&mut train.batch, self.batch);
        set(&mut train.frame, self.resize.map(Frame::Resize).or(self.crop.map(Frame::Crop)));
        set(&mut train.optimizer, optimizer);
        set(&mut train.lr, self.lr);
        set(&mut train.weight_decay, self.weight_decay);
        set(&mut train.schedule, schedule);
        train.flips &= !self.no_flips;
        train.quarter_turns &= !self.no_quarter_turns;
    }
}

fn set<T>(place: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *place = value;
    }
}

fn read_config(path: &Path) -> anyhow::Result<RunConfig> {
    let text =
        std::fs::read_to_string(path).with_context(|| format!("cannot read the configuration {}", path.display()))?;
    toml::from_str(&text).map_err(|error| anyhow::anyhow!("{error}in the configuration {}", path.display()))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;
    use crate::domain::Classes;

    fn config(line: &str) -> anyhow::Result<RunConfig> {
        let args = Args::try_parse_from(line.split_whitespace())?;
        match args.verb {
            Some(Verb::Train(args)) => args.config(),
            other => anyhow::bail!("{other:?} is not train"),
        }
    }

    #[test]
    fn the_arguments_are_consistent() {
        Args::command().debug_assert();
    }

    #[test]
    fn every_switch_of_the_reference_line_reaches_the_configuration() {
        let got = config(
            "pointillist train --data D --out R --arch unet++ --base 8 --levels 4 --loss ce --keep 0.01 \
             --class-weights 0.5,1,2 --epochs 3 --batch 2 --resize 512 --optimizer adam --lr 0.01 --weight-decay 0 \
             --schedule constant --val-ratio 0.2 --seed 7 --device cpu --no-flips --ignore water,unknown",
        )
        .unwrap();
        let mut want = RunConfig {
            data: std::path::absolute("D").unwrap(),
            val_ratio: 0.2,
            seed: 7,
            device: DeviceChoice::Cpu,
            ..RunConfig::default()
        };
        want.ignore = Some(vec!["water".into(), "unknown".into()]);
        want.sampling = crate::domain::Sampling { strategy: Strategy::FractionPerClass(0.01), seed: 7 };
        want.model = crate::domain::config::ModelConfig { arch: Arch::UNetPlusPlus, base: 8, levels: 4 };
        want.train = crate::domain::config::TrainConfig {
            loss: Loss::Ce,
            class_weights: ClassWeights::Given(vec![0.5, 1.0, 2.0]),
            length: Length::Epochs(3),
            batch: 2,
            frame: Frame::Resize(512),
            optimizer: Optimizer::Adam,
            lr: 0.01,
            weight_decay: 0.0,
            schedule: Schedule::Constant,
            flips: false,
            quarter_turns: true,
        };
        assert_eq!(got, want);
    }

    #[test]
    fn negative_numbers_reach_our_own_checks() {
        let refusal = |switch: &str| match config(&format!("pointillist train --data D --out R {switch}")) {
            Ok(config) => config.problems(&Classes::deepglobe()).join("; "),
            Err(error) => error.to_string(),
        };
        for (switch, words) in [
            ("--keep -1", "a keep ratio of -1 keeps nothing sensible"),
            ("--keep-pixels -0.5", "a keep ratio of -0.5"),
            ("--lr -1e-3", "a learning rate of -0.001 cannot be used"),
            ("--weight-decay -1", "a weight decay of -1 cannot be used"),
            ("--val-ratio -0.1", "a validation ratio of -0.1"),
            ("--class-weights -1,1,1,1,1,1,1", "class weights must be 0 or more"),
            ("--points -3", "'-3' cannot be used: give a whole number that is not negative"),
            ("--epochs -1", "'-1' cannot be used"),
            ("--batch -2", "'-2' cannot be used"),
            ("--crop 1.5", "'1.5' cannot be used"),
            ("--points 0", "choose at least 1"),
        ] {
            let got = refusal(switch);
            assert!(got.contains(words), "{switch}: {got}");
        }
    }

    #[test]
    fn what_contradicts_itself_or_is_missing_is_refused() {
        assert!(config("pointillist train --data D --out R --epochs 1 --steps 2").is_err());
        assert!(config("pointillist train --data D --out R --keep 0.1 --points 2").is_err());
        assert!(config("pointillist train --data D --out R --keep 0.1 --clicks-only").is_err());
        assert!(config("pointillist train --data D --out R --class-weights a,b").is_err());
        assert!(config("pointillist train --out R").is_err_and(|e| e.to_string().contains("--data")));
        assert!(config("pointillist train --data D --out R --config missing.toml").is_err());
    }
}
