//! Strips of pictures and weights, copied into the order in which the tiles read them.

use std::cell::RefCell;

use super::source::Input;

/// Planes with a border of zeros, each row padded so that whole vectors may be read from any of its pixels.
pub(crate) struct Packed<'a> {
    pub(crate) data: &'a [f32],
    pub(crate) channels: usize,
    pub(crate) images: usize,
    /// Rows of each image without the border.
    pub(crate) rows: usize,
    /// Columns without border and padding.
    pub(crate) width: usize,
    /// From a row to the next.
    pub(crate) pitch: usize,
    /// From a channel to the next.
    pub(crate) plane: usize,
    /// Width of the border: 1 for a 3×3 window, 0 for 1×1.
    pub(crate) pad: usize,
}

/// Which part of an input is packed.
#[derive(Clone, Copy)]
pub(crate) struct Part {
    pub(crate) first_image: usize,
    pub(crate) images: usize,
    pub(crate) first_channel: usize,
    pub(crate) channels: usize,
    pub(crate) first_row: usize,
    pub(crate) rows: usize,
    pub(crate) pad: usize,
}

impl Part {
    /// Columns from a row to the next in vectors of `lanes`.
    pub(crate) fn pitch(&self, width: usize, lanes: usize) -> usize {
        width.next_multiple_of(lanes) + 2 * self.pad
    }

    pub(crate) fn plane(&self, width: usize, lanes: usize) -> usize {
        let values = self.images * (self.rows + 2 * self.pad) * self.pitch(width, lanes);
        // Planes an exact multiple of 4 KiB apart would all compete for the same few lines of the first-level cache.
        if values.is_multiple_of(1024) { values + 16 } else { values }
    }
}

/// Copies one channel of `part` to `out`, one plane long.
#[inline(always)]
pub(crate) fn pack_plane(input: &Input<'_>, part: &Part, channel: usize, lanes: usize, out: &mut [f32]) {
    let shape = input.shape();
    let (pad, pitch) = (part.pad, part.pitch(shape.width, lanes));
    let mut rows = out.chunks_exact_mut(pitch);
    for image in 0..part.images {
        for row in 0..part.rows + 2 * pad {
            let out = rows.next().expect("the plane has room for all its rows");
            let y = (part.first_row + row).wrapping_sub(pad);
            if y < shape.height {
                out[..pad].fill(0.0);
                out[pad + shape.width..].fill(0.0);
                input.row(part.first_image + image, part.first_channel + channel, y, &mut out[pad..pad + shape.width]);
            } else {
                out.fill(0.0);
            }
        }
    }
}

/// Packs `part` of `input` into `buffer`.
#[inline(always)]
pub(crate) fn pack<'b>(input: &Input<'_>, part: &Part, lanes: usize, buffer: &'b mut Vec<f32>) -> Packed<'b> {
    let width = input.shape().width;
    let plane = part.plane(width, lanes);
    let needed = part.channels * plane;
    if buffer.len() < needed {
        buffer.resize(needed, 0.0);
    }
    for (channel, out) in buffer[..needed].chunks_exact_mut(plane).enumerate() {
        pack_plane(input, part, channel, lanes, out);
    }
    packed(&buffer[..needed], part, width, lanes)
}

/// The view of planes already packed.
pub(crate) fn packed<'b>(data: &'b [f32], part: &Part, width: usize, lanes: usize) -> Packed<'b> {
    Packed {
        data,
        channels: part.channels,
        images: part.images,
        rows: part.rows,
        width,
        pitch: part.pitch(width, lanes),
        plane: part.plane(width, lanes),
        pad: part.pad,
    }
}

/// Working memory of a thread, kept from call to call.
#[derive(Default)]
pub(crate) struct Scratch {
    pub(crate) input: Vec<f32>,
    pub(crate) gradient: Vec<f32>,
    pub(crate) output: Vec<f32>,
}

/// Lends `work` this thread's working memory.
pub(crate) fn with_scratch<R>(work: impl FnOnce(&mut Scratch) -> R) -> R {
    thread_local! {
        static SCRATCH: RefCell<Scratch> = RefCell::default();
    }
    // Taken, not borrowed: a thread that waits in a parallel loop may be given another strip to work on meanwhile.
    let mut scratch = SCRATCH.take();
    let result = work(&mut scratch);
    SCRATCH.set(scratch);
    result
}
