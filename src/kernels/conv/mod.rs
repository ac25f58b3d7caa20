//! Convolutions with a 3×3 window (zero padding) or a 1×1 window, stride 1, and the layers made of them.
//!
//! A strip, some rows of one image, is packed into cache; register tiles of 8 output channels by 3 vectors of pixels
//! run over it. What a convolution reads is computed while it is packed (`source`), and what follows it is applied
//! while the strip is still in cache (`epilogue`). From 8 input channels on, `winograd` halves the multiplications.
//!
//! From the bottom up: `tile`, `algorithm`, `winograd`, `weights`, `source` and the packing; `output` and
//! `strips` divide the work; `forward` and `backward` do it; [`head`], [`transposed`] and [`nearest`] are whole
//! layers.
//!
//! Uses `norm`, `raw`, `simd`, `memory`, `shape` and `output` of the kernels; knows nothing of Burn.

mod algorithm;
pub(crate) mod backward;
mod backward_direct;
pub(crate) mod backward_strips;
mod backward_winograd;
mod channel_group;
mod depth_to_space;
pub(crate) mod epilogue;
pub(crate) mod forward;
pub mod head;
pub mod layer;
pub mod nearest;
pub(crate) mod output;
mod pack;
mod pack_gradient;
mod pack_winograd;
pub(crate) mod source;
mod strips;
mod tile;
mod tile_loop;
pub mod transposed;
mod weight_sums;
pub(crate) mod weights;
mod winograd;
mod workspace;
