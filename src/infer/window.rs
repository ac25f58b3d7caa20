//! Splitting a tile into overlapping windows, and which part of each is kept (the overlap-tile strategy of the U-Net paper).
//!
//! Neighbouring windows overlap by a quarter; the seam runs through the middle of the overlap, so that every kept pixel
//! (away from the tile's edge) has at least an eighth of a window of context. The result does not depend on the order.

use crate::domain::geometry::PixelRect;

/// A square window of a tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Top left corner in pixels of the tile; negative where a tile smaller than the window is padded.
    pub corner: [i64; 2],
    /// Width and height in pixels.
    pub side: u32,
    /// The part of the tile that is kept.
    pub kept: PixelRect,
}

impl Window {
    /// One window around a whole tile that is not larger.
    pub fn around(tile: [u32; 2], side: u32) -> Self {
        let corner = tile.map(|length| (i64::from(length) - i64::from(side)) / 2);
        Self { corner, side, kept: PixelRect { x: 0, y: 0, width: tile[0], height: tile[1] } }
    }
}

/// Windows of side `size` that cover a tile, row by row.
pub fn cover(tile: [u32; 2], size: u32) -> Vec<Window> {
    let (columns, rows) = (spans(tile[0], size), spans(tile[1], size));
    rows.iter()
        .flat_map(|row| {
            columns.iter().map(|column| Window {
                corner: [column.corner, row.corner],
                side: size,
                kept: PixelRect {
                    x: column.kept.start,
                    y: row.kept.start,
                    width: column.kept.end - column.kept.start,
                    height: row.kept.end - row.kept.start,
                },
            })
        })
        .collect()
}

/// Puts the windows nearest to the middle of `rect` first.
pub fn sort_by_distance(windows: &mut [Window], rect: PixelRect) {
    let middle = |r: &PixelRect| [2 * r.x + r.width, 2 * r.y + r.height];
    let target = middle(&rect);
    windows.sort_by_key(|window| {
        let here = middle(&window.kept);
        (0..2).map(|i| u64::from(here[i].abs_diff(target[i])).pow(2)).sum::<u64>()
    });
}

struct Span {
    corner: i64,
    kept: std::ops::Range<u32>,
}

fn spans(length: u32, size: u32) -> Vec<Span> {
    if length <= size {
        return vec![Span { corner: (i64::from(length) - i64::from(size)) / 2, kept: 0..length }];
    }
    let step = (size - size / 4).max(1);
    let last = length - size;
    let count = last.div_ceil(step);
    let corner = |k: u32| (k * step).min(last);
    let seam = |k: u32| (corner(k) + corner(k - 1) + size) / 2;
    (0..=count)
        .map(|k| {
            let start = if k == 0 { 0 } else { seam(k) };
            let end = if k == count { length } else { seam(k + 1) };
            Span { corner: i64::from(corner(k)), kept: start..end }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pixel_is_kept_exactly_once_with_context() {
        for tile in [[256, 256], [257, 300], [2448, 2448], [100, 1000], [797, 644]] {
            let mut kept = vec![0_u8; (tile[0] * tile[1]) as usize];
            for window in cover(tile, 256) {
                let PixelRect { x, y, width, height } = window.kept;
                for (axis, (start, length)) in [(x, width), (y, height)].into_iter().enumerate() {
                    let before = i64::from(start) - window.corner[axis];
                    let after = window.corner[axis] + 256 - i64::from(start + length);
                    assert!(before >= 0 && after >= 0, "{window:?} keeps what it does not see");
                    assert!(before >= 32 || start == 0, "{window:?}");
                    assert!(after >= 32 || start + length == tile[axis], "{window:?}");
                }
                for row in y..y + height {
                    for column in x..x + width {
                        kept[(row * tile[0] + column) as usize] += 1;
                    }
                }
            }
            assert!(kept.iter().all(|&n| n == 1), "{tile:?}");
        }
    }

    #[test]
    fn windows_on_screen_come_first() {
        let on_screen = PixelRect { x: 2000, y: 2000, width: 200, height: 200 };
        let mut windows = cover([2448, 2448], 256);
        sort_by_distance(&mut windows, on_screen);
        let first = windows[0].kept;
        assert!(first.x.abs_diff(2000) < 256 && first.y.abs_diff(2000) < 256, "{first:?}");
        assert_eq!(windows.len(), cover([2448, 2448], 256).len());
    }

    #[test]
    fn a_small_tile_is_padded_on_both_sides() {
        let windows = cover([100, 50], 128);
        assert_eq!(
            windows,
            [Window { corner: [-14, -39], side: 128, kept: PixelRect { x: 0, y: 0, width: 100, height: 50 } }]
        );
    }
}
