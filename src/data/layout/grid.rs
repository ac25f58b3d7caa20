//! Tiles that were cut from a scene in steps of their own size, as rows and columns in their names tell.

use std::collections::BTreeSet;

use crate::domain::geometry::PixelRect;

/// No scene has more pixels along a side.
const MOST: u32 = 1 << 30;

/// Where the tiles of a scene lie.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Grid {
    /// The pixels of each tile.
    pub(super) rects: Vec<PixelRect>,
    /// Names count pixels, not tiles.
    pub(super) in_pixels: bool,
}

impl Grid {
    /// The grid of tiles of these rows and columns. `None` unless each has a place of its own, and all are of one size, but for those of
    /// the last row and the last column, which may be smaller.
    pub(super) fn of(places: &[[u32; 2]], sizes: &[[u32; 2]]) -> Option<Self> {
        let rows = Line::of(places.iter().map(|[row, _]| *row), sizes.iter().map(|[_, height]| *height))?;
        let columns = Line::of(places.iter().map(|[_, column]| *column), sizes.iter().map(|[width, _]| *width))?;
        let in_pixels = rows.unit.or(columns.unit).is_some_and(|unit| unit == Unit::Pixels);
        let agree = rows.unit.is_none() || columns.unit.is_none() || rows.unit == columns.unit;
        let is_unique = places.iter().collect::<BTreeSet<_>>().len() == places.len();
        let rect =
            |((x, y), [width, height]): ((u32, u32), &[u32; 2])| PixelRect { x, y, width: *width, height: *height };
        let rects = || columns.firsts.into_iter().zip(rows.firsts).zip(sizes).map(rect).collect();
        (agree && is_unique).then(rects).map(|rects| Self { rects, in_pixels })
    }
}

/// Whether these places are all those of a rectangle of at least two rows and columns, counted from 0 or 1.
pub(super) fn is_complete(places: &[[u32; 2]]) -> bool {
    let along = |axis: usize| places.iter().map(|place| place[axis]).collect::<BTreeSet<u32>>();
    let (rows, columns) = (along(0), along(1));
    let is_counted = |numbers: &BTreeSet<u32>| {
        let (first, last) = (numbers.first().copied().unwrap_or(0), numbers.last().copied().unwrap_or(0));
        numbers.len() > 1 && first <= 1 && (last - first) as usize == numbers.len() - 1
    };
    is_counted(&rows) && is_counted(&columns) && rows.len() * columns.len() == places.len()
}

/// What numbers in names count.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Unit {
    Tiles,
    Pixels,
}

/// Tiles along one side of a scene.
struct Line {
    /// First pixel of each.
    firsts: Vec<u32>,
    /// What the numbers count; `None` if all are 0, which does not tell.
    unit: Option<Unit>,
}

impl Line {
    fn of(numbers: impl Iterator<Item = u32> + Clone, lengths: impl Iterator<Item = u32> + Clone) -> Option<Self> {
        let (step, last) = (lengths.clone().max()?.max(1), numbers.clone().max()?);
        let at_end = numbers.clone().zip(lengths.clone()).filter(|(number, _)| *number == last);
        let is_even = at_end.map(|(_, length)| length).collect::<BTreeSet<_>>().len() == 1
            && numbers.clone().zip(lengths).all(|(number, length)| number == last || length == step);
        let unit = match last {
            0 => None,
            last if last >= step && numbers.clone().all(|number| number.is_multiple_of(step)) => Some(Unit::Pixels),
            _ => Some(Unit::Tiles),
        };
        let first = |number: u32| {
            let first = if unit == Some(Unit::Pixels) { Some(number) } else { number.checked_mul(step) };
            first.filter(|first| *first < MOST)
        };
        let firsts = numbers.map(first).collect::<Option<Vec<u32>>>()?;
        is_even.then_some(Self { firsts, unit })
    }
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
        assert_eq!(Grid::of(&places, &sizes), Some(Grid { rects, in_pixels: false }));
        assert_eq!(Grid::of(&places.map(|[row, column]| [column, row]), &sizes), None, "turned, sizes contradict");
        assert_eq!(Grid::of(&places, &[[10, 8], [4, 8], [10, 3], [5, 3]]), None, "one column of two widths");
        assert_eq!(Grid::of(&[[0, 0], [0, 0]], &[[4, 4]; 2]), None, "one place for two");
    }

    #[test]
    fn multiples_of_the_size_count_pixels() {
        let grid = Grid::of(&[[0, 0], [0, 512], [512, 0]], &[[512, 512]; 3]).unwrap();
        assert!(grid.in_pixels);
        assert_eq!(grid.rects[1..], [rect(512, 0, 512, 512), rect(0, 512, 512, 512)]);
        assert!(!Grid::of(&[[3, 7], [3, 8]], &[[512, 512]; 2]).unwrap().in_pixels);
        assert_eq!(Grid::of(&[[0, 256], [1, 0]], &[[256, 256]; 2]), None, "rows count tiles, columns pixels");
        assert_eq!(Grid::of(&[[0, 0], [0, u32::MAX]], &[[512, 512]; 2]), None, "no scene is as large");
    }

    #[test]
    fn a_rectangle_without_gaps_is_complete() {
        assert!(is_complete(&[[1, 1], [1, 2], [2, 2], [2, 1]]));
        assert!(!is_complete(&[[1, 1], [1, 2], [2, 2]]), "one is missing");
        assert!(!is_complete(&[[0, 0], [0, 1]]), "one row");
        assert!(!is_complete(&[[2019, 1], [2019, 2], [2020, 1], [2020, 2]]), "years");
        assert!(!is_complete(&[[0, 0], [0, 2], [1, 0], [1, 2]]), "a column is missing");
    }
}
