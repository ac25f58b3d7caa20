//! The loss for Burn tensors.

use burn::backend::Flex;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops};
use burn::backend::flex::{FlexTensor, Layout};
use burn::backend::ops::FloatTensorOps;
use burn::tensor::{Bytes, DType, Tensor};

use super::accumulate::take;
use super::graph::record;
use super::tensors::{contiguous, shape_of, tensor, tracked, values};
use crate::kernels::loss::{self, GatedCrf, Labels, Mixture, Scene};
use crate::kernels::memory::Buffer;
use crate::kernels::shape::Shape;

/// Partial cross-entropy (see [`loss`]), for tracked logits.
///
/// # Shapes
/// - `logits`: `[batch, classes, height, width]`
/// - result: `[1]`
pub fn partial_cross_entropy(logits: &Tensor<4>, labels: Labels<'_>) -> Option<Tensor<1>> {
    recorded(logits, |logits, shape| loss::partial_cross_entropy(logits, shape, labels))
}

/// A mixture of losses (see [`loss`]), for tracked logits. Shapes are as above.
pub fn loss_mixture(logits: &Tensor<4>, labels: Labels<'_>, terms: &Mixture) -> Option<Tensor<1>> {
    recorded(logits, |logits, shape| loss::mixture(logits, shape, labels, terms))
}

/// A [`GatedCrf`], for tracked logits. Shapes are as above.
pub fn gated_crf(logits: &Tensor<4>, scene: Scene<'_>, crf: &GatedCrf) -> Option<Tensor<1>> {
    recorded(logits, |logits, shape| loss::gated_crf(logits, shape, scene, crf))
}

/// Records a loss that comes with its gradient.
fn recorded(logits: &Tensor<4>, compute: impl Fn(&[f32], Shape) -> (f32, Buffer)) -> Option<Tensor<1>> {
    let logits = tracked(logits)?;
    let shape = shape_of(logits.primitive());
    let logit_values = contiguous(logits.primitive().clone());
    let (loss, gradient) = compute(values(&logit_values), shape);
    let loss = FlexTensor::new(Bytes::from_elems(vec![loss]), Layout::contiguous([1].into()), DType::F32);
    Some(record::<_, 1, 1>(LossBackward, vec![logits.node()], tensor(gradient, &shape.dims()), loss))
}

#[derive(Debug)]
struct LossBackward;

impl Backward<Flex, 1> for LossBackward {
    /// The gradient of the logits for a loss whose own gradient is 1.
    type State = FlexTensor;

    fn backward(self, ops: Ops<FlexTensor, 1>, grads: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let upstream = values(&take(&ops, grads))[0];
        let [parent] = ops.parents;
        if let Some(node) = parent {
            let gradient = if upstream == 1.0 { ops.state } else { Flex::float_mul_scalar(ops.state, upstream.into()) };
            grads.register::<Flex>(node.id, gradient);
        }
    }
}
