//! Convolutions of packed strips.

pub(crate) mod backward;
mod backward_direct;
mod backward_winograd;
pub(crate) mod forward;
pub mod head;
pub(crate) mod pack;
pub(crate) mod source;
pub(crate) mod strips;
pub mod transposed;
pub(crate) mod weights;
mod winograd;
