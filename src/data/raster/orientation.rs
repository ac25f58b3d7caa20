//! Turns stored images upright, as the orientation tag (EXIF 274) says.

use image::metadata::Orientation;

use crate::domain::Validity;

/// Width and height after turning.
pub(crate) fn upright_size(stored: [u32; 2], orientation: Orientation) -> [u32; 2] {
    let [width, height] = stored;
    if swaps(orientation) { [height, width] } else { [width, height] }
}

/// The position of a stored point after turning. Positions are in pixels; (0, 0) is the outer corner of the first pixel.
pub(crate) fn upright_point([x, y]: [f32; 2], stored: [u32; 2], orientation: Orientation) -> [f32; 2] {
    let [width, height] = stored.map(|side| side as f32);
    match orientation {
        Orientation::NoTransforms => [x, y],
        Orientation::Rotate90 => [height - y, x],
        Orientation::Rotate180 => [width - x, height - y],
        Orientation::Rotate270 => [y, width - x],
        Orientation::FlipHorizontal => [width - x, y],
        Orientation::FlipVertical => [x, height - y],
        Orientation::Rotate90FlipH => [y, x],
        Orientation::Rotate270FlipH => [height - y, width - x],
    }
}

/// Turns a raster of one value per pixel in row order.
pub(crate) fn turn<T: Copy>(data: Vec<T>, stored: [u32; 2], orientation: Orientation) -> Vec<T> {
    if orientation == Orientation::NoTransforms || data.len() != stored[0] as usize * stored[1] as usize {
        return data;
    }
    let [width, height] = upright_size(stored, orientation);
    let from = |x: u32, y: u32| {
        let ([x, y], [w, h]) = ([x as usize, y as usize], stored.map(|side| side as usize));
        let (x, y) = match orientation {
            Orientation::NoTransforms => (x, y),
            Orientation::Rotate90 => (y, h - 1 - x),
            Orientation::Rotate180 => (w - 1 - x, h - 1 - y),
            Orientation::Rotate270 => (w - 1 - y, x),
            Orientation::FlipHorizontal => (w - 1 - x, y),
            Orientation::FlipVertical => (x, h - 1 - y),
            Orientation::Rotate90FlipH => (y, x),
            Orientation::Rotate270FlipH => (w - 1 - y, h - 1 - x),
        };
        data[y * w + x]
    };
    (0..height).flat_map(|y| (0..width).map(move |x| (x, y))).map(|(x, y)| from(x, y)).collect()
}

/// Turns validity flags.
pub(crate) fn turn_validity(valid: Option<Validity>, stored: [u32; 2], orientation: Orientation) -> Option<Validity> {
    let flags = turn(valid?.flags().to_vec(), stored, orientation);
    Validity::new(upright_size(stored, orientation), flags)
}

fn swaps(orientation: Orientation) -> bool {
    use Orientation::{Rotate90, Rotate90FlipH, Rotate270, Rotate270FlipH};
    matches!(orientation, Rotate90 | Rotate270 | Rotate90FlipH | Rotate270FlipH)
}

#[cfg(test)]
mod tests {
    use image::{DynamicImage, GrayImage, Luma};

    use super::*;

    #[test]
    fn every_orientation_matches_the_image_crate_for_pixels_and_points() {
        let stored = GrayImage::from_fn(5, 3, |x, y| Luma([(y * 5 + x) as u8]));
        for orientation in (1..=8).filter_map(Orientation::from_exif) {
            let mut want = DynamicImage::from(stored.clone());
            want.apply_orientation(orientation);
            let want = want.into_luma8();
            let size = upright_size([5, 3], orientation);
            assert_eq!(size, [want.width(), want.height()]);
            assert_eq!(&turn(stored.as_raw().clone(), [5, 3], orientation), want.as_raw(), "{orientation:?}");
            for (x, y, value) in stored.enumerate_pixels() {
                let [x, y] = upright_point([x as f32 + 0.5, y as f32 + 0.5], [5, 3], orientation);
                assert_eq!(want.get_pixel(x as u32, y as u32), value, "{orientation:?}");
            }
        }
    }
}
