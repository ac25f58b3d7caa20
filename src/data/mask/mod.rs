//! Turns decoded mask files into class indices, and derives classes from masks where no file names them.
//!
//! Uses [`super::raster`], [`super::classes`] and [`super::files`]. Works on paths; tiles and projects come later.

pub(crate) mod class_order;
pub mod decoded;
pub(crate) mod edges;
pub(crate) mod pickup;
pub(crate) mod reader;
