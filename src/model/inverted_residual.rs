//! Inverted residual block (Sandler et al.: "MobileNetV2", CVPR 2018): expand, filter depthwise, project.
//!
//! Batch norm is folded into the convolutions and stays as ImageNet left it: with the few crops of a batch, its statistics
//! would be too noisy to learn from, and a block whose layers need no statistics runs as one operator.

use burn::Tensor;
use burn::module::{Module, Param};
use burn::nn::PaddingConfig2d;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::tensor::{Device, TensorData};

use super::convolve::convolve;
use crate::kernels::depthwise::Depthwise;
use crate::kernels::flex::{self, LayerTensors};
use crate::pretrained::lite0;

/// Blocks give their outputs divided by this. As ImageNet left them, they have a deviation of about 8, and drown whatever a
/// decoder concatenates with them. A power of two changes no digit, and folded weights come closer to each other in size:
/// those of a projection were ten times those of an expansion, and Adam moves all of them by equal steps.
pub(super) const SHRINK: f32 = 8.0;

/// A block of the encoder.
#[derive(Module, Debug)]
pub(super) struct InvertedResidual {
    /// To six times the channels, with ReLU6. The first block has none.
    expand: Option<Conv2d>,
    /// With ReLU6.
    depthwise: Conv2d,
    /// Without activation.
    project: Conv2d,
}

impl InvertedResidual {
    /// With the weights of a block, except that it gives its output divided by [`SHRINK`], and expects other blocks' outputs
    /// so.
    pub(super) fn new(block: &lite0::InvertedResidual, device: &Device) -> Self {
        let project = lite0::Pointwise {
            weights: block.project.weights.iter().map(|weight| weight / SHRINK).collect(),
            bias: block.project.bias.iter().map(|bias| bias / SHRINK).collect(),
            ..block.project
        };
        let expand = block.expand.as_ref().map(|expand| lite0::Pointwise {
            weights: expand.weights.iter().map(|weight| weight * SHRINK).collect(),
            bias: expand.bias.clone(),
            ..*expand
        });
        Self {
            expand: expand.map(|expand| pointwise(&expand, device)),
            depthwise: depthwise(&block.depthwise, device),
            project: pointwise(&project, device),
        }
    }

    /// Adds the input to the output where both have the same shape.
    ///
    /// # Shapes
    /// - `x`: `[batch, in, height, width]`, both sides multiples of the stride
    /// - result: `[batch, out, height / stride, width / stride]`
    pub(super) fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let layers: Vec<_> = self.expand.iter().chain([&self.depthwise, &self.project]).map(tensors).collect();
        flex::inverted_residual(&x, &layers, self.stride()).unwrap_or_else(|| self.by_burn(x))
    }

    fn by_burn(&self, x: Tensor<4>) -> Tensor<4> {
        let wide = self.expand.as_ref().map_or_else(|| x.clone(), |expand| relu6(convolve(expand, x.clone())));
        let projected = convolve(&self.project, relu6(convolve(&self.depthwise, wide)));
        if projected.dims() == x.dims() { projected + x } else { projected }
    }

    /// Pixels from one output to the next.
    pub(super) fn stride(&self) -> usize {
        self.depthwise.stride[0]
    }
}

/// The parameters of a layer, for the kernels.
pub(super) fn tensors(conv: &Conv2d) -> LayerTensors {
    let bias = conv.bias.as_ref().expect("the encoder's layers have a bias");
    LayerTensors { weights: conv.weight.val(), bias: bias.val() }
}

/// `min(max(x, 0), 6)`
pub(super) fn relu6(x: Tensor<4>) -> Tensor<4> {
    x.clamp(0.0, 6.0)
}

