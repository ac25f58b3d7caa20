//! Depth-to-space and its inverse: four channels of one size against one channel of twice the height and width.
//!
//! Channel `4·c + 2·i + j` holds the pixels at row `i` and column `j` of the 2×2 squares of channel `c`.

/// Writes four channels of `width` columns, stored one after the other, to one of twice the size and adds `bias`.
#[inline(always)]
pub(super) fn depth_to_space(channels: &[f32], width: usize, bias: f32, out: &mut [f32]) {
    let len = channels.len() / 4;
    for (y, out) in out.chunks_exact_mut(2 * width).enumerate() {
        let row = |corner: usize| &channels[corner * len + y / 2 * width..][..width];
        let (left, right) = (row(y % 2 * 2), row(y % 2 * 2 + 1));
        for ((pair, left), right) in out.chunks_exact_mut(2).zip(left).zip(right) {
            pair[0] = left + bias;
            pair[1] = right + bias;
        }
    }
}

/// Reads row `y` of one of four channels (`corner`, 0 to 3) from `plane`, a channel of twice the height and width.
#[inline(always)]
pub(super) fn space_to_depth_row(plane: &[f32], corner: usize, y: usize, out: &mut [f32]) {
    let width = out.len();
    let row = &plane[(2 * y + corner / 2) * 2 * width..][..2 * width];
    // Two loops with a fixed position in the pair are vectorised; one loop with a variable position is not.
    let pairs = out.iter_mut().zip(row.as_chunks::<2>().0);
    if corner.is_multiple_of(2) {
        pairs.for_each(|(out, [left, _])| *out = *left);
    } else {
        pairs.for_each(|(out, [_, right])| *out = *right);
    }
}
