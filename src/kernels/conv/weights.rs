//! Convolution weights, packed in the order in which the register tiles read them.

use std::ops::Range;

use rayon::prelude::*;

use super::algorithm::Algorithm;
use super::tile::{MAX_TILE_CHANNELS, tile_channels_in_use};
use super::winograd::{COMPONENTS, WINDOW_COLUMNS, WINDOW_TRANSFORM};
use crate::kernels::memory::Buffer;
use crate::kernels::simd::simd_fn;

/// Where a weight tensor stores the weight of an output channel, an input channel and a tap.
#[derive(Clone, Copy)]
pub(crate) struct WeightLayout {
    pub(crate) out_channels: usize,
    pub(crate) in_channels: usize,
    /// Taps of the window, row by row: 9 or 1.
    pub(crate) taps: usize,
    /// Weights from one output channel to the next.
    pub(crate) out_stride: usize,
    /// Weights from one input channel to the next.
    pub(crate) in_stride: usize,
    /// Whether taps are read from the last to the first.
    pub(crate) flipped: bool,
}

impl WeightLayout {
    /// A convolution's weights, `[out_channels, in_channels, side, side]`.
    pub(crate) fn convolution(out_channels: usize, in_channels: usize, taps: usize) -> Self {
        Self { out_channels, in_channels, taps, out_stride: in_channels * taps, in_stride: taps, flipped: false }
    }

    /// The same weights read as the convolution that takes the output's gradient to the input's: input and output
    /// channels exchanged, window rotated by 180°.
    pub(crate) fn backward(self) -> Self {
        Self {
            out_channels: self.in_channels,
            in_channels: self.out_channels,
            out_stride: self.in_stride,
            in_stride: self.out_stride,
            flipped: !self.flipped,
            ..self
        }
    }

    /// Number of weights.
    fn len(self) -> usize {
        self.out_channels * self.in_channels * self.taps
    }

    fn taps_of<'a>(&self, values: &'a [f32], output: usize, input: usize) -> impl Iterator<Item = f32> + 'a {
        let (taps, flipped) = (self.taps, self.flipped);
        let window = &values[output * self.out_stride + input * self.in_stride..][..taps];
        (0..taps).map(move |tap| window[if flipped { taps - 1 - tap } else { tap }])
    }
}

/// Weights as `[channel tile][component][input channel][tap][output channel of the tile]`, the last tile padded with
/// zeros.
///
/// The direct algorithm has one component with all taps, Winograd's has six with three taps each.
pub(crate) struct PackedWeights {
    data: Buffer,
    pub(super) out_channels: usize,
    pub(super) in_channels: usize,
    pub(super) taps: usize,
    pub(super) algorithm: Algorithm,
    /// Output channels of a tile.
    pub(super) tile_channels: usize,
}

impl PackedWeights {
    pub(crate) fn new(values: &[f32], layout: WeightLayout) -> Self {
        assert_eq!(values.len(), layout.len(), "the number of weights does not match their layout");
        let tile_channels = tile_channels_in_use();
        let WeightLayout { out_channels, in_channels, taps, .. } = layout;
        let algorithm = Algorithm::select(taps, in_channels);
        let per_input = match algorithm {
            Algorithm::Direct => taps,
            Algorithm::Winograd => COMPONENTS * WINDOW_COLUMNS,
        };
        let tile = tile_channels * in_channels * per_input;
        let mut data = Buffer::new(out_channels.div_ceil(tile_channels) * tile);
        data.par_chunks_mut(tile).enumerate().for_each(|(index, data)| {
            let outputs = index * tile_channels..((index + 1) * tile_channels).min(out_channels);
            match algorithm {
                Algorithm::Direct => write_taps(&layout, values, outputs, tile_channels, data),
                Algorithm::Winograd => write_transformed(&layout, values, outputs, tile_channels, data),
            }
        });
        Self { data, out_channels, in_channels, taps, algorithm, tile_channels }
    }

    /// Number of channel tiles.
    pub(super) fn tiles(&self) -> usize {
        self.out_channels.div_ceil(self.tile_channels)
    }

    /// The weights of one component of one channel tile, from input channel `first` on.
    #[inline(always)]
    pub(super) fn of_tile(&self, tile: usize, component: usize, first: usize) -> &[f32] {
        let (components, taps) = match self.algorithm {
            Algorithm::Direct => (1, self.taps),
            Algorithm::Winograd => (COMPONENTS, WINDOW_COLUMNS),
        };
        let per_input = taps * self.tile_channels;
        let start = (tile * components + component) * self.in_channels * per_input;
        &self.data[start + first * per_input..start + self.in_channels * per_input]
    }
}

/// Packs the weights of one channel tile for the direct algorithm.
fn write_taps(layout: &WeightLayout, values: &[f32], outputs: Range<usize>, tile_channels: usize, data: &mut [f32]) {
    if outputs.len() < tile_channels {
        data.fill(0.0);
    }
    for (offset, output) in outputs.enumerate() {
        for input in 0..layout.in_channels {
            for (tap, value) in layout.taps_of(values, output, input).enumerate() {
                data[(input * layout.taps + tap) * tile_channels + offset] = value;
            }
        }
    }
}

simd_fn! {
    /// Packs the weights of one channel tile for Winograd's algorithm: `G·g`.
    fn write_transformed<'a>(
        _simd: S,
        layout: &'a WeightLayout,
        values: &'a [f32],
        outputs: Range<usize>,
        tile_channels: usize,
        data: &'a mut [f32],
    ) {
        let mut taps = [[0.0; MAX_TILE_CHANNELS]; 9];
        for input in 0..layout.in_channels {
            for (offset, output) in outputs.clone().enumerate() {
                for (taps, value) in taps.iter_mut().zip(layout.taps_of(values, output, input)) {
                    taps[offset] = value;
                }
            }
            for (component, [upper, middle, lower]) in WINDOW_TRANSFORM.into_iter().enumerate() {
                for column in 0..WINDOW_COLUMNS {
                    let at = (component * layout.in_channels + input) * WINDOW_COLUMNS + column;
                    let [g0, g1, g2] = [&taps[column], &taps[3 + column], &taps[6 + column]];
                    for (offset, data) in data[at * tile_channels..][..tile_channels].iter_mut().enumerate() {
                        *data = upper * g0[offset] + middle * g1[offset] + lower * g2[offset];
                    }
                }
            }
        }
    }
}
