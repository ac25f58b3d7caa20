//! Packing: a region of the input is copied into the layout that the register tiles read.

use super::source::ConvInput;
use crate::kernels::memory::cache_lines::{reserve, stagger};
use crate::kernels::raw::PackedPlanes;

/// The region of an input that is packed.
#[derive(Clone, Copy)]
pub(super) struct Region {
    pub(super) first_image: usize,
    pub(super) images: usize,
    pub(super) first_channel: usize,
    pub(super) channels: usize,
    pub(super) first_row: usize,
    pub(super) rows: usize,
    /// Extra rows above and below: neighbours, or zeros at the image's edge.
    pub(super) halo: usize,
    /// Columns of zero padding on either side.
    pub(super) padding: usize,
}

impl Region {
    /// Values before the first pixel of a row. With padding, each row begins with a vector of zeros, which is also the
    /// right padding of the row before. This keeps pixels aligned to vectors: only the window's outer columns
    /// are loaded across cache lines.
    fn margin(&self, lanes: usize) -> usize {
        lanes * self.padding
    }

    /// Values from a row to the next, with vectors of `lanes`.
    pub(super) fn pitch(&self, width: usize, lanes: usize) -> usize {
        width.next_multiple_of(lanes) + self.margin(lanes)
    }

    /// Values from a channel to the next.
    pub(super) fn plane(&self, width: usize, lanes: usize) -> usize {
        stagger(self.images * (self.rows + 2 * self.halo) * self.pitch(width, lanes) + self.margin(lanes))
    }

    /// A view of `data`, which holds this region packed.
    pub(super) fn view<'b>(&self, data: &'b [f32], width: usize, lanes: usize) -> PackedPlanes<'b> {
        PackedPlanes {
            data,
            channels: self.channels,
            images: self.images,
            rows: self.rows,
            width,
            pitch: self.pitch(width, lanes),
            plane: self.plane(width, lanes),
            halo: self.halo,
            padding: self.padding,
            margin: self.margin(lanes),
        }
    }
}

/// Packs one channel of `region` into `out`, which is one plane long.
#[inline(always)]
pub(super) fn pack_plane(input: &ConvInput<'_>, region: &Region, channel: usize, lanes: usize, out: &mut [f32]) {
    let shape = input.shape();
    let (margin, pitch) = (region.margin(lanes), region.pitch(shape.width, lanes));
    let mut rows = out.chunks_exact_mut(pitch);
    for image in 0..region.images {
        for row in 0..region.rows + 2 * region.halo {
            let out = rows.next().expect("the plane has room for all rows");
            let y = (region.first_row + row).wrapping_sub(region.halo);
            if y < shape.height {
                out[..margin].fill(0.0);
                out[margin + shape.width..].fill(0.0);
                let pixels = &mut out[margin..margin + shape.width];
                input.read_row(region.first_image + image, region.first_channel + channel, y, pixels);
            } else {
                out.fill(0.0);
            }
        }
    }
    let packed = region.images * (region.rows + 2 * region.halo) * pitch;
    out[packed..].fill(0.0);
}

/// Packs `region` of `input` into `buffer`.
#[inline(always)]
pub(super) fn pack<'b>(
    input: &ConvInput<'_>,
    region: &Region,
    lanes: usize,
    buffer: &'b mut Vec<f32>,
) -> PackedPlanes<'b> {
    let width = input.shape().width;
    let plane = region.plane(width, lanes);
    let data = reserve(buffer, region.channels * plane);
    for (channel, out) in data.chunks_exact_mut(plane).enumerate() {
        pack_plane(input, region, channel, lanes, out);
    }
    region.view(data, width, lanes)
}
