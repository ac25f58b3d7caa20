//! The loss over the labelled pixels of a batch, and its gradient.
//!
//! Cross-entropy alone takes one pass, a mixture of terms two: the overlap of a class is known only once all its pixels are.

pub mod cross_entropy;
pub mod labels;
pub mod mixture;
mod overlap;
mod pixelwise;
mod softmax;
pub mod terms;

pub use cross_entropy::partial_cross_entropy;
pub use labels::Labels;
pub use mixture::mixture;
pub use terms::Mixture;
