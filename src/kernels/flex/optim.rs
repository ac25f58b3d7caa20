//! Optimiser steps for tensors without gradient tracking.

use burn::tensor::Tensor;

use super::tensors::{plain, tensor, untracked, values};
use crate::kernels::memory::Buffer;
use crate::kernels::optim::adam::{self, AdamState, AdamStep};
use crate::kernels::optim::sgd::{self, SgdState, SgdStep};
use crate::kernels::optim::{average, norm};

/// What Adam keeps of a parameter from step to step; both have the parameter's shape.
pub struct AdamMoments<const D: usize> {
    /// Running mean of the gradients.
    pub first: Tensor<D>,
    /// Running mean of the squared gradients.
    pub second: Tensor<D>,
}

/// One step of Adam: the new parameter and moments. Without `moments` they start from 0.
///
/// Returns `None` unless all tensors are `f32` on Flex, without gradient tracking.
pub fn adam<const D: usize>(
    step: &AdamStep,
    parameter: &Tensor<D>,
    gradient: &Tensor<D>,
    moments: Option<AdamMoments<D>>,
) -> Option<(Tensor<D>, AdamMoments<D>)> {
    let (parameter, gradient) = (plain(parameter)?, plain(gradient)?);
    let shape = parameter.layout().shape().to_vec();
    let len = values(&parameter).len();
    let [first, second] = match moments {
        Some(AdamMoments { first, second }) => [plain(&first)?, plain(&second)?],
        None => [0; 2].map(|_| tensor(Buffer::zeros(len), &shape)),
    };
    let [mut new_parameter, mut new_first, mut new_second] = [0; 3].map(|_| Buffer::new(len));
    let old = AdamState { parameter: values(&parameter), first: values(&first), second: values(&second) };
    let new = AdamState { parameter: &mut new_parameter[..], first: &mut new_first[..], second: &mut new_second[..] };
    adam::step(step, old, values(&gradient), new);
    let [parameter, first, second] = [new_parameter, new_first, new_second].map(|buffer| untracked(buffer, &shape));
    Some((parameter, AdamMoments { first, second }))
}

/// One step of SGD: the new parameter and, where the step has momentum, the velocity to pass to the next step. The
/// first step has no `velocity` yet.
///
/// Returns `None` unless all tensors are `f32` on Flex, without gradient tracking.
pub fn sgd<const D: usize>(
    step: &SgdStep,
    parameter: &Tensor<D>,
    gradient: &Tensor<D>,
    velocity: Option<Tensor<D>>,
) -> Option<(Tensor<D>, Option<Tensor<D>>)> {
    let (parameter, gradient) = (plain(parameter)?, plain(gradient)?);
    let velocity = match velocity {
        Some(velocity) => Some(plain(&velocity)?),
        None => None,
    };
    let shape = parameter.layout().shape().to_vec();
    let [mut new_parameter, mut new_velocity] = [0; 2].map(|_| Buffer::new(values(&parameter).len()));
    let new = SgdState { parameter: &mut new_parameter[..], velocity: &mut new_velocity[..] };
    sgd::step(step, values(&parameter), velocity.as_ref().map(values), values(&gradient), new);
    let has_momentum = step.momentum != 0.0;
    Some((untracked(new_parameter, &shape), has_momentum.then(|| untracked(new_velocity, &shape))))
}

/// `keep · old + (1 − keep) · new`. Returns `None` unless both are `f32` on Flex, without gradient tracking.
pub fn average<const D: usize>(old: &Tensor<D>, new: &Tensor<D>, keep: f32) -> Option<Tensor<D>> {
    let (old, new) = (plain(old)?, plain(new)?);
    let mut to = Buffer::new(values(&old).len());
    average::average(values(&old), values(&new), keep, &mut to);
    Some(untracked(to, old.layout().shape()))
}

/// The sum of the squared values. Returns `None` unless they are `f32` on Flex, without gradient tracking.
pub fn squared_sum<const D: usize>(tensor: &Tensor<D>) -> Option<f64> {
    Some(norm::squared_sum(values(&plain(tensor)?)))
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;

    const STEP: SgdStep = SgdStep { lr: 0.5, momentum: 0.5, nesterov: false, weight_decay: 0.0 };

    fn floats<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
        tensor.into_data().try_to_vec().expect("f32")
    }

    #[test]
    fn sgd_hands_its_velocity_to_the_next_step() {
        let device = Device::flex();
        let parameter = Tensor::<2>::from_floats([[2.0, 4.0]], &device);
        let gradient = Tensor::<2>::from_floats([[1.0, -2.0]], &device);
        let (parameter, velocity) = sgd(&STEP, &parameter, &gradient, None).expect("tensors on Flex");
        assert_eq!(parameter.dims(), [1, 2]);
        // v = [1, -2]; then v = [1.5, -3]
        let (parameter, velocity) = sgd(&STEP, &parameter, &gradient, velocity).expect("tensors on Flex");
        assert_eq!(floats(parameter), [0.75, 6.5]);
        assert_eq!(velocity.map(floats), Some(vec![1.5, -3.0]));
    }

    #[test]
    fn sgd_without_momentum_keeps_no_velocity() {
        let values = Tensor::<1>::from_floats([1.0], &Device::flex());
        let step = SgdStep { momentum: 0.0, ..STEP };
        let (parameter, velocity) = sgd(&step, &values, &values, None).expect("tensors on Flex");
        assert_eq!(floats(parameter), [0.5]);
        assert!(velocity.is_none());
    }

    #[test]
    fn tensors_with_gradient_tracking_are_left_to_burn() {
        let values = Tensor::<1>::from_floats([1.0], &Device::flex().autodiff());
        assert!(sgd(&STEP, &values, &values, None).is_none());
    }
}
