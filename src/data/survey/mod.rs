//! What a check reports about a whole project: pixel counts of its masks, identical images.
//!
//! Reads through [`super::layout`]; changes nothing.

pub mod census;
pub mod twins;
