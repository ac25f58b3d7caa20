//! Backward pass.

use rayon::prelude::*;

use super::expanded::{Expanded, Image};
use super::forward::{image, window};
use super::parameters::Block;
use super::planes::{add, gather, pad_gradient};
use super::taps::{Tap, add_products, correlate};
use super::window::Window;
use super::work::{Task, groups, tasks};
use crate::kernels::matrix::{Layout, multiply};
use crate::kernels::memory::Buffer;
use crate::kernels::output::Output;
use crate::kernels::shape::Shape;
use crate::kernels::sum::sum;

/// Gradients of a convolution's parameters.
pub struct LayerGradients {
    /// Shaped like the weights.
    pub weights: Buffer,
    /// One per output channel.
    pub bias: Vec<f32>,
}

impl LayerGradients {
    fn zeros(outputs: usize, each: usize) -> Self {
        Self { weights: Buffer::zeros(outputs * each), bias: vec![0.0; outputs] }
    }

    /// Adds the gradients of a share, whose first output channel is `first`.
    fn add(&mut self, share: &Self, first: usize) {
        let each = self.weights.len() / self.bias.len();
        let weights = &mut self.weights[first * each..][..share.weights.len()];
        add(&share.weights, weights, false);
        add(&share.bias, &mut self.bias[first..][..share.bias.len()], false);
    }
}

/// Gradients of a block's parameters.
pub struct Gradients {
    /// `[wide, in]`
    pub expand: Option<LayerGradients>,
    /// `[wide, side, side]`
    pub depthwise: LayerGradients,
    /// `[out, wide]`
    pub project: LayerGradients,
}

/// Backward pass from `upstream`, the gradient of the output. Writes the gradient of the input to `of_input`, if given.
///
/// # Shapes
/// - `x` and `of_input`: `shape`
/// - `upstream`: [`Block::output_shape`]
///
/// # Panics
/// If the sizes do not match.
pub fn backward(
    x: &[f32],
    shape: Shape,
    block: &Block<'_>,
    upstream: &[f32],
    of_input: Option<Output<'_>>,
) -> Gradients {
    block.check(shape);
    let tasks = tasks(shape.batch, block.wide());
    let shares: Vec<Share> = tasks
        .par_iter()
        .map(|task| {
            let upstream = image(upstream, block.output_shape(shape), task.image);
            ShareWork::new(image(x, shape, task.image), upstream, block, window(block, shape), task).run()
        })
        .collect();
    if let Some(of_input) = of_input {
        let residual = block.is_residual(shape).then_some(upstream);
        add_up_input(&tasks, &shares, shape, residual, of_input);
    }
    add_up(&tasks, &shares, block, shape.channels, bias_gradient(upstream, block.output_shape(shape)))
}

/// The gradients that a share of the wide channels of one image contributes.
struct Share {
    /// Of the input's channels from `first_input` on.
    of_input: Buffer,
    first_input: usize,
    expand: Option<LayerGradients>,
    depthwise: LayerGradients,
    /// `[share, out]`
    project: Buffer,
}

struct ShareWork<'a> {
    image: Image<'a>,
    /// `[out, output]`
    upstream: Image<'a>,
    block: &'a Block<'a>,
    window: Window,
    task: &'a Task,
    expanded: Expanded,
    /// `[group, output]`: gradient of the filtered activation.
    of_filtered: Buffer,
    /// The gradient of one channel's filter sums, with zeros around it.
    padded: Buffer,
    /// The gradient of one channel's expanded activation, laid out for the window.
    of_phases: Buffer,
    /// `[group, height · width]`: gradient of the expansion.
    of_raw: Buffer,
}

impl<'a> ShareWork<'a> {
    fn new(image: Image<'a>, upstream: Image<'a>, block: &'a Block<'a>, window: Window, task: &'a Task) -> Self {
        let most = groups(task.channels.clone(), window).map(|group| group.len()).max().unwrap_or(0);
        Self {
            expanded: Expanded::new(window, image.plane_len(), most),
            of_filtered: Buffer::new(most * upstream.plane_len()),
            padded: Buffer::zeros(window.gradient_len()),
            of_phases: Buffer::zeros(window.channel_len()),
            of_raw: Buffer::new(most * image.plane_len()),
            image,
            upstream,
            block,
            window,
            task,
        }
    }

    fn run(mut self) -> Share {
        let channels = self.task.channels.clone();
        let (inputs, plane) = (self.image.channels, self.image.plane_len());
        let own_inputs = if self.block.expand.is_some() { inputs } else { channels.len() };
        let mut share = Share {
            of_input: Buffer::new(own_inputs * plane),
            first_input: if self.block.expand.is_some() { 0 } else { channels.start },
            expand: self.block.expand.map(|_| LayerGradients::zeros(channels.len(), inputs)),
            depthwise: LayerGradients::zeros(channels.len(), self.window.taps()),
            project: Buffer::new(channels.len() * self.upstream.channels),
        };
        for group in groups(channels.clone(), self.window) {
            let first = group.start - channels.start;
            self.expanded.compute(self.image, self.block, group.clone());
            self.project(group.start, group.len(), &mut share.project[first * self.upstream.channels..]);
            for index in 0..group.len() {
                self.filter(group.start + index, index, first + index, &mut share.depthwise);
            }
            self.expand(group.start, group.len(), first, &mut share);
        }
        share
    }

    /// Through the projection: its weights' gradient, and that of the filtered activation.
    fn project(&mut self, first: usize, count: usize, of_weights: &mut [f32]) {
        let (upstream, pixels) = self.upstream.matrix();
        let to = Layout::row_major(count, self.upstream.channels);
        multiply((of_weights, to), self.expanded.filtered(count), (upstream, pixels.transposed()), false);
        let (weights, layout) = self.block.projection(first, count);
        let to = Layout::row_major(count, self.upstream.plane_len());
        multiply((&mut self.of_filtered, to), (weights, layout.transposed()), (upstream, pixels), false);
    }

