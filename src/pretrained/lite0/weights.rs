//! Reads the encoder's weights, with PyTorch's names. Batch norm is folded into the convolutions.

use super::super::files::Weights;
use super::encoder::Encoder;
use super::inverted_residual::InvertedResidual;
use super::pointwise::Pointwise;
use crate::kernels::depthwise::Depthwise;

/// EfficientNet-Lite0: repeats, window, stride, expansion, channels of each stage.
const STAGES: [(usize, usize, usize, usize, usize); 7] = [
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
];
/// Channels of the last blocks at strides 2, 4, 8, 16 and 32.
pub const STAGE_CHANNELS: [usize; 5] = [16, 24, 40, 112, 320];
/// Values of the largest activation for each pixel of the image: the second block expands 16 channels to 96, at half the
/// resolution.
pub const WIDEST_PER_PIXEL: usize = 96 / 4;
/// Channels of the stem.
const STEM: usize = 32;
/// Batch norm's epsilon, as in TensorFlow.
const EPSILON: f32 = 1e-3;

struct Reader<'a> {
    weights: &'a Weights<'a>,
    /// What comes before the names of all tensors, such as `module.`.
    prefix: String,
}

impl Reader<'_> {
    fn values(&self, name: &str, count: usize) -> Result<Vec<f32>, String> {
        self.weights.values(&format!("{}{name}", self.prefix), count)
    }

    /// A convolution's weights with batch norm folded in, and the bias that it leaves.
    fn folded(&self, conv: &str, norm: &str, outputs: usize, each: usize) -> Result<(Vec<f32>, Vec<f32>), String> {
        let mut weights = self.values(&format!("{conv}.weight"), outputs * each)?;
        let part = |name: &str| self.values(&format!("{norm}.{name}"), outputs);
        let (gamma, beta, mean, var) = (part("weight")?, part("bias")?, part("running_mean")?, part("running_var")?);
        let mut bias = Vec::with_capacity(outputs);
        for (i, weights) in weights.chunks_mut(each).enumerate() {
            let scale = gamma[i] / (var[i] + EPSILON).sqrt();
            weights.iter_mut().for_each(|weight| *weight *= scale);
            bias.push(beta[i] - mean[i] * scale);
        }
        match weights.iter().chain(&bias).all(|value| value.is_finite()) {
            true => Ok((weights, bias)),
            false => Err(format!("{conv} and {norm} have values that are no numbers")),
        }
    }

    fn pointwise(&self, conv: &str, norm: &str, inputs: usize, outputs: usize) -> Result<Pointwise, String> {
        let (weights, bias) = self.folded(conv, norm, outputs, inputs)?;
        Ok(Pointwise { inputs, outputs, weights, bias })
    }
}

impl Encoder {
    /// From a file's tensors.
    ///
    /// # Errors
    /// If a tensor is missing or has another size.
    pub(in crate::pretrained) fn of(weights: &Weights<'_>) -> Result<Self, String> {
        let reader = Reader { prefix: weights.prefix_of("_conv_stem.weight")?, weights };
        let stem = reader.pointwise("_conv_stem", "_bn0", 27, STEM)?;
        let (mut blocks, mut inputs) = (Vec::new(), STEM);
        for (repeats, side, first_stride, expansion, outputs) in STAGES {
            for repeat in 0..repeats {
                let stride = if repeat == 0 { first_stride } else { 1 };
                let name = |part: &str| format!("_blocks.{}.{part}", blocks.len());
                let wide = inputs * expansion;
                let expand = (expansion > 1)
                    .then(|| reader.pointwise(&name("_expand_conv"), &name("_bn0"), inputs, wide))
                    .transpose()?;
                let (weights, bias) = reader.folded(&name("_depthwise_conv"), &name("_bn1"), wide, side * side)?;
                let depthwise = Depthwise { side, stride, weights, bias };
                let project = reader.pointwise(&name("_project_conv"), &name("_bn2"), wide, outputs)?;
                let residual = stride == 1 && inputs == outputs;
                blocks.push(InvertedResidual { expand, depthwise, project, residual });
                inputs = outputs;
            }
        }
        Ok(Self { stem, blocks })
    }
}
