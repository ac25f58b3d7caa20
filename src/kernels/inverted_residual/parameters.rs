//! Parameters of a block.

use crate::kernels::matrix::Layout;
use crate::kernels::shape::Shape;

/// A convolution's weights and bias.
#[derive(Clone, Copy, Debug)]
pub struct Layer<'a> {
    /// `[outputs, …]`
    pub weights: &'a [f32],
    /// `[outputs]`
    pub bias: &'a [f32],
}

/// The three convolutions.
#[derive(Clone, Copy, Debug)]
pub struct Block<'a> {
    /// `[wide, in]`; without it, the input is filtered itself.
    pub expand: Option<Layer<'a>>,
    /// `[wide, side, side]`
    pub depthwise: Layer<'a>,
    /// `[out, wide]`
    pub project: Layer<'a>,
    /// Side of the depthwise window: 3 or 5.
    pub side: usize,
    /// 1 or 2. Both sides of the image are multiples of it.
    pub stride: usize,
}

impl Block<'_> {
    /// Channels between expansion and projection.
    pub(super) fn wide(&self) -> usize {
        self.depthwise.bias.len()
    }

    /// The shape of the output.
    pub fn output_shape(&self, input: Shape) -> Shape {
        let channels = self.project.bias.len();
        Shape { channels, height: input.height / self.stride, width: input.width / self.stride, ..input }
    }

    /// Whether the input is added to the output.
    pub(super) fn is_residual(&self, input: Shape) -> bool {
        self.output_shape(input) == input
    }

    /// The projection's weights of some wide channels: `[out, count]`, starting with channel `first`.
    pub(super) fn projection(&self, first: usize, count: usize) -> (&[f32], Layout) {
        let (rows, row_stride) = (self.project.bias.len(), self.wide());
        (&self.project.weights[first..], Layout { rows, columns: count, row_stride, column_stride: 1 })
    }

    /// # Panics
    /// If parameters and input do not match in size.
    pub(super) fn check(&self, input: Shape) {
        let (wide, out) = (self.wide(), self.project.bias.len());
        assert!(self.side == 3 || self.side == 5, "a window is 3 or 5 wide, not {}", self.side);
        assert!(self.stride == 1 || self.stride == 2, "a stride is 1 or 2, not {}", self.stride);
        assert!(
            input.height.is_multiple_of(self.stride) && input.width.is_multiple_of(self.stride),
            "{input:?} is not divisible by {}",
            self.stride
        );
        assert_eq!(self.depthwise.weights.len(), wide * self.side * self.side, "depthwise weights");
        assert_eq!(self.project.weights.len(), wide * out, "weights of the projection");
        let expanded = self.expand.map_or(input.channels, |expand| expand.weights.len() / input.channels);
        assert_eq!(expanded, wide, "weights of the expansion");
    }
}
