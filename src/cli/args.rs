//! The arguments as typed.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use super::choices::{ExportFormat, Features, Head, Method, Scored};
use super::outputs::OutputArgs;
use super::sampling_args::SamplingArgs;
use super::study::args::StudyArgs;
use super::train_args::TrainArgs;
use super::values::{LossArg, choice, encoder, loss, whole};
use crate::domain::Choice as _;
use crate::domain::checkpoint::Checkpoint;
use crate::domain::config::{Arch, Colors, Encoder, Norm, Precision, Upsampling};
use crate::quick::clicks::Placement;

/// Label a landscape with dots, and watch a network learn it.
///
/// Without a command the window opens, on PATH if it is given.
#[derive(Debug, Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
pub struct Args {
    /// Folder of tiles (or one image) to open in the window.
    pub path: Option<PathBuf>,
    /// The command to run without a window.
    #[command(subcommand)]
    pub verb: Option<Verb>,
}

/// Commands that need no window.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Train a network on a folder of tiles.
    Train(Box<TrainArgs>),
    /// Report what a folder contains: tiles, masks and how they are read, labels per class and split, problems.
    Check(CheckArgs),
    /// Cut LandCover.ai's scenes, images/*.tif with masks/*.tif, into the 512² patches that its split lists name.
    Split(SplitArgs),
    /// Make many runs by a plan, on one or more machines, and compare them.
    Study(StudyArgs),
    /// Compare finished runs: settings that differ, scores, figures, and a report as one HTML file.
    Compare(CompareArgs),
    /// List tiles with own labels, and labels whose tile is gone; assign those to a tile.
    Labels(LabelsArgs),
    /// Score a finished run against full masks.
    Evaluate(EvaluateArgs),
    /// Segment images with a finished run.
    Predict(PredictArgs),
    /// Write the network of a finished run, or its figures, for other programs.
    Export(ExportArgs),
    /// Make a run of a network in a file: an own export, or a U-Net of PyTorch.
    Import(ImportArgs),
    /// Write sampled masks, and figures of the full and the sampled mask side by side.
    Sample(SampleArgs),
    /// Measure how good a map a few clicks give: labels tiles as somebody would who knows their masks.
    Simulate(SimulateArgs),
    /// Draw tables of `simulate` as one picture: mean IoU over clicks.
    Curve(CurveArgs),
    /// Measure how long a training step or an inference takes on this machine.
    Bench(BenchArgs),
    /// Print what a bug report needs: adapters, limits, chosen device, versions.
    Doctor,
    /// Generate the built-in demo scenes.
    #[command(hide = true)]
    GenerateDemo(DemoArgs),
}

