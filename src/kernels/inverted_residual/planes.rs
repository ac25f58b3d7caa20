//! Copies between planes and the layout of a window, with bias, ReLU6 and its gradient on the way.

use super::window::Window;
use crate::kernels::simd::simd_fn;

/// Keeps NaN, so that a diverged run is noticed.
#[inline(always)]
fn relu6(value: f32) -> f32 {
    value.clamp(0.0, 6.0)
}

/// The gradient before ReLU6, from that after it and the activation.
#[inline(always)]
fn before_relu6(gradient: f32, activation: f32) -> f32 {
    if activation > 0.0 && activation < 6.0 { gradient } else { 0.0 }
}

simd_fn! {
    /// Lays out an input plane, or with `bias` the activation `relu6(plane + bias)`. Padding of `phases` stays as it is.
    pub(super) fn spread<'a, 'b>(
        _simd: S,
        plane: &'a [f32],
        bias: Option<f32>,
        window: Window,
        phases: &'b mut [f32],
    ) {
        let (shift, low, high) = bias.map_or((0.0, f32::NEG_INFINITY, f32::INFINITY), |bias| (bias, 0.0, 6.0));
        for (row, values) in plane.chunks_exact(window.width * window.stride).enumerate() {
            for (column, at) in window.runs(row) {
                let to = &mut phases[at..][..window.width];
                if window.stride == 1 {
                    to.iter_mut().zip(values).for_each(|(to, value)| *to = (value + shift).clamp(low, high));
                } else {
                    let pairs = values.as_chunks::<2>().0;
                    to.iter_mut().zip(pairs).for_each(|(to, pair)| *to = (pair[column] + shift).clamp(low, high));
                }
            }
        }
    }
}

simd_fn! {
    /// The reverse, for a gradient. With `activation`, in the same layout, it is that before ReLU6.
    pub(super) fn gather<'a, 'b, 'c>(
        _simd: S,
        phases: &'a [f32],
        activation: Option<&'b [f32]>,
        window: Window,
        plane: &'c mut [f32],
    ) {
        for (row, values) in plane.chunks_exact_mut(window.width * window.stride).enumerate() {
            for (column, at) in window.runs(row) {
                let from = &phases[at..][..window.width];
                let columns = values[column..].iter_mut().step_by(window.stride);
                match activation {
                    Some(activation) => columns
                        .zip(from)
                        .zip(&activation[at..][..window.width])
                        .for_each(|((to, &from), &activation)| *to = before_relu6(from, activation)),
                    None => columns.zip(from).for_each(|(to, &from)| *to = from),
                }
            }
        }
    }
}

simd_fn! {
    /// An output plane from a sum of taps: `relu6(sum + bias)`, without the columns between width and pitch.
    pub(super) fn activate<'a, 'b>(_simd: S, sums: &'a [f32], bias: f32, window: Window, plane: &'b mut [f32]) {
        for (to, from) in plane.chunks_exact_mut(window.width).zip(sums.chunks(window.pitch())) {
            to.iter_mut().zip(from).for_each(|(to, &sum)| *to = relu6(sum + bias));
        }
    }
}

simd_fn! {
    /// Lays out the gradient of an output plane before ReLU6, from that after it; zeros around it stay as they are.
    pub(super) fn pad_gradient<'a, 'b, 'c>(
        _simd: S,
        gradient: &'a [f32],
        activation: &'b [f32],
        window: Window,
        padded: &'c mut [f32],
    ) {
        let rows = gradient.chunks_exact(window.width).zip(activation.chunks_exact(window.width));
        for ((gradient, activation), to) in rows.zip(padded[window.lead()..].chunks_mut(window.pitch())) {
            to.iter_mut()
                .zip(gradient)
                .zip(activation)
                .for_each(|((to, &gradient), &activation)| *to = before_relu6(gradient, activation));
        }
    }
}

simd_fn! {
    /// `sum += values`, or with `overwrite` `sum = values`.
    pub(super) fn add<'a, 'b>(_simd: S, values: &'a [f32], sum: &'b mut [f32], overwrite: bool) {
        if overwrite {
            sum.copy_from_slice(values);
        } else {
            sum.iter_mut().zip(values).for_each(|(sum, value)| *sum += value);
        }
    }
}

simd_fn! {
    /// `sum = values + constant`.
    pub(super) fn shifted<'a, 'b>(_simd: S, values: &'a [f32], constant: f32, sum: &'b mut [f32]) {
        sum.iter_mut().zip(values).for_each(|(sum, value)| *sum = value + constant);
    }
}
