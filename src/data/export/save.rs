//! Masks, confidences and pictures as PNG files.

use std::path::Path;

use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder, RgbImage};

use crate::data::DataError;
use crate::data::files::write;
use crate::domain::{Classes, Mask};

/// Writes class indices as an 8-bit gray PNG; unlabelled is 255.
pub fn index_png(path: &Path, mask: &Mask) -> Result<(), DataError> {
    encode(path, mask.data(), mask.size(), ExtendedColorType::L8)
}

/// Writes a mask in class colours. Unlabelled pixels are transparent black if `transparent`, else opaque black.
pub fn color_png(path: &Path, mask: &Mask, classes: &Classes, transparent: bool) -> Result<(), DataError> {
    if transparent {
        let color = |index: &u8| {
            classes.get(*index).map_or([0; 4], |class| [class.color[0], class.color[1], class.color[2], 255])
        };
        let data: Vec<u8> = mask.data().iter().flat_map(color).collect();
        encode(path, &data, mask.size(), ExtendedColorType::Rgba8)
    } else {
        let color = |index: &u8| classes.get(*index).map_or([0; 3], |class| class.color);
        let data: Vec<u8> = mask.data().iter().flat_map(color).collect();
        encode(path, &data, mask.size(), ExtendedColorType::Rgb8)
    }
}

/// Writes confidences (0 to 255, in row order) as an 8-bit gray PNG.
pub fn confidence_png(path: &Path, confidence: &[u8], size: [u32; 2]) -> Result<(), DataError> {
    encode(path, confidence, size, ExtendedColorType::L8)
}

/// Writes an RGB image as PNG.
pub fn rgb_png(path: &Path, image: &RgbImage) -> Result<(), DataError> {
    encode(path, image.as_raw(), [image.width(), image.height()], ExtendedColorType::Rgb8)
}

fn encode(path: &Path, data: &[u8], size: [u32; 2], color: ExtendedColorType) -> Result<(), DataError> {
    write::atomically(path, &png_bytes(path, data, size, color)?)
}

/// The content of a PNG file; `path` is named in errors.
pub(crate) fn png_bytes(
    path: &Path,
    data: &[u8],
    size: [u32; 2],
    color: ExtendedColorType,
) -> Result<Vec<u8>, DataError> {
    let pixels = size[0] as usize * size[1] as usize;
    if data.len() * 8 != pixels * usize::from(color.bits_per_pixel()) {
        return Err(DataError::content(
            format!("{} values do not fill {}×{} pixels", data.len(), size[0], size[1]),
            path,
        ));
    }
    let mut bytes = Vec::new();
    PngEncoder::new_with_quality(&mut bytes, CompressionType::Default, FilterType::Adaptive)
        .write_image(data, size[0], size[1], color)
        .map_err(|error| DataError::content(format!("cannot encode the picture ({error})"), path))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_round_trip() {
        let dir = tempfile::tempdir().unwrap();
        let mask = Mask::from_vec(3, 1, vec![0, 4, 255]).unwrap();
        let (index, color) = (dir.path().join("i.png"), dir.path().join("c.png"));
        index_png(&index, &mask).unwrap();
        assert_eq!(image::open(&index).unwrap().into_luma8().into_raw(), [0, 4, 255]);
        color_png(&color, &mask, &Classes::deepglobe(), false).unwrap();
        assert_eq!(image::open(&color).unwrap().into_rgb8().into_raw(), [0, 255, 255, 0, 0, 255, 0, 0, 0]);
        color_png(&color, &mask, &Classes::deepglobe(), true).unwrap();
        assert_eq!(image::open(&color).unwrap().into_rgba8().get_pixel(2, 0).0, [0; 4]);
        confidence_png(&index, &[0, 128, 255], [3, 1]).unwrap();
        assert_eq!(image::open(&index).unwrap().into_luma8().into_raw(), [0, 128, 255]);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 2);
    }
}
