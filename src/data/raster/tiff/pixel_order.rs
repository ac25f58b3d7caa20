//! Puts the samples of a decoded chunk where they belong in a row of chunks, as gray or RGB.

/// A decoded chunk.
pub(super) struct Part<'a> {
    pub(super) samples: &'a [u8],
    pub(super) size: [usize; 2],
    pub(super) is_ycbcr: bool,
}

impl Part<'_> {
    /// Copies the chunk into a row of chunks, from column `left` on.
    pub(super) fn paste(&self, band: &mut [u8], left: usize, width: usize, channels: usize) {
        let [wide, high] = self.size;
        // The decoder drops bands beyond the colour model's; how many are left shows in the length.
        let stored = (self.samples.len() / (wide * high).max(1)).max(1);
        let mut line = Vec::with_capacity(wide * channels);
        for (row, samples) in self.samples.chunks_exact(wide * stored).enumerate() {
            line.clear();
            push_pixels(&mut line, samples, stored, channels);
            if self.is_ycbcr {
                line.as_chunks_mut::<3>().0.iter_mut().for_each(|pixel| *pixel = rgb_of_ycbcr(*pixel));
            }
            let start = (row * width + left) * channels;
            if let Some(target) = band.get_mut(start..start + line.len()) {
                target.copy_from_slice(&line);
            }
        }
    }
}

/// Appends the first `channels` of every pixel's `stored` samples.
pub(super) fn push_pixels(to: &mut Vec<u8>, samples: &[u8], stored: usize, channels: usize) {
    if stored == channels {
        return to.extend_from_slice(samples);
    }
    to.extend(samples.chunks_exact(stored).flat_map(|pixel| (0..channels).map(|i| pixel[i.min(stored - 1)])));
}

/// Full-range `YCbCr` as in JFIF (ITU-R BT.601) to RGB.
fn rgb_of_ycbcr([y, cb, cr]: [u8; 3]) -> [u8; 3] {
    let (y, cb, cr) = (f32::from(y), f32::from(cb) - 128.0, f32::from(cr) - 128.0);
    [1.402_f32.mul_add(cr, y), y - 0.344_136 * cb - 0.714_136 * cr, 1.772_f32.mul_add(cb, y)]
        .map(|value| value.round().clamp(0.0, 255.0) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ycbcr_becomes_rgb_as_jfif_defines_it() {
        assert_eq!(rgb_of_ycbcr([90, 128, 128]), [90, 90, 90]);
        // Pure red is Y 76, Cb 85, Cr 255.
        assert_eq!(rgb_of_ycbcr([76, 85, 255]), [254, 0, 0]);
    }

    #[test]
    fn further_bands_are_left_out() {
        let mut to = Vec::new();
        push_pixels(&mut to, &[1, 2, 3, 9, 4, 5, 6, 9], 4, 3);
        assert_eq!(to, [1, 2, 3, 4, 5, 6]);
    }
}
