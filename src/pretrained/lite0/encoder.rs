//! The encoder of EfficientNet-Lite0 (Tan, Le: "EfficientNet", ICML 2019): ReLU6, no squeeze-and-excitation; forward
//! only, on the CPU.

use rayon::prelude::*;

use super::inverted_residual::InvertedResidual;
use super::pointwise::Pointwise;
use super::rows::Rows;
use crate::kernels::depthwise::bias_relu6;
use crate::kernels::matrix::Layout;

/// Both sides of an image must be multiples of this.
pub const STRIDE: usize = 32;
/// Values under the stem's window: 3 channels of 3×3 pixels.
const STEM_TAPS: usize = 27;

/// All layers up to the last block; the classifier is left out.
#[derive(Clone, Debug)]
pub struct Encoder {
    /// 3×3 convolution with stride 2: `[32, 27]`, inputs in the order channel, row, column.
    pub stem: Pointwise,
    /// 16 blocks.
    pub blocks: Vec<InvertedResidual>,
}

impl Encoder {
    /// Outputs of the last blocks at strides 2, 4, 8, 16 and 32: 16, 24, 40, 112 and 320 channels.
    ///
    /// # Shapes
    /// - `image`: `[height, 3, width]`, multiples of [`STRIDE`], normalised as (x − 127) / 128
    pub fn stages(&self, image: &Rows) -> Vec<Rows> {
        self.stages_while(image, &|| true).expect("nothing stops it")
    }

    /// The same; `None` if `go_on` says between two blocks that they are no longer wanted.
    pub fn stages_while(&self, image: &Rows, go_on: &dyn Fn() -> bool) -> Option<Vec<Rows>> {
        let mut current = self.stem(image);
        let mut stages = Vec::new();
        for block in &self.blocks {
            if !go_on() {
                return None;
            }
            let next = block.forward(&current);
            let last = std::mem::replace(&mut current, next);
            if current.width < last.width {
                stages.push(last);
            }
        }
        stages.push(current);
        Some(stages)
    }

    fn stem(&self, image: &Rows) -> Rows {
        let mut out = Rows::zeros(self.stem.outputs, image.width / 2, image.height / 2);
        let (channels, width) = (out.channels, out.width);
        out.values.par_chunks_mut(channels * width).enumerate().for_each_init(
            || vec![0.0; STEM_TAPS * width],
            |taps, (y, row)| {
                gather_taps(image, y, taps);
                let taps = (&taps[..], Layout::row_major(STEM_TAPS, width));
                self.stem.multiply(row, Layout::row_major(channels, width), taps);
                bias_relu6(row, &self.stem.bias, width, width);
            },
        );
        out
    }
}

/// The values under a 3×3 window with stride 2 for each pixel of an output row: `[27, width]`. Padding lies right and below.
fn gather_taps(image: &Rows, y: usize, taps: &mut [f32]) {
    for (tap, values) in taps.chunks_mut(image.width / 2).enumerate() {
        let (channel, ky, kx) = (tap / 9, tap / 3 % 3, tap % 3);
        let source = 2 * y + ky;
        if source >= image.height {
            values.fill(0.0);
            continue;
        }
        let row = &image.row(source)[channel * image.width..][..image.width];
        for (x, value) in values.iter_mut().enumerate() {
            *value = row.get(2 * x + kx).copied().unwrap_or(0.0);
        }
    }
}
