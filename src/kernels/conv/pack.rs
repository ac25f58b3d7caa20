//! Strips of pictures and weights, copied into the order in which the tiles read them.

use std::cell::RefCell;

use super::source::Input;
use crate::kernels::memory::cache_lines::{self, reserve};

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
    /// Rows above the first.
    pub(crate) border: usize,
    /// Columns of zeros on either side: 1 for a window of 3, 0 for one of 1.
    pub(crate) pad: usize,
    /// Values before the first pixel of a row.
    pub(crate) margin: usize,
}

impl Packed<'_> {
    /// Where the window around the first pixel of the first row starts.
    #[inline(always)]
    pub(crate) fn first_window(&self) -> usize {
        self.margin - self.pad
    }

    /// Where that pixel itself is.
    #[inline(always)]
    pub(crate) fn first_pixel(&self) -> usize {
        self.margin + self.border * self.pitch
    }
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
    /// Rows of zeros or neighbours above and below.
    pub(crate) border: usize,
    /// Columns of zeros on either side.
    pub(crate) pad: usize,
}

impl Part {
    /// With a border, each row begins with a vector of zeros, which is also the border of the row before: pixels stay
    /// aligned to vectors, so that only the window's outer columns are loaded across cache lines.
    fn margin(&self, lanes: usize) -> usize {
        lanes * self.pad
    }

    /// Columns from a row to the next in vectors of `lanes`.
    pub(crate) fn pitch(&self, width: usize, lanes: usize) -> usize {
        width.next_multiple_of(lanes) + self.margin(lanes)
    }

    /// Values from a channel to the next.
    pub(crate) fn plane(&self, width: usize, lanes: usize) -> usize {
        cache_lines::apart(self.images * (self.rows + 2 * self.border) * self.pitch(width, lanes) + self.margin(lanes))
    }

    /// The view of planes that are packed in `data`.
    pub(crate) fn of<'b>(&self, data: &'b [f32], width: usize, lanes: usize) -> Packed<'b> {
        Packed {
            data,
            channels: self.channels,
            images: self.images,
            rows: self.rows,
            width,
            pitch: self.pitch(width, lanes),
            plane: self.plane(width, lanes),
            border: self.border,
            pad: self.pad,
            margin: self.margin(lanes),
        }
    }
}

/// Copies one channel of `part` to `out`, one plane long.
#[inline(always)]
pub(crate) fn pack_plane(input: &Input<'_>, part: &Part, channel: usize, lanes: usize, out: &mut [f32]) {
    let shape = input.shape();
    let (margin, pitch) = (part.margin(lanes), part.pitch(shape.width, lanes));
    let mut rows = out.chunks_exact_mut(pitch);
    for image in 0..part.images {
        for row in 0..part.rows + 2 * part.border {
            let out = rows.next().expect("the plane has room for all its rows");
            let y = (part.first_row + row).wrapping_sub(part.border);
            if y < shape.height {
                out[..margin].fill(0.0);
                out[margin + shape.width..].fill(0.0);
                let pixels = &mut out[margin..margin + shape.width];
                input.row(part.first_image + image, part.first_channel + channel, y, pixels);
            } else {
                out.fill(0.0);
            }
        }
    }
    let packed = part.images * (part.rows + 2 * part.border) * pitch;
    out[packed..].fill(0.0);
}

/// Packs `part` of `input` into `buffer`.
#[inline(always)]
pub(crate) fn pack<'b>(input: &Input<'_>, part: &Part, lanes: usize, buffer: &'b mut Vec<f32>) -> Packed<'b> {
    let width = input.shape().width;
    let plane = part.plane(width, lanes);
    let data = reserve(buffer, part.channels * plane);
    for (channel, out) in data.chunks_exact_mut(plane).enumerate() {
        pack_plane(input, part, channel, lanes, out);
    }
    part.of(data, width, lanes)
}

/// Working memory of a thread, kept from call to call.
#[derive(Default)]
pub(crate) struct Scratch {
    pub(crate) rows: Vec<f32>,
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
