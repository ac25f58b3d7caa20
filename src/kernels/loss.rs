//! Partial cross-entropy and its gradient in one pass over the labelled pixels.

use rayon::prelude::*;

use super::memory::Buffer;
use super::shape::Shape;

/// Returns `Σ w·(−log p) / Σ w` over the labelled pixels, and its gradient `w·(p − onehot) / Σ w`. The loss is 0 if no
/// pixel is labelled.
///
/// A pixel does not count if its class has no entry in `class_weights` or weight 0: its gradient is exactly 0.
///
/// # Shapes
/// - `logits` and the gradient: `shape`
/// - `indices`: `[batch, height, width]`
///
/// # Panics
/// When the sizes do not match.
pub fn partial_cross_entropy(logits: &[f32], shape: Shape, indices: &[u8], class_weights: &[f32]) -> (f32, Buffer) {
    let plane = shape.plane();
    assert_eq!(indices.len(), shape.batch * plane, "each pixel needs one class index");
    let weight = |index: u8| class_weights.get(usize::from(index)).copied().unwrap_or(0.0);
    let total: f64 = indices.iter().map(|&index| f64::from(weight(index))).sum();
    // Without labelled pixels the sum is 0 for any divisor.
    let divisor = if total > 0.0 { total } else { 1.0 };
    let mut gradient = Buffer::new(shape.len());
    let image = shape.channels * plane;
    let losses: Vec<f64> = gradient
        .par_chunks_mut(image)
        .zip(logits.par_chunks(image))
        .zip(indices.par_chunks(plane))
        .map(|((gradient, logits), indices)| {
            gradient.fill(0.0);
            let mut loss = 0.0;
            for (pixel, &index) in indices.iter().enumerate() {
                let weight = weight(index);
                if weight > 0.0 {
                    let fraction = (f64::from(weight) / divisor) as f32;
                    loss += pixel_loss(logits, plane, pixel, usize::from(index), fraction, gradient);
                }
            }
            loss
        })
        .collect();
    (losses.into_iter().sum::<f64>() as f32, gradient)
}

/// The contribution of one pixel, which has `fraction` of the total weight, to the loss. Writes its gradient.
fn pixel_loss(logits: &[f32], plane: usize, pixel: usize, class: usize, fraction: f32, gradient: &mut [f32]) -> f64 {
    let values = || logits[pixel..].iter().step_by(plane);
    // NaN is kept, so that a diverged run is noticed.
    let largest =
        values().fold(f32::NEG_INFINITY, |most, &value| if value > most || value.is_nan() { value } else { most });
    let sum: f32 = values().map(|value| (value - largest).exp()).sum();
    for (gradient, value) in gradient[pixel..].iter_mut().step_by(plane).zip(values()) {
        *gradient = fraction * ((value - largest).exp() / sum);
    }
    gradient[pixel + class * plane] -= fraction;
    f64::from(fraction) * f64::from(sum.ln() + largest - logits[pixel + class * plane])
}
