//! Turns the samples of a TIFF into a picture or a mask.

use image::{ImageBuffer, RgbImage};
use tiff::decoder::DecodingResult;
use tiff::tags::SampleFormat;

use super::decoder::{is_value, number_at};
use super::file::{JPEG, PALETTE, TiffFile, WHITE_IS_ZERO};
use crate::data::DataError;
use crate::data::raster::limits;
use crate::data::raster::mask_raster::{MaskRaster, NO_VALUE, Pixels};
use crate::data::raster::picture::Picture;
use crate::data::raster::stretch::{ValidRange, stretch};
use crate::domain::Validity;

impl TiffFile {
    /// Decodes the picture: the first three bands, or the first one as gray.
    pub(crate) fn picture(&self) -> Result<Picture, DataError> {
        let pixels = self.decode()?;
        let at = number_at(&pixels);
        let band_of = |band: usize| if self.bands < 3 { 0 } else { band };
        let at = |pixel: usize, band: usize| at(self.place_of(pixel, band_of(band)));
        let valid = self.valid_pixels(&pixels, &self.missing(), self.valid())?;
        let exists = |pixel: usize| valid.as_ref().is_none_or(|valid| valid.flags()[pixel]);
        let mut rgb = match (self.meaning, &pixels) {
            (PALETTE, _) => self.map(|pixel| self.color(at(pixel, 0))),
            (_, DecodingResult::U8(_)) => {
                let full = f64::from((1_u16 << self.bits.min(8)) - 1);
                let fill = |value: f64| if full < 255.0 { (value / full * 255.0).round() as u8 } else { value as u8 };
                self.map(|pixel| [0, 1, 2].map(|band| fill(at(pixel, band))))
            }
            _ => stretch(self.size, self.valid(), |pixel, band| if exists(pixel) { at(pixel, band) } else { f64::NAN }),
        };
        if self.meaning == WHITE_IS_ZERO {
            rgb.iter_mut().for_each(|value| *value = 255 - *value);
        }
        rgb.pixels_mut().enumerate().filter(|(i, _)| !exists(*i)).for_each(|(_, pixel)| pixel.0 = [0; 3]);
        Ok(Picture { rgb, valid })
    }

    /// Decodes a mask: colours, or one band of values or palette indices, as stored. A missing chunk holds the "no data" value,
    /// or 0 if none is declared.
    pub(crate) fn mask(&self) -> Result<MaskRaster, DataError> {
        let decoded = self.decode()?;
        let missing = if self.no_data.is_some() { self.missing() } else { Vec::new() };
        let no_data = self.no_data.filter(|value| is_value(*value)).map(|value| value as i32);
        let (pixels, valid) = if self.bands == 1 {
            let pixels = self.one_band(&decoded, &missing, no_data)?;
            // A "no data" value that no class can have marks missing pixels; other values are left to the class list.
            let seen = if self.no_data.is_some_and(|value| !is_value(value)) { self.valid() } else { ValidRange::ANY };
            (pixels, self.valid_pixels(&decoded, &[], seen)?)
        } else {
            (self.colors(&decoded)?, self.valid_pixels(&decoded, &missing, self.valid())?)
        };
        Ok(MaskRaster { size: self.size, pixels, valid, no_data, lossy: self.compression == JPEG })
    }

    fn one_band(&self, decoded: &DecodingResult, missing: &[bool], no_data: Option<i32>) -> Result<Pixels, DataError> {
        let at = number_at(decoded);
        let fill = no_data.unwrap_or(NO_VALUE);
        let value = |pixel: usize| match at(self.place_of(pixel, 0)) {
            _ if missing.get(pixel) == Some(&true) => fill,
            value if is_value(value) => value as i32,
            _ => NO_VALUE,
        };
        let values = (0..self.pixel_count()).map(value);
        let shallow = self.bits <= 8 && self.format == SampleFormat::Uint;
        match self.meaning {
            PALETTE if !shallow => Err(limits::unsupported(&format!("a palette of {} bits", self.bits), &self.path)),
            PALETTE => Ok(Pixels::Indices {
                indices: values.map(|value| value as u8).collect(),
                colors: (0..1 << self.bits.min(8)).map(|index| self.color(f64::from(index))).collect(),
                transparent: no_data.and_then(|index| u8::try_from(index).ok()).into_iter().collect(),
            }),
            _ if shallow && missing.is_empty() => Ok(Pixels::Values8(values.map(|value| value as u8).collect())),
            _ => Ok(Pixels::Values(values.collect())),
        }
    }

