//! Distances and near matches between colours.

/// How far a JPEG may move a colour from what was drawn, per channel.
pub(crate) const LOSSY_REACH: u8 = 40;

/// How far a channel may be from 0 or 255 to be taken for it, where all classes have colours of nothing else.
const SNAP_REACH: u8 = 64;

/// The corner of the colour cube that a colour is near to, as far as compression moves it.
pub(crate) fn snap(color: [u8; 3]) -> Option<[u8; 3]> {
    let near = |v: u8| v <= SNAP_REACH || v >= 255 - SNAP_REACH;
    color.iter().all(|v| near(*v)).then(|| color.map(|v| if v < 128 { 0 } else { 255 }))
}

/// The largest difference of any channel.
pub(crate) fn distance(a: [u8; 3], b: [u8; 3]) -> u8 {
    (0..3).map(|i| a[i].abs_diff(b[i])).max().unwrap_or(0)
}

/// A gray value as a colour; of 16 bits those that are an 8-bit level widened.
pub(crate) fn gray_color(gray: i32) -> Option<[u8; 3]> {
    let level = if gray > 255 && gray % 257 == 0 { gray / 257 } else { gray };
    u8::try_from(level).ok().map(|level| [level; 3])
}
