//! Features of a tile on a grid of cells, in half precision.

use half::f16;
use half::slice::HalfFloatSliceExt as _;

/// `[height, channels, width]`: the channels of a row lie together, so that a row is a matrix.
#[derive(Clone, Debug)]
pub(super) struct FeatureMap {
    pub(super) channels: usize,
    pub(super) width: usize,
    pub(super) height: usize,
    /// Pixels of the tile a cell is wide and high.
    pub(super) stride: usize,
    pub(super) source: Source,
    /// `[height, channels, width]`
    pub(super) values: Vec<f16>,
}

/// Where features come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// The filter bank.
    Bank,
    /// The encoder, which saw the image halved this often.
    Encoder(u32),
}

/// Means of a feature and of its square.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Moments {
    pub(super) mean: f64,
    pub(super) square: f64,
}

/// Two neighbouring cells along an axis, and the share of the second in what lies between.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Neighbours {
    pub(super) cells: [usize; 2],
    pub(super) share: f32,
}

/// Rows of cells that moments are taken over.
const ROWS_SAMPLED: usize = 64;

impl Neighbours {
    /// The cells around the centre of pixel `at`, of `cells` that are `stride` pixels wide. Beyond the outermost centres the
    /// outermost cell counts alone.
    pub(super) fn of_pixel(at: usize, stride: usize, cells: usize) -> Self {
        let place = ((at as f32 + 0.5) / stride as f32 - 0.5).max(0.0);
        let first = (place as usize).min(cells - 1);
        let share = if first + 1 < cells { place - first as f32 } else { 0.0 };
        Self { cells: [first, (first + 1).min(cells - 1)], share }
    }
}

impl FeatureMap {
    /// Features of the encoder, which saw the image at full size. `values`: `[height, channels, width]`.
    pub(super) fn of(size: [usize; 2], channels: usize, stride: usize, values: &[f32]) -> Self {
        let mut halves = vec![f16::ZERO; values.len()];
        halves.convert_from_f32_slice(values);
        Self { channels, width: size[0], height: size[1], stride, source: Source::Encoder(0), values: halves }
    }

    /// The features of a row of cells: `[channels, width]`.
    pub(super) fn row(&self, y: usize) -> &[f16] {
        let len = self.channels * self.width;
        &self.values[y * len..(y + 1) * len]
    }

    /// The features at the centre of a pixel, interpolated between cells.
    pub(super) fn at_pixel(&self, [x, y]: [usize; 2], out: &mut [f32]) {
        let across = Neighbours::of_pixel(x, self.stride, self.width);
        let down = Neighbours::of_pixel(y, self.stride, self.height);
        let rows = down.cells.map(|y| self.row(y));
        let between = |[a, b]: [f32; 2], share: f32| (b - a) * share + a;
        for (channel, out) in out.iter_mut().enumerate() {
            let along = |row: &[f16]| across.cells.map(|x| row[channel * self.width + x].to_f32());
            *out = between(rows.map(|row| between(along(row), across.share)), down.share);
        }
    }

    /// Moments of each channel, over evenly spaced rows.
    pub(super) fn moments(&self) -> Vec<Moments> {
        let step = self.height.div_ceil(ROWS_SAMPLED);
        let rows = (step / 2..self.height).step_by(step);
        let count = (rows.len() * self.width) as f64;
        let mut sums = vec![Moments { mean: 0.0, square: 0.0 }; self.channels];
        let mut row = vec![0.0_f32; self.channels * self.width];
        for y in rows {
            self.row(y).convert_to_f32_slice(&mut row);
            for (sum, values) in sums.iter_mut().zip(row.chunks(self.width)) {
                sum.mean += values.iter().map(|&value| f64::from(value)).sum::<f64>() / count;
                sum.square += values.iter().map(|&value| f64::from(value) * f64::from(value)).sum::<f64>() / count;
            }
        }
        sums
    }

    pub(super) fn bytes(&self) -> usize {
        self.values.len() * size_of::<f16>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pixel_lies_between_the_centres_of_cells() {
        assert_eq!(Neighbours::of_pixel(0, 4, 3), Neighbours { cells: [0, 1], share: 0.0 });
        assert_eq!(Neighbours::of_pixel(3, 4, 3), Neighbours { cells: [0, 1], share: 0.375 });
        assert_eq!(Neighbours::of_pixel(11, 4, 3), Neighbours { cells: [2, 2], share: 0.0 });
        assert_eq!(Neighbours::of_pixel(5, 1, 9), Neighbours { cells: [5, 6], share: 0.0 });
    }

    #[test]
    fn moments_are_those_of_the_values() {
        let map = FeatureMap::of([2, 2], 2, 1, &[1.0, 3.0, 0.5, 0.5, 5.0, 7.0, 0.5, 0.5]);
        assert_eq!(map.moments()[0], Moments { mean: 4.0, square: 21.0 });
        let mut out = [0.0; 2];
        map.at_pixel([1, 1], &mut out);
        assert_eq!(out, [7.0, 0.5]);
    }
}
