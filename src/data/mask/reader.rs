//! Mask files to class indices, each file as what it holds. What matches no class is unlabelled, and reported.

use std::collections::HashMap;
use std::hash::Hash;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use super::decoded::{DecodedMask, MaskEncoding, PixelCode};
use super::edges;
use crate::data::DataError;
use crate::data::classes::legend::Legend;
use crate::data::raster::images;
use crate::data::raster::mask_raster::{MaskRaster, Pixels};
use crate::domain::{Mask, UNLABELLED, Validity};

/// How far a JPEG may move a colour from what was drawn, per channel.
pub(crate) const LOSSY_REACH: u8 = 40;

/// How far a channel may be from 0 or 255 to be taken for it, where all classes have colours of nothing else.
const SNAP_REACH: u8 = 64;

/// How far apart class values must be to be told apart in a JPEG.
const LOSSY_SPACING: i32 = 32;

/// Values that are unlabelled in every mask, unless a class has them.
const UNLABELLED_VALUES: [i32; 3] = [255, 65_535, -1];

/// What the pixels of mask files stand for.
#[derive(Clone, Debug, Default)]
pub(crate) struct MaskReader {
    /// Colour and class index, or [`UNLABELLED`]. The first entry of a colour counts.
    pub(crate) colors: Vec<([u8; 3], u8)>,
    /// Value and class index, or [`UNLABELLED`]. The first entry of a value counts.
    pub(crate) values: Vec<(i32, u8)>,
    /// The classes' values were listed; otherwise they are the classes' places.
    pub(crate) listed: bool,
    /// Other masks, to be asked where a file alone leaves it open how it is meant.
    pub(crate) others: Arc<[PathBuf]>,
    /// What those of one channel said, and those of three.
    pub(crate) answers: Arc<[OnceLock<Option<MaskEncoding>>; 2]>,
}

/// How a file is to be taken, and whether it leaves no doubt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Guess {
    encoding: MaskEncoding,
    certain: bool,
}

impl MaskReader {
    /// The coding that a legend describes.
    pub(crate) fn of(legend: &Legend) -> Self {
        let (colors, values) = (legend.color_table(), legend.value_table());
        Self { colors, values, listed: legend.has_values(), ..Self::default() }
    }

    /// Reads a mask file that must have the size of its image.
    ///
    /// `valid` says which pixels of the image exist, where the mask's others are to count as no data.
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

    /// The same with other class indices.
    pub(crate) fn remapped(&self, index: impl Fn(u8) -> u8) -> Self {
        let colors = self.colors.iter().map(|(color, class)| (*color, index(*class))).collect();
        let values = self.values.iter().map(|(value, class)| (*value, index(*class))).collect();
        Self { colors, values, ..self.clone() }
    }

    /// How a file is to be taken: as what it holds says, else as the other masks say, else as its kind suggests.
    fn encoding(&self, raster: &MaskRaster) -> MaskEncoding {
        let guess = self.guess(raster);
        if guess.certain || self.others.is_empty() {
            return guess.encoding;
        }
        let has_channels = |raster: &MaskRaster| matches!(raster.pixels, Pixels::Colors(_));
        let is_alike = |other: &MaskRaster| {
            has_channels(other) == has_channels(raster) && !matches!(other.pixels, Pixels::Indices { .. })
        };
        let ask = || {
            let alike = self.others.iter().filter_map(|path| images::decode_mask(path).ok()).filter(is_alike);
            let sure = |other: MaskRaster| Some(self.guess(&other)).filter(|guess| guess.certain);
            alike.into_iter().find_map(sure).map(|guess| guess.encoding)
        };
        self.answers[usize::from(has_channels(raster))].get_or_init(ask).unwrap_or(guess.encoding)
    }

