//! Depthwise convolution of one output row, with bias and ReLU6, forward only.

use super::simd::simd_fn;

/// Values in a row are padded to a multiple of this, so that whole vectors cover it on every instruction set.
pub const ROW_MULTIPLE: usize = 16;

/// Weights with batch norm folded in: `[channels, side, side]`, and a bias per channel.
#[derive(Clone, Debug)]
pub struct Depthwise {
    /// Side of the window: 3 or 5.
    pub side: usize,
    /// 1 or 2.
    pub stride: usize,
    /// `[channels, side, side]`
    pub weights: Vec<f32>,
    /// One per channel.
    pub bias: Vec<f32>,
}

/// The input rows under the window of an output row.
#[derive(Clone, Copy, Debug)]
pub struct RowsUnderWindow<'a> {
    /// `side` rows, each `[channels, channel_len]`.
    pub rows: &'a [&'a [f32]],
    /// Values from one channel of a row to the next.
    pub channel_len: usize,
    /// For each column of the window, where the value for the first output column lies within a channel.
    pub taps: &'a [usize],
}

/// `out = relu6(bias + Σ weights · inputs)`. `out` is `[channels, width]`, width a multiple of [`ROW_MULTIPLE`].
///
/// # Panics
/// If the window is neither 3 nor 5 wide, or a row is too short.
pub fn depthwise_row(input: RowsUnderWindow<'_>, layer: &Depthwise, out: &mut [f32]) {
    assert!((out.len() / layer.bias.len()).is_multiple_of(ROW_MULTIPLE), "whole vectors");
    match layer.side {
        3 => row_of_3(input, layer, out),
        5 => row_of_5(input, layer, out),
        side => panic!("a depthwise window is 3 or 5 wide, not {side}"),
    }
}

macro_rules! row_of {
    ($name:ident, $side:literal) => {
        simd_fn! {
            fn $name<'a, 'b, 'c>(
                simd: S,
                input: RowsUnderWindow<'a>,
                layer: &'b Depthwise,
                out: &'c mut [f32],
            ) {
                const SIDE: usize = $side;
                let rows: [&[f32]; SIDE] = std::array::from_fn(|ky| input.rows[ky]);
                let width = out.len() / layer.bias.len();
                let (zero, six) = (simd.splat_f32s(0.0), simd.splat_f32s(6.0));
                for (channel, out) in out.chunks_mut(width).enumerate() {
                    let (out, _) = S::as_mut_simd_f32s(out);
                    let base = channel * input.channel_len;
                    let weights = &layer.weights[channel * SIDE * SIDE..][..SIDE * SIDE];
                    let bias = simd.splat_f32s(layer.bias[channel]);
                    let sources: [[&[S::f32s]; SIDE]; SIDE] = rows.map(|row| {
                        std::array::from_fn(|kx| {
                            &S::as_simd_f32s(&row[base + input.taps[kx]..][..width]).0[..out.len()]
                        })
                    });
                    for (x, out) in out.iter_mut().enumerate() {
                        let mut sum = bias;
                        for ky in 0..SIDE {
                            for kx in 0..SIDE {
                                let weight = simd.splat_f32s(weights[ky * SIDE + kx]);
                                sum = simd.mul_add_f32s(weight, sources[ky][kx][x], sum);
                            }
                        }
                        *out = simd.min_f32s(simd.max_f32s(sum, zero), six);
                    }
                }
            }
        }
    };
}

row_of!(row_of_3, 3);
row_of!(row_of_5, 5);

simd_fn! {
    /// Adds a bias to each channel's row and clamps to 0..=6: `rows` is `[channels, channel_len]` of which the first `width`
    /// values count.
    pub fn bias_relu6<'a, 'b>(simd: S, rows: &'a mut [f32], bias: &'b [f32], channel_len: usize, width: usize) {
        let (zero, six) = (simd.splat_f32s(0.0), simd.splat_f32s(6.0));
        for (row, &bias) in rows.chunks_mut(channel_len).zip(bias) {
            let (vectors, tail) = S::as_mut_simd_f32s(&mut row[..width]);
            let all = simd.splat_f32s(bias);
            for value in vectors {
                *value = simd.min_f32s(simd.max_f32s(simd.add_f32s(*value, all), zero), six);
            }
            for value in tail {
                *value = (*value + bias).clamp(0.0, 6.0);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_what_plain_loops_say() {
        for side in [3, 5] {
            let (channels, width, channel_len) = (2, 16, 24);
            let value = |i: usize| ((i * 7919) % 23) as f32 / 7.0 - 1.5;
            let rows: Vec<Vec<f32>> =
                (0..side).map(|ky| (0..channels * channel_len).map(|i| value(i + 101 * ky)).collect()).collect();
            let rows: Vec<&[f32]> = rows.iter().map(Vec::as_slice).collect();
            let weights: Vec<f32> = (0..channels * side * side).map(|i| value(i + 5) / 4.0).collect();
            let layer = Depthwise { side, stride: 1, weights, bias: vec![0.5, 1.0] };
            let taps: Vec<usize> = (0..side).collect();
            let mut out = vec![f32::NAN; channels * width];
            depthwise_row(RowsUnderWindow { rows: &rows, channel_len, taps: &taps }, &layer, &mut out);
            for channel in 0..channels {
                for x in 0..width {
                    let mut want = layer.bias[channel];
                    for (ky, row) in rows.iter().enumerate() {
                        for kx in 0..side {
                            let weight = layer.weights[(channel * side + ky) * side + kx];
                            want += weight * row[channel * channel_len + x + kx];
                        }
                    }
                    let got = out[channel * width + x];
                    assert!((got - want.clamp(0.0, 6.0)).abs() < 1e-5, "{side} {channel} {x}: {got} {want}");
                }
            }
        }
    }

    #[test]
    fn bias_and_relu6_leave_the_padding_alone() {
        let mut rows = vec![-1.0, 2.0, 9.0, 7.5, 0.0, 1.0, 2.0, 7.5];
        bias_relu6(&mut rows, &[0.5, 1.0], 4, 3);
        assert_eq!(rows, [0.0, 2.5, 6.0, 7.5, 1.0, 2.0, 3.0, 7.5]);
    }
}
