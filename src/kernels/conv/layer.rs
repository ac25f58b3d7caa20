//! What layers with weights and a bias have in common.

use rayon::prelude::*;

use crate::kernels::memory::Buffer;
use crate::kernels::shape::Shape;
use crate::kernels::simd::simd_fn;
use crate::kernels::sum::sum;

/// Gradients of a layer's weights and bias.
pub struct LayerGradients {
    /// In the layout of the weights.
    pub weights: Buffer,
    /// One per output channel.
    pub bias: Vec<f32>,
}

/// The gradient of a bias: the sum of each channel of the output's gradient over the batch.
pub(super) fn bias_gradient(gradient: &[f32], shape: Shape) -> Vec<f32> {
    let planes: Vec<f64> = gradient.par_chunks(shape.plane()).map(plane_sum).collect();
    (0..shape.channels).map(|channel| planes.iter().skip(channel).step_by(shape.channels).sum::<f64>() as f32).collect()
}

simd_fn! {
    fn plane_sum<'a>(_simd: S, values: &'a [f32]) -> f64 {
        // Short runs are summed in f32, their sums in f64.
        values.chunks(4096).map(|run| f64::from(sum(run, |value| value))).sum()
    }
}
