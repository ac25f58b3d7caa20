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

pub(super) fn assert_close(got: &[f32], want: &[f64]) {
    assert_eq!(got.len(), want.len());
    for (i, (g, w)) in got.iter().zip(want).enumerate() {
        assert!((f64::from(*g) - w).abs() < 1e-5, "at {i}: {g} is not {w}");
    }
}
