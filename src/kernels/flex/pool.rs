//! Max-pooling for Burn tensors.

use std::sync::Arc;

use burn::backend::Flex;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops};
use burn::tensor::Tensor;

use super::accumulate::{GradientSum, take};
use super::graph::record;
use super::tensors::{contiguous, plain, shape_of, tensor, tracked, untracked, values};
use crate::kernels::pool;
use crate::kernels::shape::Shape;

/// 2×2 max-pooling with stride 2.
///
/// # Shapes
/// - `x`: `[batch, channels, height, width]`
/// - result: `[batch, channels, height / 2, width / 2]`
pub fn max_pool(x: &Tensor<4>) -> Option<Tensor<4>> {
    if let Some(x) = plain(x) {
        let shape = shape_of(&x);
        return Some(untracked(pool::forward(values(&x), shape).0, &pool::output_shape(shape).dims()));
    }
    let x = tracked(x)?;
    let shape = shape_of(x.primitive());
    let (out, indices) = pool::forward(values(&contiguous(x.primitive().clone())), shape);
    let out = tensor(out, &pool::output_shape(shape).dims());
    Some(record::<_, 1, 4>(PoolBackward, vec![x.node()], PoolState { indices: Arc::new(indices), shape }, out))
}

#[derive(Debug)]
struct PoolBackward;

#[derive(Debug, Clone)]
struct PoolState {
    indices: Arc<Vec<u8>>,
    /// Shape of the input.
    shape: Shape,
}

impl Backward<Flex, 1> for PoolBackward {
    type State = PoolState;

    fn backward(self, ops: Ops<PoolState, 1>, grads: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let upstream = take(&ops, grads);
        let PoolState { indices, shape } = &ops.state;
        if let Some(mut sum) = GradientSum::of_parent(&ops, 0, *shape, grads) {
            pool::backward(values(&upstream), indices, *shape, sum.output());
            sum.register(grads);
        }
    }
}
