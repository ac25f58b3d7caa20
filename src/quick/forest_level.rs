//! A forest's probabilities for a part of a tile. A forest is slow to ask: of a large tile it is asked at every second or
//! fourth pixel, and its probabilities are interpolated.

use std::ops::Range;

use super::bank::BANK;
use super::forest::Forest;
use super::levels::{Level, Levels};
use super::tile_features::TileFeatures;
use crate::domain::geometry::PixelRect;
use crate::kernels::gate::GATE;

/// Cells of a tile that are asked at most: about a second's work on two cores.
const CELLS: usize = 400_000;
/// Probabilities below count as this, so that their logarithm is finite.
const LEAST: f32 = 1e-3;

/// The logarithms of the probabilities, as logits.
pub(super) fn levels<'a>(features: &TileFeatures, forest: &Forest, classes: usize, part: PixelRect) -> Levels<'a> {
    let [width, height] = features.size();
    let stride = stride([width, height]);
    let cells = [width.div_ceil(stride), height.div_ceil(stride)];
    let middle = |cell: usize, end: usize| (cell * stride + stride / 2).min(end - 1);
    let row = |y: usize, columns: &Range<usize>, logits: &mut [f32]| {
        GATE.pass();
        let (mut values, mut probabilities) = ([0.0; BANK], vec![0.0; classes]);
        for (place, x) in columns.clone().enumerate() {
            features.bank_at_pixel([middle(x, width), middle(y, height)], &mut values);
            probabilities.fill(0.0);
            forest.add_probabilities(&values, &mut probabilities);
            for (row, probability) in logits.chunks_mut(columns.len()).zip(&probabilities) {
                row[place] = probability.max(LEAST).ln();
            }
        }
    };
    Levels::of_cells(Level::of_rows((stride, cells), classes, part, row), classes, part)
}

/// Pixels between those that are asked. It depends on the whole tile, so that a part is that of the whole map.
fn stride([width, height]: [usize; 2]) -> usize {
    let cells = |stride: usize| width.div_ceil(stride) * height.div_ceil(stride);
    [1, 2, 4].into_iter().find(|stride| cells(*stride) <= CELLS).unwrap_or(4)
}

#[cfg(test)]
mod tests {
    use image::RgbImage;

    use super::*;
    use crate::quick::course::Course;
    use crate::quick::head::QuickHead;
    use crate::quick::method::QuickMethod;
    use crate::quick::samples::{LabelledPixel, TileSamples};
    use crate::quick::tile_features::Kinds;

    #[test]
    fn large_tiles_are_asked_at_a_quarter_of_the_size() {
        assert_eq!([[512, 512], [1200, 1000], [2448, 2448], [9000, 100]].map(stride), [1, 2, 4, 2]);
    }

    #[test]
    fn a_part_is_that_of_the_whole_map() {
        let image =
            RgbImage::from_fn(900, 600, |x, y| image::Rgb([(x * y) as u8, if x < 450 { 30 } else { 160 }, y as u8]));
        let features = TileFeatures::compute(&image, None, Kinds::BANK);
        let pixel = |(click, x, class): (u32, u32, u8)| LabelledPixel { x, y: 300, class, click, weight: 1.0 };
        let samples = TileSamples::new(&features, &[(0, 80, 4), (1, 300, 4), (2, 600, 2), (3, 820, 2)].map(pixel));
        let tiles = [&samples];
        let course = Course { method: QuickMethod::Forest, ..Course::of(&tiles) };
        let head = QuickHead::learn(&course, None).unwrap();
        let (whole, rect) = (head.predict(&features, None), PixelRect { x: 331, y: 203, width: 240, height: 50 });
        let part = head.predict_part(&features, None, rect);
        for (x, y) in (0..50).flat_map(|y| (0..240).map(move |x| (x, y))) {
            assert_eq!(part.at(x, y), whole.at(331 + x, 203 + y), "row {y}, column {x}");
        }
        let right = whole.classes.data().iter().enumerate().filter(|(i, class)| (i % 900 < 450) == (**class == 4));
        assert!(right.count() > 900 * 600 * 9 / 10, "two colours are told apart");
    }
}
