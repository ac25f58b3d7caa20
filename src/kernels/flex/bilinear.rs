//! Bilinear doubling for Burn tensors.

use burn::backend::Flex;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops};
use burn::tensor::Tensor;

use super::accumulate::{GradientSum, take};
use super::graph::record;
use super::tensors::{contiguous, plain, shape_of, tensor, tracked, untracked, values};
use crate::kernels::bilinear;
use crate::kernels::shape::Shape;

/// Doubles height and width by bilinear interpolation.
///
/// # Shapes
/// - `x`: `[batch, channels, height, width]`
/// - result: `[batch, channels, 2·height, 2·width]`
pub fn double(x: &Tensor<4>) -> Option<Tensor<4>> {
    if let Some(x) = plain(x) {
        let shape = shape_of(&x);
        return Some(untracked(bilinear::forward(values(&x), shape), &bilinear::output_shape(shape).dims()));
    }
    let x = tracked(x)?;
    let shape = shape_of(x.primitive());
    let out = bilinear::forward(values(&contiguous(x.primitive().clone())), shape);
    let out = tensor(out, &bilinear::output_shape(shape).dims());
    Some(record::<_, 1, 4>(DoubleBackward, vec![x.node()], shape, out))
}

#[derive(Debug)]
struct DoubleBackward;

impl Backward<Flex, 1> for DoubleBackward {
    /// Shape of the input.
    type State = Shape;

    fn backward(self, ops: Ops<Shape, 1>, grads: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let upstream = take(&ops, grads);
        if let Some(mut sum) = GradientSum::of_parent(&ops, 0, ops.state, grads) {
            bilinear::backward(values(&upstream), ops.state, sum.output());
            sum.register(grads);
        }
    }
}