    fn guess(&self, raster: &MaskRaster) -> Guess {
        let sure = |encoding| Guess { encoding, certain: true };
        match &raster.pixels {
            Pixels::Indices { .. } => sure(if self.listed { MaskEncoding::Indices } else { MaskEncoding::Colors }),
            Pixels::Values8(values) => self.colors_or_values(&tally(values, i32::from), self.kind_of_gray(), raster),
            Pixels::Values(values) => self.colors_or_values(&tally(values, |value| value), self.kind_of_gray(), raster),
            Pixels::Colors(colors) => match gray_tally(colors) {
                None => sure(MaskEncoding::Colors),
                Some(grays) => {
                    let kind = if self.listed { MaskEncoding::Values } else { MaskEncoding::Colors };
                    self.colors_or_values(&grays, kind, raster)
                }
            },
        }
    }

    /// How gray files are taken where they leave it open.
    fn kind_of_gray(&self) -> MaskEncoding {
        let is_class = |(_, index): &&([u8; 3], u8)| *index != UNLABELLED;
        let gray_classes = self.colors.iter().filter(is_class).all(|([r, g, b], _)| r == g && g == b);
        if gray_classes && !self.listed { MaskEncoding::Colors } else { MaskEncoding::Values }
    }

    /// Grays are colours or values: whichever more pixels belong to.
    fn colors_or_values(&self, grays: &HashMap<i32, u64>, kind: MaskEncoding, raster: &MaskRaster) -> Guess {
        let by_color = |gray: i32| match raster.no_data == Some(gray) {
            true => Some(UNLABELLED),
            false => gray_color(gray).and_then(|color| find(&self.colors, &color)),
        };
        let by_value = |gray: i32| self.value_index(gray, raster.no_data);
        let unmatched_pixels = |index: &dyn Fn(i32) -> Option<u8>| -> u64 {
            grays.iter().filter(|(gray, _)| index(**gray).is_none()).map(|(_, count)| count).sum()
        };
        let (no_color, no_value) = (unmatched_pixels(&by_color), unmatched_pixels(&by_value));
        let agree = grays.keys().all(|gray| by_color(*gray) == by_value(*gray));
        match no_color.cmp(&no_value) {
            std::cmp::Ordering::Less => Guess { encoding: MaskEncoding::Colors, certain: no_color == 0 },
            std::cmp::Ordering::Greater => Guess { encoding: MaskEncoding::Values, certain: no_value == 0 },
            std::cmp::Ordering::Equal => Guess { encoding: kind, certain: agree && no_color == 0 },
        }
    }

    fn convert(&self, raster: &MaskRaster, encoding: MaskEncoding, path: &Path) -> Result<Converted, DataError> {
        match (&raster.pixels, encoding) {
            (Pixels::Indices { indices, colors, transparent }, MaskEncoding::Colors) => {
                let color = |index: u8| colors.get(usize::from(index)).copied();
                let snaps = self.snaps(indices.iter().filter_map(|index| color(*index)), raster.lossy);
                let classify = |index: u8| match color(index) {
                    _ if transparent.contains(&index) => PixelClass::NoData,
                    Some(color) => self.classify_color(color, raster.lossy, snaps),
                    None => PixelClass::Unmatched,
                };
                let code = |index: u8| color(index).map_or(PixelCode::Value(index.into()), PixelCode::Color);
                Ok(Converted::of(indices, classify, code, raster.valid.as_ref()))
            }
            (Pixels::Indices { indices, transparent, .. }, _) => {
                let classify = |index: u8| match find(&self.values, &i32::from(index)) {
                    Some(class) if class != UNLABELLED => PixelClass::Class(class),
                    _ if transparent.contains(&index) => PixelClass::NoData,
                    class => PixelClass::of(class),
                };
                Ok(Converted::of(indices, classify, |index| PixelCode::Value(index.into()), raster.valid.as_ref()))
            }
            (Pixels::Colors(colors), MaskEncoding::Colors) => {
                let snaps = self.snaps(colors.iter().copied(), raster.lossy);
                let classify = |color| self.classify_color(color, raster.lossy, snaps);
                Ok(Converted::of(colors, classify, PixelCode::Color, raster.valid.as_ref()))
            }
            (Pixels::Colors(colors), _) => {
                let grays: Vec<u8> = colors.iter().map(|color| color[0]).collect();
                self.convert_grays(&grays, raster, encoding, path)
            }
            (Pixels::Values8(grays), _) => self.convert_grays(grays, raster, encoding, path),
            (Pixels::Values(values), MaskEncoding::Colors) => {
                let classify = |value| match gray_color(value) {
                    _ if raster.no_data == Some(value) => PixelClass::NoData,
                    Some(color) => self.classify_color(color, raster.lossy, true),
                    None => PixelClass::Unmatched,
                };
                Ok(Converted::of(values, classify, PixelCode::Value, raster.valid.as_ref()))
            }
            (Pixels::Values(values), _) => {
                let classify = |value| self.classify_value(value, raster.no_data);
                Ok(Converted::of(values, classify, PixelCode::Value, raster.valid.as_ref()))
            }
        }
    }

