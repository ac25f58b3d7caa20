//! Convolution weights in the order in which the tiles read them.

use std::ops::Range;

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::winograd;
use crate::kernels::memory::Buffer;
use crate::kernels::simd::dispatch;

/// Output channels a tile computes at once: with 3 vectors of pixels they fill the registers.
pub(crate) const fn block<S: Simd>() -> usize {
    if S::REGISTER_COUNT >= 32 { 8 } else { 4 }
}

/// The largest block there is.
const MOST_IN_BLOCK: usize = 8;

/// The same for the instruction set in use.
pub(crate) fn block_size() -> usize {
    struct BlockSize;
    impl WithSimd for BlockSize {
        type Output = usize;

        fn with_simd<S: Simd>(self, _simd: S) -> usize {
            block::<S>()
        }
    }
    dispatch(BlockSize)
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

/// How a window is applied.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    /// Tap by tap.
    Direct,
    /// Four rows at once by six sums (see [`winograd`]).
    Winograd,
}

/// Input channels from which on four rows at once pay for putting their sums together.
const WINOGRAD_FROM: usize = 8;

impl Method {
    /// How a window of `taps` is applied to `inputs` channels.
    pub(crate) fn of(taps: usize, inputs: usize) -> Self {
        if taps == 9 && inputs >= WINOGRAD_FROM { Self::Winograd } else { Self::Direct }
    }
}

/// Weights as `[block of outputs][component][input][tap][output of the block]`, the last block filled up with zeros.
/// There is one component with all taps, or there are six of three taps each.
pub(crate) struct Weights {
    data: Buffer,
    pub(crate) order: Order,
    pub(crate) method: Method,
    /// Output channels of a block.
    pub(crate) block: usize,
}

impl Weights {
    pub(crate) fn new(values: &[f32], order: Order) -> Self {
        assert_eq!(values.len(), order.len(), "weights of another shape");
        let block = block_size();
        let method = Method::of(order.taps, order.inputs);
        let per_input = match method {
            Method::Direct => order.taps,
            Method::Winograd => winograd::COMPONENTS * winograd::COLUMNS,
        };
        let mut data = Buffer::new(order.outputs.div_ceil(block) * block * order.inputs * per_input);
        data.par_chunks_mut(block * order.inputs * per_input).enumerate().for_each(|(index, data)| {
            let outputs = index * block..((index + 1) * block).min(order.outputs);
            match method {
                Method::Direct => order.write_taps(values, outputs, block, data),
                Method::Winograd => dispatch(WriteTransformed { order, values, outputs, block, data }),
            }
        });
        Self { data, order, method, block }
    }

    pub(crate) fn blocks(&self) -> usize {
        self.order.outputs.div_ceil(self.block)
    }

    /// The weights of one component of one block of outputs, from input channel `first` on.
    #[inline(always)]
    pub(crate) fn of(&self, block: usize, component: usize, first: usize) -> &[f32] {
        let (components, taps) = match self.method {
            Method::Direct => (1, self.order.taps),
            Method::Winograd => (winograd::COMPONENTS, winograd::COLUMNS),
        };
        let per_input = taps * self.block;
        let start = (block * components + component) * self.order.inputs * per_input;
        &self.data[start + first * per_input..start + self.order.inputs * per_input]
    }
}

impl Order {
    fn taps_of<'a>(&self, values: &'a [f32], output: usize, input: usize) -> impl Iterator<Item = f32> + 'a {
        let (taps, flipped) = (self.taps, self.flipped);
        let from = &values[output * self.output_stride + input * self.input_stride..][..taps];
        (0..taps).map(move |tap| from[if flipped { taps - 1 - tap } else { tap }])
    }

    fn write_taps(&self, values: &[f32], outputs: Range<usize>, block: usize, data: &mut [f32]) {
        if outputs.len() < block {
            data.fill(0.0);
        }
        for (offset, output) in outputs.enumerate() {
            for input in 0..self.inputs {
                for (tap, value) in self.taps_of(values, output, input).enumerate() {
                    data[(input * self.taps + tap) * block + offset] = value;
                }
            }
        }
    }
}

struct WriteTransformed<'a> {
    order: Order,
    values: &'a [f32],
    outputs: Range<usize>,
    block: usize,
    data: &'a mut [f32],
}

impl WithSimd for WriteTransformed<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        let Self { order, values, outputs, block, data } = self;
        let mut taps = [[0.0; MOST_IN_BLOCK]; 9];
        for input in 0..order.inputs {
            for (offset, output) in outputs.clone().enumerate() {
                for (taps, value) in taps.iter_mut().zip(order.taps_of(values, output, input)) {
                    taps[offset] = value;
                }
            }
            for (component, [upper, middle, lower]) in winograd::WINDOW.into_iter().enumerate() {
                for column in 0..winograd::COLUMNS {
                    let at = (component * order.inputs + input) * winograd::COLUMNS + column;
                    let [g0, g1, g2] = [&taps[column], &taps[3 + column], &taps[6 + column]];
                    for (offset, data) in data[at * block..][..block].iter_mut().enumerate() {
                        *data = upper * g0[offset] + middle * g1[offset] + lower * g2[offset];
                    }
                }
            }
        }
    }
}
