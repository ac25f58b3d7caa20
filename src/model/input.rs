//! What the networks take in.

use crate::domain::config::BANDS;

/// Bands of the images that the data delivers. A network may take another number.
pub const IN_CHANNELS: usize = BANDS;
