//! TIFF files that the `image` crate does not read, or reads only in part: more than three bands, palettes, signed and
//! floating-point samples, "no data" values, internal masks, missing chunks.

pub(crate) mod chunks;
mod decoder;
pub(crate) mod file;
mod kind;
mod pixel_order;
mod pixels;
pub(crate) mod rows;
mod samples;
