//! Where a convolution writes its output channels.

use crate::kernels::output::Output;
use crate::kernels::shape::Shape;

/// The destination of a convolution's output channels.
pub(crate) enum ConvOutput<'a> {
    /// One tensor or several, channel after channel. A tensor without an [`Output`] is not needed, and its channels are
    /// not computed where a whole tile of them can be skipped.
    Planes(Vec<(Option<Output<'a>>, Shape)>),
    /// One tensor of twice the height and width: each of its channels is made of four output channels, plus a bias.
    DepthToSpace(&'a mut [f32], &'a [f32]),
}

impl<'a> ConvOutput<'a> {
    /// One tensor, overwritten.
    pub(crate) fn overwrite(values: &'a mut [f32], shape: Shape) -> Self {
        Self::tensor(Output::overwrite(values), shape)
    }

    /// One tensor.
    pub(crate) fn tensor(output: Output<'a>, shape: Shape) -> Self {
        assert_eq!(output.values.len(), shape.len(), "the output has another size than its shape");
        Self::Planes(vec![(Some(output), shape)])
    }
}
