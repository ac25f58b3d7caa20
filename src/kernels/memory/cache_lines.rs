//! Cache-line alignment helpers.

/// Bytes of a cache line, and of the longest vector.
const LINE: usize = 64;
/// Values of a cache line. A buffer needs as many more, so that [`aligned_start`] leaves enough.
pub(crate) const LINE_VALUES: usize = LINE / size_of::<f32>();

/// Index of the first value of `values` that begins a cache line.
pub(crate) fn aligned_start(values: &[f32]) -> usize {
    values.as_ptr().align_offset(LINE)
}

/// Returns `len` aligned values of `buffer`, growing it as needed. Their contents are undefined.
pub(crate) fn reserve(buffer: &mut Vec<f32>, len: usize) -> &mut [f32] {
    if buffer.len() < len + LINE_VALUES {
        buffer.resize(len + LINE_VALUES, 0.0);
    }
    let start = aligned_start(buffer);
    &mut buffer[start..start + len]
}

/// The distance between planes of `values` values. Planes an exact multiple of 4 KiB apart would all compete for the
/// same few lines of the first-level cache, so those are moved apart by one line.
pub(crate) fn stagger(values: usize) -> usize {
    if values.is_multiple_of(1024) { values + LINE_VALUES } else { values }
}
