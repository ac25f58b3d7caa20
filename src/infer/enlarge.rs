//! The classes of a tile from logits at low resolution: interpolated, so that the edges between classes are smooth.

use rayon::prelude::*;

use super::window::Window;
use crate::domain::Mask;

/// Where a pixel lies between the cells of a line: the cell before it and the share of the next one.
#[derive(Clone, Copy)]
struct Between {
    cell: usize,
    share: f32,
}

/// The scored class with the highest logit for each pixel of a tile of `size`. `logits`, `[classes, side, side]`, are those of
/// the kept part of `window`, stretched over the tile by bilinear interpolation.
pub(super) fn classes(logits: &[f32], window: &Window, scored: &[bool], size: [u32; 2]) -> Mask {
    let [width, height] = size.map(|n| n as usize);
    let columns: Vec<Between> = (0..width).map(|x| between(x, width, window.kept.width)).collect();
    let mut classes = Mask::unlabelled(size[0], size[1]);
    classes.data_mut().par_chunks_mut(width.max(1)).enumerate().for_each_init(
        || (vec![0.0; window.kept.width as usize + 1], vec![0.0; width]),
        |(line, highest), (y, out)| {
            highest.fill(f32::NEG_INFINITY);
            let y = between(y, height, window.kept.height);
            for class in (0..scored.len()).filter(|class| scored[*class]) {
                fill_line(line, logits, window, class, y);
                for ((pixel, highest), column) in out.iter_mut().zip(highest.iter_mut()).zip(&columns) {
                    let [left, right] = [line[column.cell], line[column.cell + 1]];
                    let logit = (right - left).mul_add(column.share, left);
                    if logit > *highest {
                        (*pixel, *highest) = (class as u8, logit);
                    }
                }
            }
        },
    );
    classes
}

/// The logits of a class between two lines of cells; the last cell is repeated.
fn fill_line(line: &mut [f32], logits: &[f32], window: &Window, class: usize, y: Between) {
    let (side, width) = (window.side as usize, window.kept.width as usize);
    let [left, top] = window.corner.map(|n| (-n) as usize);
    let row = |cell: usize| {
        let cell = cell.min(window.kept.height as usize - 1);
        &logits[(class * side + top + cell) * side + left..][..width]
    };
    for ((value, above), below) in line.iter_mut().zip(row(y.cell)).zip(row(y.cell + 1)) {
        *value = (below - above).mul_add(y.share, *above);
    }
    line[width] = line[width - 1];
}

/// Pixel centres map to cell centres; beyond the outermost ones nothing changes.
fn between(pixel: usize, pixels: usize, cells: u32) -> Between {
    let at = ((pixel as f32 + 0.5) * cells as f32 / pixels as f32 - 0.5).clamp(0.0, cells as f32 - 1.0);
    Between { cell: at as usize, share: at.fract() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::geometry::PixelRect;

    /// A window of 4×4 whose middle 2×2 are kept.
    fn window() -> Window {
        Window { corner: [-1, -1], side: 4, kept: PixelRect { x: 0, y: 0, width: 2, height: 2 } }
    }

    /// Logits of one class: these in the kept cells, 9 around them.
    fn plane(kept: [f32; 4]) -> Vec<f32> {
        let mut plane = vec![9.0; 16];
        for (i, logit) in kept.into_iter().enumerate() {
            plane[(1 + i / 2) * 4 + 1 + i % 2] = logit;
        }
        plane
    }

    #[test]
    fn the_edge_between_classes_lies_where_their_logits_meet() {
        let logits = [plane([0.0, 0.0, 0.0, 0.0]), plane([-1.0, 3.0, -1.0, 3.0]), plane([9.0; 4])].concat();
        let classes = classes(&logits, &window(), &[true, true, false], [8, 2]);
        // Cell centres lie at pixels 1.5 and 5.5; the second class is ahead from a quarter of the way on, at 2.5.
        assert_eq!(classes.data(), [0, 0, 0, 1, 1, 1, 1, 1].repeat(2));
    }

    #[test]
    fn at_its_own_size_every_cell_keeps_its_class() {
        let logits = [plane([1.0, 0.0, 0.0, 1.0]), plane([0.0, 1.0, 1.0, 0.0])].concat();
        assert_eq!(classes(&logits, &window(), &[true, true], [2, 2]).data(), [0, 1, 1, 0]);
    }
}
