//! TIFF files that the `image` crate does not read, or reads only in part.

pub(crate) mod chunks;
pub(crate) mod file;
