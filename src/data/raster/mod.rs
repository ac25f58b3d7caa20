//! Rasters: image and mask files decoded into pixels, with their validity and orientation.

pub mod images;
pub(crate) mod mask_raster;
pub(crate) mod orientation;
pub mod picture;
pub mod picture_cache;
pub(crate) mod png_file;
pub(crate) mod stretch;
pub mod thumbnail_store;
pub(crate) mod tiff_file;
pub(crate) mod tiff_parts;
