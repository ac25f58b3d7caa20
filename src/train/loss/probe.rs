//! How tests look at a loss.

use burn::tensor::{Device, Tensor, TensorData};

use crate::kernels::loss::Labels as Targets;

/// Loss and gradient of the logits, computed by `compute`.
pub(super) fn by(
    compute: impl Fn(Tensor<4>, Targets<'_>) -> Tensor<1>,
    logits: &[f32],
    shape: [usize; 4],
    targets: Targets<'_>,
) -> (f32, Vec<f32>) {
    let device = Device::flex().autodiff();
    let logits = Tensor::<4>::from_data(TensorData::new(logits.to_vec(), shape), &device).require_grad();
    let loss = compute(logits.clone(), targets);
    let gradients = loss.backward();
    let gradient = logits.grad(&gradients).expect("logits require a gradient").into_data();
    (loss.into_scalar(), gradient.try_to_vec().expect("f32"))
}

/// Whether two gradients agree: to a ten-thousandth of the largest value, since a mean over many pixels has small ones only.
pub(super) fn assert_same_gradient(got: &[f32], want: &[f64]) {
    assert_eq!(got.len(), want.len());
    let largest = want.iter().fold(0.0, |largest: f64, value| largest.max(value.abs()));
    for (i, (g, w)) in got.iter().zip(want).enumerate() {
        assert!((f64::from(*g) - w).abs() <= 1e-4 * largest, "at {i}: {g} is not {w}, where the largest is {largest}");
    }
}

pub(super) fn assert_close(got: &[f32], want: &[f64]) {
    assert_eq!(got.len(), want.len());
    for (i, (g, w)) in got.iter().zip(want).enumerate() {
        assert!((f64::from(*g) - w).abs() < 1e-5, "at {i}: {g} is not {w}");
    }
}
