//! How a convolution is cut into pieces of work: strips of pictures, and where few, groups of output channels.
//!
//! Each piece owns the rows it writes: the output is handed out plane by plane and strip by strip, so threads need no
//! shared pointer.

use std::ops::Range;

use super::weights::{Method, Weights};
use super::winograd;
use crate::kernels::output::Destination;
use crate::kernels::shape::Shape;

/// Values a packed strip may hold: 640 KiB, a part of the second-level cache.
pub(crate) const STRIP_VALUES: usize = 160 * 1024;
/// Input channels packed at once.
pub(crate) const CHANNELS_AT_ONCE: usize = 128;
/// Pieces of work for each thread there should be at least.
const PIECES_A_THREAD: usize = 2;

/// Where the result goes.
pub(crate) enum Target<'a> {
    /// To one tensor or, channel after channel, to several; without values it is a tensor nobody wants.
    Planes(Vec<(Option<Destination<'a>>, Shape)>),
    /// Four channels each become the 2×2 squares of one plane of twice the size; each such plane has a bias.
    Corners(&'a mut [f32], &'a [f32]),
}

impl<'a> Target<'a> {
    pub(crate) fn one(values: &'a mut [f32], shape: Shape) -> Self {
        Self::destination(Destination::fresh(values), shape)
    }

    pub(crate) fn destination(destination: Destination<'a>, shape: Shape) -> Self {
        assert_eq!(destination.values.len(), shape.len(), "an output of another shape");
        Self::Planes(vec![(Some(destination), shape)])
    }
}

/// The same work in strips of `rows` rows, picture by picture from the top, for [`Piece::run`].
pub(crate) fn strips<'a>(shape: Shape, weights: &Weights, target: Target<'a>, rows: usize) -> Vec<Piece<'a>> {
    let outputs = weights.order.outputs;
    Plan { shape, rows, outputs, group: outputs }.pieces(target)
}

/// How the work is cut.
pub(crate) struct Plan {
    shape: Shape,
    /// Rows of a strip.
    rows: usize,
    outputs: usize,
    /// Output channels of a piece.
    group: usize,
}

/// Rows `first..first + rows` of picture `image`, for the output channels `outputs`.
pub(crate) struct Piece<'a> {
    pub(crate) image: usize,
    pub(crate) first: usize,
    pub(crate) rows: usize,
    pub(crate) outputs: Range<usize>,
    pub(crate) out: Rows<'a>,
}

/// The strip's rows of every plane it writes.
pub(crate) enum Rows<'a> {
    Planes(Vec<Option<Destination<'a>>>),
    Corners(Vec<&'a mut [f32]>, &'a [f32]),
}

/// Rows of a strip whose packed copy fits the cache; whole fours where four are computed at once.
pub(crate) fn strip_rows(shape: Shape, weights: &Weights) -> usize {
    let pitch = shape.width.next_multiple_of(16) + 16;
    let channels = shape.channels.min(CHANNELS_AT_ONCE);
    let fitting = STRIP_VALUES / (channels * pitch);
    let (rows, whole) = match weights.method {
        Method::Direct => (fitting.saturating_sub(2), 1),
        Method::Winograd => (fitting * winograd::ROWS / winograd::COMPONENTS, winograd::ROWS),
    };
    (rows / whole * whole).clamp(whole, shape.height.max(whole))
}

impl Plan {
    pub(crate) fn new(shape: Shape, weights: &Weights) -> Self {
        let rows = strip_rows(shape, weights);
        let strips = shape.batch * shape.height.div_ceil(rows);
        // Few strips: their output channels are shared out too, at least 4 blocks a piece. No sum depends on how.
        let groups =
            (PIECES_A_THREAD * rayon::current_num_threads()).div_ceil(strips).min(weights.blocks().div_ceil(4));
        let group = weights.blocks().div_ceil(groups) * weights.block;
        Self { shape, rows, outputs: weights.order.outputs, group }
    }

    pub(crate) fn pieces<'a>(&self, target: Target<'a>) -> Vec<Piece<'a>> {
        let mut pieces = self.empty_pieces(&target);
        match target {
            Target::Planes(parts) => {
                let mut channel = 0;
                for (destination, part) in parts {
                    assert_eq!(part.with_channels(1), self.shape.with_channels(1), "an output of another size");
                    self.share_out(&mut pieces, destination, channel..channel + part.channels);
                    channel += part.channels;
                }
                assert_eq!(channel, self.outputs, "outputs and weights disagree");
            }
            Target::Corners(values, bias) => self.share_out_corners(&mut pieces, values, bias.len()),
        }
        pieces
    }

    fn empty_pieces<'a>(&self, target: &Target<'a>) -> Vec<Piece<'a>> {
        let Self { shape, rows, outputs, group } = *self;
        let mut pieces = Vec::new();
        for image in 0..shape.batch {
            for first in (0..shape.height).step_by(rows) {
                for start in (0..outputs).step_by(group) {
                    let out = match target {
                        Target::Planes(_) => Rows::Planes(Vec::new()),
                        Target::Corners(_, bias) => Rows::Corners(Vec::new(), bias),
                    };
                    let outputs = start..(start + group).min(outputs);
                    pieces.push(Piece { image, first, rows: rows.min(shape.height - first), outputs, out });
                }
            }
        }
        pieces
    }

    /// Which piece has strip `strip` of `channel` of `image`.
    fn piece(&self, image: usize, strip: usize, channel: usize) -> usize {
        let (strips, groups) = (self.shape.height.div_ceil(self.rows), self.outputs.div_ceil(self.group));
        (image * strips + strip) * groups + channel / self.group
    }

    fn share_out<'a>(&self, pieces: &mut [Piece<'a>], destination: Option<Destination<'a>>, channels: Range<usize>) {
        let strip = self.rows * self.shape.width;
        let Some(Destination { values, add }) = destination else {
            for piece in pieces {
                if let Rows::Planes(out) = &mut piece.out {
                    out.extend(channels.clone().filter(|channel| piece.outputs.contains(channel)).map(|_| None));
                }
            }
            return;
        };
        for (index, plane) in values.chunks_mut(self.shape.plane()).enumerate() {
            let (image, channel) = (index / channels.len(), channels.start + index % channels.len());
            for (strip, rows) in plane.chunks_mut(strip).enumerate() {
                if let Rows::Planes(out) = &mut pieces[self.piece(image, strip, channel)].out {
                    out.push(Some(Destination { values: rows, add }));
                }
            }
        }
    }

    fn share_out_corners<'a>(&self, pieces: &mut [Piece<'a>], values: &'a mut [f32], planes: usize) {
        assert_eq!(planes * 4, self.outputs, "four channels make a plane");
        for (index, plane) in values.chunks_mut(4 * self.shape.plane()).enumerate() {
            for (strip, rows) in plane.chunks_mut(4 * self.rows * self.shape.width).enumerate() {
                if let Rows::Corners(out, _) = &mut pieces[self.piece(index / planes, strip, 4 * (index % planes))].out
                {
                    out.push(rows);
                }
            }
        }
    }
}
