//! TIFFs that the `image` crate does not read, or not with all they say: more than three bands, palettes, signed and
//! floating-point samples, "no data", internal masks, blocks left out.

use std::fs::File;
use std::io::{BufReader, Cursor, Read, Seek};
use std::path::{Path, PathBuf};

use image::metadata::Orientation;
use image::{ImageBuffer, RgbImage};
use tiff::TiffError;
use tiff::decoder::{Decoder, DecodingResult};
use tiff::tags::{SampleFormat, Tag};

use super::chunks::{Chunks, declare_plain_bands, decoder, describe, is_value, left_out, limits, number_at};
use crate::data::DataError;
use crate::data::raster::header::Header;
use crate::data::raster::limits::{self, MAX_BYTES, MAX_SIDE};
use crate::data::raster::mask_raster::{MaskRaster, NO_VALUE, Pixels};
use crate::data::raster::orientation;
use crate::data::raster::picture::Picture;
use crate::data::raster::stretch::{ValidRange, stretch};
use crate::domain::Validity;

/// What the colours of a TIFF mean: tag 262.
const WHITE_IS_ZERO: u16 = 0;
const RGB: u16 = 2;
const PALETTE: u16 = 3;

/// Colour models whose samples are read as they are: gray either way, RGB, palettes and internal masks.
const PLAIN: [u16; 5] = [0, 1, 2, 3, 4];

/// A compression: tag 259.
const JPEG: u16 = 7;

/// A TIFF's first image, not decoded yet.
pub(crate) struct TiffFile {
    path: PathBuf,
    size: [u32; 2],
    orientation: Orientation,
    meaning: u16,
    /// Samples a pixel, alpha included.
    samples: usize,
    /// Samples a pixel that show something.
    bands: u16,
    /// Which sample is alpha.
    alpha: Option<usize>,
    bits: u16,
    format: SampleFormat,
    compression: u16,
    planar: bool,
    no_data: Option<f64>,
    /// Where the palette's colours stand, if it is one: all reds, all greens, all blues.
    palette: Vec<u16>,
    /// Where the image's directory lies.
    directory: u64,
    /// Its place among the file's directories.
    place: usize,
    /// Strips or tiles that the writer left out, by number; empty if it left none out.
    left_out: Vec<bool>,
    /// The internal mask: which pixels exist.
    mask: Option<Box<Self>>,
    /// Pictures in the file, without overviews and masks.
    pages: usize,
}

impl TiffFile {
    /// Reads the header.
    pub(crate) fn open(path: &Path) -> Result<Self, DataError> {
        let file = File::open(path).map_err(DataError::io("cannot open the image", path))?;
        let mut decoder = decoder(BufReader::new(file)).map_err(|error| describe(&error, path))?;
        let mut tiff = Self::read(&mut decoder, path, 0).map_err(|error| describe(&error, path))?;
        tiff.look_further(&mut decoder);
        if tiff.is_usual() {
            return Ok(tiff);
        }
        let sample = u64::from(tiff.bits.div_ceil(8)) * tiff.samples as u64;
        let [width, height] = tiff.size;
        if width.max(height) > MAX_SIDE || u64::from(width) * u64::from(height) * sample > MAX_BYTES {
            return Err(limits::too_large(path, width, height));
        }
        if tiff.planar && !tiff.bits.is_multiple_of(8) {
            return Err(limits::unsupported(&format!("bands of {} bits stored one after the other", tiff.bits), path));
        }
        if !PLAIN.contains(&tiff.meaning) && tiff.compression != JPEG {
            return Err(limits::unsupported(&"blocks left out in this colour model", path));
        }
        Ok(tiff)
    }

