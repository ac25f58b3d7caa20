//! Tiles that were cut from a scene, as numbers in their names tell: rows and columns of tiles, or first pixels.

use std::collections::BTreeSet;

use crate::domain::geometry::PixelRect;

/// No scene has more pixels along a side.
const MOST: u32 = 1 << 30;

/// What numbers in names count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Tiles,
    Pixels,
}

impl Unit {
    /// What these rows and columns count; `None` if they may be either. One unit holds for both, and pixels win: tiles that overlap must
    /// not lie apart.
    pub(super) fn of(places: &[[u32; 2]], sizes: &[[u32; 2]]) -> Option<Self> {
        let [width, height] = largest(sizes);
        let told = [Self::along(places, 0, height), Self::along(places, 1, width)];
        [Self::Pixels, Self::Tiles].into_iter().find(|unit| told.contains(&Some(*unit)))
    }

    /// What the numbers of an axis count. Tiles are counted by ones, and no cutter goes on by one pixel; but some move the last tile
    /// inwards, so that beyond a tile's length the last step does not tell.
    fn along(places: &[[u32; 2]], axis: usize, length: u32) -> Option<Self> {
        let distinct: BTreeSet<u32> = places.iter().map(|place| place[axis]).collect();
        let numbers: Vec<u32> = distinct.into_iter().collect();
        let is_beyond = numbers.last().is_some_and(|last| *last >= length);
        let telling = numbers.len().saturating_sub(usize::from(is_beyond));
        if numbers[..telling].windows(2).any(|pair| pair[1] - pair[0] == 1) {
            return Some(Self::Tiles);
        }
        is_beyond.then_some(Self::Pixels)
    }
}

/// The pixels of tiles that lie edge to edge in these rows and columns. `None` unless each has a place of its own, and all are of one
/// size, but for those of the last row and the last column, which may be smaller.
pub(super) fn edge_to_edge(places: &[[u32; 2]], sizes: &[[u32; 2]]) -> Option<Vec<PixelRect>> {
    let [width, height] = largest(sizes);
    let placed = |(&[row, column], size): (&[u32; 2], &[u32; 2])| {
        rect([column.checked_mul(width)?, row.checked_mul(height)?], *size)
    };
    if is_grid(places, sizes) { places.iter().zip(sizes).map(placed).collect() } else { None }
}

/// The pixels of tiles whose names tell their first row and column of pixels. They may overlap.
pub(super) fn by_first_pixel(places: &[[u32; 2]], sizes: &[[u32; 2]]) -> Option<Vec<PixelRect>> {
    places.iter().zip(sizes).map(|(&[y, x], size)| rect([x, y], *size)).collect()
}

/// Whether these are the first pixels of tiles that lie edge to edge.
pub(super) fn are_steps(places: &[[u32; 2]], sizes: &[[u32; 2]]) -> bool {
    let [width, height] = largest(sizes);
    let is_step = |[row, column]: &[u32; 2]| row.is_multiple_of(height) && column.is_multiple_of(width);
    is_grid(places, sizes) && places.iter().all(is_step)
}

fn rect([x, y]: [u32; 2], [width, height]: [u32; 2]) -> Option<PixelRect> {
    (x < MOST && y < MOST).then_some(PixelRect { x, y, width, height })
}

/// The largest width and the largest height, at least 1.
fn largest(sizes: &[[u32; 2]]) -> [u32; 2] {
    [0, 1].map(|axis| sizes.iter().map(|size| size[axis]).max().unwrap_or(1).max(1))
}

/// Whether each tile has a place of its own, and only those at the end of an axis are smaller than others.
fn is_grid(places: &[[u32; 2]], sizes: &[[u32; 2]]) -> bool {
    let is_unique = places.iter().collect::<BTreeSet<_>>().len() == places.len();
    is_unique && [[0, 1], [1, 0]].iter().all(|[axis, side]| is_even(places, *axis, sizes, *side))
}

