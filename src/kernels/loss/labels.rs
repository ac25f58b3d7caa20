//! What a loss learns from.

/// The labels of a batch.
///
/// Indices without a weight (unlabelled: 255) are ignored, and so is every class of weight 0.
#[derive(Clone, Copy, Debug)]
pub struct Labels<'a> {
    /// Class indices row by row, image after image: `[batch, height, width]`.
    pub indices: &'a [u8],
    /// A weight of 0 or more per class.
    pub class_weights: &'a [f32],
    /// Which classes are in the softmax; a label of any other class is ignored.
    pub competes: &'a [bool],
}

impl Labels<'_> {
    /// The weight of a pixel with this class index.
    pub fn weight(&self, index: u8) -> f32 {
        let class = usize::from(index);
        if self.competes.get(class) == Some(&true) {
            self.class_weights.get(class).copied().unwrap_or(0.0)
        } else {
            0.0
        }
    }

    /// The weights of all pixels together.
    pub fn total_weight(&self) -> f64 {
        self.indices.iter().map(|&index| f64::from(self.weight(index))).sum()
    }
}
