//! The convolution block as one operator: twice 3×3 convolution, batch norm and ReLU.
//!
//! Only the results of the convolutions are written to memory. The first activation is computed while the second
//! convolution packs its input, in the forward pass and again in the backward pass. So are the gradients through norm
//! and ReLU (see `conv::source`).

use super::conv::backward;
use super::conv::backward_strips::InputGradient;
use super::conv::epilogue::Epilogue;
use super::conv::forward::convolve;
use super::conv::output::ConvOutput;
use super::conv::source::{ConvInput, Prologue, Source};
use super::conv::weights::{PackedWeights, WeightLayout};
use super::memory::Buffer;
use super::norm::{FoldedNorm, FoldedNormBackward, GroupNormOf, NormGradients, Statistics, apply_relu};
use super::output::Output;
use super::shape::Shape;

/// Taps of a 3×3 window.
const TAPS: usize = 9;

/// Parameters of one stage: a convolution without bias and the normalisation after it. [`super::group_block`] has that with groups.
#[derive(Clone, Copy)]
pub struct Stage<'a> {
    /// `[out_channels, in_channels, 3, 3]`
    pub weights: &'a [f32],
    /// Scale of the normalisation, `[out_channels]`.
    pub gamma: &'a [f32],
    /// Shift of the normalisation, `[out_channels]`.
    pub beta: &'a [f32],
    /// Added to the variance.
    pub epsilon: f32,
    /// Groups of channels of group norm, whose input is one image; `None` for batch norm.
    pub groups: Option<usize>,
}

/// Gradients of a stage's parameters.
pub struct StageGradients {
    /// `[out_channels, in_channels, 3, 3]`
    pub weights: Buffer,
    /// Of `gamma` and `beta`.
    pub norm: NormGradients,
}

impl Stage<'_> {
    fn out_channels(&self) -> usize {
        self.gamma.len()
    }

    fn layout(&self, in_channels: usize) -> WeightLayout {
        WeightLayout::convolution(self.out_channels(), in_channels, TAPS)
    }

    fn fold(&self, statistics: &Statistics) -> FoldedNorm {
        FoldedNorm::new(statistics, self.gamma, self.beta, self.epsilon)
    }
}

/// What a stage's forward pass saves for the backward pass: the convolution's result and its statistics.
#[derive(Debug)]
pub struct SavedStage {
    y: Buffer,
    shape: Shape,
    /// Mean and variance of each channel.
    pub statistics: Statistics,
    norm: FoldedNorm,
}

impl SavedStage {
    fn forward(input: &ConvInput<'_>, stage: &Stage<'_>) -> Self {
        let shape = input.shape().with_channels(stage.out_channels());
        let mut y = Buffer::new(shape.len());
        let weights = PackedWeights::new(stage.weights, stage.layout(input.shape().channels));
        let measured = convolve(input, &weights, ConvOutput::overwrite(&mut y, shape), Epilogue::Measure)
            .expect("the epilogue measures statistics");
        let statistics = match stage.groups {
            None => measured,
            Some(groups) => measured.of_groups(groups),
        };
        let norm = stage.fold(&statistics);
        Self { y, shape, statistics, norm }
    }

    fn activation(&self) -> ConvInput<'_> {
        let prologue = Prologue::NormRelu { y: &self.y, norm: &self.norm };
        ConvInput::new(vec![Source { prologue, shape: self.shape }])
    }
}

/// Values and shape of an input tensor.
pub type TensorView<'a> = (&'a [f32], Shape);

fn concatenated<'a>(inputs: &[TensorView<'a>]) -> ConvInput<'a> {
    ConvInput::new(inputs.iter().map(|&(values, shape)| Source::stored(values, shape)).collect())
}