    /// Grays of 8 bits, in one channel or in three equal ones: these may come from a JPEG, or have soft edges.
    fn convert_grays(
        &self,
        grays: &[u8],
        raster: &MaskRaster,
        encoding: MaskEncoding,
        path: &Path,
    ) -> Result<Converted, DataError> {
        let exact = |gray: u8| match encoding {
            MaskEncoding::Colors if raster.no_data == Some(i32::from(gray)) => PixelClass::NoData,
            MaskEncoding::Colors => self.classify_color([gray; 3], raster.lossy, raster.lossy),
            _ => self.classify_value(i32::from(gray), raster.no_data),
        };
        let code = |gray: u8| match encoding {
            MaskEncoding::Colors => PixelCode::Color([gray; 3]),
            _ => PixelCode::Value(gray.into()),
        };
        if raster.lossy && encoding != MaskEncoding::Colors {
            self.check_spacing(path)?;
            let nearest = |gray: u8| PixelClass::of(self.nearest_value(gray));
            return Ok(Converted::of(grays, nearest, code, raster.valid.as_ref()));
        }
        let converted = Converted::of(grays, exact, code, raster.valid.as_ref());
        if converted.unmatched.len() < 2 || raster.lossy {
            return Ok(converted);
        }
        let Some([low, high]) = edges::binary_levels(grays, raster.size[0] as usize) else { return Ok(converted) };
        if matches!(exact(low), PixelClass::Unmatched) || matches!(exact(high), PixelClass::Unmatched) {
            return Ok(converted);
        }
        let softened = converted.unmatched.iter().map(|(_, count)| count).sum();
        let nearer = |gray: u8| exact(if gray - low < high - gray { low } else { high });
        Ok(Converted { softened, ..Converted::of(grays, nearer, code, raster.valid.as_ref()) })
    }

    /// In a JPEG values a few levels apart cannot be told apart.
    fn check_spacing(&self, path: &Path) -> Result<(), DataError> {
        let mut values: Vec<i32> =
            self.values.iter().filter(|(_, index)| *index != UNLABELLED).map(|(value, _)| *value).collect();
        values.sort_unstable();
        let is_close = values.windows(2).any(|pair| pair[1] - pair[0] < LOSSY_SPACING);
        if is_close { Err(DataError::content(indices_in_jpeg(), path)) } else { Ok(()) }
    }

    /// The value that a JPEG may have made this level of.
    fn nearest_value(&self, gray: u8) -> Option<u8> {
        let distance = |value: i32| value.abs_diff(i32::from(gray));
        let near = self.values.iter().filter(|(value, _)| distance(*value) <= u32::from(LOSSY_REACH));
        near.min_by_key(|(value, _)| distance(*value)).map(|(_, index)| *index)
    }

    fn classify_value(&self, value: i32, no_data: Option<i32>) -> PixelClass {
        let is_no_data = no_data == Some(value) && !self.is_listed_class(value);
        if is_no_data { PixelClass::NoData } else { PixelClass::of(self.value_index(value, no_data)) }
    }

    fn value_index(&self, value: i32, no_data: Option<i32>) -> Option<u8> {
        if no_data == Some(value) && !self.is_listed_class(value) {
            return Some(UNLABELLED);
        }
        find(&self.values, &value).or(UNLABELLED_VALUES.contains(&value).then_some(UNLABELLED))
    }

