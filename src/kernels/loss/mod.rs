//! The loss of a batch and its gradient: over the labelled pixels, and of neighbours whether they have labels or not.
//!
//! Cross-entropy alone takes one pass, a mixture of terms two: the overlap of a class is known only once all its pixels are. The gated
//! CRF stands apart: it needs the picture, and no labels.

mod crf_cells;
pub mod cross_entropy;
mod exponential;
pub mod gated_crf;
pub mod labels;
pub mod mixture;
mod overlap;
mod pixelwise;
mod softmax;
mod softmax_rows;
pub mod terms;

pub use cross_entropy::partial_cross_entropy;
pub use gated_crf::{GatedCrf, Scene, gated_crf};
pub use labels::Labels;
pub use mixture::mixture;
pub use terms::Mixture;
