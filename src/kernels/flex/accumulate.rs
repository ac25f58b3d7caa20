//! Accumulation of an activation's gradient from several operators that read it.
//!
//! Burn adds up the contributions tensor by tensor, on one thread; in a U-Net++ that takes a tenth of a step. Here each
//! operator accumulates its contribution as it computes it. It has to know whether another contribution exists already,
//! which Burn does not tell, so our operators keep a registry. Contributions of Burn's own operators are not in it;
//! Burn adds those as usual.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use burn::backend::Flex;
use burn::backend::autodiff::NodeId;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::Ops;
use burn::backend::flex::FlexTensor;

use super::tensors::{contiguous, tensor, values_mut};
use crate::kernels::memory::Buffer;
use crate::kernels::output::Output;
use crate::kernels::shape::Shape;

/// Nodes for whose activation one of our operators has registered a contribution to the gradient that is not taken yet.
/// Ids are never reused. The id of an activation that Burn computed may stay forever and costs eight bytes.
static REGISTERED: Mutex<BTreeSet<u64>> = Mutex::new(BTreeSet::new());

fn registered() -> MutexGuard<'static, BTreeSet<u64>> {
    REGISTERED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Removes a node from the registry. Returns whether it was there.
fn unregister(id: NodeId) -> bool {
    registered().remove(&id.value)
}

/// Takes the gradient of an operator's result, in which all contributions are added up.
pub(super) fn take<S, const N: usize>(ops: &Ops<S, N>, grads: &mut Gradients) -> FlexTensor {
    unregister(ops.node.id);
    contiguous(grads.consume::<Flex>(&ops.node))
}

/// The gradient of an activation while an operator accumulates its contribution.
pub(super) struct GradientSum {
    id: NodeId,
    tensor: FlexTensor,
    /// Whether it holds contributions of other operators. Otherwise its contents are undefined.
    has_contributions: bool,
    /// A leaf's gradient stays with Burn, which adds the next contribution itself.
    is_leaf: bool,
}

impl GradientSum {
    /// The gradient of an operator's operand `parent`, with the contributions that other operators have added so far.
    /// `None` if the operand is not tracked.
    pub(super) fn of_parent<S, const N: usize>(
        ops: &Ops<S, N>,
        parent: usize,
        shape: Shape,
        grads: &mut Gradients,
    ) -> Option<Self> {
        let node = ops.parents[parent].as_ref()?;
        let has_contributions = unregister(node.id);
        let tensor = if has_contributions {
            contiguous(grads.consume::<Flex>(node))
        } else {
            tensor(Buffer::new(shape.len()), &shape.dims())
        };
        Some(Self { id: node.id, tensor, has_contributions, is_leaf: node.parents.is_empty() })
    }

    /// Where the operator writes its contribution.
    pub(super) fn output(&mut self) -> Output<'_> {
        Output { accumulate: self.has_contributions, values: values_mut(&mut self.tensor) }
    }

    /// Hands the sum back to Burn, once the contribution is written.
    pub(super) fn register(self, grads: &mut Gradients) {
        grads.register::<Flex>(self.id, self.tensor);
        if !self.is_leaf {
            registered().insert(self.id.value);
        }
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, Tensor};

    use super::super::layers::transposed_conv;
    use super::super::pool::max_pool;

    fn numbers<const D: usize>(dims: [usize; D], device: &Device) -> Tensor<D> {
        let len = dims.iter().product::<usize>();
        let values: Vec<f32> = (0..len).map(|at| ((at * 37 % 101) as f32 - 50.0) / 25.0).collect();
        Tensor::<1>::from_floats(values.as_slice(), device).reshape(dims)
    }

    /// The gradient of `x`, where each of `readers` reads `x` or an activation of it. Readers 0 to 3 are our operators,
    /// 4 and 5 are Burn's; they are recorded in the given order.
    fn gradient(readers: &[usize]) -> Vec<f32> {
        let device = Device::flex().autodiff();
        let x = numbers([2, 3, 6, 8], &device).require_grad();
        let activation = transposed_conv(&x, &numbers([3, 2, 2, 2], &device), &numbers([2], &device)).unwrap();
        let total = readers.iter().map(|reader| match reader {
            0 | 1 => (max_pool(&activation).unwrap() * (*reader as f32 + 0.5)).sum(),
            2 | 3 => (max_pool(&x).unwrap() * *reader as f32).sum(),
            4 => (activation.clone() * activation.clone()).sum(),
            _ => (x.clone() * x.clone()).sum(),
        });
        let loss = total.reduce(|sum, more| sum + more).unwrap();
        x.grad(&loss.backward()).unwrap().into_data().try_to_vec().unwrap()
    }

    #[test]
    fn gradients_of_several_readers_add_up_in_any_order() {
        for order in [[0, 1, 2, 3, 4, 5], [5, 4, 3, 2, 1, 0], [2, 4, 0, 5, 1, 3]] {
            let together = gradient(&order);
            let alone = order.map(|reader| gradient(&[reader]));
            for (at, sum) in together.iter().enumerate() {
                let expected: f32 = alone.iter().map(|gradient| gradient[at]).sum();
                assert!((sum - expected).abs() < 1e-4 * expected.abs().max(1.0), "{order:?}: {sum} for {expected}");
            }
        }
    }
}
