//! Pictures at half, quarter, … size for zooming out: smooth for images, and for labels so that no dot is lost.

use std::borrow::Cow;
use std::ops::{Deref, Range};
use std::sync::Arc;

use image::RgbImage;

use super::palette::{linear_from_srgb, srgb_from_linear};
use crate::data::Picture;
use crate::domain::geometry::PixelRect;
use crate::domain::{Mask, UNLABELLED, hash, sampling};

/// Share of the blocks up to which zoomed-out dots are all shown; see [`Chain::thinned`].
const CROWDED: f64 = 0.25;

/// An image with its reductions. The image itself is shared with whoever else has decoded it.
#[derive(Clone, Debug)]
pub struct ImagePyramid {
    base: Arc<Picture>,
    reductions: Vec<ImageLevel>,
}

/// A reduction of an image.
#[derive(Clone, Debug)]
pub struct ImageLevel {
    /// Width and height.
    pub size: [u32; 2],
    /// RGBA, sRGB, row by row.
    pub rgba: Vec<u8>,
}

/// Half the size, at least one pixel: the rule of mipmaps.
pub(crate) fn half(size: [u32; 2]) -> [u32; 2] {
    size.map(|n| (n / 2).max(1))
}

/// How often a size can be halved until nothing is left to halve, plus one.
pub(crate) fn level_count(size: [u32; 2]) -> u32 {
    size[0].max(size[1]).max(1).ilog2() + 1
}

impl ImagePyramid {
    /// Of a picture of one's own.
    pub fn new(image: &RgbImage) -> Self {
        Self::of(Arc::new(image.clone().into()))
    }

    /// Averages light, not stored values, so that fine patterns keep their brightness. Takes a while for a large tile: not
    /// for the window's thread.
    pub fn of(base: Arc<Picture>) -> Self {
        let size = base.size();
        let tables = LightTables::new();
        let mut reductions: Vec<ImageLevel> = Vec::new();
        for _ in 1..level_count(size) {
            reductions.push(match reductions.last() {
                Some(finer) => tables.halve::<4>(&finer.rgba, finer.size),
                None if base.valid.is_some() => tables.halve::<4>(&rgba(&base, 0..base.rgb.len() / 3), size),
                None => tables.halve::<3>(base.rgb.as_raw(), size),
            });
        }
        Self { base, reductions }
    }

    /// Whether every pixel of it exists.
    pub(crate) fn is_whole(&self) -> bool {
        self.base.valid.is_none()
    }

    /// How many sizes there are, the full one included.
    pub(crate) fn level_count(&self) -> usize {
        self.reductions.len() + 1
    }

    /// Width and height of a level, the full size being level 0.
    pub(crate) fn size(&self, level: usize) -> [u32; 2] {
        match level.checked_sub(1) {
            Some(i) => self.reductions[i].size,
            None => self.base.size(),
        }
    }

    /// Some rows of a level, RGBA.
    pub(crate) fn rows(&self, level: usize, rows: Range<u32>) -> Cow<'_, [u8]> {
        let width = self.size(level)[0] as usize;
        let (first, end) = (rows.start as usize * width, rows.end as usize * width);
        match level.checked_sub(1) {
            Some(i) => Cow::Borrowed(&self.reductions[i].rgba[first * 4..end * 4]),
            None => Cow::Owned(rgba(&self.base, first..end)),
        }
    }

    /// The colour of a pixel of the full size.
    pub fn pixel(&self, x: u32, y: u32) -> Option<[u8; 3]> {
        self.base.rgb.get_pixel_checked(x, y).map(|pixel| pixel.0)
    }

    /// Memory the reductions take, the picture they are of left out.
    pub fn bytes(&self) -> usize {
        self.reductions.iter().map(|level| level.rgba.len()).sum()
    }
}

/// Some pixels of a picture, transparent where none exist; these are black, so that their colour adds nothing to a mean.
fn rgba(picture: &Picture, pixels: Range<usize>) -> Vec<u8> {
    let (colors, _) = picture.rgb.as_raw()[pixels.start * 3..pixels.end * 3].as_chunks::<3>();
    let mut rgba = vec![255; colors.len() * 4];
    for (out, [r, g, b]) in rgba.as_chunks_mut::<4>().0.iter_mut().zip(colors) {
        *out = [*r, *g, *b, 255];
    }
    if let Some(valid) = &picture.valid {
        let missing = valid.flags()[pixels].iter().map(|exists| !exists);
        rgba.as_chunks_mut::<4>()
            .0
            .iter_mut()
            .zip(missing)
            .filter(|(_, missing)| *missing)
            .for_each(|(out, _)| *out = [0; 4]);
    }
    rgba
}

