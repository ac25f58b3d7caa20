//! Networks that were trained elsewhere: their files, and their layers on plain slices.
//!
//! `quick` takes features from them, `model` trains them on. Uses `kernels`; knows neither Burn nor tiles.

mod built_in;
mod files;
pub mod lite0;
mod pth;

#[cfg(test)]
pub(crate) use built_in::assert_stages;
pub use built_in::built_in;
pub use files::{read, tensors};
