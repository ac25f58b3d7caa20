//! 1×1 convolution of a row: a matrix product.

use crate::kernels::matrix::{Layout, multiply};

/// Weights with batch norm folded in.
#[derive(Clone, Debug)]
pub struct Pointwise {
    /// Input channels.
    pub inputs: usize,
    /// Output channels.
    pub outputs: usize,
    /// `[outputs, inputs]`
    pub weights: Vec<f32>,
    /// One per output channel.
    pub bias: Vec<f32>,
}

impl Pointwise {
    /// `out = weights · input`, without the bias. Both layouts are `[channels, width]`.
    pub(crate) fn multiply(&self, out: &mut [f32], to: Layout, input: (&[f32], Layout)) {
        multiply((out, to), (&self.weights, Layout::row_major(self.outputs, self.inputs)), input, false);
    }
}
