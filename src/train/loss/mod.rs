//! Losses of a batch, for any device: the CPU has fused operators, others use Burn's.

mod competition;
pub mod cross_entropy;
pub mod gated_crf;
pub mod mixture;
#[cfg(test)]
mod probe;

pub use crate::kernels::loss::{GatedCrf, Labels as Targets, Mixture, Scene};
pub use cross_entropy::partial_cross_entropy;
pub use gated_crf::{crf_has_begun, crf_of, gated_crf};
pub use mixture::{mixture, terms_of};
