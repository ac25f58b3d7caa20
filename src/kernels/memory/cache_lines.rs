//! Memory in step with the lines of the cache.

/// Bytes of a line, and of the longest vector.
const LINE: usize = 64;
/// Values to ask for on top, so that [`start`] leaves enough.
pub(crate) const SPARE: usize = LINE / size_of::<f32>();

/// Where in `values` a line begins.
pub(crate) fn start(values: &[f32]) -> usize {
    values.as_ptr().align_offset(LINE)
}

/// `len` values of `buffer` from the start of a line on, whatever was in them before.
pub(crate) fn reserve(buffer: &mut Vec<f32>, len: usize) -> &mut [f32] {
    if buffer.len() < len + SPARE {
        buffer.resize(len + SPARE, 0.0);
    }
    let start = start(buffer);
    &mut buffer[start..start + len]
}

/// From one plane of `values` values to the next: planes an exact multiple of 4 KiB apart would all compete for the same
/// few lines of the first-level cache.
pub(crate) fn apart(values: usize) -> usize {
    if values.is_multiple_of(1024) { values + SPARE } else { values }
}
