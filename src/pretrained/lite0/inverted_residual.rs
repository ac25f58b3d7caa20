//! Inverted residual block (Sandler et al.: "MobileNetV2", CVPR 2018): expand, filter depthwise, project.
//!
//! The expanded activation has six times the channels of the input and fits no cache. So only the rows under the
//! depthwise window are expanded, and only the block's output is written to memory.

use rayon::prelude::*;

use super::pointwise::Pointwise;
use super::rows::Rows;
use crate::kernels::depthwise::{Depthwise, ROW_MULTIPLE, RowsUnderWindow, bias_relu6, depthwise_row};
use crate::kernels::matrix::Layout;

/// Output rows a thread computes at a time. More rows mean fewer rows expanded twice, fewer rows more threads.
const ROWS_AT_ONCE: usize = 16;

/// A block with batch norm folded into its convolutions.
#[derive(Clone, Debug)]
pub struct InvertedResidual {
    /// To six times the channels, with ReLU6. The first block has none.
    pub expand: Option<Pointwise>,
    /// With ReLU6.
    pub depthwise: Depthwise,
    /// Without activation.
    pub project: Pointwise,
    /// The input is added to the output.
    pub residual: bool,
}

impl InvertedResidual {
    /// The block's output. Sides must be multiples of the stride.
    pub fn forward(&self, input: &Rows) -> Rows {
        let stride = self.depthwise.stride;
        let (width, height) = (input.width / stride, input.height / stride);
        let mut out = Rows::zeros(self.project.outputs, width, height);
        let row_len = out.channels * width;
        out.values.par_chunks_mut(row_len * ROWS_AT_ONCE).enumerate().for_each(|(chunk, rows)| {
            let mut window = Window::new(self, input);
            for (i, row) in rows.chunks_mut(row_len).enumerate() {
                let y = chunk * ROWS_AT_ONCE + i;
                let filtered = window.filter(y);
                self.project.multiply(row, Layout::row_major(self.project.outputs, width), filtered);
                self.finish(row, self.residual.then(|| input.row(y)), width);
            }
        });
        out
    }

    fn finish(&self, row: &mut [f32], residual: Option<&[f32]>, width: usize) {
        for (values, &bias) in row.chunks_mut(width).zip(&self.project.bias) {
            values.iter_mut().for_each(|value| *value += bias);
        }
        if let Some(input) = residual {
            row.iter_mut().zip(input).for_each(|(value, &input)| *value += input);
        }
    }

    /// Padding left of a row and above a column. TensorFlow's "same" padding puts the rest right and below.
    fn padding(&self) -> isize {
        ((self.depthwise.side - self.depthwise.stride) / 2) as isize
    }
}

/// The expanded rows under the depthwise window. Rows stay while the window moves down.
///
/// With stride 2, even and odd columns lie apart (two phases), so that a tap reads consecutive values.
struct Window<'a> {
    block: &'a InvertedResidual,
    input: &'a Rows,
    /// `side` rows, each `[channels, phases, phase_len]`. Padding stays zero.
    rows: Vec<Vec<f32>>,
    /// The input row in each slot.
    held: Vec<Option<isize>>,
    /// Columns of a phase, padding included.
    phase_len: usize,
    /// Columns of padding before a phase.
    lead: usize,
    /// Where a tap's values for the first output column lie within a channel.
    taps: Vec<usize>,
    /// `[channels, padded width]`
    filtered: Vec<f32>,
}

impl<'a> Window<'a> {
    fn new(block: &'a InvertedResidual, input: &'a Rows) -> Self {
        let (side, stride) = (block.depthwise.side, block.depthwise.stride);
        let padded_width = (input.width / stride).next_multiple_of(ROW_MULTIPLE);
        let (lead, phase_len) = (side / 2, padded_width + side);
        let channels = block.project.inputs;
        let tap = |kx: usize| {
            let (column, stride) = (kx as isize - block.padding(), stride as isize);
            let place = column.div_euclid(stride) + lead as isize;
            column.rem_euclid(stride) as usize * phase_len + place as usize
        };
        Self {
            block,
            input,
            rows: vec![vec![0.0; channels * stride * phase_len]; side],
            held: vec![None; side],
            phase_len,
            lead,
            taps: (0..side).map(tap).collect(),
            filtered: vec![0.0; channels * padded_width],
        }
    }

    /// The depthwise convolution of an output row, as a matrix `[channels, width]`.
    fn filter(&mut self, y: usize) -> (&[f32], Layout) {
        let Depthwise { side, stride, .. } = self.block.depthwise;
        let first = (y * stride) as isize - self.block.padding();
        let slots: Vec<usize> = (first..first + side as isize).map(|source| self.slot_of(source)).collect();
        let rows: Vec<&[f32]> = slots.into_iter().map(|slot| self.rows[slot].as_slice()).collect();
        let input = RowsUnderWindow { rows: &rows, channel_len: stride * self.phase_len, taps: &self.taps };
        depthwise_row(input, &self.block.depthwise, &mut self.filtered);
        let channels = self.block.project.inputs;
        let row_stride = self.filtered.len() / channels;
        let layout = Layout { rows: channels, columns: self.input.width / stride, row_stride, column_stride: 1 };
        (&self.filtered, layout)
    }

    /// The slot that holds an input row, expanded if it was not there.
    fn slot_of(&mut self, source: isize) -> usize {
        let slot = source.rem_euclid(self.rows.len() as isize) as usize;
        if self.held[slot] != Some(source) {
            self.held[slot] = Some(source);
            match usize::try_from(source).ok().filter(|&y| y < self.input.height) {
                Some(y) => self.expand(y, slot),
                None => self.rows[slot].fill(0.0),
            }
        }
        slot
    }

    fn expand(&mut self, y: usize, slot: usize) {
        let stride = self.block.depthwise.stride;
        let (row, width) = (self.input.row(y), self.input.width);
        let (channel_len, columns) = (stride * self.phase_len, width / stride);
        for phase in 0..stride {
            let into = &mut self.rows[slot][phase * self.phase_len + self.lead..];
            if let Some(expand) = &self.block.expand {
                let to = Layout { rows: expand.outputs, columns, row_stride: channel_len, column_stride: 1 };
                let from = Layout { rows: expand.inputs, columns, row_stride: width, column_stride: stride };
                expand.multiply(into, to, (&row[phase..], from));
                bias_relu6(into, &expand.bias, channel_len, columns);
            } else {
                for (to, from) in into.chunks_mut(channel_len).zip(row.chunks(width)) {
                    let from = from[phase..].iter().step_by(stride);
                    to.iter_mut().zip(from).for_each(|(to, &value)| *to = value);
                }
            }
        }
    }
}
