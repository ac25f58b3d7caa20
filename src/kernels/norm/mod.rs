//! Batch normalisation with ReLU (Ioffe, Szegedy: "Batch Normalization", ICML 2015), folded to per-channel coefficients.
//!
//! With `x̂ = (y - mean)·r`, `r = 1/√(var + ε)` and `z = max(0, γ·x̂ + β)`, and with `g` the gradient of `z` where `z > 0` and 0
//! elsewhere: `dβ = Σg`, `dγ = Σg·x̂`, and `dy = γ·r·(g - dβ/m - x̂·dγ/m)` over the `m` pixels of the batch.
//!
//! Convolutions apply the coefficients where they read or write anyway; only [`apply_relu`] makes a pass of its own.

mod backward;
mod forward;
mod statistics;

pub use backward::NormGradients;
pub(crate) use backward::FoldedNormBackward;
pub(crate) use forward::{FoldedNorm, apply_relu};
pub(crate) use statistics::Moments;
pub use statistics::Statistics;