    fn read(decoder: &mut Decoder<impl Read + Seek>, path: &Path, place: usize) -> Result<Self, TiffError> {
        let (width, height) = decoder.dimensions()?;
        let number = |decoder: &mut Decoder<_>, tag, default: u16| -> Result<u16, TiffError> {
            Ok(decoder.find_tag_unsigned_vec(tag)?.and_then(|list: Vec<u16>| list.first().copied()).unwrap_or(default))
        };
        let meaning = number(decoder, Tag::PhotometricInterpretation, 1)?;
        let samples = number(decoder, Tag::SamplesPerPixel, 1)?.max(1);
        let extra: Vec<u16> = decoder.find_tag_unsigned_vec(Tag::ExtraSamples)?.unwrap_or_default();
        let alphas = extra.iter().filter(|kind| [1, 2].contains(*kind)).count() as u16;
        let first_extra = usize::from(samples).saturating_sub(extra.len());
        let alpha = extra.iter().position(|kind| [1, 2].contains(kind)).map(|place| first_extra + place);
        let palette = decoder.find_tag_unsigned_vec(Tag::ColorMap)?.unwrap_or_default();
        let no_data = decoder.get_tag_ascii_string(Tag::GdalNodata).ok();
        let orientation = u8::try_from(number(decoder, Tag::Orientation, 1)?).ok().and_then(Orientation::from_exif);
        Ok(Self {
            path: path.to_owned(),
            size: [width, height],
            orientation: orientation.unwrap_or(Orientation::NoTransforms),
            meaning,
            samples: usize::from(samples),
            bands: samples.saturating_sub(alphas).max(1),
            alpha,
            bits: number(decoder, Tag::BitsPerSample, 1)?,
            format: SampleFormat::from_u16_exhaustive(number(decoder, Tag::SampleFormat, 1)?),
            compression: number(decoder, Tag::Compression, 1)?,
            planar: samples > 1 && number(decoder, Tag::PlanarConfiguration, 1)? == 2,
            no_data: no_data.and_then(|text| text.trim_matches(|c: char| c.is_whitespace() || c == '\0').parse().ok()),
            palette,
            directory: decoder.ifd_pointer().map_or(0, |pointer| pointer.0),
            place,
            left_out: left_out(decoder)?,
            mask: None,
            pages: 1,
        })
    }

    /// Finds the internal mask among the directories that follow, and counts further pictures. A directory that cannot be
    /// read ends the search: what counts is the first picture.
    fn look_further(&mut self, decoder: &mut Decoder<impl Read + Seek>) {
        const REDUCED: u32 = 1;
        const MASK: u32 = 4;
        let mut place = 0;
        while decoder.more_images() && decoder.next_image().is_ok() {
            place += 1;
            let kind = decoder.find_tag_unsigned(Tag::NewSubfileType).ok().flatten().unwrap_or(0);
            let old_kind: u32 = decoder.find_tag_unsigned(Tag::SubfileType).ok().flatten().unwrap_or(0);
            if kind & MASK != 0 {
                let mask = Self::read(decoder, &self.path, place).ok();
                let fits = |mask: &Self| mask.size == self.size && kind & REDUCED == 0 && mask.samples == 1;
                self.mask = self.mask.take().or(mask.filter(fits).map(Box::new));
            } else if kind & REDUCED == 0 && old_kind != 2 {
                self.pages += 1;
            }
        }
    }

    /// Whether the `image` crate reads the colours, and nothing is lost: gray, RGB and RGBA of up to 8 bits, pixel by
    /// pixel, without a "no data" value. Other colour models than those known here are its matter as well.
    pub(crate) fn is_usual(&self) -> bool {
        let shallow = self.format == SampleFormat::Uint && [1, 8].contains(&self.bits) && !self.planar;
        let plain = self.no_data.is_none() && self.left_out.is_empty();
        match self.meaning {
            1 => plain && shallow && self.samples == 1,
            RGB => plain && shallow && (self.samples == 3 || (self.samples == 4 && self.bands == 3)),
            WHITE_IS_ZERO | PALETTE => false,
            _ => self.left_out.is_empty(),
        }
    }

    /// Whether the `image` crate reads its values as stored: it widens those of fewer bits.
    pub(crate) fn is_usual_mask(&self) -> bool {
        self.is_usual() && !(PLAIN.contains(&self.meaning) && self.bits != 8)
    }

