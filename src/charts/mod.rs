//! Figures as SVG and PNG: plain numbers in, text or bytes out. Nothing here knows runs, studies or files.
//!
//! [`drawing`] is the sheet, and [`raster`] its pixels, in its own colours or in other [`inks`]; [`lines`], [`bars`], [`matrix`] and [`reliability`] draw on it, with the [`scale`]s and pens of the
//! [`palette`]. Every mark carries its colour and a class, so that a figure stands by itself in a file and follows a page's theme.

pub mod bars;
pub mod drawing;
pub mod fonts;
pub mod inks;
mod legend;
pub mod lines;
pub mod markup;
pub mod matrix;
pub mod palette;
pub mod raster;
pub mod reliability;
pub mod scale;

pub use drawing::Drawing;
