//! Batch normalisation with ReLU (Ioffe, Szegedy: "Batch Normalization", ICML 2015), folded to per-channel
//! coefficients.
//!
//! Forward, with `x̂ = (y - mean)·r` and `r = 1/√(var + ε)`: `z = max(0, γ·x̂ + β)`.
//!
//! Backward, with `g` the gradient of `z` where `z > 0`, and 0 elsewhere, over the `m` pixels of the batch: `dβ = Σg`,
//! `dγ = Σg·x̂` and `dy = γ·r·(g - dβ/m - x̂·dγ/m)`.
//!
//! Convolutions apply the coefficients where they read or write anyway; only `apply_relu` makes a pass of its own.
//!
//! Uses `simd`, `shape` and `sum` of the kernels.

mod backward;
mod forward;
mod group;
mod statistics;

pub(crate) use backward::FoldedNormBackward;
pub use backward::NormGradients;
pub(crate) use forward::{FoldedNorm, apply_relu};
pub(crate) use group::GroupNormOf;
pub(crate) use statistics::Moments;
pub use statistics::Statistics;
