//! Decodes image and mask files into pixels, with their validity and orientation.
//!
//! Uses only [`super::error`]. What the pixels of a mask mean is decided in [`super::mask`].

pub(crate) mod georeference;
pub(crate) mod header;
pub mod images;
pub(crate) mod limits;
pub(crate) mod mask_raster;
pub(crate) mod orientation;
pub mod picture;
pub(crate) mod png_file;
pub(crate) mod stretch;
pub(crate) mod tiff;
pub(crate) mod world_file;
