//! Optimisers: how parameters change, given their gradients. A file each; `kernels::optim` has the fused steps for the CPU.

mod adam;
mod sgd;

use burn::optim::ModuleOptimizer;

use crate::domain::config::{Optimizer, TrainConfig};

/// The configured optimiser.
pub fn build(config: &TrainConfig) -> ModuleOptimizer {
    match config.optimizer {
        Optimizer::AdamW => adam::Adam::decoupled(config).into(),
        Optimizer::Adam => adam::Adam::coupled(config).into(),
        Optimizer::Sgd => sgd::Sgd::new(config).into(),
    }
}
