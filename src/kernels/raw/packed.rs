//! Layout of packed planes.

/// Planes with zero padding, whose rows have room for whole vectors from any pixel on.
pub(crate) struct PackedPlanes<'a> {
    pub(crate) data: &'a [f32],
    pub(crate) channels: usize,
    pub(crate) images: usize,
    /// Rows of each image, without the halo.
    pub(crate) rows: usize,
    /// Pixels of a row, without padding.
    pub(crate) width: usize,
    /// Values from a row to the next.
    pub(crate) pitch: usize,
    /// Values from a channel to the next.
    pub(crate) plane: usize,
    /// Extra rows above the first and below the last.
    pub(crate) halo: usize,
    /// Columns of zero padding on either side: 1 for a window of 3, 0 for one of 1.
    pub(crate) padding: usize,
    /// Values before the first pixel of a row.
    pub(crate) margin: usize,
}

impl PackedPlanes<'_> {
    /// Where the window around the first pixel of the first row starts.
    #[inline(always)]
    pub(crate) fn first_window(&self) -> usize {
        self.margin - self.padding
    }

    /// Where that pixel itself is.
    #[inline(always)]
    pub(crate) fn first_pixel(&self) -> usize {
        self.margin + self.halo * self.pitch
    }
}
