//! Memory estimates for a run, made before it starts.

use super::input::IN_CHANNELS;
use super::lite0_unet::{decoder_channels, skip_channels};
use crate::domain::config::{Arch, Encoder, ModelConfig};
use crate::pretrained::lite0::WIDEST_PER_PIXEL;

/// Size of the largest single tensor of a training step, in bytes. That is the widest concatenation at full resolution
/// (the input of the first level's last block), or the logits if there are very many classes.
pub fn largest_tensor_bytes(config: &ModelConfig, classes: usize, batch: usize, size: u32) -> u64 {
    let concatenated = match (&config.encoder, config.arch) {
        (Encoder::None, Arch::UNet) => 2 * config.channels(0),
        (Encoder::None, Arch::UNetPlusPlus) => config.levels * config.channels(0),
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
    (0..=halvings).map(level).sum()
}

/// Why a step does not fit into `free` bytes of memory, with a remedy.
pub fn memory_problem(config: &ModelConfig, batch: usize, size: u32, free: u64) -> Option<String> {
    let bytes = step_memory_bytes(config, batch, size);
    (bytes > free).then(|| {
        let gibibytes = |n: u64| n as f64 / (1_u64 << 30) as f64;
        format!(
            "a training step needs at least {:.1} GiB of memory, but only {:.1} GiB are free: {}",
            gibibytes(bytes),
            gibibytes(free),
            remedy(batch, |batch| step_memory_bytes(config, batch, size) <= free)
        )
    })
}

/// What to choose instead of a batch that is too large.
fn remedy(batch: usize, fits: impl Fn(usize) -> bool) -> String {
    match (1..batch).rev().find(|&batch| fits(batch)) {
        Some(fitting) => {
            let steps = batch.div_ceil(fitting);
            format!("choose a batch of {fitting} or less; to accumulate {steps} of them a step makes up for it")
        }
        None => "choose a smaller crop or fewer base channels".to_owned(),
    }
}

/// Why the largest tensor does not fit a device with buffers of at most `limit` bytes, with a remedy.
pub fn buffer_problem(config: &ModelConfig, classes: usize, batch: usize, size: u32, limit: u64) -> Option<String> {
    let bytes = largest_tensor_bytes(config, classes, batch, size);
    if bytes <= limit {
        return None;
    }
    let remedy = remedy(batch, |batch| largest_tensor_bytes(config, classes, batch, size) <= limit);
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

    #[test]
    fn only_a_step_that_cannot_fit_is_refused() {
        let small = ModelConfig { base: 4, levels: 3, ..ModelConfig::default() };
        assert!(memory_problem(&small, 4, 5000, 1 << 30).is_some_and(|p| p.contains("smaller crop")));
        let bytes = step_memory_bytes(&small, 1, 512);
        let problem = memory_problem(&small, 8, 512, 3 * bytes).expect("too large");
        assert!(problem.contains("a batch of 3 or less; to accumulate 3 of them a step"), "{problem}");
        let laptop = ModelConfig::default();
        assert_eq!(memory_problem(&laptop, 4, 256, 2 << 30), None);
    }

    #[test]
    fn a_tensor_too_large_for_a_buffer_is_refused() {
        // U-Net++ base 64, 5 levels, batch 8, 512²: 5·64 channels, 2560 MiB. Many adapters hold at most 2 GiB in a
        // buffer.
        let config = ModelConfig { arch: Arch::UNetPlusPlus, base: 64, ..ModelConfig::default() };
        assert_eq!(largest_tensor_bytes(&config, 7, 8, 512) >> 20, 2560);
        let problem = buffer_problem(&config, 7, 8, 512, 1 << 31).expect("too large");
        assert!(problem.contains("2560 MiB") && problem.contains("batch of 6"), "{problem}");
        assert_eq!(buffer_problem(&config, 7, 6, 512, 1 << 31), None);
        // The expanded activation of the encoder's second block: 96 channels at half the resolution.
        let lite0 = ModelConfig { encoder: Encoder::Lite0, ..ModelConfig::default() };
        assert_eq!(largest_tensor_bytes(&lite0, 7, 4, 256), 4 * 96 * 128 * 128 * 4);
        let hopeless = buffer_problem(&config, 7, 1, 4096, 1 << 20).expect("too large");
        assert!(hopeless.contains("smaller crop"), "{hopeless}");
    }
}
