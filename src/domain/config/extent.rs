//! How long a run lasts, and how much of a tile the network sees at a time.

use serde::{Deserialize, Serialize};

/// Smallest side of a window, pixels. Small crops are trained on, but larger windows waste less on overlap.
const SMALLEST_WINDOW: u32 = 256;

/// How long a run lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Length {
    /// Passes over the training tiles, from 1.
    Epochs(u32),
    /// Optimiser steps, from 1.
    Steps(u64),
}

impl Length {
    /// Steps in all, with this many in an epoch.
    pub fn steps(self, per_epoch: u64) -> u64 {
        match self {
            Self::Epochs(epochs) => u64::from(epochs) * per_epoch,
            Self::Steps(steps) => steps,
        }
    }

    /// The length of this kind that has so many steps; in steps, if that is no whole number of epochs.
    #[must_use]
    pub fn with_steps(self, steps: u64, per_epoch: u64) -> Self {
        match (self, u32::try_from(steps / per_epoch.max(1))) {
            (Self::Epochs(_), Ok(epochs)) if u64::from(epochs) * per_epoch == steps => Self::Epochs(epochs),
            _ => Self::Steps(steps),
        }
    }
}

/// The square input of the network, and how a tile becomes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InputSize {
    /// The whole tile, resized to this many pixels a side.
    Resize(u32),
    /// Square crops with this many pixels a side, at native resolution.
    Crop(u32),
}

impl InputSize {
    /// Side of the square, pixels.
    pub fn side(self) -> u32 {
        match self {
            Self::Resize(side) | Self::Crop(side) => side,
        }
    }

    /// Side of the windows that a network trained on this predicts in, pixels: a multiple of `stride`, as the input is.
    pub fn window(self, stride: u32) -> u32 {
        match self {
            Self::Resize(side) => side,
            Self::Crop(side) => side.max(SMALLEST_WINDOW.next_multiple_of(stride)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_grows_in_its_own_unit_where_that_is_whole() {
        assert_eq!([Length::Epochs(3).steps(5), Length::Steps(7).steps(5)], [15, 7]);
        assert_eq!(Length::Epochs(3).with_steps(20, 5), Length::Epochs(4));
        assert_eq!(Length::Epochs(3).with_steps(21, 5), Length::Steps(21));
        assert_eq!(Length::Steps(3).with_steps(20, 5), Length::Steps(20));
    }
}
