//! A tile at low resolution, small enough for one pass of the network: the whole picture in a moment, before any detail.

use image::RgbImage;
use image::imageops;

/// Longest side of an overview, pixels. On two cores U-Net base 16 takes a quarter of a second for it.
const LONGEST: u32 = 640;
/// Sides of the network's input are multiples of this, so that tiles of similar size share their buffers.
const GRAIN: u32 = 128;

/// The image, each pixel the mean of a block, at the highest resolution that fits.
pub(super) fn shrunk(image: &RgbImage) -> RgbImage {
    let factor = image.width().max(image.height()).div_ceil(LONGEST).max(1);
    imageops::thumbnail(image, image.width().div_ceil(factor), image.height().div_ceil(factor))
}

/// Side of the square window that holds an overview; a multiple of `stride`. With `one_size` it is that of the largest one.
pub(super) fn side(overview: &RgbImage, stride: u32, one_size: bool) -> u32 {
    let longest = if one_size { LONGEST } else { overview.width().max(overview.height()) };
    longest.next_multiple_of(GRAIN.next_multiple_of(stride))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_overview_keeps_the_proportions_and_fits_one_pass() {
        let size = |width, height| shrunk(&RgbImage::new(width, height)).dimensions();
        assert_eq!(size(2448, 2448), (612, 612));
        assert_eq!(size(5000, 1250), (625, 157));
        assert_eq!(size(500, 300), (500, 300), "a small tile keeps its resolution");
        assert_eq!(side(&RgbImage::new(612, 100), 16, false), 640);
        assert_eq!(side(&RgbImage::new(257, 300), 256, false), 512);
        let sides = [(612, 612), (300, 90), (640, 2)].map(|(w, h)| side(&RgbImage::new(w, h), 16, true));
        assert_eq!(sides, [640; 3], "a GPU tries kernels for each new one");
    }

    #[test]
    fn a_pixel_of_an_overview_is_the_mean_of_its_block() {
        let image = RgbImage::from_fn(1280, 1280, |x, y| image::Rgb([(x % 2 * 100) as u8, (y % 2 * 60) as u8, 9]));
        assert!(shrunk(&image).pixels().all(|pixel| pixel.0 == [50, 30, 9]));
    }
}
