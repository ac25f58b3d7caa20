//! A part of a tile, cut from picture and masks alike.

use image::imageops;

use crate::data::Picture;
use crate::domain::{Mask, Validity};

/// A rectangle of a tile, pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) corner: [u32; 2],
    pub(super) size: [u32; 2],
}

impl Window {
    /// The whole tile.
    pub(super) fn whole(size: [u32; 2]) -> Self {
        Self { corner: [0, 0], size }
    }

    /// The middle of a tile, no longer than `side`.
    pub(super) fn middle(tile: [u32; 2], side: u32) -> Self {
        let size = tile.map(|length| length.min(side));
        Self { corner: [(tile[0] - size[0]) / 2, (tile[1] - size[1]) / 2], size }
    }

    /// The part of a mask.
    pub(super) fn of_mask(self, mask: &Mask) -> Mask {
        let ([left, top], [width, height]) = (self.corner, self.size);
        let pixels = (0..height).flat_map(|y| (0..width).map(move |x| mask.get(left + x, top + y)));
        Mask::from_vec(width, height, pixels.collect()).unwrap_or_else(|| Mask::unlabelled(width, height))
    }

    /// The part of a picture.
    pub(super) fn of_picture(self, picture: &Picture) -> Picture {
        let ([left, top], [width, height]) = (self.corner, self.size);
        let rgb = imageops::crop_imm(&picture.rgb, left, top, width, height).to_image();
        let across = picture.rgb.width() as usize;
        let valid = picture.valid.as_ref().and_then(|valid| {
            let row = |y: u32| (top + y) as usize * across + left as usize;
            let flags = (0..height).flat_map(|y| valid.flags()[row(y)..row(y) + width as usize].to_vec());
            Validity::new(self.size, flags.collect())
        });
        Picture { rgb, valid }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn picture_mask_and_validity_are_cut_alike() {
        let mask = Mask::from_vec(4, 2, vec![0, 1, 2, 3, 4, 5, 6, 7]).unwrap();
        let rgb = image::RgbImage::from_fn(4, 2, |x, y| image::Rgb([(4 * y + x) as u8; 3]));
        let valid = Validity::new([4, 2], (0..8).map(|pixel| pixel != 5).collect());
        let window = Window::middle([4, 2], 2);
        assert_eq!(window, Window { corner: [1, 0], size: [2, 2] });
        assert_eq!(window.of_mask(&mask).data(), [1, 2, 5, 6]);
        let cut = window.of_picture(&Picture { rgb, valid });
        assert_eq!(cut.rgb.pixels().map(|pixel| pixel.0[0]).collect::<Vec<_>>(), [1, 2, 5, 6]);
        assert_eq!(cut.valid.unwrap().flags(), [true, true, false, true]);
        assert_eq!(Window::middle([3, 9], 20), Window::whole([3, 9]));
    }
}
