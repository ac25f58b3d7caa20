//! The only unsafe code of the program, behind functions that are safe to call: register tiles without bounds checks, pooled
//! memory lent to Burn, and how the C library treats large blocks.

#![allow(unsafe_code, reason = "see above; each file says why it needs it")]

mod bytes;
mod heap;
mod tiles;

pub(crate) use bytes::lend;
pub(crate) use heap::give_back;
pub(crate) use tiles::{Pixels, Planes, correlate, correlate_pixels, correlate_planes};
