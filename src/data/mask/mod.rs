//! Turns decoded mask files into class indices, and derives classes from masks where no file names them.
//!
//! Uses [`super::raster`], [`super::classes`] and [`super::files`]. Works on paths; tiles and projects come later.

pub(crate) mod class_order;
mod colors;
mod convert;
pub mod decoded;
mod edges;
pub(crate) mod faults;
mod guess;
pub(crate) mod lookup;
pub(crate) mod pickup;
mod reader;
mod sample;
mod tally;
