//! Memory estimates for a run, made before it starts.

use super::input::IN_CHANNELS;
use super::lite0_unet::{decoder_channels, skip_channels};
use crate::domain::config::{Arch, Encoder, ModelConfig, Upsampling};
use crate::pretrained::lite0::WIDEST_PER_PIXEL;

/// Bytes of a pixel of a crop in plain memory: colours, label and pseudo-label.
const PIXEL_BYTES: u64 = (IN_CHANNELS * size_of::<f32>()) as u64 + 2;

/// What a step learns from.
#[derive(Clone, Copy, Debug)]
pub struct StepCrops {
    /// Crops of a batch, from 1.
    pub batch: usize,
    /// Batches of a step, from 1.
    pub accumulate: usize,
    /// Side of a crop, pixels.
    pub side: u32,
}

impl StepCrops {
    /// Size of all crops of a step, in bytes. They are in plain memory at once, because how much a batch weighs depends on all.
    pub fn bytes(self) -> u64 {
        self.accumulate as u64 * self.batch_bytes()
    }

    fn batch_bytes(self) -> u64 {
        self.batch as u64 * PIXEL_BYTES * u64::from(self.side).pow(2)
    }

    /// Why the crops do not fit into `free` bytes of plain memory, with a remedy.
    pub fn problem(self, free: u64) -> Option<String> {
        (self.bytes() > free).then(|| {
            let (all, needed, there) = (self.batch * self.accumulate, gibibytes(self.bytes()), gibibytes(free));
            let remedy = match free / self.batch_bytes() {
                0 => "choose smaller batches or crops".to_owned(),
                most => format!("accumulate {most} batches or fewer"),
            };
            format!(
                "the {all} crops of a step need {needed:.1} GiB of memory, but only {there:.1} GiB are free: {remedy}"
            )
        })
    }
}

/// Size of the largest single tensor of a training step, in bytes. That is the widest concatenation at full resolution
/// (the input of the first level's last block), or the logits if there are very many classes.
pub fn largest_tensor_bytes(config: &ModelConfig, classes: usize, batch: usize, size: u32) -> u64 {
    let concatenated = match (&config.encoder, config.arch) {
        (Encoder::None, Arch::UNet) => (2 * config.channels(0)).max(config.in_channels),
        (Encoder::None, Arch::UNetPlusPlus) => (config.levels * config.channels(0)).max(config.in_channels),
        (Encoder::Lite0 | Encoder::File(_), _) => (decoder_channels(config, 0) + IN_CHANNELS).max(WIDEST_PER_PIXEL),
    };
    let channels = concatenated.max(classes) as u64;
    batch as u64 * channels * u64::from(size) * u64::from(size) * size_of::<f32>() as u64
}

/// Lower bound for the memory of a training step, in bytes: every block of a level saves about eight tensors of the
/// level's width for the backward pass. An estimate that serves to refuse hopeless runs, not a measurement.
pub fn step_memory_bytes(config: &ModelConfig, batch: usize, size: u32) -> u64 {
    const SAVED: u64 = 8;
    let halvings = config.halvings();
    let channels = |level: usize| match (&config.encoder, config.arch) {
        (Encoder::None, Arch::UNet) => config.channels(level) * (2 - usize::from(level == halvings)),
        (Encoder::None, Arch::UNetPlusPlus) => config.channels(level) * (config.levels - level),
        (Encoder::Lite0 | Encoder::File(_), _) if level == halvings => skip_channels(level),
        (Encoder::Lite0 | Encoder::File(_), _) => decoder_channels(config, level) + skip_channels(level),
    };
    let level = |level: usize| {
        let side = u64::from(size) >> level;
        SAVED * batch as u64 * channels(level) as u64 * side * side * size_of::<f32>() as u64
    };
    (0..=halvings).map(level).sum::<u64>() + doubled_bytes(config, batch, size) + side_head_bytes(config, batch, size)
}

/// Size of the logits of further heads, which tell two classes apart or more.
fn side_head_bytes(config: &ModelConfig, batch: usize, size: u32) -> u64 {
    (2 * batch * config.side_heads()) as u64 * u64::from(size).pow(2) * size_of::<f32>() as u64
}

/// Size of what the last step of a decoder convolves: with nearest up-sampling, all channels of the level below at full resolution.
fn doubled_bytes(config: &ModelConfig, batch: usize, size: u32) -> u64 {
    let channels = match (config.upsampling, &config.encoder) {
        (Upsampling::Transposed, _) => 0,
        (Upsampling::Nearest, Encoder::None) => config.channels(1),
        (Upsampling::Nearest, Encoder::Lite0 | Encoder::File(_)) => decoder_channels(config, 1),
    };
    batch as u64 * channels as u64 * u64::from(size).pow(2) * size_of::<f32>() as u64
}

/// Why a step does not fit into `free` bytes of memory beside its crops, with a remedy.
pub fn memory_problem(config: &ModelConfig, crops: StepCrops, free: u64) -> Option<String> {
    let bytes = step_memory_bytes(config, crops.batch, crops.side);
    (bytes > free).then(|| {
        format!(
            "a training step needs at least {:.1} GiB of memory, but only {:.1} GiB are free: {}",
            gibibytes(bytes),
            gibibytes(free),
            remedy(crops, |batch| step_memory_bytes(config, batch, crops.side) <= free)
        )
    })
}

