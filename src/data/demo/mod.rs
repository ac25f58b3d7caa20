//! The demo project: small scenes drawn by our own generator, checked in under `data/demo` and built into the program.

mod files;
mod land;
mod noise;
mod paint;
mod place;
mod scene;

pub use files::{generate, unpack};
pub use place::folder;
