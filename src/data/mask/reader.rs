//! Reads mask files as class indices.

use std::path::Path;

use super::decoded::DecodedMask;
use super::faults::wrong_size;
use super::lookup::MaskReader;
use crate::data::DataError;
use crate::data::raster::images;
use crate::domain::{Mask, Validity};

impl MaskReader {
    /// Reads a mask file. It must have the size of its image.
    ///
    /// `valid` are the existing pixels of the image, if the others are to count as "no data".
    pub(crate) fn read(&self, path: &Path, size: [u32; 2], valid: Option<&Validity>) -> Result<DecodedMask, DataError> {
        let mut raster = images::decode_mask(path)?;
        if raster.size != size {
            return Err(DataError::content(wrong_size(raster.size, size), path));
        }
        if !raster.is_whole() {
            return Err(DataError::content("the mask decodes to fewer pixels than its header says", path));
        }
        let encoding = self.encoding(&raster);
        raster.valid = Validity::both(raster.valid, valid);
        let converted = self.convert(&raster, encoding, path)?;
        let mut mask = Mask::from_vec(size[0], size[1], converted.indices)
            .ok_or_else(|| DataError::content("the mask decodes to fewer pixels than its header says", path))?;
        if let Some(valid) = &raster.valid {
            valid.take_out_of(&mut mask);
        }
        let mut unmatched = converted.unmatched;
        unmatched.sort_unstable_by_key(|(code, count)| (std::cmp::Reverse(*count), *code));
        let no_data = converted.no_data + raster.valid.as_ref().map_or(0, Validity::missing);
        Ok(DecodedMask { mask, unmatched, no_data, encoding, softened: converted.softened })
    }
}

#[cfg(test)]
mod tests {
    use image::{DynamicImage, GrayImage, Luma, Rgb, RgbImage};

    use std::path::PathBuf;

    use super::*;
    use crate::data::PixelCode;
    use crate::data::classes::legend::Legend;
    use crate::domain::{ClassDef, Classes, UNLABELLED};

    fn saved(image: &DynamicImage) -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("m.png");
        image.save(&path).unwrap();
        (dir, path)
    }

    #[test]
    fn colours_are_snapped_to_a_corner_only_within_compression_noise() {
        let pixels = [[0, 255, 255], [10, 200, 250], [0, 0, 0], [255, 0, 0], [155; 3]];
        let image = RgbImage::from_fn(5, 1, |x, _| Rgb(pixels[x as usize]));
        let (_dir, path) = saved(&image.into());
        let read = MaskReader::of(&Legend::of(Classes::deepglobe())).read(&path, [5, 1], None).unwrap();
        assert_eq!(read.mask.data(), [0, 0, 6, UNLABELLED, UNLABELLED], "colours far from any corner match no class");
        assert_eq!(read.unmatched, [(PixelCode::Color([155; 3]), 1), (PixelCode::Color([255, 0, 0]), 1)]);
    }

    fn two(a: [u8; 3], b: [u8; 3]) -> Legend {
        let class = |name: &str, color| ClassDef { name: name.to_owned(), color, ignored: false };
        Legend::new(vec![class("a", a), class("b", b)]).unwrap()
    }

    #[test]
    fn other_palettes_match_exactly_and_unmatched_pixels_are_reported() {
        let mut legend = two([226, 169, 41], [132, 41, 246]);
        legend.unlabelled.push([155, 155, 155]);
        let pixels = [[226, 169, 41], [155, 155, 155], [226, 169, 42], [0, 0, 0], [0, 0, 0]];
        let image = RgbImage::from_fn(5, 1, |x, _| Rgb(pixels[x as usize]));
        let (_dir, path) = saved(&image.into());
        let read = MaskReader::of(&legend).read(&path, [5, 1], None).unwrap();
        assert_eq!(read.mask.data(), [0, 255, 255, 255, 255]);
        assert_eq!(read.unmatched, [(PixelCode::Color([0, 0, 0]), 2), (PixelCode::Color([226, 169, 42]), 1)]);
    }

    #[test]
    fn gray_values_match_by_value_and_255_and_minus_one_are_unlabelled() {
        let mut legend = two([1, 2, 3], [4, 5, 6]);
        legend.values = vec![Some(1), Some(3)];
        let image = GrayImage::from_fn(4, 1, |x, _| Luma([[1, 3, 255, 7][x as usize]]));
        let (_dir, path) = saved(&image.into());
        let read = MaskReader::of(&legend).read(&path, [4, 1], None).unwrap();
        assert_eq!(read.mask.data(), [0, 1, 255, 255]);
        assert_eq!(read.unmatched, [(PixelCode::Value(7), 1)]);
        let deep = image::ImageBuffer::from_fn(3, 1, |x, _| Luma([[1_u16, 3, 65_535][x as usize]]));
        let (_dir, path) = saved(&deep.into());
        let read = MaskReader::of(&legend).read(&path, [3, 1], None).unwrap();
        assert_eq!((read.mask.data(), read.unmatched.len()), (&[0, 1, 255][..], 0));
    }

    #[test]
    fn an_ignore_index_of_zero_is_unlabelled_too() {
        let mut legend = two([1, 2, 3], [4, 5, 6]);
        legend.values = vec![Some(1), Some(2)];
        legend.ignore_values = vec![0];
        let image = GrayImage::from_fn(3, 1, |x, _| Luma([[0, 1, 2][x as usize]]));
        let (_dir, path) = saved(&image.into());
        let read = MaskReader::of(&legend).read(&path, [3, 1], None).unwrap();
        assert_eq!((read.mask.data(), read.unmatched.len()), (&[255, 0, 1][..], 0));
    }

    #[test]
    fn a_size_mismatch_names_both_sizes() {
        let (_dir, path) = saved(&GrayImage::new(4, 4).into());
        let message = MaskReader::of(&two([1, 2, 3], [4, 5, 6])).read(&path, [5, 4], None).unwrap_err().to_string();
        assert!(message.contains("4×4") && message.contains("5×4") && message.contains("m.png"), "{message}");
    }
}