    /// Through ReLU6 and the window of wide channel `channel`, the group's `index`th: its parameters' gradients, at `place`,
    /// and that of the expansion.
    fn filter(&mut self, channel: usize, index: usize, place: usize, gradients: &mut LayerGradients) {
        let Self { window, block, .. } = *self;
        let (plane, output, taps) = (self.image.plane_len(), self.upstream.plane_len(), window.taps());
        let of_filtered = &self.of_filtered[index * output..][..output];
        pad_gradient(of_filtered, self.expanded.filtered_plane(index), window, &mut self.padded);
        let phases = self.expanded.phases(index);
        let own = &self.padded[window.lead()..][..window.output_len()];
        let shifts: Vec<usize> =
            (0..taps).map(|tap| window.tap(tap)).map(|(phase, shift)| phase * window.phase_len() + shift).collect();
        gradients.bias[place] = sum(own, |value| value);
        add_products(own, phases, &shifts, &mut gradients.weights[place * taps..][..taps]);
        let weights = &block.depthwise.weights[channel * taps..][..taps];
        for (phase, of_phase) in self.of_phases.chunks_exact_mut(window.phase_len()).enumerate() {
            let of_phase = &mut of_phase[..window.phase_values()];
            correlate(&self.padded, &taps_backward(weights, window, phase), of_phase);
        }
        let activation = block.expand.is_some().then_some(phases);
        gather(&self.of_phases, activation, window, &mut self.of_raw[index * plane..][..plane]);
    }

    /// Through the expansion: its parameters' gradients and that of the input.
    fn expand(&mut self, first: usize, count: usize, place: usize, share: &mut Share) {
        let (inputs, plane) = (self.image.channels, self.image.plane_len());
        let (Some(expand), Some(gradients)) = (self.block.expand, &mut share.expand) else {
            return share.of_input[place * plane..][..count * plane].copy_from_slice(&self.of_raw[..count * plane]);
        };
        let of_raw = (&self.of_raw[..], Layout::row_major(count, plane));
        let (image, pixels) = self.image.matrix();
        let to = Layout::row_major(count, inputs);
        multiply((&mut gradients.weights[place * inputs..], to), of_raw, (image, pixels.transposed()), false);
        for (bias, plane) in gradients.bias[place..].iter_mut().zip(self.of_raw[..count * plane].chunks_exact(plane)) {
            *bias = sum(plane, |value| value);
        }
        let weights = (&expand.weights[first * inputs..], Layout::row_major(count, inputs).transposed());
        multiply((&mut share.of_input, Layout::row_major(inputs, plane)), weights, of_raw, place > 0);
    }
}

/// The taps that lead from an output's gradient, with zeros around it, to the gradient of a phase.
fn taps_backward(weights: &[f32], window: Window, phase: usize) -> Vec<Tap> {
    let taps = weights.iter().enumerate().map(|(tap, &weight)| (window.tap(tap), weight));
    taps.filter(|((of, _), _)| *of == phase).map(|((_, shift), weight)| (window.lead() - shift, weight)).collect()
}

/// The gradient of the projection's bias.
fn bias_gradient(upstream: &[f32], shape: Shape) -> Vec<f32> {
    let mut bias = vec![0.0; shape.channels];
    for (index, plane) in upstream.chunks_exact(shape.plane().max(1)).enumerate() {
        bias[index % shape.channels] += sum(plane, |value| value);
    }
    bias
}

/// Adds up the input's gradient, image by image.
fn add_up_input(tasks: &[Task], shares: &[Share], shape: Shape, residual: Option<&[f32]>, of_input: Output<'_>) {
    let Output { values, accumulate } = of_input;
    let len = shape.channels * shape.plane();
    if len == 0 {
        return;
    }
    values.par_chunks_mut(len).enumerate().for_each(|(image, values)| {
        let own = tasks.iter().zip(shares).filter(|(task, _)| task.image == image);
        for (index, (_, share)) in own.enumerate() {
            // Without an expansion, each share has input channels of its own.
            let is_first = index == 0 || share.expand.is_none();
            let at = share.first_input * shape.plane();
            add(&share.of_input, &mut values[at..][..share.of_input.len()], is_first && !accumulate);
        }
        if let Some(upstream) = residual {
            add(&upstream[image * len..][..len], values, false);
        }
    });
}

/// Adds up the gradients of the parameters, always in the same order.
fn add_up(tasks: &[Task], shares: &[Share], block: &Block<'_>, inputs: usize, bias: Vec<f32>) -> Gradients {
    let (wide, out) = (block.wide(), block.project.bias.len());
    let mut expand = block.expand.map(|_| LayerGradients::zeros(wide, inputs));
    let mut depthwise = LayerGradients::zeros(wide, block.side * block.side);
    let mut transposed = Buffer::zeros(wide * out);
    for (task, share) in tasks.iter().zip(shares) {
        let first = task.channels.start;
        if let (Some(expand), Some(share)) = (&mut expand, &share.expand) {
            expand.add(share, first);
        }
        depthwise.add(&share.depthwise, first);
        add(&share.project, &mut transposed[first * out..][..share.project.len()], false);
    }
    let mut weights = Buffer::new(wide * out);
    for (channel, values) in transposed.chunks_exact(out).enumerate() {
        values.iter().enumerate().for_each(|(output, value)| weights[output * wide + channel] = *value);
    }
    Gradients { expand, depthwise, project: LayerGradients { weights, bias } }
}