/// Forward pass with the batch's own statistics, of `inputs` concatenated along the channels. Also returns what
/// [`backward`] needs.
///
/// # Shapes
/// - `inputs`: `[batch, _, height, width]`
/// - result: `[batch, out_channels, height, width]`, with the channels of the second stage
///
/// # Panics
/// When inputs and parameters do not match in size.
pub fn forward(inputs: &[TensorView<'_>], stages: [Stage<'_>; 2]) -> (Buffer, [SavedStage; 2]) {
    let first = SavedStage::forward(&concatenated(inputs), &stages[0]);
    let second = SavedStage::forward(&first.activation(), &stages[1]);
    let mut z = Buffer::new(second.shape.len());
    apply_relu(&second.y, second.shape, &second.norm, &mut z);
    (z, [first, second])
}

/// Forward pass with known statistics.
///
/// # Panics
/// When inputs and parameters do not match in size.
pub fn infer(inputs: &[TensorView<'_>], stages: [Stage<'_>; 2], statistics: [&Statistics; 2]) -> Buffer {
    let run = |input: &ConvInput<'_>, stage: &Stage<'_>, statistics| {
        let shape = input.shape().with_channels(stage.out_channels());
        let mut z = Buffer::new(shape.len());
        let weights = PackedWeights::new(stage.weights, stage.layout(input.shape().channels));
        let norm = stage.fold(statistics);
        convolve(input, &weights, ConvOutput::overwrite(&mut z, shape), Epilogue::NormRelu(&norm));
        (z, shape)
    };
    let (z, shape) = run(&concatenated(inputs), &stages[0], statistics[0]);
    run(&concatenated(&[(&z, shape)]), &stages[1], statistics[1]).0
}

/// Backward pass from `upstream`, the gradient of the result: returns the gradients of all parameters. Writes those of
/// the inputs to `of_inputs`, one entry per input; an input without an [`Output`] needs none.
///
/// # Panics
/// When the arguments are not those of one call of [`forward`].
pub fn backward(
    inputs: &[TensorView<'_>],
    of_inputs: Vec<Option<Output<'_>>>,
    stages: [Stage<'_>; 2],
    saved: &[SavedStage; 2],
    upstream: &[f32],
) -> [StageGradients; 2] {
    let [first, second] = saved;
    let mut between = Buffer::new(first.shape.len());
    let of_activation = ConvOutput::overwrite(&mut between, first.shape);
    let of_second = stage_backward(&first.activation(), &stages[1], second, upstream, Some(of_activation));
    let of_inputs = of_inputs.iter().any(Option::is_some).then(|| {
        ConvOutput::Planes(of_inputs.into_iter().zip(inputs).map(|(output, (_, shape))| (output, *shape)).collect())
    });
    let of_first = stage_backward(&concatenated(inputs), &stages[0], first, &between, of_inputs);
    [of_first, of_second]
}

/// Backward pass through ReLU, norm and convolution of one stage.
fn stage_backward(
    input: &ConvInput<'_>,
    stage: &Stage<'_>,
    saved: &SavedStage,
    upstream: &[f32],
    of_input: Option<ConvOutput<'_>>,
) -> StageGradients {
    let SavedStage { y, shape, statistics, norm } = saved;
    let &Stage { gamma, epsilon, groups, .. } = stage;
    let (norm, norm_gradients) = match groups {
        None => FoldedNormBackward::new(upstream, y, *shape, statistics, gamma, norm, epsilon),
        Some(groups) => GroupNormOf { statistics, gamma, norm, epsilon, groups }.backward(upstream, y, *shape),
    };
    let prologue = Prologue::NormReluBackward { upstream, y, norm: &norm };
    let gradient = ConvInput::new(vec![Source { prologue, shape: *shape }]);
    let layout = stage.layout(input.shape().channels).backward();
    let of_input = of_input.map(|output| InputGradient { weights: PackedWeights::new(stage.weights, layout), output });
    StageGradients { weights: backward::backward(input, &gradient, TAPS, of_input), norm: norm_gradients }
}
