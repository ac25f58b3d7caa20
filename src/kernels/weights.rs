//! Convolution weights in the order in which the tiles read them.

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::arch::dispatch;

/// Output channels a tile computes at once: with 3 vectors of pixels they fill the registers.
pub(crate) const fn block<S: Simd>() -> usize {
    if S::REGISTER_COUNT >= 32 { 8 } else { 4 }
}

struct BlockSize;

impl WithSimd for BlockSize {
    type Output = usize;

    fn with_simd<S: Simd>(self, _simd: S) -> usize {
        block::<S>()
    }
}

/// Where the weight of an output, an input and a tap stands in a tensor.
#[derive(Clone, Copy)]
pub(crate) struct Order {
    pub(crate) outputs: usize,
    pub(crate) inputs: usize,
    pub(crate) taps: usize,
    /// From the weight of one output channel to the next.
    pub(crate) output_stride: usize,
    /// From the weight of one input channel to the next.
    pub(crate) input_stride: usize,
    /// Whether taps are read from the last to the first.
    pub(crate) flipped: bool,
}

impl Order {
    /// A convolution's weights, `[outputs, inputs, side, side]`.
    pub(crate) fn convolution(outputs: usize, inputs: usize, taps: usize) -> Self {
        Self { outputs, inputs, taps, output_stride: inputs * taps, input_stride: taps, flipped: false }
    }

    /// The convolution that carries gradients back through `self`: inputs and outputs exchanged, window turned round.
    pub(crate) fn backward(self) -> Self {
        Self {
            outputs: self.inputs,
            inputs: self.outputs,
            output_stride: self.input_stride,
            input_stride: self.output_stride,
            flipped: !self.flipped,
            ..self
        }
    }

    /// Weights in all.
    pub(crate) fn len(self) -> usize {
        self.outputs * self.inputs * self.taps
    }
}

/// Weights as `[block of outputs][input][tap][output of the block]`, the last block filled up with zeros.
pub(crate) struct Weights {
    data: Vec<f32>,
    pub(crate) order: Order,
    /// Output channels of a block.
    pub(crate) block: usize,
}

impl Weights {
    pub(crate) fn new(values: &[f32], order: Order) -> Self {
        assert_eq!(values.len(), order.len(), "weights of another shape");
        let block = dispatch(BlockSize);
        let Order { outputs, inputs, taps, output_stride, input_stride, flipped } = order;
        let mut data = vec![0.0; outputs.div_ceil(block) * block * inputs * taps];
        data.par_chunks_mut(block * inputs * taps).enumerate().for_each(|(index, data)| {
            for offset in 0..block.min(outputs - index * block) {
                for input in 0..inputs {
                    let from = &values[(index * block + offset) * output_stride + input * input_stride..][..taps];
                    for (tap, &value) in from.iter().enumerate() {
                        let tap = if flipped { taps - 1 - tap } else { tap };
                        data[(input * taps + tap) * block + offset] = value;
                    }
                }
            }
        });
        Self { data, order, block }
    }

    pub(crate) fn blocks(&self) -> usize {
        self.order.outputs.div_ceil(self.block)
    }

    /// The weights of one block of outputs, from input channel `first` on.
    #[inline(always)]
    pub(crate) fn of(&self, block: usize, first: usize) -> &[f32] {
        let per_input = self.order.taps * self.block;
        let start = (block * self.order.inputs + first) * per_input;
        &self.data[start..(block + 1) * self.order.inputs * per_input]
    }
}
