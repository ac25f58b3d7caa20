//! What a convolution reads: planes given as they are, or computed row by row as they are packed.
//!
//! Normalised activations, their gradients and concatenated inputs are never written to memory: each is a formula over
//! tensors that are there anyway, and evaluating it while a strip is copied into cache costs less than a pass over memory.

use crate::kernels::norm::{Fold, GradientFold};
use crate::kernels::shape::Shape;

/// The values of some planes.
#[derive(Clone, Copy)]
pub(crate) enum Values<'a> {
    /// As stored.
    Plain(&'a [f32]),
    /// `max(0, scale·y + shift)`: batch norm and ReLU of what is stored.
    Activated { y: &'a [f32], fold: &'a Fold },
    /// The gradient of `y` where `upstream` is the gradient of its activation.
    Gradient { upstream: &'a [f32], y: &'a [f32], fold: &'a GradientFold },
    /// A tensor of twice the height and width whose 2×2 squares are read as four channels each.
    Corners(&'a [f32]),
}

/// Planes of one size, some of the channels of an [`Input`].
#[derive(Clone, Copy)]
pub(crate) struct Source<'a> {
    pub(crate) values: Values<'a>,
    /// As it is read (for [`Values::Corners`]: half the size, four times the channels of the stored tensor).
    pub(crate) shape: Shape,
}

impl<'a> Source<'a> {
    pub(crate) fn plain(values: &'a [f32], shape: Shape) -> Self {
        Self { values: Values::Plain(values), shape }
    }

    /// Row `y` of plane `channel` of picture `picture`, to `out`.
    #[inline(always)]
    fn row(&self, picture: usize, channel: usize, y: usize, out: &mut [f32]) {
        let width = self.shape.width;
        let at = self.shape.at(picture, channel) + y * width;
        match self.values {
            Values::Plain(values) => out.copy_from_slice(&values[at..at + width]),
            Values::Activated { y, fold } => fold.activate_to(channel, &y[at..at + width], out),
            Values::Gradient { upstream, y, fold } => {
                fold.gradient(channel, &upstream[at..at + width], &y[at..at + width], out);
            }
            Values::Corners(values) => {
                let (plane, corner) = (channel / 4, channel % 4);
                let stored = (picture * self.shape.channels / 4 + plane) * 4 * self.shape.plane();
                let row = &values[stored + (2 * y + corner / 2) * 2 * width..][..2 * width];
                // Two loops, each of which knows its place in the pair, become vector instructions; one does not.
                let pairs = out.iter_mut().zip(row.as_chunks::<2>().0);
                if corner % 2 == 0 {
                    pairs.for_each(|(out, [left, _])| *out = *left);
                } else {
                    pairs.for_each(|(out, [_, right])| *out = *right);
                }
            }
        }
    }
}

/// The channels of one or more sources in order: a concatenation that is never made.
pub(crate) struct Input<'a> {
    parts: Vec<Source<'a>>,
    shape: Shape,
}

impl<'a> Input<'a> {
    /// # Panics
    /// Without parts, or when they differ in batch, height or width.
    pub(crate) fn new(parts: Vec<Source<'a>>) -> Self {
        let first = parts.first().expect("an input has at least one part").shape;
        let mut channels = 0;
        for part in &parts {
            assert_eq!(part.shape.with_channels(first.channels), first, "inputs joined differ in size");
            channels += part.shape.channels;
        }
        Self { parts, shape: first.with_channels(channels) }
    }

    pub(crate) fn shape(&self) -> Shape {
        self.shape
    }

    /// Row `y` of plane `channel`, counted over all parts.
    #[inline(always)]
    pub(crate) fn row(&self, picture: usize, channel: usize, y: usize, out: &mut [f32]) {
        let mut channel = channel;
        for part in &self.parts {
            if channel < part.shape.channels {
                return part.row(picture, channel, y, out);
            }
            channel -= part.shape.channels;
        }
    }
}
