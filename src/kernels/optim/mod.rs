//! Optimiser steps: one pass over a parameter, its gradient and the optimiser's state.
//!
//! Plain slices in and out; `flex` offers the steps for Burn tensors, and `train` decides when to take them.

pub mod adam;
pub mod average;
mod chunk;
pub mod norm;
pub mod sgd;

pub use adam::AdamStep;
pub use sgd::SgdStep;
