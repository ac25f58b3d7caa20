//! Bands of the images that networks see.

/// Bands that the data delivers: red, green, blue.
pub const BANDS: usize = 3;
