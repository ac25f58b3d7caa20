//! The arguments as typed.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Parser, Subcommand, ValueEnum};

use crate::domain::weights::ClassWeights;
use crate::train::folder::Checkpoint;

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
    /// What a folder comes to: tiles, masks and how they are read, labels per class and split, everything left over.
    Check(CheckArgs),
    /// Tiles with own labels, and labels that lie on no tile any more; these can be given to one.
    Labels(LabelsArgs),
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
    /// Tiles that validate, by id: these and no drawn ones. May be given again.
    #[arg(long)]
    pub val_tile: Vec<String>,
    /// Tiles that are learned from, whatever was drawn. May be given again.
    #[arg(long)]
    pub train_tile: Vec<String>,
    /// Tiles that are not used. May be given again.
    #[arg(long)]
    pub skip_tile: Vec<String>,
    /// Classes kept out of loss and score, in place of those the dataset ignores: a class's name, or several with commas
    /// between them. May be given again.
    #[arg(long)]
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
    /// Print every event of the engine as JSON, one a line, in place of words.
    #[arg(long, conflicts_with = "quiet")]
    pub json: bool,
}

/// Arguments of `evaluate`.
#[derive(Debug, clap::Args)]
pub struct EvaluateArgs {
    /// Run folder.
    #[arg(long)]
    pub run: PathBuf,
    /// Which of the run's networks: the one that scored best, or the last one.
    #[arg(long, value_enum, default_value = "best")]
    pub checkpoint: CheckpointArg,
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
    /// Which of the run's networks: the one that scored best, or the last one.
    #[arg(long, value_enum, default_value = "best")]
    pub checkpoint: CheckpointArg,
    /// Images to segment, or folders of them.
    #[arg(required = true)]
    pub images: Vec<PathBuf>,
    /// Folder for the results.
    #[arg(long)]
    pub out: PathBuf,
    /// Replace results that are there already.
    #[arg(long)]
    pub overwrite: bool,
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
    /// Replace results that are there already.
    #[arg(long)]
    pub overwrite: bool,
}

/// Arguments of `check`.
#[derive(Debug, clap::Args)]
pub struct CheckArgs {
    /// Folder of tiles.
    pub data: PathBuf,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `labels`.
#[derive(Debug, clap::Args)]
pub struct LabelsArgs {
    /// Folder of tiles.
    pub data: PathBuf,
    /// Give the labels that are kept under a name to a tile.
    #[arg(long, num_args = 2, value_names = ["NAME", "TILE"])]
    pub relink: Option<Vec<String>>,
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

/// `--checkpoint`.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum CheckpointArg {
    /// The best score; without validation tiles the lowest training loss.
    Best,
    /// The last one written.
    Last,
}

impl From<CheckpointArg> for Checkpoint {
    fn from(arg: CheckpointArg) -> Self {
        match arg {
            CheckpointArg::Best => Self::Best,
            CheckpointArg::Last => Self::Last,
        }
    }
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
