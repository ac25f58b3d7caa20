//! What a convolution reads: stored planes, or planes computed row by row while they are packed (the prologue).
//!
//! Normalised activations, their gradients and concatenated inputs are never written to memory. Each is a formula over
//! stored tensors. Evaluating it while a strip is copied into cache costs less than a pass over memory.

use super::depth_to_space::space_to_depth_row;
use crate::kernels::norm::{FoldedNorm, FoldedNormBackward};
use crate::kernels::shape::Shape;

/// How values are computed from stored tensors as they are packed.
#[derive(Clone, Copy)]
pub(crate) enum Prologue<'a> {
    /// Values as stored.
    None(&'a [f32]),
    /// Batch norm and ReLU of `y`: `max(0, scale·y + shift)`.
    NormRelu { y: &'a [f32], norm: &'a FoldedNorm },
    /// The gradient of `y`, given the gradient `upstream` of its norm and ReLU.
    NormReluBackward { upstream: &'a [f32], y: &'a [f32], norm: &'a FoldedNormBackward },
    /// A tensor of twice the height and width, each channel of which is read as four.
    SpaceToDepth(&'a [f32]),
    /// A tensor of half the height and width, each pixel of which is read four times.
    Doubled(&'a [f32]),
}

/// Some consecutive channels of a [`ConvInput`].
#[derive(Clone, Copy)]
pub(crate) struct Source<'a> {
    pub(crate) prologue: Prologue<'a>,
    /// The shape as read. With [`Prologue::SpaceToDepth`] the stored tensor has a quarter of the channels and twice the
    /// height and width, with [`Prologue::Doubled`] half the height and width.
    pub(crate) shape: Shape,
}

impl<'a> Source<'a> {
    pub(crate) fn stored(values: &'a [f32], shape: Shape) -> Self {
        Self { prologue: Prologue::None(values), shape }
    }

    /// Computes row `y` of `channel` of `image`.
    #[inline(always)]
    fn read_row(&self, image: usize, channel: usize, y: usize, out: &mut [f32]) {
        let width = self.shape.width;
        let at = self.shape.plane_start(image, channel) + y * width;
        match self.prologue {
            Prologue::None(values) => out.copy_from_slice(&values[at..at + width]),
            Prologue::NormRelu { y, norm } => norm.apply_relu_to(channel, &y[at..at + width], out),
            Prologue::NormReluBackward { upstream, y, norm } => {
                norm.gradient(channel, &upstream[at..at + width], &y[at..at + width], out);
            }
            Prologue::SpaceToDepth(values) => {
                let stored = (image * self.shape.channels / 4 + channel / 4) * 4 * self.shape.plane();
                space_to_depth_row(&values[stored..], channel % 4, y, out);
            }
            Prologue::Doubled(values) => {
                let stored = self.shape.plane_start(image, channel) / 4 + y / 2 * (width / 2);
                let row = &values[stored..stored + width / 2];
                out.as_chunks_mut::<2>().0.iter_mut().zip(row).for_each(|(pair, value)| *pair = [*value; 2]);
            }
        }
    }
}

/// The channels of one or more sources in order: a concatenation that is never materialised.
pub(crate) struct ConvInput<'a> {
    sources: Vec<Source<'a>>,
    shape: Shape,
}

impl<'a> ConvInput<'a> {
    /// # Panics
    /// Without sources, or when they differ in batch, height or width.
    pub(crate) fn new(sources: Vec<Source<'a>>) -> Self {
        let first = sources.first().expect("an input has at least one source").shape;
        let mut channels = 0;
        for source in &sources {
            assert_eq!(source.shape.with_channels(first.channels), first, "concatenated inputs differ in size");
            channels += source.shape.channels;
        }
        Self { sources, shape: first.with_channels(channels) }
    }

    pub(crate) fn shape(&self) -> Shape {
        self.shape
    }

    /// Computes row `y` of `channel` of `image`; channels are counted over all sources.
    #[inline(always)]
    pub(super) fn read_row(&self, image: usize, channel: usize, y: usize, out: &mut [f32]) {
        let mut channel = channel;
        for source in &self.sources {
            if channel < source.shape.channels {
                return source.read_row(image, channel, y, out);
            }
            channel -= source.shape.channels;
        }
    }
}