/// A layer with given weights `[out, in / groups, side, side]` and bias.
pub(super) fn conv(config: &Conv2dConfig, weights: &[f32], bias: &[f32], device: &Device) -> Conv2d {
    let [inputs, outputs] = config.channels;
    let [height, width] = config.kernel_size;
    let shape = [outputs, inputs / config.groups, height, width];
    let mut conv = config.init(device);
    conv.weight = Param::from_data(TensorData::new(weights.to_vec(), shape), device);
    conv.bias = Some(Param::from_data(TensorData::new(bias.to_vec(), [outputs]), device));
    conv
}

fn pointwise(layer: &lite0::Pointwise, device: &Device) -> Conv2d {
    let config = Conv2dConfig::new([layer.inputs, layer.outputs], [1, 1]);
    conv(&config, &layer.weights, &layer.bias, device)
}

fn depthwise(layer: &Depthwise, device: &Device) -> Conv2d {
    let (channels, stride) = (layer.bias.len(), layer.stride);
    let config = Conv2dConfig::new([channels, channels], [layer.side; 2])
        .with_groups(channels)
        .with_stride([stride; 2])
        .with_padding(same_padding(layer.side, stride));
    conv(&config, &layer.weights, &layer.bias, device)
}

/// The padding that TensorFlow calls "same", for sides that are multiples of the stride: where it is odd, the larger part
/// lies right and below.
pub(super) fn same_padding(side: usize, stride: usize) -> PaddingConfig2d {
    let before = (side - stride) / 2;
    let after = side - stride - before;
    PaddingConfig2d::Explicit(before, before, after, after)
}

#[cfg(test)]
mod tests {
    use burn::module::ModuleVisitor;
    use burn::optim::GradientsParams;
    use burn::tensor::Distribution;

    use super::*;
    use crate::pretrained;

    type Forward = fn(&InvertedResidual, Tensor<4>) -> Tensor<4>;

    /// All gradients of a module, in visiting order.
    struct Collect {
        gradients: GradientsParams,
        found: Vec<Vec<f32>>,
    }

    impl ModuleVisitor for Collect {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let gradient = self.gradients.get::<D>(param.id).expect("every parameter has a gradient");
            self.found.push(floats(gradient));
        }
    }

    fn floats<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
        tensor.into_data().try_to_vec().expect("f32")
    }

    /// Output and all gradients, that of the input first, of a loss that reads the input as well.
    fn pass(block: &InvertedResidual, x: &Tensor<4>, forward: Forward) -> Vec<Vec<f32>> {
        let x = x.clone().detach().require_grad();
        let out = forward(block, x.clone());
        let gradients = ((out.clone() * out.clone()).mean() + x.clone().mean()).backward();
        let mut found = vec![floats(out), floats(x.grad(&gradients).expect("the input is tracked"))];
        let gradients = GradientsParams::from_grads(gradients, block);
        let mut collect = Collect { gradients, found: Vec::new() };
        block.visit(&mut collect);
        found.extend(collect.found);
        found
    }

    /// What runs on the CPU is what runs on GPUs: without expansion, with both strides and windows, and residual.
    #[test]
    fn the_kernel_computes_what_burn_s_operators_do() {
        let device = Device::flex().autodiff();
        device.seed(3);
        for index in [0, 1, 2, 3, 4, 15] {
            let weights = &pretrained::built_in().blocks[index];
            let block = InvertedResidual::new(weights, &device);
            let inputs = weights.expand.as_ref().map_or(weights.project.inputs, |expand| expand.inputs);
            let x = Tensor::random([2, inputs, 12, 20], Distribution::Uniform(-0.5, 0.5), &device);
            let ours = pass(&block, &x, InvertedResidual::forward);
            let burns = pass(&block, &x, InvertedResidual::by_burn);
            assert_eq!(ours.len(), burns.len());
            for (part, (ours, burns)) in ours.iter().zip(&burns).enumerate() {
                let largest = burns.iter().fold(0.0_f32, |largest, value| largest.max(value.abs()));
                for (ours, burns) in ours.iter().zip(burns) {
                    assert!((ours - burns).abs() <= 1e-4 * largest, "block {index} part {part}: {ours} for {burns}");
                }
            }
        }
    }
}
