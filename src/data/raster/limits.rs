//! Size limits of decoded files, and the errors that every decoder shares.

use std::fmt::Display;
use std::path::Path;

use crate::data::DataError;

/// Longest side that is decoded.
pub(crate) const MAX_SIDE: u32 = 30_000;

/// Most memory one decoded file may take.
pub(crate) const MAX_BYTES: u64 = 2 << 30;

pub(crate) fn over_the_limits(path: &Path) -> DataError {
    DataError::content(
        format!("the image is larger than {MAX_SIDE} pixels a side or 2 GiB decoded: cut it into tiles"),
        path,
    )
}

pub(crate) fn unsupported(error: &impl Display, path: &Path) -> DataError {
    DataError::content(
        format!("this kind of image cannot be read ({error}): convert it to 8- or 16-bit RGB or gray"),
        path,
    )
}

pub(crate) fn damaged(error: &impl Display, path: &Path) -> DataError {
    DataError::content(format!("the image is damaged or incomplete ({error}): copy or export it again"), path)
}

pub(crate) fn too_large(path: &Path, width: u32, height: u32) -> DataError {
    DataError::content(format!("{width}×{height} pixels take more than 2 GiB decoded: cut the image into tiles"), path)
}
