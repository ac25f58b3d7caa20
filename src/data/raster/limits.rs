//! Size limits of decoded files, and what every decoder shares: errors, and a guard against panics.

use std::fmt::Display;
use std::path::Path;

use crate::data::DataError;
use crate::domain::panic;

/// Maximum side of a decoded image in pixels.
pub(crate) const MAX_SIDE: u32 = 30_000;

/// Maximum memory of a decoded file in bytes.
pub(crate) const MAX_BYTES: u64 = 2 << 30;

/// The decoder stopped at [`MAX_SIDE`] or [`MAX_BYTES`].
pub(crate) fn over_the_limits(path: &Path) -> DataError {
    DataError::content(
        format!("the image is larger than {MAX_SIDE} pixels a side or 2 GiB decoded: cut it into tiles"),
        path,
    )
}

/// A valid file of a kind that cannot be decoded.
pub(crate) fn unsupported(error: &impl Display, path: &Path) -> DataError {
    DataError::content(
        format!("images of this kind are not supported ({error}): convert it to 8- or 16-bit RGB or gray"),
        path,
    )
}

/// A file whose content cannot be decoded.
pub(crate) fn damaged(error: &impl Display, path: &Path) -> DataError {
    DataError::content(format!("the image is damaged or incomplete ({error}): copy or export it again"), path)
}

/// An image of known size that would exceed [`MAX_BYTES`].
pub(crate) fn too_large(path: &Path, width: u32, height: u32) -> DataError {
    DataError::content(format!("{width}×{height} pixels take more than 2 GiB decoded: cut the image into tiles"), path)
}

/// Turns a panic of a decoder into an error: a malformed file must not end the program.
pub(super) fn guarded<T>(path: &Path, read: impl FnOnce() -> Result<T, DataError>) -> Result<T, DataError> {
    panic::caught(read)
        .unwrap_or_else(|_| Err(DataError::content("the file is damaged and cannot be decoded: export it again", path)))
}
