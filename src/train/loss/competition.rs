//! Classes that are left out of the softmax.

use burn::tensor::{Tensor, TensorData};

/// Added to the logits of classes that do not compete. Finite, because a weight of 0 times −∞ would be NaN.
const OUT: f32 = -1e30;

/// Logits in which classes that do not compete have no chance. Unchanged if all compete.
pub(super) fn without_absent(logits: Tensor<4>, competes: &[bool]) -> Tensor<4> {
    if competes.iter().all(|competes| *competes) {
        return logits;
    }
    let out: Vec<f32> = competes.iter().map(|&competes| if competes { 0.0 } else { OUT }).collect();
    let device = logits.device();
    logits + Tensor::from_data(TensorData::new(out, [1, competes.len(), 1, 1]), &device)
}
