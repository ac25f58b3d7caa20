//! Optimisers: how parameters change, given their gradients. A file each; `kernels::optim` has the fused steps for the CPU.

mod adam;
mod scaled;
mod sgd;

use burn::module::ParamGroup;
use burn::optim::{self, ModuleOptimizer};

use crate::domain::config::{Optimizer, TrainConfig};

/// The configured optimiser. `pretrained` parameters have a learning rate of their own.
pub fn build(config: &TrainConfig, pretrained: Option<ParamGroup>) -> ModuleOptimizer {
    match config.optimizer {
        Optimizer::AdamW => grouped(adam::Adam::decoupled(config), config.encoder_lr, pretrained),
        Optimizer::Adam => grouped(adam::Adam::coupled(config), config.encoder_lr, pretrained),
        Optimizer::Sgd => grouped(sgd::Sgd::new(config), config.encoder_lr, pretrained),
    }
}

fn grouped(optimizer: impl optim::Optimizer + 'static, factor: f64, pretrained: Option<ParamGroup>) -> ModuleOptimizer {
    let scaled = scaled::Scaled { inner: optimizer.clone(), factor };
    let all = ModuleOptimizer::from(optimizer);
    match pretrained {
        Some(group) => all.with_group(group, scaled, None),
        None => all,
    }
}