/// Stored value to light and back by looking up: a level of a large tile takes milliseconds.
struct LightTables {
    light: [u16; 256],
    stored: Vec<u8>,
}

impl LightTables {
    /// Steps of light; four of them are added within 16 bits.
    const STEPS: u16 = 16_383;

    fn new() -> Self {
        let steps = f32::from(Self::STEPS);
        Self {
            light: std::array::from_fn(|value| (linear_from_srgb(value as u8) * steps).round() as u16),
            stored: (0..=Self::STEPS).map(|light| srgb_from_linear(f32::from(light) / steps)).collect(),
        }
    }

    /// The mean of each block of 2×2, of an image with so many channels, the fourth being alpha that the colours are
    /// multiplied with.
    fn halve<const CHANNELS: usize>(&self, from: &[u8], from_size: [u32; 2]) -> ImageLevel {
        let size = half(from_size);
        let stride = from_size[0] as usize * CHANNELS;
        let right = if from_size[0] > 1 { CHANNELS } else { 0 };
        let below = if from_size[1] > 1 { stride } else { 0 };
        let mut rgba = vec![255; size[0] as usize * size[1] as usize * 4];
        for (y, row) in rgba.chunks_exact_mut(size[0] as usize * 4).enumerate() {
            let top = &from[y * 2 * stride..];
            for (x, pixel) in row.chunks_exact_mut(4).enumerate() {
                for (channel, value) in pixel[..3].iter_mut().enumerate() {
                    let at = x * 2 * CHANNELS + channel;
                    let sum = [at, at + right, at + below, at + below + right]
                        .map(|i| self.light[usize::from(top[i])])
                        .iter()
                        .sum::<u16>();
                    *value = self.stored[usize::from(sum / 4)];
                }
                if CHANNELS == 4 {
                    let at = x * 2 * CHANNELS + 3;
                    let sum: u16 =
                        [at, at + right, at + below, at + below + right].iter().map(|i| u16::from(top[*i])).sum();
                    pixel[3] = (sum / 4) as u8;
                }
            }
        }
        ImageLevel { size, rgba }
    }
}

/// Reductions of a sparse mask: a block is labelled when anything in it is. Holds half size and smaller.
#[derive(Clone, Debug)]
pub(crate) struct Chain {
    levels: Vec<Mask>,
}

