//! The arguments of `train` as typed. Defaults are added to its help in [`super::defaults`].

use std::path::PathBuf;

use super::sampling_args::SamplingArgs;
use super::values::{LossArg, choice, class_weights, encoder, loss, whole};
use crate::domain::checkpoint::Checkpoint;
use crate::domain::config::{
    Arch, Batches, Colors, Encoder, Norm, Optimizer, Precision, Preset, Schedule, SplitBy, Supervision, Upsampling,
};
use crate::domain::weights::ClassWeights;

/// Arguments of `train`. Options that are not given are taken from `--config`, or from the defaults.
#[derive(Debug, clap::Args)]
pub struct TrainArgs {
    /// Folder of tiles.
    #[arg(long)]
    pub data: Option<PathBuf>,
    /// Run folder to create.
    #[arg(long, required_unless_present = "resume")]
    pub out: Option<PathBuf>,
    /// Go on with the run in this folder, which was stopped or killed, where its last checkpoint left it. Its configuration stays;
    /// only --more-epochs, --lr, --data, if the tiles have moved, --quiet and --json can be given with it.
    #[arg(long, value_name = "RUN")]
    pub resume: Option<PathBuf>,
    /// With --resume, make the run longer by so many epochs, also one that has ended; one that has ended early goes on from there.
    /// The schedule of the learning rate is that of the new length.
    #[arg(long, allow_negative_numbers = true, value_parser = whole::<u32>)]
    pub more_epochs: Option<u32>,
    /// Configuration to start from, such as the config.toml of another run.
    #[arg(long)]
    pub config: Option<PathBuf>,
    /// Settings of network and training to start from. The defaults that this help names are those without it.
    #[arg(long, conflicts_with = "config", value_parser = choice::<Preset>())]
    pub preset: Option<Preset>,
    /// Begin with the weights of the run in this folder, whose network has the same shape. Its classes are matched by name: those that
    /// it does not have begin at random.
    #[arg(long, value_name = "RUN")]
    pub init_from: Option<PathBuf>,
    /// Which checkpoint of that run.
    #[arg(long, value_parser = choice::<Checkpoint>())]
    pub init_checkpoint: Option<Checkpoint>,
    /// Network architecture.
    #[arg(long, value_parser = choice::<Arch>())]
    pub arch: Option<Arch>,
    /// Where the encoder's first weights come from: none, lite0 (built in, with U-Net only), or the path of a .pth or
    /// .safetensors file of an EfficientNet-Lite0.
    #[arg(long, value_name = "none|lite0|FILE", value_parser = encoder)]
    pub encoder: Option<Encoder>,
    /// Channels at full resolution, 1 to 256; each level below has twice as many.
    #[arg(long, allow_negative_numbers = true, value_parser = whole::<usize>)]
    pub base: Option<usize>,
    /// Resolutions of the network, 2 to 7.
    #[arg(long, allow_negative_numbers = true, value_parser = whole::<usize>)]
    pub levels: Option<usize>,
    /// In which terms the network sees colours; a pretrained encoder has its own.
    #[arg(long, value_parser = choice::<Colors>())]
    pub colors: Option<Colors>,
    /// Bands of the network's input. The data delivers three for now, so a run takes no other number.
    #[arg(long, allow_negative_numbers = true, value_parser = whole::<usize>)]
    pub in_channels: Option<usize>,
    /// What follows a convolution, but for those of a pretrained encoder.
    #[arg(long, value_parser = choice::<Norm>())]
    pub norm: Option<Norm>,
    /// What doubles height and width in the decoder.
    #[arg(long, value_parser = choice::<Upsampling>())]
    pub upsampling: Option<Upsampling>,
    /// With the network unet++, learn by a head on each node at full resolution; the last one predicts.
    #[arg(long)]
    pub deep_supervision: bool,
    /// Which labels to learn from. Own labels always count.
    #[arg(long, value_parser = choice::<Supervision>())]
    pub supervision: Option<Supervision>,
    /// Terms of the loss, each with its weight if that is not 1, such as cross-entropy=0.25,jaccard=0.75. Terms are cross-entropy,
    /// focal, dice, jaccard, error-dice and gated-crf. The names of earlier versions, pce and ce, choose cross-entropy and the supervision.
    #[arg(long, value_name = "TERM[=WEIGHT],...", value_parser = loss)]
    pub loss: Option<LossArg>,
    /// Share of the target that cross-entropy spreads over all classes, such as 0.1; 0 turns it off.
    #[arg(long, allow_negative_numbers = true)]
    pub label_smoothing: Option<f64>,
    /// Exponent of the focal loss, 0 to 10: the higher, the less well predicted pixels count.
    #[arg(long, allow_negative_numbers = true)]
    pub focal_gamma: Option<f64>,
    /// How many pixels the loss gated-crf looks along each axis, 1 to 32.
    #[arg(long, value_name = "PIXELS", allow_negative_numbers = true, value_parser = whole::<u32>)]
    pub crf_radius: Option<u32>,
    /// Standard deviation of distances in the loss gated-crf, pixels.
    #[arg(long, value_name = "PIXELS", allow_negative_numbers = true)]
    pub crf_sigma_xy: Option<f64>,
    /// Standard deviation of colours in the loss gated-crf, in those of ImageNet; the smaller, the more alike pixels must be to count.
    #[arg(long, value_name = "SIGMA", allow_negative_numbers = true)]
    pub crf_sigma_rgb: Option<f64>,
    /// How sparse labels are drawn from the masks.
    #[command(flatten)]
    pub sampling: SamplingArgs,
    /// Learn from own labels only, not from masks.
    #[arg(long, group = "sampling", visible_alias = "clicks-only")]
    pub own_labels_only: bool,
    /// Weights of the classes in cross-entropy and focal loss: none; inverse, median, enet or effective=0.99, by which rare classes
    /// weigh more; one per class, such as 0.5,1,2; or the path of a file of such numbers, a JSON array or a number a line, in the
    /// order of the classes.
    #[arg(long, value_name = "KIND|NUMBERS|FILE", allow_hyphen_values = true, value_parser = class_weights)]
    pub class_weights: Option<ClassWeights>,
    /// Passes over the training tiles.
    #[arg(long, group = "length", allow_negative_numbers = true, value_parser = whole::<u32>)]
    pub epochs: Option<u32>,
    /// Optimiser steps, instead of epochs.
    #[arg(long, group = "length", allow_negative_numbers = true, value_parser = whole::<u64>)]
    pub steps: Option<u64>,
    /// Epochs from one evaluation to the next; the last step is evaluated always.
    #[arg(long, value_name = "EPOCHS", allow_negative_numbers = true, value_parser = whole::<u32>)]
    pub evaluate_every: Option<u32>,
    /// End the run after this many evaluations without a better mIoU; 0 turns it off.
    #[arg(long, allow_negative_numbers = true, value_parser = whole::<u32>)]
    pub patience: Option<u32>,
    /// Crops or resized tiles per batch.
    #[arg(long, allow_negative_numbers = true, value_parser = whole::<usize>)]
    pub batch: Option<usize>,
    /// Batches whose gradients make up one step: as a batch that many times as large, in the memory of one.
    #[arg(long, allow_negative_numbers = true, value_parser = whole::<usize>)]
    pub accumulate: Option<usize>,
    /// In which numbers the network computes while it learns: mixed is for GPUs that compute in 16 bits.
    #[arg(long, value_parser = choice::<Precision>())]
    pub precision: Option<Precision>,
    /// Train on square crops with this many pixels a side.
    #[arg(long, group = "input", allow_negative_numbers = true, value_parser = whole::<u32>)]
    pub crop: Option<u32>,
    /// Train on whole tiles, resized to this many pixels a side, instead of crops.
    #[arg(long, group = "input", allow_negative_numbers = true, value_parser = whole::<u32>)]
    pub resize: Option<u32>,
    /// Optimiser.
    #[arg(long, value_parser = choice::<Optimizer>())]
    pub optimizer: Option<Optimizer>,
    /// Learning rate at the start, or after the warm-up; with --resume, of the next step, as if it were set during the run.
    #[arg(long, allow_hyphen_values = true)]
    pub lr: Option<f64>,
    /// What the learning rate of a pretrained encoder, and of the linear classifier on its features, is multiplied with; 0 leaves
    /// both as they are.
    #[arg(long, allow_hyphen_values = true)]
    pub encoder_lr: Option<f64>,
    /// Let a network with a pretrained encoder begin with a random decoder, not where a linear classifier on the encoder's
    /// features is.
    #[arg(long)]
    pub no_head_start: bool,
    /// Weight of pseudo-labels: the network learns the quick head's map of the training tiles beside the labels; 0 turns it off.
    #[arg(long, allow_negative_numbers = true)]
    pub pseudo_labels: Option<f64>,
    /// Weight decay.
    #[arg(long, allow_hyphen_values = true)]
    pub weight_decay: Option<f64>,
    /// Momentum of the optimiser sgd.
    #[arg(long, allow_hyphen_values = true)]
    pub momentum: Option<f64>,
    /// Use Nesterov momentum with the optimiser sgd.
    #[arg(long)]
    pub nesterov: bool,
    /// Clip gradients: the largest norm of all of them together, such as 1; 0 turns it off.
    #[arg(long, allow_negative_numbers = true)]
    pub clip_norm: Option<f64>,
    /// Learning rate schedule.
    #[arg(long, value_parser = choice::<Schedule>())]
    pub schedule: Option<Schedule>,
    /// Steps in which the learning rate rises to its full height, before the schedule begins; 0 for none.
    #[arg(long, allow_negative_numbers = true, value_parser = whole::<u64>)]
    pub warm_up: Option<u64>,
    /// Epochs after which the schedule step lowers the learning rate, again and again.
    #[arg(long, group = "decay", allow_negative_numbers = true, value_parser = whole::<u32>)]
    pub decay_epochs: Option<u32>,
    /// Optimiser steps after which the schedule step lowers the learning rate, instead of epochs.
    #[arg(long, group = "decay", allow_negative_numbers = true, value_parser = whole::<u64>)]
    pub decay_steps: Option<u64>,
    /// What the schedule step multiplies the learning rate with, above 0 up to 1.
    #[arg(long, allow_negative_numbers = true)]
    pub decay_factor: Option<f64>,
    /// Exponent of the schedule polynomial, above 0 up to 10.
    #[arg(long, allow_negative_numbers = true)]
    pub decay_power: Option<f64>,
    /// Do not mirror crops at random.
    #[arg(long)]
    pub no_flips: bool,
    /// Do not rotate crops at random.
    #[arg(long)]
    pub no_quarter_turns: bool,
    /// Turn half of the crops by any angle up to this many degrees, 0 to 180, either way; 0 turns it off.
    #[arg(long, value_name = "DEGREES", allow_negative_numbers = true)]
    pub rotation: Option<f64>,
    /// Share of the crops that are shifted, zoomed and turned by any amount up to the next three options, such as 0.5; 0 turns it off.
    #[arg(long, value_name = "SHARE", allow_negative_numbers = true)]
    pub shift_scale_rotate: Option<f64>,
    /// With --shift-scale-rotate, the largest shift as a share of the side.
    #[arg(long, value_name = "SHARE", allow_negative_numbers = true)]
    pub shift_limit: Option<f64>,
    /// With --shift-scale-rotate, the largest change of size as a share of it, below 1.
    #[arg(long, value_name = "SHARE", allow_negative_numbers = true)]
    pub scale_limit: Option<f64>,
    /// With --shift-scale-rotate, the largest turn in degrees.
    #[arg(long, value_name = "DEGREES", allow_negative_numbers = true)]
    pub rotate_limit: Option<f64>,
    /// Without validation tiles, keep every fifth click of a class on a tile from the network. The window compares it with the
    /// quick map by these.
    #[arg(long)]
    pub keep_aside: bool,
    /// What the crops of a batch are drawn by.
    #[arg(long, value_parser = choice::<Batches>())]
    pub batches: Option<Batches>,
    /// Cut crops at full, half and quarter resolution.
    #[arg(long, overrides_with = "no_scales")]
    pub scales: bool,
    /// Cut crops at full resolution only.
    #[arg(long)]
    pub no_scales: bool,
    /// Strength of random changes of brightness, contrast, saturation and hue, 0 to 1.
    #[arg(long, allow_negative_numbers = true)]
    pub jitter: Option<f64>,
    /// Average the weights, keeping this share at each step, such as 0.99; 0 turns it off.
    #[arg(long, allow_negative_numbers = true)]
    pub ema: Option<f64>,
    /// With averaged weights, score the weights themselves as well. An evaluation takes twice as long.
    #[arg(long)]
    pub score_raw: bool,
    /// Share of the training tiles that validate, if the dataset names no validation tiles.
    #[arg(long, allow_negative_numbers = true)]
    pub val_ratio: Option<f64>,
    /// Parts of a cross-validation: one of them validates, whatever split the dataset gives. Test tiles stay out.
    #[arg(long, value_parser = whole::<u32>)]
    pub folds: Option<u32>,
    /// Which part of a cross-validation validates, from 1.
    #[arg(long, value_parser = whole::<u32>)]
    pub fold: Option<u32>,
    /// What stays together where a share or a part is drawn.
    #[arg(long, value_parser = choice::<SplitBy>())]
    pub split_by: Option<SplitBy>,
    /// With --split-by block, side of a block in pixels.
    #[arg(long, allow_negative_numbers = true, value_parser = whole::<u32>)]
    pub block: Option<u32>,
    /// Tile that validates, by id; no other tiles are drawn. May be repeated.
    #[arg(long)]
    pub val_tile: Vec<String>,
    /// Tile to learn from, by id, even if it was drawn to validate. May be repeated.
    #[arg(long)]
    pub train_tile: Vec<String>,
    /// Tile not to use, by id. May be repeated.
    #[arg(long)]
    pub skip_tile: Vec<String>,
    /// Class kept out of loss and score, or several separated by commas, instead of those that the dataset ignores. May
    /// be repeated.
    #[arg(long)]
    pub ignore: Option<Vec<String>>,
    /// Seed of sampling, split, initial weights, order and crops.
    #[arg(long, allow_negative_numbers = true, value_parser = whole::<u64>)]
    pub seed: Option<u64>,
    /// Where to train: auto, gpu, cpu, or part of an adapter's name.
    #[arg(long)]
    pub device: Option<String>,
    /// Write losses and scores to an event file for TensorBoard as well.
    #[arg(long)]
    pub tensorboard: bool,
    /// Print only warnings, errors and the last line.
    #[arg(long)]
    pub quiet: bool,
    /// Print every event as a line of JSON instead of text.
    #[arg(long, conflicts_with = "quiet")]
    pub json: bool,
}
