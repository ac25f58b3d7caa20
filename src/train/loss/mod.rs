//! Losses over the labelled pixels of a batch, for any device: the CPU has fused operators, others use Burn's.

mod competition;
pub mod cross_entropy;
pub mod mixture;
#[cfg(test)]
mod probe;

pub use crate::kernels::loss::{Labels as Targets, Mixture};
pub use cross_entropy::partial_cross_entropy;
pub use mixture::{mixture, terms_of};
