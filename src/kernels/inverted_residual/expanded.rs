//! A group of wide channels: expanded and filtered.

use std::ops::Range;

use super::parameters::Block;
use super::planes::{activate, spread};
use super::taps::{Tap, correlate};
use super::window::Window;
use crate::kernels::matrix::{Layout, multiply};
use crate::kernels::memory::Buffer;

/// The input of one image: `[in, height · width]`.
#[derive(Clone, Copy)]
pub(super) struct Image<'a> {
    pub(super) values: &'a [f32],
    pub(super) channels: usize,
}

impl<'a> Image<'a> {
    pub(super) fn plane_len(&self) -> usize {
        self.values.len() / self.channels
    }

    fn plane(&self, channel: usize) -> &'a [f32] {
        &self.values[channel * self.plane_len()..][..self.plane_len()]
    }

    pub(super) fn matrix(&self) -> (&'a [f32], Layout) {
        (self.values, Layout::row_major(self.channels, self.plane_len()))
    }
}

/// The activations of a group. Its memory serves one group after the other.
pub(super) struct Expanded {
    window: Window,
    /// `[group, height · width]`, before bias and ReLU6.
    raw: Buffer,
    /// `[group, phases]`
    phases: Buffer,
    /// A sum of taps.
    sums: Buffer,
    /// `[group, output]`
    filtered: Buffer,
}

impl Expanded {
    /// Memory for groups of up to `most` channels.
    pub(super) fn new(window: Window, plane_len: usize, most: usize) -> Self {
        Self {
            window,
            raw: Buffer::new(most * plane_len),
            phases: Buffer::zeros(most * window.channel_len()),
            sums: Buffer::new(window.output_len()),
            filtered: Buffer::new(most * window.height * window.width),
        }
    }

    /// Computes a group's activations.
    pub(super) fn compute(&mut self, image: Image<'_>, block: &Block<'_>, group: Range<usize>) {
        let (plane, window) = (image.plane_len(), self.window);
        if let Some(expand) = block.expand {
            let weights =
                (&expand.weights[group.start * image.channels..], Layout::row_major(group.len(), image.channels));
            multiply((&mut self.raw, Layout::row_major(group.len(), plane)), weights, image.matrix(), false);
        }
        let output = window.height * window.width;
        for (index, channel) in group.enumerate() {
            let phases = &mut self.phases[index * window.channel_len()..][..window.channel_len()];
            match block.expand {
                Some(expand) => spread(&self.raw[index * plane..][..plane], Some(expand.bias[channel]), window, phases),
                None => spread(image.plane(channel), None, window, phases),
            }
            correlate(phases, &taps(block, window, channel), &mut self.sums);
            let filtered = &mut self.filtered[index * output..][..output];
            activate(&self.sums, block.depthwise.bias[channel], window, filtered);
        }
    }

    /// The filtered activations of a group of `count` channels: `[count, output]`.
    pub(super) fn filtered(&self, count: usize) -> (&[f32], Layout) {
        (&self.filtered, Layout::row_major(count, self.window.height * self.window.width))
    }

    /// The expanded activation of a channel, laid out for the window.
    pub(super) fn phases(&self, index: usize) -> &[f32] {
        &self.phases[index * self.window.channel_len()..][..self.window.channel_len()]
    }

    /// The filtered activation of a channel.
    pub(super) fn filtered_plane(&self, index: usize) -> &[f32] {
        let len = self.window.height * self.window.width;
        &self.filtered[index * len..][..len]
    }
}

/// The taps of a channel's window.
fn taps(block: &Block<'_>, window: Window, channel: usize) -> Vec<Tap> {
    let weights = &block.depthwise.weights[channel * window.taps()..][..window.taps()];
    let place = |(tap, &weight): (usize, &f32)| {
        let (phase, shift) = window.tap(tap);
        (phase * window.phase_len() + shift, weight)
    };
    weights.iter().enumerate().map(place).collect()
}
