//! Colours of a picture at any position, interpolated bilinearly between the centres of pixels.

use super::warp::PARTS;
use crate::data::Picture;
use crate::domain::Validity;

/// The weights of the four pixels of an interpolation together.
pub(super) const WEIGHT: u32 = (PARTS * PARTS) as u32;

/// A picture to take colours from.
pub(super) struct Source<'a> {
    size: [u32; 2],
    levels: &'a [u8],
    /// Which pixels exist; `None` if all do.
    exists: Option<&'a [bool]>,
}

impl<'a> Source<'a> {
    pub(super) fn new(picture: &'a Picture) -> Self {
        let exists = picture.valid.as_ref().map(Validity::flags);
        Self { size: picture.size(), levels: picture.rgb.as_raw(), exists }
    }

    /// The colour at a position in [`PARTS`] of a pixel, times [`WEIGHT`]; `None` outside. A pixel that does not exist stays as it
    /// is stored, as in a crop that is cut straight, and none of it gets into the colours of its neighbours.
    pub(super) fn colour(&self, at: [i64; 2]) -> Option<[u32; 3]> {
        let nearest = self.pixel(at.map(|at| at.div_euclid(PARTS)))?;
        if !self.exists(nearest) {
            return Some([0, 1, 2].map(|band| WEIGHT * u32::from(self.levels[3 * nearest + band])));
        }
        let from_centre = at.map(|at| at - PARTS / 2);
        let ([x, y], [right, down]) =
            (from_centre.map(|at| at.div_euclid(PARTS)), from_centre.map(|at| at.rem_euclid(PARTS)));
        let (left, up) = (PARTS - right, PARTS - down);
        let mut sums = [0; 3];
        for (pixel, weight) in
            [([x, y], left * up), ([x + 1, y], right * up), ([x, y + 1], left * down), ([x + 1, y + 1], right * down)]
        {
            let from = self.pixel(pixel).filter(|pixel| self.exists(*pixel)).unwrap_or(nearest);
            let levels = &self.levels[3 * from..3 * from + 3];
            sums.iter_mut().zip(levels).for_each(|(sum, level)| *sum += weight as u32 * u32::from(*level));
        }
        Some(sums)
    }

    /// The place of a pixel in row order; `None` outside.
    fn pixel(&self, [x, y]: [i64; 2]) -> Option<usize> {
        let [width, height] = self.size.map(i64::from);
        ((0..width).contains(&x) && (0..height).contains(&y)).then(|| (y * width + x) as usize)
    }

    fn exists(&self, pixel: usize) -> bool {
        self.exists.is_none_or(|exists| exists[pixel])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Four pixels of these levels in a row; which of them exist.
    fn row(exists: [bool; 4]) -> Picture {
        let rgb = image::RgbImage::from_fn(4, 1, |x, _| image::Rgb([[10, 20, 40, 80][x as usize]; 3]));
        Picture { rgb, valid: Validity::new([4, 1], exists.to_vec()) }
    }

    /// The level at a position in pixels.
    fn level(picture: &Picture, x: f64) -> Option<f64> {
        let at = [(x * PARTS as f64) as i64, PARTS / 2];
        Source::new(picture).colour(at).map(|colour| f64::from(colour[0]) / f64::from(WEIGHT))
    }

    #[test]
    fn levels_are_exact_at_centres_and_blend_in_between() {
        let picture = row([true; 4]);
        for (x, want) in [(0.5, 10.0), (1.5, 20.0), (1.0, 15.0), (2.75, 50.0), (0.1, 10.0), (3.9, 80.0)] {
            assert_eq!(level(&picture, x), Some(want), "at {x}");
        }
        assert_eq!([level(&picture, -0.01), level(&picture, 4.0)], [None; 2]);
    }

    #[test]
    fn a_missing_pixel_stays_as_it_is_and_does_not_blend_with_its_neighbours() {
        let picture = row([true, false, true, true]);
        assert_eq!([level(&picture, 1.2), level(&picture, 1.9)], [Some(20.0); 2]);
        assert_eq!([level(&picture, 0.9), level(&picture, 2.1)], [Some(10.0), Some(40.0)]);
    }
}