    fn is_listed_class(&self, value: i32) -> bool {
        self.listed && find(&self.values, &value).is_some_and(|index| index != UNLABELLED)
    }

    /// Whether colours near a corner are taken for it: all classes have corners, and the file is a picture of corners that
    /// compression or resizing has touched, not one of small numbers.
    fn snaps(&self, pixels: impl Iterator<Item = [u8; 3]>, lossy: bool) -> bool {
        let is_corner = |color: &[u8; 3]| color.iter().all(|v| [0, 255].contains(v));
        let is_bright = |color: &[u8; 3]| color.contains(&255);
        if lossy || !self.is_pure() {
            return self.is_pure();
        }
        let (mut all, mut corners, mut bright) = (0_u64, 0_u64, false);
        for color in pixels {
            all += 1;
            corners += u64::from(is_corner(&color));
            bright |= is_bright(&color);
        }
        corners * 2 >= all && bright
    }

    fn classify_color(&self, color: [u8; 3], lossy: bool, snaps: bool) -> PixelClass {
        let nearest = || {
            let (known, index) = self.colors.iter().min_by_key(|(known, _)| distance(*known, color))?;
            (distance(*known, color) <= LOSSY_REACH).then_some(*index)
        };
        let exact = find(&self.colors, &color);
        let snap =
            || (snaps && self.is_pure()).then(|| snap(color)).flatten().and_then(|corner| find(&self.colors, &corner));
        PixelClass::of(exact.or_else(snap).or_else(|| if lossy { nearest() } else { None }))
    }

    /// All classes have corners of the colour cube, so colours near a corner are taken for it.
    fn is_pure(&self) -> bool {
        let classes = self.colors.iter().filter(|(_, index)| *index != UNLABELLED);
        classes.flat_map(|(color, _)| color).all(|v| [0, 255].contains(v))
    }
}

/// The fault of a mask that does not lie over its image.
pub(crate) fn wrong_size(mask: [u32; 2], image: [u32; 2]) -> String {
    format!("the mask is {}×{} pixels, its image {}×{}: export them at one size", mask[0], mask[1], image[0], image[1])
}

/// The fault of a mask whose indices were saved as JPEG.
pub(crate) fn indices_in_jpeg() -> String {
    "class indices in a JPEG cannot be told apart, it changes every value a little: export the mask as PNG or TIFF"
        .to_owned()
}

/// The corner of the colour cube that a colour is near to, as far as compression moves it.
pub(crate) fn snap(color: [u8; 3]) -> Option<[u8; 3]> {
    let near = |v: u8| v <= SNAP_REACH || v >= 255 - SNAP_REACH;
    color.iter().all(|v| near(*v)).then(|| color.map(|v| if v < 128 { 0 } else { 255 }))
}

/// The largest difference of any channel.
pub(crate) fn distance(a: [u8; 3], b: [u8; 3]) -> u8 {
    (0..3).map(|i| a[i].abs_diff(b[i])).max().unwrap_or(0)
}

/// A gray value as a colour; of 16 bits those that are an 8-bit level widened.
fn gray_color(gray: i32) -> Option<[u8; 3]> {
    let level = if gray > 255 && gray % 257 == 0 { gray / 257 } else { gray };
    u8::try_from(level).ok().map(|level| [level; 3])
}

fn find<K: PartialEq>(table: &[(K, u8)], key: &K) -> Option<u8> {
    table.iter().find(|(known, _)| known == key).map(|(_, index)| *index)
}

/// How often each value occurs.
pub(crate) fn tally<P: Copy + PartialEq, K: Hash + Eq>(pixels: &[P], key: impl Fn(P) -> K) -> HashMap<K, u64> {
    let mut counts = HashMap::new();
    for run in pixels.chunk_by(|a, b| a == b) {
        *counts.entry(key(run[0])).or_insert(0) += run.len() as u64;
    }
    counts
}

