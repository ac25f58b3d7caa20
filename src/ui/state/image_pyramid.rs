//! An image at full, half, quarter … size, for zooming out. Averages light, so fine patterns keep their brightness.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use image::RgbImage;

use super::mip::{half, level_count};
use super::palette::{linear_from_srgb, srgb_from_linear};
use crate::data::Picture;

/// An image with its reductions. The full image is shared with the picture cache.
#[derive(Clone, Debug)]
pub struct ImagePyramid {
    base: Arc<Picture>,
    reductions: Vec<ImageLevel>,
}

/// One reduction.
#[derive(Clone, Debug)]
pub struct ImageLevel {
    /// Width and height in pixels.
    pub size: [u32; 2],
    /// RGBA, sRGB, row-major.
    pub rgba: Vec<u8>,
}

impl ImagePyramid {
    /// Builds the pyramid of an image that is not shared.
    pub fn new(image: &RgbImage) -> Self {
        Self::of(Arc::new(image.clone().into()))
    }

    /// Builds the pyramid. Averages light rather than stored values, so that fine patterns keep their brightness.
    /// Takes milliseconds to tens of milliseconds for a large tile: not for the window's thread.
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

    /// Whether the image has no missing pixels.
    pub(crate) fn is_whole(&self) -> bool {
        self.base.valid.is_none()
    }

    /// Number of levels, the full size included.
    pub(crate) fn level_count(&self) -> usize {
        self.reductions.len() + 1
    }

    /// Width and height of a level; level 0 is the full size.
    pub(crate) fn size(&self, level: usize) -> [u32; 2] {
        match level.checked_sub(1) {
            Some(i) => self.reductions[i].size,
            None => self.base.size(),
        }
    }

    /// Rows of a level, RGBA.
    pub(crate) fn rows(&self, level: usize, rows: Range<u32>) -> Cow<'_, [u8]> {
        let width = self.size(level)[0] as usize;
        let (first, end) = (rows.start as usize * width, rows.end as usize * width);
        match level.checked_sub(1) {
            Some(i) => Cow::Borrowed(&self.reductions[i].rgba[first * 4..end * 4]),
            None => Cow::Owned(rgba(&self.base, first..end)),
        }
    }

    /// Colour of a pixel at full size; `None` outside.
    pub fn pixel(&self, x: u32, y: u32) -> Option<[u8; 3]> {
        self.base.rgb.get_pixel_checked(x, y).map(|pixel| pixel.0)
    }

    /// Bytes of the reductions, without the full image.
    pub fn bytes(&self) -> usize {
        self.reductions.iter().map(|level| level.rgba.len()).sum()
    }
}

/// Pixels of a picture as RGBA. Missing pixels are transparent black, so that they add nothing to a mean.
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

/// Lookup tables between stored values and light: a level of a large tile takes milliseconds.
struct LightTables {
    light: [u16; 256],
    stored: Vec<u8>,
}

impl LightTables {
    /// Steps of light. The sum of four fits in 16 bits.
    const STEPS: u16 = 16_383;

    fn new() -> Self {
        let steps = f32::from(Self::STEPS);
        Self {
            light: std::array::from_fn(|value| (linear_from_srgb(value as u8) * steps).round() as u16),
            stored: (0..=Self::STEPS).map(|light| srgb_from_linear(f32::from(light) / steps)).collect(),
        }
    }

    /// Averages blocks of 2×2 pixels. With four channels, colours are premultiplied by the fourth, alpha.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_averaged_in_linear_light() {
        let image = RgbImage::from_fn(4, 2, |x, _| image::Rgb([if x % 2 == 0 { 0 } else { 255 }, 100, 7]));
        let pyramid = ImagePyramid::new(&image);
        assert_eq!((pyramid.level_count(), pyramid.size(1)), (3, [2, 1]));
        assert_eq!(pyramid.rows(1, 0..1)[..4], [188, 100, 7, 255]);
        assert_eq!(pyramid.rows(0, 1..2)[..8], [0, 100, 7, 255, 255, 100, 7, 255]);
        assert_eq!(pyramid.pixel(1, 0), Some([255, 100, 7]));
        assert_eq!(pyramid.pixel(4, 0), None);
    }
}
