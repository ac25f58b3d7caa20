//! Gradient of a 3×3 convolution's weights by the transpose of Winograd's F(4, 3).
//!
//! Where `y = Aᵀ·((G·g) ⊙ (Bᵀ·d))`, the gradient of `g` is `Gᵀ·((A·dy) ⊙ (Bᵀ·d))`. The products are summed over all
//! images before `Gᵀ` is applied once. Values of the gradient are broadcast to vectors as they are read.

use rayon::prelude::*;

use super::backward_strips::{InputGradient, strip_by_strip};
use super::channel_group::ChannelGroup;
use super::pack_gradient::{RowTiles, pack_gradient};
use super::source::ConvInput;
use super::strips::{STRIP_VALUES, Strip, strip_rows};
use super::weight_sums::SumLayout;
use super::winograd::{COMPONENTS, TILE_ROWS};
use super::workspace::{Workspace, with_workspace};
use crate::kernels::memory::Buffer;
use crate::kernels::memory::cache_lines::reserve;
use crate::kernels::simd::simd_fn;

/// Strip by strip, together with the gradient of the input.
pub(super) fn by_strips(
    input: &ConvInput<'_>,
    gradient: &ConvInput<'_>,
    of_input: Option<InputGradient<'_>>,
) -> Buffer {
    let shape = gradient.shape();
    let layout = SumLayout::new(input.shape().channels, shape.channels);
    let pitch = shape.width.next_multiple_of(16);
    let fitting = STRIP_VALUES * TILE_ROWS / COMPONENTS / (shape.channels * pitch);
    let rows = of_input.as_ref().map_or(fitting, |of_input| fitting.min(strip_rows(shape, &of_input.weights)));
    let whole_tiles = if rows < shape.height { rows / TILE_ROWS * TILE_ROWS } else { rows.next_multiple_of(TILE_ROWS) };
    let zeros = || Buffer::zeros(layout.len());
    let partial = strip_by_strip(gradient, whole_tiles.max(TILE_ROWS), of_input, zeros, |strip, sums| {
        with_workspace(|workspace| add_strip(input, gradient, layout, strip, workspace, sums));
    });
    layout.weight_gradient(&partial)
}

simd_fn! {
    /// Adds the contribution of one strip to `sums`.
    fn add_strip<'a>(
        simd: S,
        input: &'a ConvInput<'a>,
        gradient: &'a ConvInput<'a>,
        layout: SumLayout,
        strip: Strip,
        workspace: &'a mut Workspace,
        sums: &'a mut [f32],
    ) {
        let Workspace { rows, input: pixels, gradient: packed, .. } = workspace;
        let tiles = RowTiles::new(gradient.shape(), strip.rows);
        let packed = reserve(packed, layout.padded_outputs() * tiles.plane());
        for (channel, out) in packed.chunks_exact_mut(tiles.plane()).enumerate() {
            pack_gradient(simd, gradient, strip, channel, tiles, rows, out);
        }
        for (index, sums) in sums.chunks_exact_mut(layout.group()).enumerate() {
            ChannelGroup { input, layout, index, strip }.add(simd, packed, tiles, rows, pixels, sums);
        }
    }
}

/// By groups of input channels, all images at once.
pub(super) fn by_channels(input: &ConvInput<'_>, gradient: &ConvInput<'_>) -> Buffer {
    let shape = gradient.shape();
    let layout = SumLayout::new(input.shape().channels, shape.channels);
    let tiles = RowTiles::new(shape, shape.height);
    let packed = pack_batch(gradient, layout, tiles);
    let mut sums = Buffer::new(layout.len());
    let groups = layout.groups().div_ceil(2 * rayon::current_num_threads());
    sums.par_chunks_mut(groups * layout.group()).enumerate().for_each(|(index, sums)| {
        sums.fill(0.0);
        for (image, packed) in packed.chunks_exact(layout.padded_outputs() * tiles.plane()).enumerate() {
            for (index, sums) in (index * groups..).zip(sums.chunks_exact_mut(layout.group())) {
                let strip = Strip { image, first_row: 0, rows: shape.height };
                let group = ChannelGroup { input, layout, index, strip };
                with_workspace(|workspace| add_group(group, packed, tiles, workspace, sums));
            }
        }
    });
    layout.weight_gradient(&[sums])
}

/// The packed gradients of all images.
fn pack_batch(gradient: &ConvInput<'_>, layout: SumLayout, tiles: RowTiles) -> Buffer {
    let channels = layout.padded_outputs();
    let mut packed = Buffer::new(gradient.shape().batch * channels * tiles.plane());
    packed.par_chunks_mut(tiles.plane()).enumerate().for_each(|(index, out)| {
        let (image, channel) = (index / channels, index % channels);
        let strip = Strip { image, first_row: 0, rows: gradient.shape().height };
        with_workspace(|workspace| pack_channel(gradient, strip, channel, tiles, &mut workspace.rows, out));
    });
    packed
}

simd_fn! {
    fn pack_channel<'a>(
        simd: S,
        gradient: &'a ConvInput<'a>,
        strip: Strip,
        channel: usize,
        tiles: RowTiles,
        rows: &'a mut Vec<f32>,
        out: &'a mut [f32],
    ) {
        pack_gradient(simd, gradient, strip, channel, tiles, rows, out);
    }
}

simd_fn! {
    /// Adds the contribution of one image to the sums of one group.
    fn add_group<'a>(
        simd: S,
        group: ChannelGroup<'a>,
        packed: &'a [f32],
        tiles: RowTiles,
        workspace: &'a mut Workspace,
        sums: &'a mut [f32],
    ) {
        group.add(simd, packed, tiles, &mut workspace.rows, &mut workspace.input, sums);
    }
}
