//! Convolutions in the type of their input.
//!
//! Weights are kept in f32. Where a network is given images in f16, each convolution rounds its weights and computes in f16, and
//! their gradients come back in f32: mixed precision (Micikevicius et al.: "Mixed Precision Training", ICLR 2018).
//!
//! Sums have to be in f32. Burn's GPU kernels for dense convolutions add up so; those for convolutions in groups and for transposed
//! ones add up in the type of their input, and the gradient of a weight is a sum over all pixels of a batch. These two compute in f32.

use burn::Tensor;
use burn::module::Param;
use burn::nn::PaddingConfig2d;
use burn::nn::conv::{Conv2d, ConvTranspose2d};
use burn::tensor::FloatDType;
use burn::tensor::module::{conv_transpose2d, conv2d};
use burn::tensor::ops::{ConvOptions, ConvTransposeOptions};

/// The largest tensor that a network makes where it has a choice, in bytes: what a buffer of wgpu can hold on Vulkan and on DirectX 12. A
/// device with smaller buffers refuses the run: one number makes the result the same on all.
pub(super) const LARGEST_TENSOR: u64 = i32::MAX as u64;

/// The type of a tensor's values.
pub(super) fn numbers<const D: usize>(x: &Tensor<D>) -> FloatDType {
    x.dtype().into()
}

/// The convolution of `x`.
///
/// # Shapes
/// - `x`: `[batch, in, height, width]`
/// - result: `[batch, out, …]`, of the type of `x`
pub(super) fn convolve(conv: &Conv2d, x: Tensor<4>) -> Tensor<4> {
    convolve_with(conv, conv.weight.val(), conv.bias.as_ref().map(Param::val), x)
}

/// The convolution of `inputs`, concatenated along the channels.
///
/// Convolutions are linear: where the concatenation would be too large for a buffer, the result is the sum of the convolutions of each,
/// added up in f32.
///
/// # Shapes
/// - `inputs`: `[batch, _, height, width]`, together with `in` channels
/// - result: as for [`convolve`]
pub(super) fn convolve_together(conv: &Conv2d, inputs: Vec<Tensor<4>>) -> Tensor<4> {
    match <[Tensor<4>; 1]>::try_from(inputs) {
        // Burn would copy it.
        Ok([alone]) => convolve(conv, alone),
        Err(inputs) if inputs.iter().map(bytes).sum::<u64>() > LARGEST_TENSOR => convolve_apart(conv, inputs),
        Err(inputs) => convolve(conv, Tensor::cat(inputs, 1)),
    }
}

fn bytes(x: &Tensor<4>) -> u64 {
    x.dims().iter().map(|side| *side as u64).product::<u64>() * x.dtype().size() as u64
}

fn convolve_apart(conv: &Conv2d, inputs: Vec<Tensor<4>>) -> Tensor<4> {
    let given = numbers(&inputs[0]);
    let (mut first, mut bias) = (0, conv.bias.as_ref().map(Param::val));
    let parts = inputs.into_iter().map(|x| {
        let channels = x.dims()[1];
        let weights = conv.weight.val().narrow(1, first, channels);
        first += channels;
        convolve_with(conv, weights, bias.take(), x).cast(FloatDType::F32)
    });
    parts.reduce(|sum, part| sum + part).expect("a layer has an input").cast(given)
}

fn convolve_with(conv: &Conv2d, weights: Tensor<4>, bias: Option<Tensor<1>>, x: Tensor<4>) -> Tensor<4> {
    let given = numbers(&x);
    let numbers = if conv.groups > 1 { FloatDType::F32 } else { given };
    let padding = match conv.padding {
        PaddingConfig2d::Valid => [(0, 0); 2],
        PaddingConfig2d::Explicit(top, left, bottom, right) => [(top, bottom), (left, right)],
        PaddingConfig2d::Same => unreachable!("the networks say how much"),
    };
    let options = ConvOptions::new_with_padding(conv.stride, padding, conv.dilation, conv.groups);
    conv2d(x.cast(numbers), weights.cast(numbers), bias.map(|bias| bias.cast(numbers)), options).cast(given)
}

/// The transposed convolution of `x`.
///
/// # Shapes
/// - as for [`convolve`]
pub(super) fn convolve_transposed(conv: &ConvTranspose2d, x: Tensor<4>) -> Tensor<4> {
    let given = numbers(&x);
    let options = ConvTransposeOptions::new(conv.stride, conv.padding, conv.padding_out, conv.dilation, conv.groups);
    let bias = conv.bias.as_ref().map(Param::val);
    conv_transpose2d(x.cast(FloatDType::F32), conv.weight.val(), bias, options).cast(given)
}

#[cfg(test)]
mod tests {
    use burn::nn::conv::Conv2dConfig;
    use burn::tensor::{Device, Distribution, TensorData, Tolerance};

    use super::*;

    #[test]
    fn inputs_that_are_convolved_one_by_one_give_the_convolution_of_all() {
        let device = Device::flex().autodiff();
        device.seed(6);
        let padding = PaddingConfig2d::Explicit(1, 1, 1, 1);
        let conv = Conv2dConfig::new([7, 5], [3, 3]).with_padding(padding).init(&device);
        let inputs = [4, 1, 2].map(|channels| Tensor::<4>::random([2, channels, 6, 5], Distribution::Default, &device));
        let pass = |convolve: fn(&Conv2d, Vec<Tensor<4>>) -> Tensor<4>| {
            let inputs = inputs.clone().map(|input| input.detach().require_grad());
            let out = convolve(&conv, inputs.to_vec());
            let gradients = (out.clone() * out.clone()).sum().backward();
            let of_weights = conv.weight.val().grad(&gradients).expect("tracked");
            let of_inputs = inputs.map(|input| input.grad(&gradients).expect("tracked")).to_vec();
            [out, of_weights, Tensor::cat(of_inputs, 1)].map(Tensor::into_data)
        };
        let (together, apart): ([TensorData; 3], [TensorData; 3]) = (pass(convolve_together), pass(convolve_apart));
        for (together, apart) in together.iter().zip(&apart) {
            together.assert_approx_eq::<f32>(apart, Tolerance::default());
        }
    }
}
