//! Partial cross-entropy and its gradient in one pass over the labelled pixels.

use rayon::prelude::*;

use super::labels::Labels;
use crate::kernels::memory::Buffer;
use crate::kernels::shape::Shape;

/// Returns `Σ w·(−log p) / Σ w` over the labelled pixels, and its gradient `w·(p − onehot) / Σ w`. The loss is 0 if no
/// pixel is labelled.
///
/// A pixel does not count if its class has no weight or weight 0: its gradient is exactly 0. So is the gradient of classes
/// that do not compete: they are left out of the softmax.
///
/// # Shapes
/// - `logits` and the gradient: `shape`
///
/// # Panics
/// When the sizes do not match.
pub fn partial_cross_entropy(logits: &[f32], shape: Shape, labels: Labels<'_>) -> (f32, Buffer) {
    let (plane, Labels { indices, competes, .. }) = (shape.plane(), labels);
    assert_eq!(indices.len(), shape.batch * plane, "each pixel needs one class index");
    assert_eq!(competes.len(), shape.channels, "each class competes or not");
    let weight = |index: u8| labels.weight(index);
    let total = labels.total_weight();
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
                    let at = Pixel { plane, pixel, class: usize::from(index), competes };
                    loss += at.loss(logits, fraction, gradient);
                }
            }
            loss
        })
        .collect();
    (losses.into_iter().sum::<f64>() as f32, gradient)
}

/// A labelled pixel.
struct Pixel<'a> {
    /// Pixels of an image.
    plane: usize,
    pixel: usize,
    class: usize,
    competes: &'a [bool],
}

impl Pixel<'_> {
    /// The contribution of the pixel, which has `fraction` of the total weight, to the loss. Writes its gradient.
    fn loss(&self, logits: &[f32], fraction: f32, gradient: &mut [f32]) -> f64 {
        let Self { plane, pixel, class, competes } = *self;
        let places = || (0..competes.len()).filter(|&class| competes[class]).map(|class| pixel + class * plane);
        let values = || places().map(|at| logits[at]);
        // NaN is kept, so that a diverged run is noticed.
        let largest =
            values().fold(f32::NEG_INFINITY, |most, value| if value > most || value.is_nan() { value } else { most });
        let sum: f32 = values().map(|value| (value - largest).exp()).sum();
        for at in places() {
            gradient[at] = fraction * ((logits[at] - largest).exp() / sum);
        }
        gradient[pixel + class * plane] -= fraction;
        f64::from(fraction) * f64::from(sum.ln() + largest - logits[pixel + class * plane])
    }
}
