//! Fast operators for the CPU.
//!
//! Plain slices in and out, except for [`flex`], which offers them to Burn. Of a convolution, a strip of a picture is
//! packed with its border into cache, and tiles of 8 output channels by 3 vectors of pixels run over it. Convolution,
//! batch norm and ReLU are one operator ([`block`]), so that activations are never written to memory for their own sake.
//! Unsafe code is confined to one small module, `raw`.

pub mod block;
pub mod conv;
pub mod flex;
pub mod gate;
pub mod loss;
pub mod memory;
pub mod norm;
pub mod optim;
pub mod output;
pub mod pool;
mod raw;
pub mod shape;
mod simd;
#[cfg(test)]
mod tests;
