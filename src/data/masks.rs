//! Mask files to class indices. What matches no class is unlabelled, and reported.

use std::collections::HashMap;
use std::hash::Hash;
use std::path::Path;

use image::DynamicImage;

use super::DataError;
use super::images::{self, Header};
use super::project::MaskRead;
use crate::domain::{Mask, UNLABELLED};

/// How far a JPEG may move a colour from what was drawn, per channel.
pub(super) const LOSSY_REACH: u8 = 40;

/// What the pixels of mask files stand for.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum MaskCoding {
    /// Colours.
    Colors {
        /// Colour and class index, or [`UNLABELLED`].
        table: Vec<([u8; 3], u8)>,
        /// All colours are corners of the colour cube, so interpolated ones are cut at 128 per channel.
        threshold: bool,
    },
    /// Gray values.
    Values {
        /// Value and class index, or [`UNLABELLED`]; the first entry of a value counts.
        table: Vec<(u16, u8)>,
    },
}

impl MaskCoding {
    /// Reads a mask file that must have the size of its image.
    pub(super) fn read(&self, path: &Path, size: [u32; 2]) -> Result<MaskRead, DataError> {
        let header = images::read_header(path)?;
        if header.size != size {
            return Err(DataError::content(wrong_size(header.size, size), path));
        }
        let image = images::decode_mask(path, matches!(self, Self::Values { .. }))?;
        let (data, mut unmatched) = match self {
            Self::Colors { table, threshold } => {
                let image = image.into_rgb8();
                convert(image.as_raw().as_chunks::<3>().0, |color| color_index(table, color, *threshold, header.lossy))
            }
            Self::Values { table } => convert_values(&image, table, header),
        };
        unmatched.sort_unstable_by_key(|(color, count)| (std::cmp::Reverse(*count), *color));
        let mask = Mask::from_vec(size[0], size[1], data)
            .ok_or_else(|| DataError::content("the mask decodes to fewer pixels than its header says", path))?;
        Ok(MaskRead { mask, unmatched })
    }
}

/// The fault of a mask that does not lie over its image.
pub(super) fn wrong_size(mask: [u32; 2], image: [u32; 2]) -> String {
    format!("the mask is {}×{} pixels, its image {}×{}: export them at one size", mask[0], mask[1], image[0], image[1])
}

fn color_index(table: &[([u8; 3], u8)], color: [u8; 3], threshold: bool, lossy: bool) -> Option<u8> {
    let find = |color| table.iter().find(|(known, _)| *known == color).map(|(_, index)| *index);
    let nearest = || {
        let (known, index) = table.iter().min_by_key(|(known, _)| distance(*known, color))?;
        (distance(*known, color) <= LOSSY_REACH).then_some(*index)
    };
    let exact = find(color);
    if exact.is_some() {
        exact
    } else if threshold {
        find(color.map(|v| if v < 128 { 0 } else { 255 }))
    } else {
        lossy.then(nearest)?
    }
}

/// The largest difference of any channel.
pub(super) fn distance(a: [u8; 3], b: [u8; 3]) -> u8 {
    (0..3).map(|i| a[i].abs_diff(b[i])).max().unwrap_or(0)
}

type Converted = (Vec<u8>, Vec<([u8; 3], u64)>);

fn convert_values(image: &DynamicImage, table: &[(u16, u8)], header: Header) -> Converted {
    let find = |value: u16| match table.iter().find(|(known, _)| *known == value) {
        None if header.lossy => table.iter().min_by_key(|(known, _)| known.abs_diff(value)).map(|(_, index)| *index),
        found => found.map(|(_, index)| *index),
    };
    let gray = |(value, count): (u16, u64)| ([u8::try_from(value).unwrap_or(u8::MAX); 3], count);
    match image {
        DynamicImage::ImageLuma16(_) | DynamicImage::ImageLumaA16(_) => {
            let (data, unmatched) = convert(image.to_luma16().as_raw(), find);
            (data, unmatched.into_iter().map(gray).collect())
        }
        DynamicImage::ImageLuma8(_) | DynamicImage::ImageLumaA8(_) => {
            let scale = header.gray_scale.max(1);
            let (data, unmatched) = convert(image.to_luma8().as_raw(), |value| find(u16::from(value / scale)));
            (data, unmatched.into_iter().map(|(value, n)| gray((u16::from(value / scale), n))).collect())
        }
        _ => convert(image.to_rgb8().as_raw().as_chunks::<3>().0, |[r, g, b]| {
            if r == g && g == b { find(u16::from(r)) } else { None }
        }),
    }
}

