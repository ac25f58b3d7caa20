//! Where own labels have to be drawn: strips of visible grid cells that contain labels or border on one, for the
//! outline. Software adapters pay per pixel and per primitive, so few strips that fit tightly cost least.

use crate::domain::{Mask, UNLABELLED};
use crate::ui::state::mask_pyramid::MaskPyramid;

/// Minimum width of a cell in outline widths. One would do: the neighbours of a label's cell contain its whole
/// outline.
const OUTLINES_PER_CELL: f32 = 4.0;

/// A triangle corner in uv.
pub(crate) type Corner = [f32; 2];

/// Triangles that cover all labels in the visible part of the tile, with their outlines.
pub(crate) fn triangles(pyramid: &MaskPyramid, tile: [u32; 2], seen_uv: [[f32; 2]; 2], outline_px: f32) -> Vec<Corner> {
    let level = cell_level(outline_px).min(pyramid.levels().len());
    let Some(cells) = level.checked_sub(1).and_then(|i| pyramid.levels().get(i)) else {
        return quad([[0.0; 2], [1.0; 2]]);
    };
    let per_uv = tile.map(|n| n as f32 / 2.0_f32.powi(level as i32));
    let edge = |cell: usize, axis: usize| match cell as u32 == cells.size()[axis] {
        true => 1.0, // The last cell also contains the odd pixels left over.
        false => cell as f32 / per_uv[axis],
    };
    let last = cells.size().map(|n| n as usize - 1);
    let cell = |corner: usize, axis: usize| ((seen_uv[corner][axis] * per_uv[axis]).max(0.0) as usize).min(last[axis]);
    let mut triangles = Vec::new();
    for y in cell(0, 1)..=cell(1, 1) {
        for (left, right) in strips(cells, y, cell(0, 0), cell(1, 0)) {
            triangles.extend(quad([[edge(left, 0), edge(y, 1)], [edge(right, 0), edge(y + 1, 1)]]));
        }
    }
    triangles
}

/// Number of halvings from pixels to cells.
fn cell_level(outline_px: f32) -> usize {
    (outline_px * OUTLINES_PER_CELL).log2().ceil().max(1.0) as usize
}

/// Runs of cells of row `y`, from `first` to `last`, that contain labels or border on one. Ends are exclusive.
fn strips(cells: &Mask, y: usize, first: usize, last: usize) -> Vec<(usize, usize)> {
    let [width, height] = cells.size().map(|n| n as usize);
    let rows: Vec<&[u8]> =
        (y.saturating_sub(1)..(y + 2).min(height)).map(|row| &cells.data()[row * width..][..width]).collect();
    let mut strips: Vec<(usize, usize)> = Vec::new();
    for x in first.saturating_sub(1)..(last + 2).min(width) {
        if rows.iter().all(|row| row[x] == UNLABELLED) {
            continue;
        }
        let (left, right) = (x.saturating_sub(1).max(first), (x + 2).min(last + 1));
        match strips.last_mut() {
            Some(strip) if left <= strip.1 => strip.1 = right,
            _ => strips.push((left, right)),
        }
    }
    strips
}

/// Two triangles over a rectangle.
fn quad([low, high]: [Corner; 2]) -> Vec<Corner> {
    let (right_top, left_bottom) = ([high[0], low[1]], [low[0], high[1]]);
    vec![low, right_top, left_bottom, left_bottom, right_top, high]
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVERYTHING: [[f32; 2]; 2] = [[-1.0; 2], [2.0; 2]];

    fn chain(size: [u32; 2], dots: &[(u32, u32)]) -> MaskPyramid {
        let mut mask = Mask::unlabelled(size[0], size[1]);
        for &(x, y) in dots {
            mask.data_mut()[(y * size[0] + x) as usize] = 1;
        }
        MaskPyramid::new(&mask)
    }

    /// Low and high corners of the drawn rectangles, in pixels.
    fn rects(size: [u32; 2], dots: &[(u32, u32)], seen: [[f32; 2]; 2], outline_px: f32) -> Vec<[[f32; 2]; 2]> {
        let corners = triangles(&chain(size, dots), size, seen, outline_px);
        let px = |uv: Corner| [uv[0] * size[0] as f32, uv[1] * size[1] as f32].map(f32::round);
        corners.chunks_exact(6).map(|quad| [px(quad[0]), px(quad[5])]).collect()
    }

    #[test]
    fn a_label_is_drawn_with_the_cells_around_it() {
        let rows = |top: f32| [[0.0, top], [24.0, top + 8.0]];
        assert_eq!(rects([80, 40], &[(10, 10)], EVERYTHING, 2.0), [rows(0.0), rows(8.0), rows(16.0)]);
        assert_eq!(rects([80, 40], &[], EVERYTHING, 2.0), [[[0.0; 2]; 2]; 0]);
    }

    #[test]
    fn neighbours_share_a_strip() {
        let far = rects([80, 8], &[(0, 0), (79, 7)], EVERYTHING, 2.0);
        assert_eq!(far, [[[0.0, 0.0], [16.0, 8.0]], [[64.0, 0.0], [80.0, 8.0]]]);
        assert_eq!(rects([80, 8], &[(0, 0), (31, 0)], EVERYTHING, 2.0), [[[0.0, 0.0], [40.0, 8.0]]]);
    }

    #[test]
    fn odd_pixels_at_the_edges_are_drawn() {
        let corner = rects([83, 45], &[(82, 44)], EVERYTHING, 2.0);
        assert_eq!(corner.last(), Some(&[[64.0, 32.0], [83.0, 45.0]]));
    }

    #[test]
    fn cells_outside_the_view_are_left_out() {
        let seen = [[0.5, 0.0], [0.7, 1.0]];
        assert_eq!(rects([80, 8], &[(0, 0), (50, 0)], seen, 2.0), [[[40.0, 0.0], [64.0, 8.0]]]);
        let beside = [[0.26, 0.0], [0.29, 1.0]];
        assert_eq!(rects([80, 8], &[(12, 0)], beside, 2.0), [[[16.0, 0.0], [24.0, 8.0]]], "an outline may reach in");
    }

    #[test]
    fn cells_contain_any_outline_and_small_tiles_are_one_cell() {
        assert!([0.01, 0.3, 1.0, 5.0, 77.0].iter().all(|px| 2.0_f32.powi(cell_level(*px) as i32) >= *px));
        assert_eq!(rects([4, 4], &[(1, 1)], EVERYTHING, 9.0), [[[0.0; 2], [4.0; 2]]]);
        assert_eq!(rects([1, 1], &[(0, 0)], EVERYTHING, 2.0), [[[0.0; 2], [1.0; 2]]]);
    }

    #[test]
    fn a_fully_painted_tile_takes_one_strip_per_row() {
        let mask = Mask::from_vec(2448, 2448, vec![1; 2448 * 2448]).unwrap();
        let corners = triangles(&MaskPyramid::new(&mask), [2448, 2448], EVERYTHING, 2.0);
        assert_eq!(corners.len(), 6 * 306);
    }
}
