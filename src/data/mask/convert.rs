//! Converts the pixels of a mask to class indices.

use std::collections::HashMap;
use std::hash::Hash;
use std::path::Path;

use super::colors::{LOSSY_REACH, distance, gray_color, snap};
use super::decoded::{MaskEncoding, PixelCode};
use super::edges;
use super::faults::indices_in_jpeg;
use super::lookup::{MaskReader, find};
use crate::data::DataError;
use crate::data::raster::mask_raster::{MaskRaster, Pixels};
use crate::domain::{UNLABELLED, Validity};

/// Minimum distance of class values that can be distinguished in a JPEG.
const LOSSY_SPACING: i32 = 32;

/// The meaning of a pixel.
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

/// The pixels of a mask as class indices.
#[derive(Default)]
pub(super) struct Converted {
    pub(super) indices: Vec<u8>,
    pub(super) unmatched: Vec<(PixelCode, u64)>,
    pub(super) no_data: u64,
    pub(super) softened: u64,
}

impl Converted {
    /// Classifies each run of equal pixels once. Masks consist of long runs, so one thread keeps up with the PNG decoder, and
    /// the window never queues behind the trainer in a shared thread pool. Missing pixels are not counted here.
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

impl MaskReader {
    pub(super) fn convert(
        &self,
        raster: &MaskRaster,
        encoding: MaskEncoding,
        path: &Path,
    ) -> Result<Converted, DataError> {
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

    /// Converts 8-bit grays of one channel or three equal ones. They may come from a JPEG or have soft edges.
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

    /// Refuses values that a JPEG cannot keep apart.
    fn check_spacing(&self, path: &Path) -> Result<(), DataError> {
        let mut values: Vec<i32> =
            self.values.iter().filter(|(_, index)| *index != UNLABELLED).map(|(value, _)| *value).collect();
        values.sort_unstable();
        let is_close = values.windows(2).any(|pair| pair[1] - pair[0] < LOSSY_SPACING);
        if is_close { Err(DataError::content(indices_in_jpeg(), path)) } else { Ok(()) }
    }

    /// The class index of the listed value nearest to a level of a JPEG.
    fn nearest_value(&self, gray: u8) -> Option<u8> {
        let distance = |value: i32| value.abs_diff(i32::from(gray));
        let near = self.values.iter().filter(|(value, _)| distance(*value) <= u32::from(LOSSY_REACH));
        near.min_by_key(|(value, _)| distance(*value)).map(|(_, index)| *index)
    }

    fn classify_value(&self, value: i32, no_data: Option<i32>) -> PixelClass {
        let is_no_data = no_data == Some(value) && !self.is_listed_class(value);
        if is_no_data { PixelClass::NoData } else { PixelClass::of(self.value_index(value, no_data)) }
    }

    /// Whether colours near a corner of the colour cube are snapped to it: all class colours are corners, and the file consists
    /// mostly of bright corners that compression or resizing has changed. A file of small values is not snapped.
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
}
