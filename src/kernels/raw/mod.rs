//! The only unsafe code of the arithmetic, behind functions that are safe to call: register tiles without bounds checks, and
//! pooled memory lent to Burn.

#![allow(unsafe_code, reason = "see above; each file says why it needs it")]

mod bytes;
mod tiles;

pub(crate) use bytes::lend;
pub(crate) use tiles::{Pixels, Planes, correlate, correlate_pixels, correlate_planes};
