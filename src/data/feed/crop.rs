//! Cuts square crops out of a tile in the layout that the network expects.

use image::RgbImage;

use super::augment::Symmetry;
use crate::domain::{Mask, UNLABELLED};

/// Appends the normalised bands of a crop, `[3, size, size]`. Pixels outside the tile are 0, the mean colour.
pub fn cut_image(
    image: &RgbImage,
    corner: [i64; 2],
    symmetry: Symmetry,
    size: u32,
    table: &[[f32; 256]; 3],
    out: &mut Vec<f32>,
) {
    let (width, height) = image.dimensions();
    let area = (size * size) as usize;
    let start = out.len();
    out.resize(start + 3 * area, 0.0);
    let (pixels, bands) = (image.as_raw(), &mut out[start..]);
    for (i, (x, y)) in grid(size).enumerate() {
        let (x, y) = symmetry.source(x, y, size);
        let (x, y) = (corner[0] + i64::from(x), corner[1] + i64::from(y));
        if (0..i64::from(width)).contains(&x) && (0..i64::from(height)).contains(&y) {
            let pixel = (y as usize * width as usize + x as usize) * 3;
            for band in 0..3 {
                bands[band * area + i] = table[band][usize::from(pixels[pixel + band])];
            }
        }
    }
}

/// Appends the labels of a crop, `[size, size]`. Pixels outside the tile are unlabelled.
pub fn cut_labels(labels: &Mask, corner: [i64; 2], symmetry: Symmetry, size: u32, out: &mut Vec<u8>) {
    out.extend(grid(size).map(|(x, y)| {
        let (x, y) = symmetry.source(x, y, size);
        match (u32::try_from(corner[0] + i64::from(x)), u32::try_from(corner[1] + i64::from(y))) {
            (Ok(x), Ok(y)) => labels.get(x, y),
            _ => UNLABELLED,
        }
    }));
}

fn grid(size: u32) -> impl Iterator<Item = (u32, u32)> {
    (0..size).flat_map(move |y| (0..size).map(move |x| (x, y)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::feed::normalize;
    use crate::domain::hash::Stream;

    /// Red and label hold the position, so that image and labels can be compared pixel by pixel.
    fn tile() -> (RgbImage, Mask) {
        let image = RgbImage::from_fn(5, 4, |x, y| image::Rgb([(y * 5 + x) as u8, 0, 0]));
        let labels = Mask::from_vec(5, 4, (0..20).collect()).expect("5×4");
        (image, labels)
    }

    #[test]
    fn image_and_labels_stay_aligned_under_every_symmetry() {
        let (image, labels) = tile();
        let table = normalize::table();
        let mut random = Stream::new(3);
        for _ in 0..50 {
            let symmetry = Symmetry::draw(&mut random, true, true);
            let corner = [random.below(9) as i64 - 4, random.below(9) as i64 - 4];
            let (mut bands, mut cut) = (Vec::new(), Vec::new());
            cut_image(&image, corner, symmetry, 4, &table, &mut bands);
            cut_labels(&labels, corner, symmetry, 4, &mut cut);
            for (value, label) in bands[..16].iter().zip(&cut) {
                let want = if *label == UNLABELLED { 0.0 } else { table[0][usize::from(*label)] };
                assert!((value - want).abs() < 1e-6, "{label} {value} {want}");
            }
        }
    }
}
