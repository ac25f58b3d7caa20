//! What is exchanged.

use crate::domain::{Classes, NamedTensor, RunConfig};

/// A trained network with all that is needed to use it elsewhere.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    /// Its architecture, what it was trained on, and how.
    pub config: RunConfig,
    /// What its logits stand for, in this order.
    pub classes: Classes,
    /// Whether a class may be predicted, by index. Ignored classes and those that never had a label may not.
    pub predicts: Vec<bool>,
    /// Weights and running statistics, named as in `docs/weights.md`.
    pub tensors: Vec<NamedTensor>,
}

impl Network {
    /// Side of the square tiles it predicts best, pixels.
    pub fn tile(&self) -> u32 {
        self.config.train.input.window(self.config.model.stride())
    }
}
