//! The only unsafe code of the program, behind functions that are safe to call: the innermost loops without bounds
//! checks, pooled memory lent to Burn, and a call to the C library's allocator.
//!
//! Uses `memory` (the buffers it lends); `PackedPlanes` lives here because the loops' checks rely on its layout.

#![allow(unsafe_code, reason = "see above; each file explains why it needs it")]

mod bytes;
mod heap;
mod packed;
mod product;
mod tiles;

pub(crate) use bytes::lend;
pub(crate) use heap::give_back;
pub(crate) use packed::PackedPlanes;
pub(crate) use product::matrix_product;
pub(crate) use tiles::{Pixels, Planes, correlate, correlate_pixels, correlate_planes};