/// Whether the tiles before the last of an axis have the largest length, and those at its end one length.
fn is_even(places: &[[u32; 2]], axis: usize, sizes: &[[u32; 2]], side: usize) -> bool {
    let (last, length) = (places.iter().map(|place| place[axis]).max(), largest(sizes)[side]);
    let (ending, before): (Vec<_>, Vec<_>) = places.iter().zip(sizes).partition(|(place, _)| Some(place[axis]) == last);
    let ends: BTreeSet<u32> = ending.iter().map(|(_, size)| size[side]).collect();
    ends.len() <= 1 && before.iter().all(|(_, size)| size[side] == length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rect(x: u32, y: u32, width: u32, height: u32) -> PixelRect {
        PixelRect { x, y, width, height }
    }

    #[test]
    fn the_last_row_and_column_may_be_smaller() {
        let places = [[0, 0], [0, 1], [1, 0], [1, 1]];
        let sizes = [[10, 8], [4, 8], [10, 3], [4, 3]];
        let rects = vec![rect(0, 0, 10, 8), rect(10, 0, 4, 8), rect(0, 8, 10, 3), rect(10, 8, 4, 3)];
        assert_eq!(edge_to_edge(&places, &sizes), Some(rects));
        let turned = places.map(|[row, column]| [column, row]);
        assert_eq!(edge_to_edge(&turned, &sizes), None, "turned, sizes contradict");
        assert_eq!(edge_to_edge(&places, &[[10, 8], [4, 8], [10, 3], [5, 3]]), None, "one column of two widths");
        assert_eq!(edge_to_edge(&[[0, 0], [0, 0]], &[[4, 4]; 2]), None, "one place for two");
        assert_eq!(edge_to_edge(&[[0, 0], [0, u32::MAX]], &[[512, 512]; 2]), None, "no scene is as large");
    }

    /// What these columns of 512 pixels count.
    fn counted(columns: &[u32]) -> Option<Unit> {
        let places: Vec<[u32; 2]> = columns.iter().map(|column| [0, *column]).collect();
        Unit::of(&places, &vec![[512, 512]; places.len()])
    }

    #[test]
    fn tiles_are_counted_by_ones_and_pixels_are_not() {
        assert_eq!([counted(&[0, 1, 2]), counted(&[3, 9, 10])], [Some(Unit::Tiles); 2]);
        assert_eq!([counted(&[0, 512]), counted(&[0, 256, 512])], [Some(Unit::Pixels); 2], "overlapping too");
        assert_eq!(counted(&[0, 512, 788]), Some(Unit::Pixels), "the last tile is moved inwards");
        assert_eq!(counted(&[0, 512, 513]), Some(Unit::Pixels), "by nearly a whole tile");
        assert_eq!(counted(&[800, 801, 802]), Some(Unit::Tiles), "far from the first");
        assert_eq!([counted(&[0, 256]), counted(&[3, 9])], [None; 2], "either");
        let both = [[0, 0], [1, 0], [0, 512]];
        assert_eq!(Unit::of(&both, &[[512, 512]; 3]), Some(Unit::Pixels), "one unit for a scene");
    }

    #[test]
    fn first_pixels_are_multiples_of_the_size_where_nothing_overlaps() {
        let sizes = [[512, 512]; 3];
        assert!(are_steps(&[[0, 0], [0, 512], [1024, 0]], &sizes));
        assert!(!are_steps(&[[0, 0], [0, 256], [0, 512]], &sizes));
        assert!(!are_steps(&[[0, 0], [0, 1], [1, 0]], &sizes), "rows and columns");
        let overlapping = by_first_pixel(&[[0, 0], [0, 256], [7, 512]], &sizes).unwrap();
        assert_eq!(overlapping[1..], [rect(256, 0, 512, 512), rect(512, 7, 512, 512)]);
        assert_eq!(by_first_pixel(&[[0, MOST]], &sizes[..1]), None);
    }
}
