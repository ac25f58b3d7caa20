//! Memory estimates for a run, made before it starts.

use super::convolve::LARGEST_TENSOR;
use super::input::IN_CHANNELS;
use super::lite0_unet::{decoder_channels, skip_channels};
use crate::domain::config::{Arch, Encoder, ModelConfig, StepSize, Upsampling};
use crate::pretrained::lite0::WIDEST_PER_PIXEL;

/// Bytes of a pixel of a crop in plain memory: colours, label, pseudo-label, and whether it exists.
const PIXEL_BYTES: u64 = (IN_CHANNELS * size_of::<f32>()) as u64 + 3;
/// Weights of EfficientNet-Lite0 without its classifier, about.
const LITE0_WEIGHTS: usize = 2_900_000;

/// Size of all crops of a step, in bytes. They are in plain memory at once, because how much a batch weighs depends on all.
pub fn crops_bytes(step: StepSize) -> u64 {
    step.crops() as u64 * PIXEL_BYTES * u64::from(step.input.side()).pow(2)
}

/// Size of what is written so that a run can be resumed, in bytes: weights, their average and two moments. A lower bound, by the weights of
/// the 3×3 convolutions and the up-sampling between them.
pub fn state_bytes(config: &ModelConfig) -> u64 {
    const COPIES: u64 = 4;
    COPIES * weights(config) * size_of::<f32>() as u64
}

/// Weights of a network, norm, biases and head left out.
fn weights(config: &ModelConfig) -> u64 {
    let block = |from: usize, to: usize| 9 * to * (from + to);
    let width = |level: usize| config.channels(level);
    let window = match config.upsampling {
        Upsampling::Transposed => 4,
        Upsampling::Nearest => 9,
    };
    let double = |level: usize| window * width(level + 1) * width(level);
    let above = |level: usize| if level == 0 { config.in_channels } else { width(level - 1) };
    let backbone: usize = (0..config.levels).map(|level| block(above(level), width(level))).sum();
    let up_levels = 0..config.levels.saturating_sub(1);
    let all = match (&config.encoder, config.arch) {
        (Encoder::None, Arch::UNet) => {
            backbone + up_levels.map(|level| double(level) + block(2 * width(level), width(level))).sum::<usize>()
        }
        (Encoder::None, Arch::UNetPlusPlus) => {
            let nested = |level: usize, column: usize| double(level) + block((column + 1) * width(level), width(level));
            let column = |column: usize| (0..config.levels - column).map(|level| nested(level, column)).sum::<usize>();
            backbone + (1..config.levels).map(column).sum::<usize>()
        }
        (Encoder::Lite0 | Encoder::File(_), _) => {
            let (width, deepest) = (|level| decoder_channels(config, level), config.halvings());
            let below = |level: usize| if level == deepest { skip_channels(level) } else { width(level) };
            let step = |level: usize| {
                window * below(level + 1) * width(level) + block(skip_channels(level) + width(level), width(level))
            };
            LITE0_WEIGHTS + (0..deepest).map(step).sum::<usize>()
        }
    };
    all as u64
}

/// Size of the largest single tensor of a training step, in bytes: a concatenation at full resolution that is not taken apart, or what is
/// in f32 always: images, what normalisation reads, convolutions in groups and logits.
pub fn largest_tensor_bytes(config: &ModelConfig, classes: usize, step: StepSize, is_mixed: bool) -> u64 {
    let pixels = step.batch as u64 * u64::from(step.input.side()).pow(2);
    let convolved = |channels: usize| channels as u64 * pixels * value_bytes(is_mixed);
    let concatenated = |level: usize| match (&config.encoder, config.arch) {
        (Encoder::None, Arch::UNet) => 2 * config.channels(level),
        (Encoder::None, Arch::UNetPlusPlus) => (config.levels - level) * config.channels(level),
        (Encoder::Lite0 | Encoder::File(_), _) => decoder_channels(config, level) + skip_channels(level),
    };
    let concatenations = (0..config.halvings()).map(|level| convolved(concatenated(level)) >> (2 * level));
    let whole = concatenations.filter(|bytes| *bytes <= LARGEST_TENSOR).max().unwrap_or(0);
    let expanded = if config.encoder == Encoder::None { 0 } else { WIDEST_PER_PIXEL };
    let exact = config.channels(0).max(config.in_channels).max(classes).max(expanded);
    whole.max(convolved(doubled_channels(config))).max(exact as u64 * pixels * value_bytes(false))
}

/// Bytes of a value that a convolution reads.
fn value_bytes(is_mixed: bool) -> u64 {
    if is_mixed { 2 } else { 4 }
}

/// Lower bound for the memory of a training step, in bytes: every block of a level saves about eight tensors of the
/// level's width for the backward pass. An estimate that serves to refuse hopeless runs, not a measurement.
pub fn step_memory_bytes(config: &ModelConfig, step: StepSize, is_mixed: bool) -> u64 {
    const SAVED: u64 = 8;
    let (batch, size) = (step.batch, step.input.side());
    let halvings = config.halvings();
    let channels = |level: usize| match (&config.encoder, config.arch) {
        (Encoder::None, Arch::UNet) => config.channels(level) * (2 - usize::from(level == halvings)),
        (Encoder::None, Arch::UNetPlusPlus) => config.channels(level) * (config.levels - level),
        (Encoder::Lite0 | Encoder::File(_), _) if level == halvings => skip_channels(level),
        (Encoder::Lite0 | Encoder::File(_), _) => decoder_channels(config, level) + skip_channels(level),
    };
    let level = |level: usize| {
        let side = u64::from(size) >> level;
        SAVED * batch as u64 * channels(level) as u64 * side * side * value_bytes(is_mixed)
    };
    let doubled = (batch * doubled_channels(config)) as u64 * u64::from(size).pow(2) * value_bytes(is_mixed);
    (0..=halvings).map(level).sum::<u64>() + doubled + side_head_bytes(config, batch, size)
}