    fn colors(&self, decoded: &DecodingResult) -> Result<Pixels, DataError> {
        let at = number_at(decoded);
        let full = match decoded {
            DecodingResult::U8(_) if self.bands > 2 => 1.0,
            DecodingResult::U16(samples) if self.bands > 2 => {
                if samples.iter().all(|v| *v < 256) {
                    1.0
                } else {
                    257.0
                }
            }
            _ => {
                let what = format!("{} bands of {} bits cannot be a mask", self.bands, self.bits);
                return Err(DataError::content(format!("{what}: export class values in one band"), &self.path));
            }
        };
        let color = |pixel| [0, 1, 2].map(|band| (at(self.place_of(pixel, band)) / full).round() as u8);
        Ok(Pixels::Colors((0..self.pixel_count()).map(color).collect()))
    }

    /// Which pixels exist according to the internal mask.
    pub(crate) fn masked(&self) -> Result<Option<Validity>, DataError> {
        let Some(mask) = &self.mask else { return Ok(None) };
        let decoded = mask.decode()?;
        let at = number_at(&decoded);
        Ok(Validity::new(self.size, (0..self.pixel_count()).map(|pixel| at(pixel) != 0.0).collect()))
    }

    /// Which pixels exist: not in a missing chunk, not masked, not transparent, every band finite, and not all bands "no data".
    fn valid_pixels(
        &self,
        decoded: &DecodingResult,
        missing: &[bool],
        valid: ValidRange,
    ) -> Result<Option<Validity>, DataError> {
        if !self.is_partial() {
            return Ok(None);
        }
        let (at, masked) = (number_at(decoded), self.masked()?);
        let bands = if self.bands < 3 { 1 } else { 3 };
        let exists = |pixel: usize| {
            let values = || (0..bands).map(|band| at(self.place_of(pixel, band)));
            missing.get(pixel) != Some(&true)
                && masked.as_ref().is_none_or(|masked| masked.flags()[pixel])
                && self.alpha.is_none_or(|alpha| at(self.place_of(pixel, alpha)) > 0.0)
                && values().all(f64::is_finite)
                && values().any(|value| valid.shows(value))
        };
        Ok(Validity::new(self.size, (0..self.pixel_count()).map(exists).collect()))
    }

    fn map(&self, color: impl Fn(usize) -> [u8; 3]) -> RgbImage {
        let data = (0..self.pixel_count()).flat_map(color).collect();
        ImageBuffer::from_raw(self.size[0], self.size[1], data).unwrap_or_default()
    }

    /// A palette colour; black beyond the end. Some programs write 8-bit colours although the format requires 16.
    fn color(&self, index: f64) -> [u8; 3] {
        let (length, index) = (self.palette.len() / 3, index as usize);
        let deep = self.palette.iter().any(|value| *value > 255);
        [0, 1, 2].map(|band| {
            let value = if index < length { self.palette[band * length + index] } else { 0 };
            if deep { (value >> 8) as u8 } else { value as u8 }
        })
    }

    /// The range of valid samples.
    fn valid(&self) -> ValidRange {
        // Rounded to the type of the samples: the declared text may have more digits.
        let single = self.format == SampleFormat::IEEEFP && self.bits <= 32;
        let declared = self.no_data.map(|value| if single { f64::from(value as f32) } else { value });
        let valid = match self.format {
            SampleFormat::IEEEFP => ValidRange { above: -3e38, below: 3e38, zero_counts: true, ..ValidRange::UNSIGNED },
            SampleFormat::Int => ValidRange { above: -f64::from(self.bits - 1).exp2(), ..ValidRange::UNSIGNED },
            _ => ValidRange::UNSIGNED,
        };
        ValidRange { declared, ..valid }
    }
}
