//! The operators for Burn: tensors of the Flex backend (CPU) in and out, recorded for autodiff where gradients are
//! tracked.
//!
//! Every function returns `None` for tensors of other devices; callers then use Burn's own operators. The only room of
//! the kernels that knows Burn, apart from the memory that `raw` lends to it.

mod accumulate;
mod bilinear;
mod block;
mod encoder;
mod graph;
mod layers;
mod loss;
mod optim;
mod pool;
mod tensors;

pub use bilinear::double;
pub use block::{MAX_INPUTS, StageTensors, conv_block_infer, conv_block_of_groups, conv_block_train};
pub use encoder::{LayerTensors, inverted_residual, stem};
pub use layers::{head, nearest_conv, transposed_conv};
pub use loss::{gated_crf, loss_mixture, partial_cross_entropy};
pub use optim::{AdamMoments, adam, average, sgd, squared_sum};
pub use pool::max_pool;
