//! Inverted residual block (Sandler et al.: "MobileNetV2", CVPR 2018) as one operator, without batch norm: expand with a 1×1
//! convolution, filter depthwise, both with ReLU6, and project with another 1×1 convolution. The input is added to the output
//! where both have the same shape.
//!
//! The expanded activation has six times the channels of the input. It is never stored: each group of its channels is
//! computed, filtered and projected while it is in the second-level cache, and again in the backward pass, which costs less
//! than writing it to memory and reading it back.
//!
//! Pointwise convolutions are matrix products. For the depthwise one, each plane is laid out so that every tap reads
//! consecutive values (`window`). Uses `matrix`, `simd`, `memory`, `shape`, `output` and `sum` of the kernels.

mod backward;
mod expanded;
mod forward;
mod parameters;
mod planes;
mod taps;
mod window;
mod work;

pub use backward::{Gradients, LayerGradients, backward};
pub use forward::forward;
pub use parameters::{Block, Layer};