/// Size of the logits of further heads, which tell two classes apart or more.
fn side_head_bytes(config: &ModelConfig, batch: usize, size: u32) -> u64 {
    (2 * batch * config.side_heads()) as u64 * u64::from(size).pow(2) * size_of::<f32>() as u64
}

/// Channels that the last step of a decoder convolves at full resolution to double it: with nearest up-sampling, all of the level below.
fn doubled_channels(config: &ModelConfig) -> usize {
    match (config.upsampling, &config.encoder) {
        (Upsampling::Transposed, _) => 0,
        (Upsampling::Nearest, Encoder::None) => config.channels(1),
        (Upsampling::Nearest, Encoder::Lite0 | Encoder::File(_)) => decoder_channels(config, 1),
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;
    use crate::domain::config::{InputSize, Norm};
    use crate::model::Net;

    fn step(batch: usize, side: u32) -> StepSize {
        StepSize { batch, accumulate: 1, input: InputSize::Crop(side) }
    }

    #[test]
    fn the_weights_are_nearly_all_parameters() {
        let small = ModelConfig { base: 8, levels: 4, ..ModelConfig::default() };
        let nested = ModelConfig { arch: Arch::UNetPlusPlus, ..small.clone() };
        let pretrained = ModelConfig { encoder: Encoder::Lite0, ..ModelConfig::default() };
        let nearest = |model: &ModelConfig| ModelConfig { upsampling: Upsampling::Nearest, ..model.clone() };
        let other = [nearest(&small), nearest(&nested), nearest(&pretrained)];
        let group = ModelConfig { norm: Norm::Group, in_channels: 12, ..small.clone() };
        let deep = ModelConfig { deep_supervision: true, ..nested.clone() };
        for config in [small, nested, pretrained, group, deep].into_iter().chain(other) {
            let all = Net::new(&config, 7, &Device::flex().autodiff()).parameters() as f64;
            let share = state_bytes(&config) as f64 / 16.0 / all;
            assert!((0.9..=1.0).contains(&share), "{share} of {all}: {config:?}");
        }
    }

    #[test]
    fn further_heads_and_doubled_levels_take_memory() {
        let small = ModelConfig { base: 4, levels: 3, ..ModelConfig::default() };
        let nearest = ModelConfig { upsampling: Upsampling::Nearest, ..small.clone() };
        fn bytes(config: &ModelConfig, batch: usize, is_mixed: bool) -> u64 {
            step_memory_bytes(config, step(batch, 64), is_mixed)
        }
        assert_eq!(bytes(&nearest, 2, false) - bytes(&small, 2, false), 2 * 8 * 64 * 64 * 4);
        assert_eq!(bytes(&nearest, 2, true) * 2, bytes(&nearest, 2, false));
        let nested = ModelConfig { arch: Arch::UNetPlusPlus, levels: 4, ..small };
        let deep = ModelConfig { deep_supervision: true, ..nested.clone() };
        assert_eq!(bytes(&deep, 3, false) - bytes(&nested, 3, false), 2 * 2 * 3 * 64 * 64 * 4);
    }

    #[test]
    fn a_crop_takes_fifteen_bytes_a_pixel() {
        let step = StepSize { batch: 4, accumulate: 64, input: InputSize::Crop(1024) };
        assert_eq!(crops_bytes(step), 256 * (15 << 20));
    }

    #[test]
    fn the_largest_tensor_is_the_widest_at_full_resolution() {
        fn mib(config: &ModelConfig, batch: usize, size: u32, is_mixed: bool) -> u64 {
            largest_tensor_bytes(config, 7, step(batch, size), is_mixed) >> 20
        }
        let nested = ModelConfig { arch: Arch::UNetPlusPlus, base: 64, ..ModelConfig::default() };
        assert_eq!(mib(&nested, 6, 512, false), 1920, "5·64 channels");
        assert_eq!(mib(&nested, 6, 512, true), 960, "half of that");
        assert_eq!(mib(&nested, 8, 512, false), 1024, "2560 MiB would fit no buffer: 4·128 channels of the next level");
        let nearest = ModelConfig { upsampling: Upsampling::Nearest, levels: 3, ..nested };
        assert_eq!(mib(&nearest, 15, 512, false), 1920, "128 channels at full resolution, of one tensor");
        // The expanded activation of the encoder's second block: 96 channels at half the resolution, convolved in groups, so in f32.
        let lite0 = ModelConfig { encoder: Encoder::Lite0, ..ModelConfig::default() };
        for is_mixed in [false, true] {
            assert_eq!(largest_tensor_bytes(&lite0, 7, step(4, 256), is_mixed), 4 * 96 * 128 * 128 * 4);
        }
    }

    #[test]
    fn the_published_settings_of_landcover_ai_fit_a_buffer() {
        for (arch, is_mixed) in
            [Arch::UNet, Arch::UNetPlusPlus].into_iter().flat_map(|arch| [(arch, false), (arch, true)])
        {
            let model = ModelConfig { arch, base: 64, ..ModelConfig::default() };
            let bytes = largest_tensor_bytes(&model, 5, step(32, 384), is_mixed);
            assert_eq!(bytes >> 20, 1152, "{arch:?}: what normalisation reads, in f32");
        }
    }
}
