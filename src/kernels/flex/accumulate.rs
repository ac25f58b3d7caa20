//! Gradients of activations that several operators read.
//!
//! Burn adds the shares up tensor by tensor, on one thread: in a U-Net++ that is a tenth of a step. Here each operator adds its
//! share while it writes it. For that it must know whether a share is there already, which Burn does not tell: so the
//! operators keep a record of their own. What the record misses (shares of Burn's own operators), Burn adds as ever.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use burn::backend::Flex;
use burn::backend::autodiff::NodeId;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::Ops;
use burn::backend::flex::FlexTensor;

use super::super::memory::Buffer;
use super::super::output::Destination;
use super::super::shape::Shape;
use super::tensors::{tensor, values_mut, whole};

/// Activations of which an operator of ours has registered a share of the gradient that nobody has taken out yet. Ids are
/// never given twice; one that stays, since its activation was made by Burn, costs its eight bytes.
static RECORD: Mutex<BTreeSet<u64>> = Mutex::new(BTreeSet::new());

/// Takes out the gradient of an operator's result, to which all shares have been added.
pub(super) fn take<S, const N: usize>(ops: &Ops<S, N>, grads: &mut Gradients) -> FlexTensor {
    strike_out(ops.node.id);
    whole(grads.consume::<Flex>(&ops.node))
}

/// The gradient of an activation while a share is added to it.
pub(super) struct Sum {
    id: NodeId,
    tensor: FlexTensor,
    /// Whether other operators' shares are in it.
    begun: bool,
    /// A leaf's gradient stays with Burn, which adds the next share itself.
    leaf: bool,
}

impl Sum {
    /// The gradient of an operator's parent, if it has one: as far as other operators have come, or begun here.
    pub(super) fn of<S, const N: usize>(
        ops: &Ops<S, N>,
        parent: usize,
        shape: Shape,
        grads: &mut Gradients,
    ) -> Option<Self> {
        let node = ops.parents[parent].as_ref()?;
        let begun = strike_out(node.id);
        let tensor = match begun {
            true => whole(grads.consume::<Flex>(node)),
            false => tensor(Buffer::new(shape.len()), &shape.dims()),
        };
        Some(Self { id: node.id, tensor, begun, leaf: node.parents.is_empty() })
    }

    /// Where the share goes.
    pub(super) fn destination(&mut self) -> Destination<'_> {
        Destination { add: self.begun, values: values_mut(&mut self.tensor) }
    }

    /// Puts the sum back, the share being written.
    pub(super) fn register(self, grads: &mut Gradients) {
        grads.register::<Flex>(self.id, self.tensor);
        if !self.leaf {
            record().insert(self.id.value);
        }
    }
}

/// Takes an activation off the record; whether it was there.
fn strike_out(id: NodeId) -> bool {
    record().remove(&id.value)
}

fn record() -> MutexGuard<'static, BTreeSet<u64>> {
    RECORD.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, Tensor};

    use super::super::{double, max_pool};

    fn numbers<const D: usize>(dims: [usize; D], device: &Device) -> Tensor<D> {
        let len = dims.iter().product::<usize>();
        let values: Vec<f32> = (0..len).map(|at| ((at * 37 % 101) as f32 - 50.0) / 25.0).collect();
        Tensor::<1>::from_floats(values.as_slice(), device).reshape(dims)
    }

    /// The gradient of `x` where an activation of it, and `x` itself, are read by each of `readers`: two of ours twice, then
    /// Burn's, in the order in which they are recorded.
    fn gradient(readers: &[usize]) -> Vec<f32> {
        let device = Device::flex().autodiff();
        let x = numbers([2, 3, 6, 8], &device).require_grad();
        let activation = double(&x, &numbers([3, 2, 2, 2], &device), &numbers([2], &device)).unwrap();
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
    fn shares_of_several_operators_add_up_in_any_order() {
        for order in [[0, 1, 2, 3, 4, 5], [5, 4, 3, 2, 1, 0], [2, 4, 0, 5, 1, 3]] {
            let together = gradient(&order);
            let alone = order.map(|reader| gradient(&[reader]));
            for (at, sum) in together.iter().enumerate() {
                let expected: f32 = alone.iter().map(|share| share[at]).sum();
                assert!((sum - expected).abs() < 1e-4 * expected.abs().max(1.0), "{order:?}: {sum} for {expected}");
            }
        }
    }
}
