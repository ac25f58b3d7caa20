//! Convolution backward pass: gradients of the weights and of the input.

use super::algorithm::Algorithm;
use super::backward_strips::InputGradient;
use super::epilogue::Epilogue;
use super::forward::convolve;
use super::source::ConvInput;
use super::{backward_direct, backward_winograd};
use crate::kernels::memory::Buffer;

/// Returns the gradient of the weights, `[out_channels, in_channels, side, side]`, of a convolution of `input` with a
/// window of `taps`, given the `gradient` of its output. Also computes the gradient of the input, if `of_input` asks
/// for it.
pub(crate) fn backward(
    input: &ConvInput<'_>,
    gradient: &ConvInput<'_>,
    taps: usize,
    of_input: Option<InputGradient<'_>>,
) -> Buffer {
    let weights = gradient.shape().channels * input.shape().channels * taps;
    let pixels = input.shape().batch * input.shape().plane();
    // Large images with few channels are divided into strips, small images with many into groups of channels.
    let in_strips = weights <= pixels * 16 && weights <= 640 * 1024;
    let of_input = match of_input {
        Some(InputGradient { weights, output }) if !in_strips => {
            convolve(gradient, &weights, output, Epilogue::None);
            None
        }
        of_input => of_input,
    };
    match (Algorithm::select(taps, input.shape().channels), in_strips) {
        (Algorithm::Direct, true) => backward_direct::by_strips(input, gradient, taps, of_input),
        (Algorithm::Direct, false) => backward_direct::by_channels(input, gradient, taps),
        (Algorithm::Winograd, true) => backward_winograd::by_strips(input, gradient, of_input),
        (Algorithm::Winograd, false) => backward_winograd::by_channels(input, gradient),
    }
}
