//! The operators against reference implementations in `f64`, for sizes that leave remainders everywhere.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod encoder;
mod gated_crf;
mod group_norm;
mod nearest;
mod operators;
mod reference;
