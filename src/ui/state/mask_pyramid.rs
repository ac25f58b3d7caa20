//! A sparse mask at half, quarter … size, for zooming out. No labelled pixel is lost on any level.

use super::mip::{half, level_count};
use crate::domain::geometry::PixelRect;
use crate::domain::{Mask, UNLABELLED, hash, sampling};

/// Share of labelled blocks that is never thinned, so that sparse labels stay visible; see [`MaskPyramid::thinned`].
const SPARSE: f64 = 0.01;
/// Labelled blocks that are never thinned, however small the level.
const FEW: f64 = 100.0;

/// Reductions of a sparse mask. A block is labelled if any pixel in it is. Holds half size and smaller.
#[derive(Clone, Debug)]
pub(crate) struct MaskPyramid {
    levels: Vec<Mask>,
}

impl MaskPyramid {
    /// Builds all levels.
    pub(crate) fn new(base: &Mask) -> Self {
        Self::within(base, Some(PixelRect { x: 0, y: 0, width: base.width(), height: base.height() }))
    }

    /// Builds all levels of a mask whose labels lie in `extent`.
    pub(crate) fn within(base: &Mask, extent: Option<PixelRect>) -> Self {
        let mut size = base.size();
        let mut levels = Vec::new();
        for _ in 1..level_count(size) {
            size = half(size);
            levels.push(Mask::unlabelled(size[0], size[1]));
        }
        let mut pyramid = Self { levels };
        if let Some(extent) = extent {
            pyramid.update(base, extent);
        }
        pyramid
    }

    /// The levels, half size first.
    pub(crate) fn levels(&self) -> &[Mask] {
        &self.levels
    }

    /// Rebuilds what depends on `rect` of the base. Returns the changed rectangle of each level.
    pub(crate) fn update(&mut self, base: &Mask, mut rect: PixelRect) -> Vec<PixelRect> {
        let mut rects = Vec::with_capacity(self.levels.len());
        for level in 0..self.levels.len() {
            let (finer, coarser) = self.levels.split_at_mut(level);
            let (from, to) = (finer.last().unwrap_or(base), &mut coarser[0]);
            rect = parent_rect(rect, to.size());
            gather_blocks(from, to, rect);
            rects.push(rect);
        }
        rects
    }

    /// The levels as drawn for a sampled mask. If nearly every block contains a label, drawing them all would make 10
    /// % look like 100 %. So blocks are dropped, always the same ones, until the share drawn is that of the base, but
    /// none of those within [`SPARSE`] or [`FEW`].
    pub(crate) fn thinned(mut self, base: &Mask) -> Self {
        let share = |mask: &Mask| mask.labelled() as f64 / mask.data().len().max(1) as f64;
        let aim = share(base).max(SPARSE);
        for (number, level) in self.levels.iter_mut().enumerate() {
            let aim = aim.max(FEW / level.data().len().max(1) as f64);
            let keep = aim / share(level).max(f64::MIN_POSITIVE);
            if keep < 1.0 {
                let bound = (keep * u64::MAX as f64) as u64;
                for (i, index) in level.data_mut().iter_mut().enumerate() {
                    let is_left_out = hash::mix((number as u64) << 32 ^ i as u64) > bound;
                    *index = sampling::unlabelled_if(*index, is_left_out);
                }
            }
        }
        self
    }
}

/// The blocks that contain a pixel of `rect`.
fn parent_rect(rect: PixelRect, size: [u32; 2]) -> PixelRect {
    let range = |start: u32, length: u32, limit: u32| {
        let first = (start / 2).min(limit - 1);
        (first, ((start + length).div_ceil(2)).clamp(first + 1, limit) - first)
    };
    let (x, width) = range(rect.x, rect.width, size[0]);
    let (y, height) = range(rect.y, rect.height, size[1]);
    PixelRect { x, y, width, height }
}

