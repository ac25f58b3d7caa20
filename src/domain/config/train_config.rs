//! How a run learns.

use serde::{Deserialize, Serialize};

use super::extent::{InputSize, Length};
use super::loss_weights::LossWeights;
use super::options::{Batches, Optimizer, Precision, Schedule, Supervision};
use crate::domain::weights::ClassWeights;

/// How the network is trained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrainConfig {
    /// Sparse labels or full masks.
    pub supervision: Supervision,
    /// Terms of the loss.
    pub loss: LossWeights,
    /// Share of the target that cross-entropy spreads over all classes, 0 up to but not including 1.
    pub label_smoothing: f64,
    /// Exponent of the focal loss, 0 to 10: the higher, the less well predicted pixels count.
    pub focal_gamma: f64,
    /// How many pixels the gated CRF looks along each axis, 1 to 32.
    pub crf_radius: u32,
    /// Standard deviation of the gated CRF's distances in pixels, above 0.
    pub crf_sigma_xy: f64,
    /// Standard deviation of the gated CRF's colours, in those of ImageNet, above 0.
    pub crf_sigma_rgb: f64,
    /// Weights of the classes in cross-entropy and focal loss.
    pub class_weights: ClassWeights,
    /// How long to train.
    pub length: Length,
    /// Epochs from one evaluation to the next, 1 to 10,000. The last step is evaluated always.
    pub evaluate_every: u32,
    /// Evaluations without a better mIoU after which the run ends; 0 if it always takes all its steps.
    pub patience: u32,
    /// Crops or resized tiles per batch, 1 to 1024.
    pub batch: usize,
    /// Batches whose gradients make up one step, 1 to 1024: as a batch that many times as large, in the memory of one.
    pub accumulate: usize,
    /// In which numbers the network computes while it learns.
    pub precision: Precision,
    /// What the network sees of a tile.
    #[serde(rename = "frame")]
    pub input: InputSize,
    /// Optimiser.
    pub optimizer: Optimizer,
    /// Learning rate at the start, after the warm-up if there is one; above 0.
    pub lr: f64,
    /// What the learning rate of a pretrained encoder, and of the linear classifier on its features, is multiplied with, 0 or
    /// more; 0 leaves both as they are.
    pub encoder_lr: f64,
    /// A network with a pretrained encoder begins where a linear classifier on the encoder's features is.
    pub head_start: bool,
    /// Weight of pseudo-labels, 0 or more: above 0 the network learns the quick head's map of the training tiles beside the labels.
    pub pseudo_labels: f64,
    /// Weight decay, 0 or more.
    pub weight_decay: f64,
    /// Momentum of SGD, 0 up to but not including 1. Adam and `AdamW` do not use it.
    pub momentum: f64,
    /// Nesterov momentum (Sutskever et al. 2013) for SGD.
    pub nesterov: bool,
    /// The largest norm of all gradients together; larger ones are scaled down to it. 0 turns it off.
    pub clip_norm: f64,
    /// Learning rate schedule.
    pub schedule: Schedule,
    /// Steps in which the learning rate rises to its full height, before the schedule begins; 0 for none.
    pub warm_up: u64,
    /// How often the schedule `step` lowers the rate.
    pub decay_every: Length,
    /// What the schedule `step` multiplies the rate with, above 0 up to 1.
    pub decay_factor: f64,
    /// Exponent of the schedule `polynomial`, above 0 up to 10.
    pub decay_power: f64,
    /// Mirror crops at random.
    pub flips: bool,
    /// Turn crops by random multiples of 90°.
    pub quarter_turns: bool,
    /// Turn half of the crops by any angle up to this many degrees, either way: 0 (none) to 180.
    pub rotation: f64,
    /// Share of the crops that are shifted, zoomed and turned by up to the next three, either way: 0 (none) to 1.
    pub shift_scale_rotate: f64,
    /// Largest shift, as a share of the side, 0 to 1.
    pub shift_limit: f64,
    /// Largest change of size, as a share of it, 0 up to but not including 1.
    pub scale_limit: f64,
    /// Largest turn in degrees, 0 to 180.
    pub rotate_limit: f64,
    /// In a run without validation tiles, keep every fifth click of a class on a tile from the network, to compare it with the
    /// quick head.
    pub keep_aside: bool,
    /// What the crops of a batch are drawn by.
    pub batches: Batches,
    /// Cut half of the crops at full resolution, a quarter each at half and quarter resolution.
    pub scales: bool,
    /// Strength of random changes of brightness, contrast, saturation and hue, 0 (none) to 1.
    pub jitter: f64,
    /// Share that the averaged weights keep at each step, 0 up to but not including 1. Above 0, the average of the weights is
    /// shown, scored and saved instead of the last ones.
    pub ema: f64,
    /// With averaged weights, score the weights themselves as well.
    pub score_raw: bool,
}

impl Default for TrainConfig {
    fn default() -> Self {
        Self {
            supervision: Supervision::Sparse,
            loss: LossWeights::default(),
            label_smoothing: 0.0,
            focal_gamma: 2.0,
            crf_radius: 5,
            crf_sigma_xy: 6.0,
            crf_sigma_rgb: 0.1,
            class_weights: ClassWeights::None,
            length: Length::Epochs(20),
            evaluate_every: 1,
            patience: 0,
            batch: 4,
            accumulate: 1,
            precision: Precision::Auto,
            input: InputSize::Crop(256),
            optimizer: Optimizer::AdamW,
            lr: 1e-3,
            encoder_lr: 0.1,
            head_start: true,
            pseudo_labels: 0.0,
            weight_decay: 1e-4,
            momentum: 0.9,
            nesterov: false,
            clip_norm: 0.0,
            schedule: Schedule::Cosine,
            warm_up: 0,
            decay_every: Length::Epochs(10),
            decay_factor: 0.1,
            decay_power: 0.9,
            flips: true,
            quarter_turns: true,
            rotation: 0.0,
            shift_scale_rotate: 0.0,
            shift_limit: 0.0625,
            scale_limit: 0.1,
            rotate_limit: 45.0,
            keep_aside: false,
            batches: Batches::Tiles,
            scales: false,
            jitter: 0.0,
            ema: 0.0,
            score_raw: false,
        }
    }
}

impl TrainConfig {
    /// Steps in an epoch of this many crops or tiles, at least 1.
    pub fn steps_per_epoch(&self, epoch: usize) -> u64 {
        (epoch / (self.batch * self.accumulate).max(1)).max(1) as u64
    }

    /// Whether evaluations score the weights without averaging beside their average.
    pub fn scores_raw(&self) -> bool {
        self.score_raw && self.ema > 0.0
    }
}
