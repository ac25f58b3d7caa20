//! An optimiser that steps with a multiple of the learning rate, for a group of parameters.

use burn::optim::Optimizer;
use burn::tensor::{Device, Tensor};

/// Steps as `inner` does at `factor` times the learning rate.
#[derive(Clone)]
pub(super) struct Scaled<O> {
    pub(super) inner: O,
    pub(super) factor: f64,
}

impl<O: Optimizer> Optimizer for Scaled<O> {
    type State<const D: usize> = O::State<D>;

    fn step<const D: usize>(
        &self,
        lr: f64,
        tensor: Tensor<D>,
        grad: Tensor<D>,
        state: Option<O::State<D>>,
    ) -> (Tensor<D>, Option<O::State<D>>) {
        self.inner.step(lr * self.factor, tensor, grad, state)
    }

    fn to_device<const D: usize>(state: O::State<D>, device: &Device) -> O::State<D> {
        O::to_device(state, device)
    }
}