/// Fills `rect` of `to`: each pixel gets a label from its block in `from`. The last block of a row or column includes
/// the odd pixel left over by halving.
fn gather_blocks(from: &Mask, to: &mut Mask, rect: PixelRect) {
    let (from_width, to_width, to_height) = (from.width() as usize, to.width() as usize, to.height());
    let [left, width] = [rect.x as usize, rect.width as usize];
    for y in rect.y..rect.y + rect.height {
        let end = if y + 1 == to_height { from.height() } else { 2 * y + 2 };
        let out = &mut to.data_mut()[y as usize * to_width..][left..left + width];
        out.fill(UNLABELLED);
        for row in (2 * y).min(from.height() - 1)..end {
            let row = &from.data()[row as usize * from_width..][..from_width];
            for (index, pair) in out.iter_mut().zip(row[(2 * left).min(from_width - 1)..].chunks(2)) {
                *index = first_labelled(*index, first_labelled(pair[0], pair[pair.len() - 1]));
            }
            if left + width == to_width {
                out[width - 1] = first_labelled(out[width - 1], row[from_width - 1]);
            }
        }
    }
}

/// `a`, or `b` if `a` is unlabelled.
fn first_labelled(a: u8, b: u8) -> u8 {
    if a == UNLABELLED { b } else { a }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dots(size: [u32; 2], dots: &[(u32, u32, u8)]) -> Mask {
        let mut mask = Mask::unlabelled(size[0], size[1]);
        for &(x, y, class) in dots {
            mask.data_mut()[(y * size[0] + x) as usize] = class;
        }
        mask
    }

    #[test]
    fn no_label_is_lost_on_any_level_even_at_odd_edges() {
        for size in [[64, 64], [63, 41], [1, 9], [7, 1], [5, 5]] {
            for (x, y) in [(0, 0), (size[0] - 1, size[1] - 1), (size[0] / 2, size[1] / 2), (size[0] - 1, 0)] {
                let pyramid = MaskPyramid::new(&dots(size, &[(x, y, 3)]));
                for (i, level) in pyramid.levels().iter().enumerate() {
                    assert_eq!(level.labelled(), 1, "{size:?} ({x}, {y}) level {}", i + 1);
                    let at = |n: u32, axis: usize| (n >> (i + 1)).min(level.size()[axis] - 1);
                    assert_eq!(level.get(at(x, 0), at(y, 1)), 3, "{size:?} ({x}, {y}) level {}", i + 1);
                }
            }
        }
    }

    #[test]
    fn updating_a_rectangle_equals_rebuilding() {
        for size in [[64, 48], [61, 47]] {
            let mut mask = dots(size, &[(3, 3, 1), (40, 40, 2)]);
            let mut pyramid = MaskPyramid::new(&mask);
            let rect = PixelRect { x: 30, y: 35, width: size[0] - 30, height: size[1] - 35 };
            for y in rect.y..rect.y + rect.height {
                for x in rect.x..rect.x + rect.width {
                    let index = if (x + y) % 7 == 0 { 4 } else { UNLABELLED };
                    mask.data_mut()[(y * size[0] + x) as usize] = index;
                }
            }
            pyramid.update(&mask, rect);
            let rebuilt = MaskPyramid::new(&mask);
            assert!(pyramid.levels().iter().zip(rebuilt.levels()).all(|(a, b)| a == b));
        }
    }

    #[test]
    fn thinning_keeps_sparse_labels() {
        let mask = dots([64, 64], &[(0, 0, 1), (63, 63, 2), (31, 17, 3)]);
        let thinned = MaskPyramid::new(&mask).thinned(&mask);
        assert_eq!(thinned.levels()[..3].iter().map(Mask::labelled).collect::<Vec<_>>(), [3; 3]);
    }

    /// A mask of 512×512 pixels of which about one in `every` is labelled.
    fn sampled(every: u64) -> Mask {
        let keep = |i: u64| if hash::mix(i).is_multiple_of(every) { 1 } else { UNLABELLED };
        Mask::from_vec(512, 512, (0..512 * 512).map(keep).collect()).unwrap()
    }

    #[test]
    fn every_level_shows_the_share_that_is_sampled() {
        for (every, share) in [(2, 0.5), (10, 0.1), (20, 0.05), (100, 0.01)] {
            let mask = sampled(every);
            for level in MaskPyramid::new(&mask).thinned(&mask).levels() {
                if share * (level.data().len() as f64) < FEW {
                    continue;
                }
                let drawn = level.labelled() as f64 / level.data().len() as f64;
                assert!((drawn / share - 1.0).abs() < 0.25, "{share}: {drawn} at {level:?}");
            }
        }
        let full = Mask::from_vec(16, 16, vec![2; 256]).unwrap();
        assert_eq!(MaskPyramid::new(&full).thinned(&full).levels()[1].labelled(), 16);
    }
}
