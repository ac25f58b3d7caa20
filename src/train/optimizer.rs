//! Adam and AdamW, with PyTorch's constants: our own operator on the CPU, Burn's elsewhere.

use burn::optim::decay::WeightDecayConfig;
use burn::optim::{self, AdamConfig, AdamState, AdamWConfig, AdamWState, AdaptiveMomentumState};
use burn::tensor::{Device, Tensor};

use crate::domain::config::{Optimizer, TrainConfig};
use crate::kernels::flex::{self, AdamMoments};
use crate::kernels::optim::AdamStep;

const BETA_1: f32 = 0.9;
const BETA_2: f32 = 0.999;
/// PyTorch's epsilon, not Burn's default.
const EPSILON: f32 = 1e-8;

/// Either optimiser.
#[derive(Clone)]
pub struct Adam {
    burns: Burns,
    decay: f32,
}

#[derive(Clone)]
enum Burns {
    AdamW(optim::AdamW),
    Adam(optim::Adam),
}

impl Adam {
    /// As configured.
    pub fn new(config: &TrainConfig) -> Self {
        let decay = config.weight_decay as f32;
        let burns = match config.optimizer {
            Optimizer::AdamW => Burns::AdamW(AdamWConfig::new().with_epsilon(EPSILON).with_weight_decay(decay).build()),
            Optimizer::Adam => {
                let decay = WeightDecayConfig::new(decay);
                Burns::Adam(AdamConfig::new().with_epsilon(EPSILON).with_weight_decay(Some(decay)).build())
            }
        };
        Self { burns, decay }
    }

    fn adam_step(&self, lr: f64, time: usize) -> AdamStep {
        AdamStep {
            lr: lr as f32,
            beta_1: BETA_1,
            beta_2: BETA_2,
            epsilon: EPSILON,
            weight_decay: self.decay,
            decoupled: matches!(self.burns, Burns::AdamW(_)),
            number: time,
        }
    }
}

impl optim::Optimizer for Adam {
    type State<const D: usize> = AdamWState<D>;

    fn step<const D: usize>(
        &self,
        lr: f64,
        tensor: Tensor<D>,
        grad: Tensor<D>,
        state: Option<AdamWState<D>>,
    ) -> (Tensor<D>, Option<AdamWState<D>>) {
        let time = state.as_ref().map_or(0, |state| state.momentum.time) + 1;
        let moments = state.as_ref().map(|AdamWState { momentum }| AdamMoments {
            first: momentum.moment_1.clone(),
            second: momentum.moment_2.clone(),
        });
        if let Some((tensor, AdamMoments { first, second })) =
            flex::adam(&self.adam_step(lr, time), &tensor, &grad, moments)
        {
            return (tensor, Some(AdamWState::new(AdaptiveMomentumState::new(time, first, second))));
        }
        match &self.burns {
            Burns::AdamW(burns) => burns.step(lr, tensor, grad, state),
            Burns::Adam(burns) => {
                let (tensor, state) = burns.step(lr, tensor, grad, state.map(|state| AdamState::new(state.momentum)));
                (tensor, state.map(|state| AdamWState::new(state.momentum)))
            }
        }
    }

    fn to_device<const D: usize>(state: AdamWState<D>, device: &Device) -> AdamWState<D> {
        AdamWState::new(state.momentum.to_device(device))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::optim::Optimizer as _;

    /// A parameter after five steps with gradients that change, by ours and by Burn's operators.
    fn after_five(optimizer: Optimizer) -> [Vec<f32>; 2] {
        let config = TrainConfig { optimizer, weight_decay: 0.1, ..TrainConfig::default() };
        let adam = Adam::new(&config);
        let device = Device::flex();
        let start = Tensor::<1>::from_floats([1.0, -2.0, 0.5, 0.0], &device);
        let (mut ours, mut state) = (start.clone(), None);
        let (mut burns, mut adamw_state, mut adam_state) = (start, None, None);
        for step in 0..5 {
            let grad = Tensor::<1>::from_floats([0.3, -0.1 * step as f32, 1e-6, 2.0 - step as f32], &device);
            (ours, state) = adam.step(0.01, ours, grad.clone(), state);
            match &adam.burns {
                Burns::AdamW(optimizer) => (burns, adamw_state) = optimizer.step(0.01, burns, grad, adamw_state),
                Burns::Adam(optimizer) => (burns, adam_state) = optimizer.step(0.01, burns, grad, adam_state),
            }
        }
        [ours, burns].map(|tensor| tensor.into_data().try_to_vec().expect("f32"))
    }

    #[test]
    fn our_steps_are_burns_steps() {
        for optimizer in [Optimizer::AdamW, Optimizer::Adam] {
            let [ours, burns] = after_five(optimizer);
            for (ours, burns) in ours.iter().zip(&burns) {
                assert!((ours - burns).abs() < 1e-6, "{optimizer:?}: {ours} for {burns}");
            }
        }
    }
}
