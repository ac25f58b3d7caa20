//! Division of a convolution into tasks: strips of images and, where strips are few, groups of output channels.
//!
//! Each task owns the rows it writes. The output is handed out plane by plane and strip by strip, so threads need no
//! shared pointer.

use std::ops::Range;

use super::algorithm::Algorithm;
use super::output::ConvOutput;
use super::weights::PackedWeights;
use super::winograd;
use crate::kernels::output::Output;
use crate::kernels::shape::Shape;

/// Values a packed strip may hold: 640 KiB, part of the second-level cache.
pub(super) const STRIP_VALUES: usize = 160 * 1024;
/// Input channels packed at once.
pub(super) const CHANNELS_AT_ONCE: usize = 128;
/// The least number of tasks for each thread.
const TASKS_PER_THREAD: usize = 2;

/// Some rows of one image.
#[derive(Clone, Copy)]
pub(super) struct Strip {
    pub(super) image: usize,
    pub(super) first_row: usize,
    pub(super) rows: usize,
}

impl Strip {
    /// All strips of at most `rows` rows: image by image, from top to bottom.
    pub(super) fn all(shape: Shape, rows: usize) -> impl Iterator<Item = Self> {
        (0..shape.batch).flat_map(move |image| {
            (0..shape.height).step_by(rows).map(move |first_row| Self {
                image,
                first_row,
                rows: rows.min(shape.height - first_row),
            })
        })
    }
}

/// A strip for some of the output channels.
pub(super) struct StripTask<'a> {
    pub(super) strip: Strip,
    pub(super) out_channels: Range<usize>,
    pub(super) output: StripOutput<'a>,
}

/// The strip's rows of every plane the task writes (see [`ConvOutput`]).
pub(super) enum StripOutput<'a> {
    Planes(Vec<Option<Output<'a>>>),
    DepthToSpace(Vec<&'a mut [f32]>, &'a [f32]),
}

/// The number of rows whose packed copy fits the cache: a multiple of a row tile with Winograd's algorithm.
pub(super) fn strip_rows(shape: Shape, weights: &PackedWeights) -> usize {
    let pitch = shape.width.next_multiple_of(16) + 16;
    let channels = shape.channels.min(CHANNELS_AT_ONCE);
    let fitting = STRIP_VALUES / (channels * pitch);
    let (rows, multiple) = match weights.algorithm {
        Algorithm::Direct => (fitting.saturating_sub(2), 1),
        Algorithm::Winograd => (fitting * winograd::TILE_ROWS / winograd::COMPONENTS, winograd::TILE_ROWS),
    };
    (rows / multiple * multiple).clamp(multiple, shape.height.max(multiple))
}

/// How a convolution is divided.
pub(super) struct StripPlan {
    shape: Shape,
    /// Rows of a strip; the last one of an image may be shorter.
    rows: usize,
    out_channels: usize,
    /// Output channels of a task.
    group: usize,
}

impl StripPlan {
    /// Divides the work so that every thread has some.
    pub(super) fn balanced(shape: Shape, weights: &PackedWeights) -> Self {
        let rows = strip_rows(shape, weights);
        let strips = shape.batch * shape.height.div_ceil(rows);
        // With few strips the output channels are divided too, into at least 4 channel tiles a task. No result depends
        // on it.
        let groups =
            (TASKS_PER_THREAD * rayon::current_num_threads()).div_ceil(strips).min(weights.tiles().div_ceil(4));
        let group = weights.tiles().div_ceil(groups) * weights.tile_channels;
        Self { shape, rows, out_channels: weights.out_channels, group }
    }

    /// Strips of `rows` rows, each with all output channels: one task for each of [`Strip::all`], in the same order.
    pub(super) fn with_rows(shape: Shape, weights: &PackedWeights, rows: usize) -> Self {
        Self { shape, rows, out_channels: weights.out_channels, group: weights.out_channels }
    }

    /// The tasks that together write `output`.
    pub(super) fn tasks<'a>(&self, output: ConvOutput<'a>) -> Vec<StripTask<'a>> {
        let mut tasks = self.tasks_without_rows(&output);
        match output {
            ConvOutput::Planes(tensors) => {
                let mut channel = 0;
                for (output, shape) in tensors {
                    assert_eq!(shape.with_channels(1), self.shape.with_channels(1), "an output differs in size");
                    self.hand_out(&mut tasks, output, channel..channel + shape.channels);
                    channel += shape.channels;
                }
                assert_eq!(channel, self.out_channels, "outputs and weights differ in channels");
            }
            ConvOutput::DepthToSpace(values, bias) => self.hand_out_doubled(&mut tasks, values, bias.len()),
        }
        tasks
    }

    fn tasks_without_rows<'a>(&self, output: &ConvOutput<'a>) -> Vec<StripTask<'a>> {
        let mut tasks = Vec::new();
        for strip in Strip::all(self.shape, self.rows) {
            for start in (0..self.out_channels).step_by(self.group) {
                let output = match output {
                    ConvOutput::Planes(_) => StripOutput::Planes(Vec::new()),
                    ConvOutput::DepthToSpace(_, bias) => StripOutput::DepthToSpace(Vec::new(), bias),
                };
                let out_channels = start..(start + self.group).min(self.out_channels);
                tasks.push(StripTask { strip, out_channels, output });
            }
        }
        tasks
    }

    /// Index of the task that computes strip `strip` of `channel` of `image`.
    fn task(&self, image: usize, strip: usize, channel: usize) -> usize {
        let (strips, groups) = (self.shape.height.div_ceil(self.rows), self.out_channels.div_ceil(self.group));
        (image * strips + strip) * groups + channel / self.group
    }

    fn hand_out<'a>(&self, tasks: &mut [StripTask<'a>], output: Option<Output<'a>>, channels: Range<usize>) {
        let strip = self.rows * self.shape.width;
        let Some(Output { values, accumulate }) = output else {
            for task in tasks {
                if let StripOutput::Planes(planes) = &mut task.output {
                    planes.extend(channels.clone().filter(|channel| task.out_channels.contains(channel)).map(|_| None));
                }
            }
            return;
        };
        for (index, plane) in values.chunks_mut(self.shape.plane()).enumerate() {
            let (image, channel) = (index / channels.len(), channels.start + index % channels.len());
            for (strip, values) in plane.chunks_mut(strip).enumerate() {
                if let StripOutput::Planes(planes) = &mut tasks[self.task(image, strip, channel)].output {
                    planes.push(Some(Output { values, accumulate }));
                }
            }
        }
    }

    fn hand_out_doubled<'a>(&self, tasks: &mut [StripTask<'a>], values: &'a mut [f32], channels: usize) {
        assert_eq!(channels * 4, self.out_channels, "depth-to-space takes four channels to one");
        for (index, plane) in values.chunks_mut(4 * self.shape.plane()).enumerate() {
            let (image, channel) = (index / channels, index % channels);
            for (strip, rows) in plane.chunks_mut(4 * self.rows * self.shape.width).enumerate() {
                let task = &mut tasks[self.task(image, strip, 4 * channel)];
                if let StripOutput::DepthToSpace(planes, _) = &mut task.output {
                    planes.push(rows);
                }
            }
        }
    }
}
