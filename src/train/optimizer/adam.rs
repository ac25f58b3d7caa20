//! Adam and AdamW with PyTorch's constants: a fused step on the CPU, Burn's operators on other devices.

use burn::optim::decay::WeightDecayConfig;
use burn::optim::{
    self, AdamConfig, AdamState, AdamWConfig, AdamWState, AdaptiveMomentumState, RecordState, StateSink, StateSource,
};
use burn::tensor::{Device, Tensor};

use crate::domain::config::TrainConfig;
use crate::kernels::flex::{self, AdamMoments};
use crate::kernels::optim::AdamStep;

const BETA_1: f32 = 0.9;
const BETA_2: f32 = 0.999;
/// PyTorch's epsilon, not Burn's default.
const EPSILON: f32 = 1e-8;

/// Adam, with decoupled weight decay or not.
#[derive(Clone)]
pub(super) struct Adam {
    fallback: Fallback,
    decay: f32,
}

/// Burn's optimiser, for devices other than the CPU.
#[derive(Clone)]
enum Fallback {
    AdamW(optim::AdamW),
    Adam(optim::Adam),
}

impl Adam {
    /// Adam: weight decay is added to the gradient.
    pub(super) fn coupled(config: &TrainConfig) -> Self {
        let decay = config.weight_decay as f32;
        let adam = AdamConfig::new().with_epsilon(EPSILON).with_weight_decay(Some(WeightDecayConfig::new(decay)));
        Self { fallback: Fallback::Adam(adam.build()), decay }
    }

    /// `AdamW`: weight decay shrinks the parameter itself.
    pub(super) fn decoupled(config: &TrainConfig) -> Self {
        let decay = config.weight_decay as f32;
        let adamw = AdamWConfig::new().with_epsilon(EPSILON).with_weight_decay(decay);
        Self { fallback: Fallback::AdamW(adamw.build()), decay }
    }

    fn adam_step(&self, lr: f64, time: usize) -> AdamStep {
        AdamStep {
            lr: lr as f32,
            beta_1: BETA_1,
            beta_2: BETA_2,
            epsilon: EPSILON,
            weight_decay: self.decay,
            decoupled: matches!(self.fallback, Fallback::AdamW(_)),
            number: time,
        }
    }
}

/// What a parameter carries from step to step: both moments, and the number of steps.
#[derive(Clone)]
pub(super) struct Moments<const D: usize>(AdaptiveMomentumState<D>);

impl<const D: usize> RecordState for Moments<D> {
    fn state_flatten(&self, prefix: &str, out: &mut StateSink) {
        self.0.state_flatten(prefix, out);
    }

    /// Burn names the default device, which may be a GPU that is not there. The next step moves the state to its parameter.
    fn state_unflatten(prefix: &str, src: &mut StateSource, _default: &Device) -> Option<Self> {
        AdaptiveMomentumState::state_unflatten(prefix, src, &Device::flex()).map(Self)
    }
}

impl optim::Optimizer for Adam {
    type State<const D: usize> = Moments<D>;

    fn step<const D: usize>(
        &self,
        lr: f64,
        tensor: Tensor<D>,
        grad: Tensor<D>,
        state: Option<Moments<D>>,
    ) -> (Tensor<D>, Option<Moments<D>>) {
        let state = state.map(|state| state.0);
        let time = state.as_ref().map_or(0, |state| state.time) + 1;
        let moments =
            state.as_ref().map(|state| AdamMoments { first: state.moment_1.clone(), second: state.moment_2.clone() });
        if let Some((tensor, AdamMoments { first, second })) =
            flex::adam(&self.adam_step(lr, time), &tensor, &grad, moments)
        {
            return (tensor, Some(Moments(AdaptiveMomentumState::new(time, first, second))));
        }
        match &self.fallback {
            Fallback::AdamW(burns) => {
                let (tensor, state) = burns.step(lr, tensor, grad, state.map(AdamWState::new));
                (tensor, state.map(|state| Moments(state.momentum)))
            }
            Fallback::Adam(burns) => {
                let (tensor, state) = burns.step(lr, tensor, grad, state.map(AdamState::new));
                (tensor, state.map(|state| Moments(state.momentum)))
            }
        }
    }

    fn to_device<const D: usize>(state: Moments<D>, device: &Device) -> Moments<D> {
        Moments(state.0.to_device(device))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::optim::Optimizer as _;

    /// A parameter after five steps with different gradients, by the fused step and by Burn's operators.
    fn after_five(adam: &Adam) -> [Vec<f32>; 2] {
        let device = Device::flex();
        let start = Tensor::<1>::from_floats([1.0, -2.0, 0.5, 0.0], &device);
        let (mut ours, mut state) = (start.clone(), None);
        let (mut burns, mut adamw_state, mut adam_state) = (start, None, None);
        for step in 0..5 {
            let grad = Tensor::<1>::from_floats([0.3, -0.1 * step as f32, 1e-6, 2.0 - step as f32], &device);
            (ours, state) = adam.step(0.01, ours, grad.clone(), state);
            match &adam.fallback {
                Fallback::AdamW(optimizer) => (burns, adamw_state) = optimizer.step(0.01, burns, grad, adamw_state),
                Fallback::Adam(optimizer) => (burns, adam_state) = optimizer.step(0.01, burns, grad, adam_state),
            }
        }
        [ours, burns].map(|tensor| tensor.into_data().try_to_vec().expect("f32"))
    }

    #[test]
    fn fused_steps_equal_burns() {
        let config = TrainConfig { weight_decay: 0.1, ..TrainConfig::default() };
        for adam in [Adam::coupled(&config), Adam::decoupled(&config)] {
            let [ours, burns] = after_five(&adam);
            for (ours, burns) in ours.iter().zip(&burns) {
                assert!((ours - burns).abs() < 1e-6, "{ours} for {burns}");
            }
        }
    }
}