/// How often each gray occurs; `None` if any pixel has a colour.
pub(crate) fn gray_tally(colors: &[[u8; 3]]) -> Option<HashMap<i32, u64>> {
    let is_gray = |[r, g, b]: &[u8; 3]| r == g && g == b;
    colors.iter().all(is_gray).then(|| tally(colors, |color| i32::from(color[0])))
}

/// What a pixel turned out to be.
#[derive(Clone, Copy)]
enum PixelClass {
    Class(u8),
    Unlabelled,
    NoData,
    Unmatched,
}

impl PixelClass {
    fn of(index: Option<u8>) -> Self {
        match index {
            Some(UNLABELLED) => Self::Unlabelled,
            Some(class) => Self::Class(class),
            None => Self::Unmatched,
        }
    }
}

/// A mask's pixels as class indices.
#[derive(Default)]
struct Converted {
    indices: Vec<u8>,
    unmatched: Vec<(PixelCode, u64)>,
    no_data: u64,
    softened: u64,
}

impl Converted {
    /// Looks every run of equal pixels up: masks are made of long runs, so one thread is as fast as the PNG decoder before
    /// it, and a person waiting for a tile never queues behind the trainer in a shared pool. Pixels that do not exist are
    /// not counted here.
    fn of<P: Copy + Eq + Hash>(
        pixels: &[P],
        classify: impl Fn(P) -> PixelClass,
        code: impl Fn(P) -> PixelCode,
        valid: Option<&Validity>,
    ) -> Self {
        let mut unmatched_pixels = HashMap::new();
        let (mut indices, mut no_data) = (Vec::with_capacity(pixels.len()), 0);
        for run in pixels.chunk_by(|a, b| a == b) {
            let exist = || {
                let flags = valid.map(|valid| &valid.flags()[indices.len()..indices.len() + run.len()]);
                flags.map_or(run.len(), |flags| flags.iter().filter(|exists| **exists).count()) as u64
            };
            let index = match classify(run[0]) {
                PixelClass::Class(class) => class,
                PixelClass::Unlabelled => UNLABELLED,
                PixelClass::NoData => {
                    no_data += exist();
                    UNLABELLED
                }
                PixelClass::Unmatched => {
                    *unmatched_pixels.entry(run[0]).or_insert(0) += exist();
                    UNLABELLED
                }
            };
            indices.resize(indices.len() + run.len(), index);
        }
        let unmatched =
            unmatched_pixels.into_iter().filter(|(_, n)| *n > 0).map(|(pixel, n)| (code(pixel), n)).collect();
        Self { indices, unmatched, no_data, softened: 0 }
    }
}

#[cfg(test)]
mod tests {
    use image::{DynamicImage, GrayImage, Luma, Rgb, RgbImage};

    use super::*;
    use crate::domain::{ClassDef, Classes};

    fn saved(image: &DynamicImage) -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("m.png");
        image.save(&path).unwrap();
        (dir, path)
    }

    #[test]
    fn colours_are_cut_to_a_corner_within_compression_noise_only() {
        let pixels = [[0, 255, 255], [10, 200, 250], [0, 0, 0], [255, 0, 0], [155; 3]];
        let image = RgbImage::from_fn(5, 1, |x, _| Rgb(pixels[x as usize]));
        let (_dir, path) = saved(&image.into());
        let read = MaskReader::of(&Legend::of(Classes::deepglobe())).read(&path, [5, 1], None).unwrap();
        assert_eq!(read.mask.data(), [0, 0, 6, UNLABELLED, UNLABELLED], "far from any corner is no class");
        assert_eq!(read.unmatched, [(PixelCode::Color([155; 3]), 1), (PixelCode::Color([255, 0, 0]), 1)]);
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
    fn a_mask_of_another_size_names_both() {
        let (_dir, path) = saved(&GrayImage::new(4, 4).into());
        let message = MaskReader::of(&two([1, 2, 3], [4, 5, 6])).read(&path, [5, 4], None).unwrap_err().to_string();
        assert!(message.contains("4×4") && message.contains("5×4") && message.contains("m.png"), "{message}");
    }
}
