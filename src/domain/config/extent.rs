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
