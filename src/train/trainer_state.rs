//! What a trainer carries from step to step, as bytes. Nothing is rounded: a trainer that is resumed goes on as if it had never stopped.

use burn::tensor::Bytes;

use super::loss_scale::LossScale;

/// Weights and moments of a trainer, each part in Burn's format.
pub struct TrainerState {
    /// The weights that learn, with the running statistics.
    pub weights: Bytes,
    /// Their average, if they are averaged.
    pub average: Option<Bytes>,
    /// Updates of the average.
    pub updates: u64,
    /// What the optimiser knows of each parameter.
    pub moments: Bytes,
    /// The factor of the loss in mixed precision.
    pub scale: Option<LossScale>,
}
