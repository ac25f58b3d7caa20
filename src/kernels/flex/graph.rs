//! Recording of operators in Burn's autodiff graph.

use burn::backend::autodiff::checkpoint::strategy::NoCheckpointing;
use burn::backend::autodiff::ops::{Backward, NodeGuard, OpsKind};
use burn::backend::flex::FlexTensor;
use burn::backend::{Autodiff, Flex};
use burn::tensor::Tensor;

/// Records an operator's `result` with the `state` that its backward pass needs. `parents` are the graph nodes of its
/// `N` operands.
pub(super) fn record<O, const N: usize, const D: usize>(
    operator: O,
    parents: Vec<NodeGuard>,
    state: O::State,
    result: FlexTensor,
) -> Tensor<D>
where
    O: Backward<Flex, N>,
{
    let parents: [NodeGuard; N] =
        parents.try_into().unwrap_or_else(|parents: Vec<_>| unreachable!("{} operands for {N}", parents.len()));
    let recorded = match operator.prepare::<NoCheckpointing>(parents).compute_bound().stateful() {
        OpsKind::Tracked(prepared) => prepared.finish(state, result),
        OpsKind::UnTracked(prepared) => prepared.finish(result),
    };
    Tensor::from_primitive::<Autodiff<Flex>>(recorded)
}
