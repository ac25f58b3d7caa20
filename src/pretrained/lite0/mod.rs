//! EfficientNet-Lite0 with ImageNet weights, forward only. Knows nothing of tiles or labels.

mod encoder;
mod inverted_residual;
mod pointwise;
mod rows;
mod weights;

pub use encoder::{Encoder, STRIDE};
pub use inverted_residual::InvertedResidual;
pub use pointwise::Pointwise;
pub use rows::Rows;
pub use weights::{STAGE_CHANNELS, WIDEST_PER_PIXEL};
