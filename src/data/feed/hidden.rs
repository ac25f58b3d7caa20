//! What a network does not see of a tile while it learns: pixels that are held out look as if there was nothing, like what lies beyond the
//! edge of a tile.

use super::normalize::MEAN;
use crate::data::Picture;
use crate::domain::Validity;
use crate::domain::geometry::PixelRect;

/// A picture without the pixels of these rectangles: they have the mean colour, which is next to 0 once it is normalised, and do not exist.
pub(super) fn without(picture: &Picture, hidden: &[PixelRect]) -> Picture {
    let (size, mut rgb) = (picture.size(), picture.rgb.clone());
    let mut exists = vec![true; size[0] as usize * size[1] as usize];
    let mean = MEAN.map(|share| (share * 255.0).round() as u8);
    for row in hidden.iter().flat_map(|rect| rect.rows(size)) {
        rgb.as_chunks_mut::<3>().0[row.clone()].fill(mean);
        exists[row].fill(false);
    }
    Picture { rgb, valid: Validity::both(Validity::new(size, exists), picture.valid.as_ref()) }
}

#[cfg(test)]
mod tests {
    use image::{Rgb, RgbImage};

    use super::*;

    #[test]
    fn hidden_pixels_lose_colour_and_existence() {
        let white = Picture {
            rgb: RgbImage::from_pixel(3, 2, Rgb([255; 3])),
            valid: Validity::new([3, 2], vec![false, true, true, true, true, true]),
        };
        let seen = without(&white, &[PixelRect { x: 1, y: 0, width: 1, height: 9 }]);
        let levels: Vec<u8> = seen.rgb.pixels().map(|pixel| pixel.0[0]).collect();
        assert_eq!(levels, [255, 124, 255, 255, 124, 255]);
        assert_eq!(seen.valid.unwrap().flags(), [false, false, true, true, false, true]);
        assert_eq!(without(&white, &[]).valid, white.valid);
    }
}
