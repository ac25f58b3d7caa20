//! What the networks take in.

/// Bands of an input image: red, green, blue.
pub const IN_CHANNELS: usize = 3;
