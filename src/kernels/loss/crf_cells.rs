//! The coarse grid that the gated CRF is computed on.

use rayon::prelude::*;

use crate::kernels::memory::Buffer;
use crate::kernels::shape::Shape;
use crate::kernels::simd::simd_fn;

/// Bands of a picture.
pub(super) const COLOURS: usize = 3;

/// The cells of a batch row by row. Each row has a plane for every class and band, and a last one that is 1 where a cell counts; at both
/// ends of each plane there are `reach` cells that do not.
pub(super) struct Cells {
    values: Buffer,
    /// Height and width are those of the grid.
    pub(super) shape: Shape,
    /// How many cells a cell looks along each axis.
    pub(super) reach: usize,
}

impl Cells {
    /// Means over the pixels of each cell.
    ///
    /// # Shapes
    /// - `probabilities`: `[batch · height, classes, width]`, of the shape beside them
    /// - `colours`: `[batch, 3, height, width]`
    /// - `counts`: `[batch, height / grid, width / grid]`
    pub(super) fn new(
        (probabilities, pixels): (&[f32], Shape),
        (colours, counts): (&[f32], &[bool]),
        grid: usize,
        reach: usize,
    ) -> Self {
        let shape = Shape { height: pixels.height / grid, width: pixels.width / grid, ..pixels };
        let (planes, padded) = (shape.channels + COLOURS + 1, shape.width + 2 * reach);
        let mut values = Buffer::zeros(shape.batch * shape.height * planes * padded);
        values.par_chunks_mut(planes * padded).enumerate().for_each(|(row, values)| {
            let (image, top) = (row / shape.height, row % shape.height * grid);
            let mut planes = values.chunks_exact_mut(padded).map(|plane| &mut plane[reach..reach + shape.width]);
            let mut sum = vec![0.0; pixels.width];
            let mut means = |values: &[f32], first: usize, apart: usize, to: &mut [f32]| {
                let row = |y: usize| &values[first + y * apart..][..pixels.width];
                pool(&(0..grid).map(row).collect::<Vec<_>>(), &mut sum, to);
            };
            for (class, to) in planes.by_ref().take(shape.channels).enumerate() {
                let row = (image * pixels.height + top) * shape.channels;
                means(probabilities, (row + class) * pixels.width, shape.channels * pixels.width, to);
            }
            for (band, to) in planes.by_ref().take(COLOURS).enumerate() {
                let row = (image * COLOURS + band) * pixels.height + top;
                means(colours, row * pixels.width, pixels.width, to);
            }
            let counts = &counts[row * shape.width..][..shape.width];
            planes.flatten().zip(counts).for_each(|(to, counts)| *to = f32::from(u8::from(*counts)));
        });
        Self { values, shape, reach }
    }

    /// A plane of a row, from `shift` cells on; its first cell is at `reach`.
    #[inline(always)]
    pub(super) fn plane(&self, row: usize, plane: usize, shift: usize) -> &[f32] {
        let (planes, padded) = (self.shape.channels + COLOURS + 1, self.shape.width + 2 * self.reach);
        &self.values[(row * planes + plane) * padded + shift..][..self.shape.width]
    }

    #[inline(always)]
    pub(super) fn colours(&self, row: usize, shift: usize) -> [&[f32]; COLOURS] {
        std::array::from_fn(|band| self.plane(row, self.shape.channels + band, shift))
    }

    #[inline(always)]
    pub(super) fn counts(&self, row: usize, shift: usize) -> &[f32] {
        self.plane(row, self.shape.channels + COLOURS, shift)
    }
}

/// Which cells count: those of which every pixel exists. Pixels at the right and at the bottom that fill no cell are left out.
///
/// # Shapes
/// - `exists`: `[batch, height, width]`
/// - result: `[batch, height / grid, width / grid]`
pub(super) fn whole_cells(exists: &[bool], [height, width]: [usize; 2], grid: usize) -> Vec<bool> {
    let mut cells = Vec::with_capacity(exists.len() / (grid * grid));
    for image in exists.chunks_exact(height * width) {
        for rows in image.chunks_exact(grid * width) {
            let exist = |column: usize| {
                rows.chunks_exact(width).all(|row| row[column * grid..][..grid].iter().all(|exists| *exists))
            };
            cells.extend((0..width / grid).map(exist));
        }
    }
    cells
}

simd_fn! {
    /// Means over the cells of a row of them, each as wide as there are rows of pixels.
    fn pool<'a, 'b>(_simd: S, rows: &'a [&'b [f32]], sum: &'a mut [f32], to: &'a mut [f32]) {
        let (grid, area) = (rows.len(), (rows.len() * rows.len()) as f32);
        sum.fill(0.0);
        for row in rows {
            sum.iter_mut().zip(*row).for_each(|(sum, value)| *sum += value);
        }
        for (to, pixels) in to.iter_mut().zip(sum.chunks_exact(grid)) {
            *to = pixels.iter().sum::<f32>() / area;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_with_a_missing_pixel_does_not_count_and_neither_does_a_rest() {
        let exists = "1111_1|1111_1|1101_1|1111_1|1111_1".chars().filter(|mark| "01".contains(*mark));
        let exists: Vec<bool> = exists.map(|mark| mark == '1').collect();
        assert_eq!(whole_cells(&exists, [5, 5], 2), [true, true, true, false]);
        assert_eq!(whole_cells(&exists, [5, 5], 1), exists);
        assert_eq!(whole_cells(&exists, [5, 5], 3), [false]);
        assert!(whole_cells(&exists[..4], [2, 2], 3).is_empty());
    }

    #[test]
    fn a_cell_has_the_means_of_its_pixels() {
        let pixels = Shape::new([1, 1, 2, 5]);
        let probabilities = [1.0, 3.0, 0.0, 1.0, 9.0, 2.0, 6.0, 0.0, 0.0, 9.0];
        let colours: Vec<f32> = [probabilities, [4.0; 10], [0.0; 10]].concat();
        let cells = Cells::new((&probabilities[..], pixels), (&colours[..], &[true, false][..]), 2, 1);
        assert_eq!(cells.plane(0, 0, 1), [3.0, 0.25]);
        assert_eq!(cells.plane(0, 0, 0), [0.0, 3.0], "there is nothing to the left");
        assert_eq!(cells.colours(0, 1), [&[3.0, 0.25][..], &[4.0, 4.0], &[0.0, 0.0]]);
        assert_eq!(cells.counts(0, 1), [1.0, 0.0]);
    }
}
