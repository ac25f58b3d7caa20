//! Distances and near matches between colours.

/// Maximum difference per channel between a colour and what JPEG compression makes of it.
pub(crate) const LOSSY_REACH: u8 = 40;

/// Maximum distance of a channel from 0 or 255 that is snapped to it.
const SNAP_REACH: u8 = 64;

/// The corner of the colour cube within [`SNAP_REACH`] of a colour.
pub(crate) fn snap(color: [u8; 3]) -> Option<[u8; 3]> {
    let near = |v: u8| v <= SNAP_REACH || v >= 255 - SNAP_REACH;
    color.iter().all(|v| near(*v)).then(|| color.map(|v| if v < 128 { 0 } else { 255 }))
}

/// The largest difference between two channels.
pub(crate) fn distance(a: [u8; 3], b: [u8; 3]) -> u8 {
    (0..3).map(|i| a[i].abs_diff(b[i])).max().unwrap_or(0)
}

/// A gray value as a colour. Of 16-bit values, only 8-bit levels multiplied by 257 are colours.
pub(crate) fn gray_color(gray: i32) -> Option<[u8; 3]> {
    let level = if gray > 255 && gray % 257 == 0 { gray / 257 } else { gray };
    u8::try_from(level).ok().map(|level| [level; 3])
}
