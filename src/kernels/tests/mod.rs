//! The operators against plain loops in f64, for sizes that leave remainders everywhere.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod operators;
mod reference;