fn gibibytes(bytes: u64) -> f64 {
    bytes as f64 / (1_u64 << 30) as f64
}

/// What to choose instead of a batch that is too large.
fn remedy(crops: StepCrops, fits: impl Fn(usize) -> bool) -> String {
    match (1..crops.batch).rev().find(|&batch| fits(batch)) {
        Some(fitting) => {
            let steps = (crops.batch * crops.accumulate).div_ceil(fitting);
            format!("choose a batch of {fitting} or less; to accumulate {steps} of them a step makes up for it")
        }
        None => "choose a smaller crop or fewer base channels".to_owned(),
    }
}

/// Why the largest tensor does not fit a device with buffers of at most `limit` bytes, with a remedy.
pub fn buffer_problem(config: &ModelConfig, classes: usize, crops: StepCrops, limit: u64) -> Option<String> {
    let bytes = largest_tensor_bytes(config, classes, crops.batch, crops.side);
    if bytes <= limit {
        return None;
    }
    let remedy = remedy(crops, |batch| largest_tensor_bytes(config, classes, batch, crops.side) <= limit);
    let mebibytes = |n: u64| n >> 20;
    Some(format!(
        "the largest tensor needs {} MiB, but a buffer of the device holds only {} MiB: {remedy}",
        mebibytes(bytes),
        mebibytes(limit)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crops(batch: usize, side: u32) -> StepCrops {
        StepCrops { batch, accumulate: 1, side }
    }

    #[test]
    fn only_a_step_that_cannot_fit_is_refused() {
        let small = ModelConfig { base: 4, levels: 3, ..ModelConfig::default() };
        assert!(memory_problem(&small, crops(4, 5000), 1 << 30).is_some_and(|p| p.contains("smaller crop")));
        let bytes = step_memory_bytes(&small, 1, 512);
        let problem = memory_problem(&small, crops(8, 512), 3 * bytes).expect("too large");
        assert!(problem.contains("a batch of 3 or less; to accumulate 3 of them a step"), "{problem}");
        let accumulated = StepCrops { accumulate: 2, ..crops(8, 512) };
        let problem = memory_problem(&small, accumulated, 3 * bytes).expect("too large");
        assert!(problem.contains("a batch of 3 or less; to accumulate 6 of them a step"), "{problem}");
        let nearest = ModelConfig { upsampling: Upsampling::Nearest, ..small.clone() };
        assert_eq!(step_memory_bytes(&nearest, 2, 64) - step_memory_bytes(&small, 2, 64), 2 * 8 * 64 * 64 * 4);
        let nested = ModelConfig { arch: Arch::UNetPlusPlus, levels: 4, ..small.clone() };
        let deep = ModelConfig { deep_supervision: true, ..nested.clone() };
        assert_eq!(step_memory_bytes(&deep, 3, 64) - step_memory_bytes(&nested, 3, 64), 2 * 2 * 3 * 64 * 64 * 4);
        let laptop = ModelConfig::default();
        assert_eq!(memory_problem(&laptop, crops(4, 256), 2 << 30), None);
    }

    #[test]
    fn the_crops_of_all_batches_of_a_step_must_fit() {
        // 64·4 crops of 1024² pixels, each with three floats and two bytes: 3.5 GiB, 14 MiB a crop.
        let crops = StepCrops { batch: 4, accumulate: 64, side: 1024 };
        assert_eq!(crops.bytes(), 256 * (14 << 20));
        assert_eq!(crops.problem(crops.bytes()), None);
        let problem = crops.problem(1 << 30).expect("too large");
        assert!(
            problem.contains("the 256 crops of a step need 3.5 GiB") && problem.contains("18 batches"),
            "{problem}"
        );
        assert!(crops.problem(1 << 20).is_some_and(|problem| problem.contains("smaller batches or crops")));
    }

    #[test]
    fn a_tensor_too_large_for_a_buffer_is_refused() {
        // U-Net++ base 64, 5 levels, batch 8, 512²: 5·64 channels, 2560 MiB. Many adapters hold at most 2 GiB in a
        // buffer.
        let config = ModelConfig { arch: Arch::UNetPlusPlus, base: 64, ..ModelConfig::default() };
        assert_eq!(largest_tensor_bytes(&config, 7, 8, 512) >> 20, 2560);
        let problem = buffer_problem(&config, 7, crops(8, 512), 1 << 31).expect("too large");
        assert!(problem.contains("2560 MiB") && problem.contains("batch of 6"), "{problem}");
        assert_eq!(buffer_problem(&config, 7, crops(6, 512), 1 << 31), None);
        // The expanded activation of the encoder's second block: 96 channels at half the resolution.
        let lite0 = ModelConfig { encoder: Encoder::Lite0, ..ModelConfig::default() };
        assert_eq!(largest_tensor_bytes(&lite0, 7, 4, 256), 4 * 96 * 128 * 128 * 4);
        let hopeless = buffer_problem(&config, 7, crops(1, 4096), 1 << 20).expect("too large");
        assert!(hopeless.contains("smaller crop"), "{hopeless}");
    }
}
