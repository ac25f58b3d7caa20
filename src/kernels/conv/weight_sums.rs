//! The sums that become a 3×3 convolution's weight gradient: their layout, and the final transform.

use pulp::Simd;
use rayon::prelude::*;

use super::tile::tile_channels_in_use;
use super::winograd::{COMPONENTS, WINDOW_COLUMNS, WINDOW_TRANSFORM};
use crate::kernels::memory::Buffer;
use crate::kernels::simd::{lanes, simd_fn};

/// Layout of the sums: `[group of input channels][component][output channel][column][input channel of the group]`. A
/// group fills a vector.
#[derive(Clone, Copy)]
pub(super) struct SumLayout {
    pub(super) in_channels: usize,
    out_channels: usize,
    lanes: usize,
    tile_channels: usize,
}

impl SumLayout {
    pub(super) fn new(in_channels: usize, out_channels: usize) -> Self {
        Self { in_channels, out_channels, lanes: lanes(), tile_channels: tile_channels_in_use() }
    }

    /// Number of groups.
    pub(super) fn groups(&self) -> usize {
        self.in_channels.div_ceil(self.lanes)
    }

    /// Output channels, padded to whole tiles.
    pub(super) fn padded_outputs(&self) -> usize {
        self.out_channels.next_multiple_of(self.tile_channels)
    }

    /// Sums of a component of a group.
    pub(super) fn component(&self) -> usize {
        self.padded_outputs() * WINDOW_COLUMNS * self.lanes
    }

    /// Sums of a group.
    pub(super) fn group(&self) -> usize {
        COMPONENTS * self.component()
    }

    /// Number of sums.
    pub(super) fn len(&self) -> usize {
        self.groups() * self.group()
    }

    /// Adds the `partial` sums up and applies `Gᵀ`: the gradient, `[out_channels, in_channels, 3, 3]`.
    pub(super) fn weight_gradient(&self, partial: &[Buffer]) -> Buffer {
        let mut weights = Buffer::new(self.out_channels * self.in_channels * 9);
        weights.par_chunks_mut(self.in_channels * 9).enumerate().for_each(|(output, weights)| {
            transform_output(self, partial, output, weights);
        });
        weights
    }
}

simd_fn! {
    /// The gradients of the weights of one output channel.
    fn transform_output<'a>(
        simd: S,
        layout: &'a SumLayout,
        partial: &'a [Buffer],
        output: usize,
        weights: &'a mut [f32],
    ) {
        for (group, weights) in weights.chunks_mut(S::F32_LANES * 9).enumerate() {
            let start = group * layout.group() + output * WINDOW_COLUMNS * S::F32_LANES;
            let taps = transform_group(simd, layout, partial, start);
            for (tap, values) in taps.iter().enumerate() {
                let values: &[f32] = bytemuck::cast_slice(std::slice::from_ref(values));
                for (weights, value) in weights.chunks_exact_mut(9).zip(values) {
                    weights[tap] = *value;
                }
            }
        }
    }
}

/// The nine taps from a group's input channels to one output channel, whose first component starts at `start`.
#[inline(always)]
fn transform_group<S: Simd>(simd: S, layout: &SumLayout, partial: &[Buffer], start: usize) -> [S::f32s; 9] {
    let mut taps = [simd.splat_f32s(0.0); 9];
    for (component, factors) in WINDOW_TRANSFORM.iter().enumerate() {
        let at = start + component * layout.component();
        for column in 0..WINDOW_COLUMNS {
            let mut sum = simd.splat_f32s(0.0);
            for sums in partial {
                let (vector, _) = S::as_simd_f32s(&sums[at + column * S::F32_LANES..][..S::F32_LANES]);
                sum = simd.add_f32s(sum, vector[0]);
            }
            for (row, factor) in factors.iter().enumerate() {
                let tap = &mut taps[row * WINDOW_COLUMNS + column];
                *tap = simd.mul_add_e_f32s(simd.splat_f32s(*factor), sum, *tap);
            }
        }
    }
    taps
}
