//! How much of the data a step takes at a time.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::extent::InputSize;
use super::train_config::TrainConfig;

/// Crops per batch, and batches per step, at most. More do not fit in any machine of today.
pub const MAX_BATCH: usize = 1024;

/// What a step learns from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepSize {
    /// Crops of a batch.
    pub batch: usize,
    /// Batches of a step.
    pub accumulate: usize,
    /// What the network sees of a tile.
    pub input: InputSize,
}

/// What fits where the step that was asked for does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepOffer {
    /// What was asked for.
    pub asked: StepSize,
    /// What fits, with as many crops a step.
    pub fits: StepSize,
}

impl StepSize {
    /// That of a configuration.
    pub fn of(train: &TrainConfig) -> Self {
        Self { batch: train.batch, accumulate: train.accumulate, input: train.input }
    }

    /// Sets it.
    pub fn apply_to(self, train: &mut TrainConfig) {
        (train.batch, train.accumulate, train.input) = (self.batch, self.accumulate, self.input);
    }

    /// Crops of a step.
    pub fn crops(self) -> usize {
        self.batch * self.accumulate
    }
}

/// What fits in words: `a batch of 4, accumulated 8 times`.
impl fmt::Display for StepOffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let StepSize { batch, accumulate, input } = self.fits;
        write!(f, "a batch of {batch}")?;
        if accumulate > 1 {
            write!(f, ", accumulated {accumulate} times")?;
        }
        match input {
            unchanged if unchanged == self.asked.input => Ok(()),
            InputSize::Crop(side) => write!(f, ", of crops of {side} px"),
            InputSize::Resize(side) => write!(f, ", of tiles resized to {side} px"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offer_says_what_changes_and_takes_its_place() {
        let mut train = TrainConfig { batch: 32, input: InputSize::Resize(384), ..TrainConfig::default() };
        let asked = StepSize::of(&train);
        let smaller = StepSize { batch: 4, accumulate: 8, ..asked };
        let words = |fits| StepOffer { asked, fits }.to_string();
        assert_eq!(words(smaller), "a batch of 4, accumulated 8 times");
        let coarse = StepSize { input: InputSize::Resize(192), ..asked };
        assert_eq!(words(coarse), "a batch of 32, of tiles resized to 192 px");
        smaller.apply_to(&mut train);
        assert_eq!((StepSize::of(&train), smaller.crops()), (smaller, 32));
    }
}