/// Looks every run of equal pixels up: masks are made of long runs, so one thread is as fast as the PNG decoder before it,
/// and a person waiting for a tile never queues behind the trainer in a shared pool.
fn convert<P: Copy + Eq + Hash>(pixels: &[P], find: impl Fn(P) -> Option<u8>) -> (Vec<u8>, Vec<(P, u64)>) {
    let mut data = Vec::with_capacity(pixels.len());
    let mut unmatched = HashMap::new();
    for run in pixels.chunk_by(|a, b| a == b) {
        let index = find(run[0]);
        if index.is_none() {
            *unmatched.entry(run[0]).or_insert(0) += run.len() as u64;
        }
        data.resize(data.len() + run.len(), index.unwrap_or(UNLABELLED));
    }
    (data, unmatched.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use image::{GrayImage, Luma, Rgb, RgbImage};

    use super::*;
    use crate::data::legend::Legend;
    use crate::domain::{ClassDef, Classes};

    fn saved(image: &DynamicImage) -> (tempfile::TempDir, std::path::PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("m.png");
        image.save(&path).unwrap();
        (dir, path)
    }

    #[test]
    fn interpolated_deepglobe_colours_are_cut_at_128() {
        let pixels = [[0, 255, 255], [10, 200, 130], [0, 0, 0], [255, 0, 0]];
        let image = RgbImage::from_fn(4, 1, |x, _| Rgb(pixels[x as usize]));
        let (_dir, path) = saved(&image.into());
        let read = Legend::of(Classes::deepglobe()).coding(false).read(&path, [4, 1]).unwrap();
        assert_eq!(read.mask.data(), [0, 0, 6, UNLABELLED]);
        assert_eq!(read.unmatched, [([255, 0, 0], 1)]);
    }

    fn two(a: [u8; 3], b: [u8; 3]) -> Legend {
        let class = |name: &str, color| ClassDef { name: name.to_owned(), color, ignored: false };
        Legend::new(vec![class("a", a), class("b", b)]).unwrap()
    }

    #[test]
    fn other_palettes_match_exactly_and_the_rest_is_reported() {
        let mut legend = two([226, 169, 41], [132, 41, 246]);
        legend.unlabelled.push([155, 155, 155]);
        let pixels = [[226, 169, 41], [155, 155, 155], [226, 169, 42], [0, 0, 0], [0, 0, 0]];
        let image = RgbImage::from_fn(5, 1, |x, _| Rgb(pixels[x as usize]));
        let (_dir, path) = saved(&image.into());
        let read = legend.coding(false).read(&path, [5, 1]).unwrap();
        assert_eq!(read.mask.data(), [0, 255, 255, 255, 255]);
        assert_eq!(read.unmatched, [([0, 0, 0], 2), ([226, 169, 42], 1)]);
    }

    #[test]
    fn gray_values_match_by_value_and_255_and_minus_one_are_unlabelled() {
        let mut legend = two([1, 2, 3], [4, 5, 6]);
        legend.values = vec![Some(1), Some(3)];
        let image = GrayImage::from_fn(4, 1, |x, _| Luma([[1, 3, 255, 7][x as usize]]));
        let (_dir, path) = saved(&image.into());
        let read = legend.coding(true).read(&path, [4, 1]).unwrap();
        assert_eq!(read.mask.data(), [0, 1, 255, 255]);
        assert_eq!(read.unmatched, [([7; 3], 1)]);
        let deep = image::ImageBuffer::from_fn(3, 1, |x, _| Luma([[1_u16, 3, 65_535][x as usize]]));
        let (_dir, path) = saved(&deep.into());
        let read = legend.coding(true).read(&path, [3, 1]).unwrap();
        assert_eq!((read.mask.data(), read.unmatched.len()), (&[0, 1, 255][..], 0));
    }

    #[test]
    fn an_ignore_index_of_zero_is_unlabelled_too() {
        let mut legend = two([1, 2, 3], [4, 5, 6]);
        legend.values = vec![Some(1), Some(2)];
        legend.ignore_values = vec![0];
        let image = GrayImage::from_fn(3, 1, |x, _| Luma([[0, 1, 2][x as usize]]));
        let (_dir, path) = saved(&image.into());
        let read = legend.coding(true).read(&path, [3, 1]).unwrap();
        assert_eq!((read.mask.data(), read.unmatched.len()), (&[255, 0, 1][..], 0));
    }

    #[test]
    fn a_mask_of_another_size_names_both() {
        let (_dir, path) = saved(&GrayImage::new(4, 4).into());
        let message = two([1, 2, 3], [4, 5, 6]).coding(true).read(&path, [5, 4]).unwrap_err().to_string();
        assert!(message.contains("4×4") && message.contains("5×4") && message.contains("m.png"), "{message}");
    }
}
