//! Fast operators for the CPU.
//!
//! All operators take and return plain slices; only [`flex`] (and the memory `raw` lends to it) knows Burn.
//! Convolution, batch norm and ReLU form one operator ([`block`]), so that activations are never written to memory for
//! their own sake. Unsafe code is confined to one small module, `raw`. Imports nothing of the other layers.
//!
//! From the bottom up: `gate` and `simd` run a kernel, `memory` and `raw` hold its data, `norm` and [`conv`] are the
//! parts of [`block`] (and that of [`group_block`], image by image); [`pool`], [`bilinear`], [`loss`], [`optim`], [`stem`] and
//! [`inverted_residual`] are operators of their own. See `docs/kernels.md`.

pub mod bilinear;
pub mod block;
pub mod blur;
pub mod conv;
pub mod depthwise;
pub mod flex;
pub mod gate;
pub mod group_block;
pub mod inverted_residual;
mod layout;
pub mod loss;
pub mod matrix;
pub mod memory;
pub mod norm;
pub mod optim;
pub mod output;
pub mod pool;
mod raw;
pub mod shape;
mod simd;
pub mod stem;
mod sum;
#[cfg(test)]
mod tests;