/// Arguments of `evaluate`.
#[derive(Debug, clap::Args)]
pub struct EvaluateArgs {
    /// Run folder.
    #[arg(long)]
    pub run: PathBuf,
    /// Which checkpoint of the run to use.
    #[arg(long, value_parser = choice::<Checkpoint>())]
    pub checkpoint: Option<Checkpoint>,
    /// Score all tiles with a mask of this folder instead of the run's validation tiles.
    #[arg(long)]
    pub data: Option<PathBuf>,
    /// Which tiles are scored.
    #[arg(long, value_parser = choice::<Scored>(), default_value = Scored::Val.name())]
    pub split: Scored,
    /// Where to compute: auto, gpu, cpu, or part of an adapter's name [default: as the run was trained].
    #[arg(long)]
    pub device: Option<String>,
    /// Print JSON instead of text.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `predict`.
#[derive(Debug, clap::Args)]
pub struct PredictArgs {
    /// Run folder; needed unless --head is quick or forest.
    #[arg(long)]
    pub run: Option<PathBuf>,
    /// What predicts.
    #[arg(long, value_parser = choice::<Head>(), default_value = Head::Network.name())]
    pub head: Head,
    /// Which checkpoint of the run to use.
    #[arg(long, value_parser = choice::<Checkpoint>())]
    pub checkpoint: Option<Checkpoint>,
    /// Images to segment, or folders of them; with --head quick or forest the one folder, or image, whose own labels are learned
    /// from.
    #[arg(required = true)]
    pub images: Vec<PathBuf>,
    /// Folder for the results.
    #[arg(long)]
    pub out: PathBuf,
    /// With --head quick or forest, the run folder to create: --run predicts with it, and evaluate scores it.
    #[arg(long)]
    pub save_run: Option<PathBuf>,
    /// With --head quick or forest, class that is neither learned nor predicted, or several separated by commas, instead of those
    /// that the dataset ignores. May be repeated.
    #[arg(long)]
    pub ignore: Option<Vec<String>>,
    /// Replace existing results.
    #[arg(long)]
    pub overwrite: bool,
    /// Where to compute: auto, gpu, cpu, or part of an adapter's name [default: as the run was trained].
    #[arg(long)]
    pub device: Option<String>,
}

/// Arguments of `export`.
#[derive(Debug, clap::Args)]
pub struct ExportArgs {
    /// Run folder.
    #[arg(long)]
    pub run: PathBuf,
    /// Which checkpoint of the run to use.
    #[arg(long, value_parser = choice::<Checkpoint>())]
    pub checkpoint: Option<Checkpoint>,
    /// Format of the file.
    #[arg(long, value_parser = choice::<ExportFormat>())]
    pub format: ExportFormat,
    /// File to write; for the format tensorboard, the folder for it.
    pub out: PathBuf,
    /// Fixed height and width of the input, pixels, for programs that need it, such as QGIS's plugin Deepness. ONNX only.
    #[arg(long, allow_negative_numbers = true, value_parser = whole::<u32>)]
    pub tile: Option<u32>,
    /// Resolution of the images the network has learned from, centimetres a pixel, for the plugin. ONNX only.
    #[arg(long, allow_negative_numbers = true)]
    pub resolution: Option<f64>,
    /// Replace an existing file.
    #[arg(long)]
    pub overwrite: bool,
}

/// Arguments of `import`.
#[derive(Debug, clap::Args)]
pub struct ImportArgs {
    /// File of weights: .safetensors, or .pth as torch.save writes it.
    pub file: PathBuf,
    /// Run folder to create.
    #[arg(long)]
    pub out: PathBuf,
    /// Folder of tiles that the run belongs to; its classes are those of the logits, unless the file or --classes names them. It
    /// must have them all.
    #[arg(long)]
    pub data: Option<PathBuf>,
    /// Names of the classes, in the order of the logits, separated by commas.
    #[arg(long, value_delimiter = ',')]
    pub classes: Vec<String>,
    /// In which terms the network sees colours [default: as programs with its names mostly do].
    #[arg(long, value_parser = choice::<Colors>())]
    pub colors: Option<Colors>,
}

/// Arguments of `sample`.
#[derive(Debug, clap::Args)]
pub struct SampleArgs {
    /// Folder of tiles.
    #[arg(long)]
    pub data: PathBuf,
    /// How sparse labels are drawn from the masks.
    #[command(flatten)]
    pub sampling: SamplingArgs,
    /// Seed: another seed draws other pixels.
    #[arg(long, default_value_t = 42, allow_negative_numbers = true, value_parser = whole::<u64>)]
    pub seed: u64,
    /// Folder for the results.
    #[arg(long)]
    pub out: PathBuf,
    /// Replace existing results.
    #[arg(long)]
    pub overwrite: bool,
}

/// Arguments of `simulate`.
#[derive(Debug, clap::Args)]
pub struct SimulateArgs {
    /// Folder of tiles with masks.
    #[arg(long)]
    pub data: PathBuf,
    /// Clicks per class after which the map is scored.
    #[arg(long, value_delimiter = ',', default_value = "1,3,10", value_parser = whole::<usize>)]
    pub clicks: Vec<usize>,
    /// Where clicks go.
    #[arg(long, value_parser = choice::<Placement>(), default_value = Placement::Stratified.name())]
    pub placement: Placement,
    /// What learns from the clicks.
    #[arg(long, value_parser = choice::<Method>(), default_value = Method::Quick.name())]
    pub method: Method,
    /// Features the quick head learns from [default: all].
    #[arg(long, value_parser = choice::<Features>())]
    pub features: Option<Features>,
    /// Steps that a network is trained for after each round of clicks [default: 300].
    #[arg(long, value_parser = whole::<u64>)]
    pub steps: Option<u64>,
    /// Where a network computes: auto, gpu, cpu, or part of an adapter's name [default: cpu].
    #[arg(long)]
    pub device: Option<String>,
    /// How often everything is repeated with other clicks.
    #[arg(long, default_value_t = 5, value_parser = whole::<u64>)]
    pub seeds: u64,
    /// Click on all training tiles and score the validation tiles, instead of each tile on its own.
    #[arg(long)]
    pub across: bool,
    /// With --across, a tile to score; the others are clicked. May be repeated.
    #[arg(long, requires = "across")]
    pub val_tile: Vec<String>,
    /// Class that is neither clicked nor scored, or several separated by commas, instead of those that the dataset ignores.
    /// May be repeated.
    #[arg(long)]
    pub ignore: Option<Vec<String>>,
    /// CSV file for the scores.
    #[arg(long)]
    pub out: PathBuf,
    /// Replace an existing file.
    #[arg(long)]
    pub overwrite: bool,
}

/// Arguments of `curve`.
#[derive(Debug, clap::Args)]
pub struct CurveArgs {
    /// Tables that `simulate` wrote. Each gives a line for every method in it.
    #[arg(required = true)]
    pub tables: Vec<PathBuf>,
    /// File for the picture: SVG, or PNG if it ends with .png.
    #[arg(long)]
    pub out: PathBuf,
    /// Replace an existing file.
    #[arg(long)]
    pub overwrite: bool,
}

/// Arguments of `compare`.
#[derive(Debug, clap::Args)]
pub struct CompareArgs {
    /// Run folders. Runs that differ in their seeds alone are one configuration.
    #[arg(required = true)]
    pub runs: Vec<PathBuf>,
    /// What the comparison is called [default: the number of runs].
    #[arg(long)]
    pub title: Option<String>,
    /// What is made of it.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// Arguments of `check`.
#[derive(Debug, clap::Args)]
pub struct CheckArgs {
    /// Folder of tiles.
    pub data: PathBuf,
    /// Print JSON instead of text.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `split`.
#[derive(Debug, clap::Args)]
pub struct SplitArgs {
    /// Folder that holds images/*.tif and masks/*.tif.
    pub data: PathBuf,
    /// Folder for the patches; DATA/output if it is not given, where the window and the other commands find them.
    #[arg(long)]
    pub out: Option<PathBuf>,
    /// Cut patches again that are there already.
    #[arg(long)]
    pub overwrite: bool,
}

/// Arguments of `labels`.
#[derive(Debug, clap::Args)]
pub struct LabelsArgs {
    /// Folder of tiles.
    pub data: PathBuf,
    /// Assign the labels listed under NAME to the tile TILE.
    #[arg(long, num_args = 2, value_names = ["NAME", "TILE"])]
    pub relink: Option<Vec<String>>,
}

/// Arguments of `bench`.
#[derive(Debug, clap::Args)]
pub struct BenchArgs {
    /// Time training steps (the default).
    #[arg(long, conflicts_with = "infer")]
    pub train: bool,
    /// Time inference.
    #[arg(long)]
    pub infer: bool,
    /// Network architecture.
    #[arg(long, value_parser = choice::<Arch>(), default_value = Arch::UNet.name())]
    pub arch: Arch,
    /// Where the encoder's first weights come from: none, lite0, or a file.
    #[arg(long, value_name = "none|lite0|FILE", value_parser = encoder, default_value = Encoder::None.name())]
    pub encoder: Encoder,
    /// Channels at full resolution.
    #[arg(long, default_value_t = 16)]
    pub base: usize,
    /// Resolutions of the network.
    #[arg(long, default_value_t = 5)]
    pub levels: usize,
    /// What follows a convolution, but for those of a pretrained encoder.
    #[arg(long, value_parser = choice::<Norm>(), default_value = Norm::Batch.name())]
    pub norm: Norm,
    /// What doubles height and width in the decoder.
    #[arg(long, value_parser = choice::<Upsampling>(), default_value = Upsampling::Transposed.name())]
    pub upsampling: Upsampling,
    /// Number of classes.
    #[arg(long, default_value_t = 7)]
    pub classes: usize,
    /// Side of the images, pixels.
    #[arg(long, default_value_t = 256)]
    pub size: u32,
    /// Images per step.
    #[arg(long, default_value_t = 4)]
    pub batch: usize,
    /// Steps to time, after 4 to warm up.
    #[arg(long, default_value_t = 12)]
    pub steps: usize,
    /// Terms of the loss, each with its weight if that is not 1: cross-entropy (the default), focal, dice, jaccard, error-dice, gated-crf.
    #[arg(long, value_name = "TERM[=WEIGHT],...", value_parser = loss, conflicts_with = "infer")]
    pub loss: Option<LossArg>,
    /// Average the weights, keeping this share at each step.
    #[arg(long, default_value_t = 0.0)]
    pub ema: f64,
    /// In which numbers a training step computes.
    #[arg(long, value_parser = choice::<Precision>(), default_value = Precision::Auto.name(), conflicts_with = "infer")]
    pub precision: Precision,
    /// Where to compute: auto, gpu, cpu, or part of an adapter's name.
    #[arg(long, default_value = "cpu")]
    pub device: String,
    /// Print one line of JSON instead of text.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `generate-demo`.
#[derive(Debug, clap::Args)]
pub struct DemoArgs {
    /// Folder for the scenes.
    #[arg(long)]
    pub out: PathBuf,
}
