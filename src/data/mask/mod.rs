//! Turns mask files into class indices, and derives classes from masks where no file names them.
//!
//! `lookup::MaskReader` holds the tables; `guess` decides how a file encodes classes, `convert` maps its pixels, `reader`
//! does both for a file. Uses [`super::raster`], [`super::classes`] and [`super::files`]. Works on paths and knows neither
//! tiles nor projects.

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
