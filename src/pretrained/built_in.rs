//! The encoder that comes with the program.

use std::sync::LazyLock;

use super::files::Weights;
use super::lite0::Encoder;

/// EfficientNet-Lite0 with ImageNet weights, as `assets/lite0.py` makes the file.
static WEIGHTS: &[u8] = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/lite0.safetensors"));

static ENCODER: LazyLock<Encoder> = LazyLock::new(|| {
    let read = Weights::open(WEIGHTS).and_then(|weights| Encoder::of(&weights));
    read.expect("the file that comes with the program is whole")
});

/// The encoder, read at the first call.
pub fn built_in() -> &'static Encoder {
    &ENCODER
}

#[cfg(test)]
pub(crate) use tests::assert_stages;

#[cfg(test)]
mod tests {
    use image::RgbImage;

    use super::*;
    use crate::pretrained::lite0::Rows;

    /// A picture whose stages PyTorch was asked for (`assets/lite0.py --reference`).
    fn picture() -> Rows {
        let image = RgbImage::from_fn(64, 32, |x, y| image::Rgb([(x * 4) as u8, (y * 8) as u8, (x * y % 251) as u8]));
        let mut rows = Rows::zeros(3, 64, 32);
        for (x, y, pixel) in image.enumerate_pixels() {
            for channel in 0..3 {
                let at = (y as usize * 3 + channel) * 64 + x as usize;
                rows.values[at] = (f32::from(pixel[channel]) - 127.0) / 128.0;
            }
        }
        rows
    }

    #[test]
    fn stages_are_those_of_pytorch() {
        assert_stages(built_in(), 0.0, 0.02);
    }

    /// Compares an encoder's stages with PyTorch's, within a difference and a share of each stage's maximum.
    pub(crate) fn assert_stages(encoder: &Encoder, difference: f32, share: f32) {
        // Mean, mean of absolute values, and the first and the last value of each stage.
        const REFERENCE: [[f32; 4]; 5] = [
            [-0.3682, 6.5043, 7.1653, -4.4469],
            [0.3962, 9.2302, -5.3946, 12.8987],
            [-0.2931, 8.5189, 2.254, -21.0654],
            [1.6103, 7.0398, 3.2927, 3.6585],
            [0.0806, 2.9096, -1.1494, -2.2966],
        ];
        let stages = encoder.stages(&picture());
        assert_eq!(stages.len(), REFERENCE.len());
        for (stage, want) in stages.iter().zip(REFERENCE) {
            let count = stage.values.len() as f32;
            let mean = stage.values.iter().sum::<f32>() / count;
            let size = stage.values.iter().map(|value| value.abs()).sum::<f32>() / count;
            let last = stage.values[stage.values.len() - 1];
            let largest = stage.values.iter().fold(0.0_f32, |largest, value| largest.max(value.abs()));
            for (got, want) in [mean, size, stage.values[0], last].iter().zip(want) {
                assert!((got - want).abs() < difference + share * largest, "{} channels: {got} {want}", stage.channels);
            }
        }
    }
}
