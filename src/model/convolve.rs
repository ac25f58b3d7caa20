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
    let given = numbers(&x);
    let numbers = if conv.groups > 1 { FloatDType::F32 } else { given };
    let padding = match conv.padding {
        PaddingConfig2d::Valid => [(0, 0); 2],
        PaddingConfig2d::Explicit(top, left, bottom, right) => [(top, bottom), (left, right)],
        PaddingConfig2d::Same => unreachable!("the networks say how much"),
    };
    let options = ConvOptions::new_with_padding(conv.stride, padding, conv.dilation, conv.groups);
    let bias = conv.bias.as_ref().map(Param::val);
    conv2d(x.cast(numbers), conv.weight.val().cast(numbers), bias.map(|bias| bias.cast(numbers)), options).cast(given)
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
