//! Stochastic gradient descent with momentum, as PyTorch's `SGD` without dampening: a fused step on the CPU, Burn's
//! operators on other devices.

use burn::optim::{self, RecordState, StateSink, StateSource};
use burn::tensor::{Device, Tensor};

use crate::domain::config::TrainConfig;
use crate::kernels::flex;
use crate::kernels::optim::SgdStep;

/// Stochastic gradient descent.
#[derive(Clone, Copy)]
pub(super) struct Sgd {
    momentum: f32,
    nesterov: bool,
    weight_decay: f32,
}

/// What a parameter carries from step to step.
#[derive(Clone)]
pub(super) struct SgdState<const D: usize> {
    /// Sum of the gradients, older ones weighted down by the momentum; absent without momentum.
    velocity: Option<Tensor<D>>,
}

impl Sgd {
    /// With momentum, Nesterov and weight decay as configured.
    pub(super) fn new(config: &TrainConfig) -> Self {
        let TrainConfig { momentum, nesterov, weight_decay, .. } = *config;
        Self { momentum: momentum as f32, nesterov, weight_decay: weight_decay as f32 }
    }

    fn fused(&self, lr: f64) -> SgdStep {
        let Self { momentum, nesterov, weight_decay } = *self;
        SgdStep { lr: lr as f32, momentum, nesterov, weight_decay }
    }

    /// The same step by Burn's operators: the new parameter and the new velocity.
    fn by_burn<const D: usize>(
        &self,
        lr: f64,
        parameter: Tensor<D>,
        gradient: Tensor<D>,
        velocity: Option<Tensor<D>>,
    ) -> (Tensor<D>, Option<Tensor<D>>) {
        let gradient = gradient + parameter.clone() * self.weight_decay;
        if self.momentum == 0.0 {
            return (parameter - gradient * lr, None);
        }
        let velocity = velocity.map_or_else(|| gradient.clone(), |before| before * self.momentum + gradient.clone());
        let direction = if self.nesterov { gradient + velocity.clone() * self.momentum } else { velocity.clone() };
        (parameter - direction * lr, Some(velocity))
    }
}

impl optim::Optimizer for Sgd {
    type State<const D: usize> = SgdState<D>;

    fn step<const D: usize>(
        &self,
        lr: f64,
        tensor: Tensor<D>,
        grad: Tensor<D>,
        state: Option<SgdState<D>>,
    ) -> (Tensor<D>, Option<SgdState<D>>) {
        let velocity = state.and_then(|state| state.velocity);
        let fused = flex::sgd(&self.fused(lr), &tensor, &grad, velocity.clone());
        let (tensor, velocity) = fused.unwrap_or_else(|| self.by_burn(lr, tensor, grad, velocity));
        (tensor, Some(SgdState { velocity }))
    }

    fn to_device<const D: usize>(state: SgdState<D>, device: &Device) -> SgdState<D> {
        SgdState { velocity: state.velocity.map(|velocity| velocity.to_device(device)) }
    }
}

impl<const D: usize> RecordState for SgdState<D> {
    fn state_flatten(&self, prefix: &str, out: &mut StateSink) {
        if let Some(velocity) = &self.velocity {
            out.push_tensor(prefix, "velocity", velocity.to_data());
        }
    }

    /// Burn names the default device, which may be a GPU that is not there. The next step moves the state to its parameter.
    fn state_unflatten(prefix: &str, src: &mut StateSource, _default: &Device) -> Option<Self> {
        let velocity = src.take_tensor(prefix, "velocity");
        Some(Self { velocity: velocity.map(|data| Tensor::from_data(data, &Device::flex())) })
    }
}

#[cfg(test)]
mod tests {
    use burn::optim::Optimizer as _;
    use burn::optim::SgdConfig;
    use burn::optim::decay::WeightDecayConfig;
    use burn::optim::momentum::MomentumConfig;

    use super::*;

    /// The gradient of step 0 to 4.
    fn gradient(step: u8, device: &Device) -> Tensor<1> {
        Tensor::from_floats([0.3, -0.1 * f32::from(step), 1e-6, 2.0 - f32::from(step)], device)
    }

    /// A parameter after five steps, each given the state of the one before.
    fn after_five<S>(mut step: impl FnMut(Tensor<1>, Tensor<1>, Option<S>) -> (Tensor<1>, Option<S>)) -> Vec<f32> {
        let device = Device::flex();
        let (mut parameter, mut state) = (Tensor::<1>::from_floats([1.0, -2.0, 0.5, 0.0], &device), None);
        for number in 0..5 {
            (parameter, state) = step(parameter, gradient(number, &device), state);
        }
        parameter.into_data().try_to_vec().expect("f32")
    }

    fn assert_close(got: &[f32], want: &[f32], what: &str) {
        assert_eq!(got.len(), want.len());
        for (got, want) in got.iter().zip(want) {
            assert!((got - want).abs() < 1e-6, "{what}: {got} for {want}");
        }
    }

    /// Reference: PyTorch 2.15, `SGD(lr=0.01, momentum=0.9, weight_decay=0.1, nesterov=…)` in double precision.
    #[test]
    fn steps_equal_pytorch_and_burn() {
        let plain = [0.947_547_5, -1.955_234_4, 0.493_443_3, -0.076_868_616];
        let nesterov = [0.932_954_86, -1.939_826_1, 0.491_619_2, -0.068_712_64];
        let without_momentum = [0.980_039_96, -1.980_03, 0.497_504_95, 0.000_099_850_09];
        for (momentum, is_nesterov, pytorch) in
            [(0.9, false, plain), (0.9, true, nesterov), (0.0, false, without_momentum)]
        {
            let what = format!("momentum {momentum}, Nesterov {is_nesterov}");
            let sgd = Sgd { momentum, nesterov: is_nesterov, weight_decay: 0.1 };
            let fused = after_five(|parameter, gradient, state| sgd.step(0.01, parameter, gradient, state));
            let by_burn = after_five(|parameter, gradient, velocity| sgd.by_burn(0.01, parameter, gradient, velocity));
            assert_close(&fused, &pytorch, &what);
            assert_close(&by_burn, &pytorch, &what);
            let config = SgdConfig::new().with_weight_decay(Some(WeightDecayConfig::new(0.1)));
            let burns_momentum =
                MomentumConfig::new().with_momentum(f64::from(momentum)).with_dampening(0.0).with_nesterov(is_nesterov);
            let burns = config.with_momentum((momentum > 0.0).then_some(burns_momentum)).build();
            let burns = after_five(|parameter, gradient, state| burns.step(0.01, parameter, gradient, state));
            assert_close(&fused, &burns, &what);
        }
    }
}