    /// What the file says of itself.
    pub(crate) fn header(&self) -> Header {
        Header {
            size: orientation::upright_size(self.size, self.orientation),
            stored: self.size,
            orientation: self.orientation,
            lossy: self.compression == JPEG,
            bands: self.bands,
            pages: self.pages,
            partial: self.is_partial(),
        }
    }

    /// Whether some pixels may not exist.
    fn is_partial(&self) -> bool {
        let declared = self.no_data.is_some() || self.mask.is_some() || self.alpha.is_some();
        declared || !self.left_out.is_empty() || self.format != SampleFormat::Uint
    }

    /// Decodes it as a picture: the first three bands, or the first one as gray.
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

    /// Decodes it as a mask: colours, or one band of values or indices, all as stored. A block that was left out holds the
    /// "no data" value, else 0.
    pub(crate) fn mask(&self) -> Result<MaskRaster, DataError> {
        let decoded = self.decode()?;
        let missing = if self.no_data.is_some() { self.missing() } else { Vec::new() };
        let no_data = self.no_data.filter(|value| is_value(*value)).map(|value| value as i32);
        let (pixels, valid) = if self.bands == 1 {
            let pixels = self.one_band(&decoded, &missing, no_data)?;
            // A value that no class can have is no data whoever reads it; others are left to the classes.
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
                let what = format!("{} bands of {} bits are no mask", self.bands, self.bits);
                return Err(DataError::content(format!("{what}: export class values in one band"), &self.path));
            }
        };
        let color = |pixel| [0, 1, 2].map(|band| (at(self.place_of(pixel, band)) / full).round() as u8);
        Ok(Pixels::Colors((0..self.pixel_count()).map(color).collect()))
    }

    /// Which pixels exist as the internal mask says.
    pub(crate) fn masked(&self) -> Result<Option<Validity>, DataError> {
        let Some(mask) = &self.mask else { return Ok(None) };
        let decoded = mask.decode()?;
        let at = number_at(&decoded);
        Ok(Validity::new(self.size, (0..self.pixel_count()).map(|pixel| at(pixel) != 0.0).collect()))
    }

    /// Which pixels exist: neither left out nor masked nor transparent, every band a number, and not all of them "no data".
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

    /// For each pixel whether its block was left out; empty if none was.
    fn missing(&self) -> Vec<bool> {
        self.left_out.is_empty().then(Vec::new).unwrap_or_else(|| self.missing_pixels().unwrap_or_default())
    }

    fn missing_pixels(&self) -> Option<Vec<bool>> {
        let file = File::open(&self.path).ok()?;
        let mut decoder = decoder(BufReader::new(file)).ok()?;
        decoder.seek_to_image(self.place).ok()?;
        let parts = Chunks::of(&decoder, self.size);
        let mut missing = vec![false; self.pixel_count()];
        for (number, _) in self.left_out.iter().enumerate().filter(|(_, left_out)| **left_out) {
            let (x, y) = parts.corner(number % parts.count());
            for row in y..(y + parts.size[1]).min(self.size[1] as usize) {
                let line = &mut missing[row * self.size[0] as usize..][..self.size[0] as usize];
                line[x..(x + parts.size[0]).min(self.size[0] as usize)].fill(true);
            }
        }
        Some(missing)
    }

    /// All samples as they are. The decoder knows nothing of palettes, inverts white-is-zero and drops bands beyond those a
    /// colour model needs, so it is told that the file holds plain bands.
    fn decode(&self) -> Result<DecodingResult, DataError> {
        let mut bytes = std::fs::read(&self.path).map_err(DataError::io("cannot read the image", &self.path))?;
        if self.meaning != 1 && PLAIN.contains(&self.meaning) {
            declare_plain_bands(&mut bytes, self.directory)
                .ok_or_else(|| DataError::content("the TIFF is damaged: export it again", &self.path))?;
        }
        let pixels = decoder(Cursor::new(bytes)).and_then(|mut decoder| self.read_samples(&mut decoder));
        match pixels.map_err(|error| describe(&error, &self.path))? {
            DecodingResult::U8(packed) if self.bits < 8 => Ok(DecodingResult::U8(self.unpack(&packed))),
            pixels => Ok(pixels),
        }
    }

    fn read_samples(&self, decoder: &mut Decoder<impl Read + Seek>) -> Result<DecodingResult, TiffError> {
        decoder.seek_to_image(self.place)?;
        let mut pixels = DecodingResult::U8(Vec::new());
        if !self.planar && self.left_out.is_empty() {
            decoder.read_image_to_buffer(&mut pixels)?;
            return Ok(pixels);
        }
        pixels.resize_to(&decoder.image_buffer_layout()?, &limits())?;
        for plane in 0..if self.planar { self.samples } else { 1 } {
            self.read_plane(plane, decoder, &mut pixels)?;
        }
        Ok(pixels)
    }

    /// Reads the bands that are stored together, part by part: reading all at once, the decoder takes the lowest tiles of
    /// all planes but the first for whole ones and fails, and reads parts that were left out from the start of the file.
    fn read_plane(
        &self,
        plane: usize,
        decoder: &mut Decoder<impl Read + Seek>,
        pixels: &mut DecodingResult,
    ) -> Result<(), TiffError> {
        let [width, height] = self.size.map(|side| side as usize);
        let parts = Chunks::of(decoder, self.size);
        let pixel_bits = usize::from(self.bits) * if self.planar { 1 } else { self.samples };
        let bytes = |pixels: usize| (pixels * pixel_bits).div_ceil(8);
        let mut all = pixels.as_buffer(0);
        for part in 0..parts.count() {
            let number = plane * parts.count() + part;
            if self.left_out.get(number) == Some(&true) {
                continue;
            }
            let line_bytes = bytes(decoder.chunk_data_dimensions(number as u32).0 as usize);
            let mut read = decoder.read_chunk(number as u32)?;
            let (x, y) = parts.corner(part);
            for (row, line) in read.as_buffer(0).as_bytes().chunks_exact(line_bytes).take(height - y).enumerate() {
                let start = (plane * height + y + row) * bytes(width) + x * pixel_bits / 8;
                all.as_bytes_mut()[start..start + line.len()].copy_from_slice(line);
            }
        }
        Ok(())
    }

    /// Samples of less than 8 bits stand side by side in a byte; each row begins with a byte of its own.
    fn unpack(&self, packed: &[u8]) -> Vec<u8> {
        let (width, bits) = (self.size[0] as usize * self.samples, usize::from(self.bits));
        let sample = |row: &[u8], i: usize| {
            (i * bits..(i + 1) * bits).fold(0, |value, bit| value << 1 | (row[bit / 8] >> (7 - bit % 8) & 1))
        };
        packed
            .chunks_exact((width * bits).div_ceil(8).max(1))
            .flat_map(|row| (0..width).map(move |i| sample(row, i)))
            .collect()
    }

    fn pixel_count(&self) -> usize {
        self.size[0] as usize * self.size[1] as usize
    }

    /// Where a sample stands among all.
    fn place_of(&self, pixel: usize, band: usize) -> usize {
        if self.planar { band * self.pixel_count() + pixel } else { pixel * self.samples + band }
    }

    fn map(&self, color: impl Fn(usize) -> [u8; 3]) -> RgbImage {
        let data = (0..self.pixel_count()).flat_map(color).collect();
        ImageBuffer::from_raw(self.size[0], self.size[1], data).unwrap_or_default()
    }

    /// A palette's colour; black beyond its end. Some programs write 8-bit colours where 16 bits belong.
    fn color(&self, index: f64) -> [u8; 3] {
        let (length, index) = (self.palette.len() / 3, index as usize);
        let deep = self.palette.iter().any(|value| *value > 255);
        [0, 1, 2].map(|band| {
            let value = if index < length { self.palette[band * length + index] } else { 0 };
            if deep { (value >> 8) as u8 } else { value as u8 }
        })
    }

    /// Which samples are to be seen.
    fn valid(&self) -> ValidRange {
        // As the file's own type holds it: a text of more digits would never be equal.
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
