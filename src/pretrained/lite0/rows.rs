//! Activations, row by row.

/// `[height, channels, width]`: the channels of a row lie together, so that a row is a matrix.
#[derive(Clone, Debug, PartialEq)]
pub struct Rows {
    /// Channels.
    pub channels: usize,
    /// Values a row and channel.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// `[height, channels, width]`
    pub values: Vec<f32>,
}

impl Rows {
    /// All zero.
    pub fn zeros(channels: usize, width: usize, height: usize) -> Self {
        Self { channels, width, height, values: vec![0.0; channels * width * height] }
    }

    /// A row: `[channels, width]`.
    pub fn row(&self, y: usize) -> &[f32] {
        let len = self.channels * self.width;
        &self.values[y * len..(y + 1) * len]
    }
}