impl Chain {
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
        let mut chain = Self { levels };
        if let Some(extent) = extent {
            chain.update(base, extent);
        }
        chain
    }

    /// Half size first.
    pub(crate) fn levels(&self) -> &[Mask] {
        &self.levels
    }

    /// Rebuilds what depends on `rect` of the base. Returns the rectangle that changed in each level.
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

    /// The levels as they are shown for a sampled mask. Where nearly every block has a label in it, showing them all
    /// would make 10 % look like 100 %: blocks are left out, the same ones always, until the share shown is that of
    /// the base or [`CROWDED`]. Sparser dots all stay.
    pub(crate) fn thinned(mut self, base: &Mask) -> Self {
        let share = |mask: &Mask| mask.labelled() as f64 / mask.data().len().max(1) as f64;
        let aim = share(base).max(CROWDED);
        for (number, level) in self.levels.iter_mut().enumerate() {
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

/// A sampled mask with its reductions as they are shown.
#[derive(Clone, Debug)]
pub struct Dots {
    mask: Mask,
    chain: Chain,
    few: Vec<([u32; 2], u8)>,
}

/// More labelled pixels than this are not listed one by one.
const FEW: usize = 3000;

impl Dots {
    /// Takes a while for a large tile: not for the window's thread.
    pub fn new(mask: Mask) -> Self {
        let chain = Chain::new(&mask).thinned(&mask);
        let few = few(&mask);
        Self { mask, chain, few }
    }

    /// The labelled pixels with their classes, if they are few: each is to be seen from afar. Else none.
    pub fn few(&self) -> &[([u32; 2], u8)] {
        &self.few
    }

    /// The reductions.
    pub(crate) fn chain(&self) -> &Chain {
        &self.chain
    }
}

fn few(mask: &Mask) -> Vec<([u32; 2], u8)> {
    let labelled = mask.data().iter().enumerate().filter(|(_, class)| **class != UNLABELLED);
    let place = |(i, class): (usize, &u8)| ([i as u32 % mask.width(), i as u32 / mask.width()], *class);
    let found: Vec<_> = labelled.take(FEW + 1).map(place).collect();
    if found.len() > FEW { Vec::new() } else { found }
}

impl Deref for Dots {
    type Target = Mask;

    fn deref(&self) -> &Mask {
        &self.mask
    }
}

/// The blocks that hold any pixel of `rect`.
fn parent_rect(rect: PixelRect, size: [u32; 2]) -> PixelRect {
    let range = |start: u32, length: u32, limit: u32| {
        let first = (start / 2).min(limit - 1);
        (first, ((start + length).div_ceil(2)).clamp(first + 1, limit) - first)
    };
    let (x, width) = range(rect.x, rect.width, size[0]);
    let (y, height) = range(rect.y, rect.height, size[1]);
    PixelRect { x, y, width, height }
}

/// Fills `rect` of `to` with a labelled pixel from the block below each of its pixels. The last block of a row or
/// column takes an odd pixel that is left over.
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

/// `a`, or `b` where `a` says nothing.
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
    fn no_dot_is_lost_on_any_level_even_at_odd_edges() {
        for size in [[64, 64], [63, 41], [1, 9], [7, 1], [5, 5]] {
            for (x, y) in [(0, 0), (size[0] - 1, size[1] - 1), (size[0] / 2, size[1] / 2), (size[0] - 1, 0)] {
                let chain = Chain::new(&dots(size, &[(x, y, 3)]));
                for (i, level) in chain.levels().iter().enumerate() {
                    assert_eq!(level.labelled(), 1, "{size:?} ({x}, {y}) level {}", i + 1);
                    let at = |n: u32, axis: usize| (n >> (i + 1)).min(level.size()[axis] - 1);
                    assert_eq!(level.get(at(x, 0), at(y, 1)), 3, "{size:?} ({x}, {y}) level {}", i + 1);
                }
            }
        }
    }

    #[test]
    fn updating_a_rectangle_equals_building_anew() {
        for size in [[64, 48], [61, 47]] {
            let mut mask = dots(size, &[(3, 3, 1), (40, 40, 2)]);
            let mut chain = Chain::new(&mask);
            let rect = PixelRect { x: 30, y: 35, width: size[0] - 30, height: size[1] - 35 };
            for y in rect.y..rect.y + rect.height {
                for x in rect.x..rect.x + rect.width {
                    let index = if (x + y) % 7 == 0 { 4 } else { UNLABELLED };
                    mask.data_mut()[(y * size[0] + x) as usize] = index;
                }
            }
            chain.update(&mask, rect);
            let anew = Chain::new(&mask);
            assert!(chain.levels().iter().zip(anew.levels()).all(|(a, b)| a == b));
        }
    }

    #[test]
    fn thinning_leaves_sparse_dots_alone() {
        let mask = dots([64, 64], &[(0, 0, 1), (63, 63, 2), (31, 17, 3)]);
        let thinned = Chain::new(&mask).thinned(&mask);
        assert_eq!(thinned.levels()[..3].iter().map(Mask::labelled).collect::<Vec<_>>(), [3; 3]);
    }

    #[test]
    fn dense_samples_do_not_look_like_full_masks() {
        let mut mask = Mask::unlabelled(256, 256);
        for (i, index) in mask.data_mut().iter_mut().enumerate() {
            if hash::mix(i as u64).is_multiple_of(10) {
                *index = 1;
            }
        }
        let quarter = &Chain::new(&mask).thinned(&mask).levels()[1].labelled();
        assert!((*quarter as f64 / 4096.0 - CROWDED).abs() < 0.03, "{quarter}");
        let full = Mask::from_vec(16, 16, vec![2; 256]).unwrap();
        assert_eq!(Chain::new(&full).thinned(&full).levels()[1].labelled(), 16);
    }

    #[test]
    fn images_are_averaged_in_light() {
        let image = RgbImage::from_fn(4, 2, |x, _| image::Rgb([if x % 2 == 0 { 0 } else { 255 }, 100, 7]));
        let pyramid = ImagePyramid::new(&image);
        assert_eq!((pyramid.level_count(), pyramid.size(1)), (3, [2, 1]));
        assert_eq!(pyramid.rows(1, 0..1)[..4], [188, 100, 7, 255]);
        assert_eq!(pyramid.rows(0, 1..2)[..8], [0, 100, 7, 255, 255, 100, 7, 255]);
        assert_eq!(pyramid.pixel(1, 0), Some([255, 100, 7]));
        assert_eq!(pyramid.pixel(4, 0), None);
    }
}
