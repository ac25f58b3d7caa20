//! The operators as their definitions say, slowly.

use crate::kernels::shape::Shape;

/// Reproducible values between -0.5 and 0.5.
pub(super) fn values(len: usize, seed: u64) -> Vec<f32> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1u64 << 24) as f32 - 0.5
    };
    (0..len).map(|_| next()).collect()
}

pub(super) fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().map(|&value| f64::from(value)).collect()
}

/// Convolution with a `side`×`side` window and a border of zeros; weights `[outputs, inputs, side, side]`.
pub(super) fn convolve(x: &[f64], shape: Shape, weights: &[f64], outputs: usize, side: usize) -> Vec<f64> {
    let mut out = Vec::new();
    for n in 0..shape.batch {
        for o in 0..outputs {
            for y in 0..shape.height {
                for column in 0..shape.width {
                    let mut sum = 0.0;
                    for i in 0..shape.channels {
                        for (ky, kx) in (0..side).flat_map(|ky| (0..side).map(move |kx| (ky, kx))) {
                            let (sy, sx) = ((y + ky).wrapping_sub(side / 2), (column + kx).wrapping_sub(side / 2));
                            if sy < shape.height && sx < shape.width {
                                sum += x[shape.at(n, i) + sy * shape.width + sx]
                                    * weights[((o * shape.channels + i) * side + ky) * side + kx];
                            }
                        }
                    }
                    out.push(sum);
                }
            }
        }
    }
    out
}

/// Batch norm over the batch's own statistics, then ReLU.
pub(super) fn norm_relu(y: &[f64], shape: Shape, gamma: &[f64], beta: &[f64], epsilon: f64) -> Vec<f64> {
    let mut out = y.to_vec();
    for channel in 0..shape.channels {
        let indices: Vec<usize> =
            (0..shape.batch).flat_map(|n| shape.at(n, channel)..shape.at(n, channel) + shape.plane()).collect();
        let count = indices.len() as f64;
        let mean = indices.iter().map(|&index| y[index]).sum::<f64>() / count;
        let variance = indices.iter().map(|&index| (y[index] - mean).powi(2)).sum::<f64>() / count;
        for index in indices {
            out[index] = ((y[index] - mean) / (variance + epsilon).sqrt() * gamma[channel] + beta[channel]).max(0.0);
        }
    }
    out
}

/// Transposed 2×2 convolution with stride 2; weights `[inputs, outputs, 2, 2]`.
pub(super) fn double(x: &[f64], shape: Shape, weights: &[f64], bias: &[f64]) -> Vec<f64> {
    let outputs = bias.len();
    let result = crate::kernels::conv::transposed::doubled(shape, outputs);
    let mut out = vec![0.0; result.len()];
    for n in 0..shape.batch {
        for o in 0..outputs {
            for y in 0..result.height {
                for column in 0..result.width {
                    let sum: f64 = (0..shape.channels)
                        .map(|i| {
                            x[shape.at(n, i) + y / 2 * shape.width + column / 2]
                                * weights[(i * outputs + o) * 4 + y % 2 * 2 + column % 2]
                        })
                        .sum();
                    out[result.at(n, o) + y * result.width + column] = sum + bias[o];
                }
            }
        }
    }
    out
}

pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The derivative of `of` in direction `towards`, at `at`.
pub(super) fn slope(at: &[f64], towards: &[f64], of: impl Fn(&[f64]) -> f64) -> f64 {
    let step = 1e-6;
    let moved = |sign: f64| at.iter().zip(towards).map(|(at, towards)| at + sign * step * towards).collect::<Vec<_>>();
    (of(&moved(1.0)) - of(&moved(-1.0))) / (2.0 * step)
}
