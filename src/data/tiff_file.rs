//! TIFFs that the `image` crate does not read, or not with all they say: more than three bands, palettes, signed and
//! floating-point samples, "no data".

use std::fs::File;
use std::io::{BufReader, Cursor, Read, Seek};
use std::path::{Path, PathBuf};

use image::{DynamicImage, ImageBuffer, RgbImage};
use tiff::TiffError;
use tiff::decoder::{Decoder, DecodingResult, Limits};
use tiff::tags::{ByteOrder, SampleFormat, Tag};

use super::DataError;
use super::images::{self, Header, MAX_BYTES, MAX_SIDE};
use super::stretch::{Valid, stretch};

/// What the colours of a TIFF mean: tag 262.
const GRAY: [u16; 2] = [0, 1];
const RGB: u16 = 2;
const PALETTE: u16 = 3;

/// A mask's sample that can be no class: a fraction, or beyond 16 bits.
const NO_CLASS: u16 = 65_534;

/// A TIFF's first image, not decoded yet.
pub(super) struct TiffFile {
    path: PathBuf,
    size: [u32; 2],
    meaning: u16,
    /// Samples a pixel, alpha included.
    samples: usize,
    /// Samples a pixel that show something.
    bands: u16,
    bits: u16,
    format: SampleFormat,
    planar: bool,
    no_data: Option<f64>,
    /// Where the palette's colours stand, if it is one: all reds, all greens, all blues.
    palette: Vec<u16>,
    /// Where the image's directory lies.
    directory: u64,
}

impl TiffFile {
    /// Reads the header. `None` for a file that the `image` crate reads as well.
    pub(super) fn open(path: &Path) -> Result<Option<Self>, DataError> {
        let file = File::open(path).map_err(DataError::io("cannot open the image", path))?;
        let mut decoder = decoder(BufReader::new(file)).map_err(|error| describe(&error, path))?;
        let tiff = Self::read(&mut decoder, path).map_err(|error| describe(&error, path))?;
        if tiff.is_usual() {
            return Ok(None);
        }
        let sample = u64::from(tiff.bits.div_ceil(8)) * tiff.samples as u64;
        let [width, height] = tiff.size;
        if width.max(height) > MAX_SIDE || u64::from(width) * u64::from(height) * sample > MAX_BYTES {
            return Err(images::too_large(path, width, height));
        }
        if tiff.planar && !tiff.bits.is_multiple_of(8) {
            return Err(images::unsupported(&format!("bands of {} bits stored one after the other", tiff.bits), path));
        }
        Ok(Some(tiff))
    }

    fn read(decoder: &mut Decoder<impl Read + Seek>, path: &Path) -> Result<Self, TiffError> {
        let (width, height) = decoder.dimensions()?;
        let number = |decoder: &mut Decoder<_>, tag, default: u16| -> Result<u16, TiffError> {
            Ok(decoder.find_tag_unsigned_vec(tag)?.and_then(|list: Vec<u16>| list.first().copied()).unwrap_or(default))
        };
        let meaning = number(decoder, Tag::PhotometricInterpretation, 1)?;
        let samples = number(decoder, Tag::SamplesPerPixel, 1)?.max(1);
        let extra: Vec<u16> = decoder.find_tag_unsigned_vec(Tag::ExtraSamples)?.unwrap_or_default();
        let alpha = extra.iter().filter(|kind| [1, 2].contains(*kind)).count() as u16;
        let palette = decoder.find_tag_unsigned_vec(Tag::ColorMap)?.unwrap_or_default();
        let no_data = decoder.get_tag_ascii_string(Tag::GdalNodata).ok();
        Ok(Self {
            path: path.to_owned(),
            size: [width, height],
            meaning,
            samples: usize::from(samples),
            bands: samples.saturating_sub(alpha).max(1),
            bits: number(decoder, Tag::BitsPerSample, 1)?,
            format: SampleFormat::from_u16_exhaustive(number(decoder, Tag::SampleFormat, 1)?),
            planar: samples > 1 && number(decoder, Tag::PlanarConfiguration, 1)? == 2,
            no_data: no_data.and_then(|text| text.trim_matches(['\0', ' ']).parse().ok()),
            palette,
            directory: decoder.ifd_pointer().map_or(0, |pointer| pointer.0),
        })
    }

    /// Whether the `image` crate reads it, and nothing is lost: gray, RGB and RGBA of up to 8 bits, pixel by pixel. Other
    /// colour models than those known here are its matter as well.
    fn is_usual(&self) -> bool {
        let shallow = self.format == SampleFormat::Uint && [1, 8].contains(&self.bits) && !self.planar;
        match self.meaning {
            0 | 1 => shallow && self.samples == 1,
            RGB => shallow && (self.samples == 3 || (self.samples == 4 && self.bands == 3)),
            PALETTE => false,
            _ => true,
        }
    }

    /// What the file says of itself.
    pub(super) fn header(&self) -> Header {
        let gray = GRAY.contains(&self.meaning) && self.bands == 1;
        Header { size: self.size, gray, gray_scale: 1, lossy: false, bands: self.bands }
    }

    /// Decodes it as a picture: the first three bands, or the first one as gray.
    pub(super) fn rgb(&self) -> Result<RgbImage, DataError> {
        let pixels = self.decode()?;
        let at = number_at(&pixels);
        let band_of = |band: usize| if self.bands < 3 { 0 } else { band };
        let at = |pixel: usize, band: usize| at(self.place(pixel, band_of(band)));
        Ok(match (self.meaning, &pixels) {
            (PALETTE, _) => self.map(|pixel| self.color(at(pixel, 0))),
            (_, DecodingResult::U8(_)) => {
                let full = f64::from((1_u16 << self.bits.min(8)) - 1);
                let fill = |value: f64| if full < 255.0 { (value / full * 255.0).round() as u8 } else { value as u8 };
                self.map(|pixel| [0, 1, 2].map(|band| fill(at(pixel, band))))
            }
            _ => stretch(self.size, self.valid(), at),
        })
    }

    /// Decodes it as a mask: colours, or one band of values (a palette's are its indices).
    pub(super) fn mask(&self, by_value: bool) -> Result<DynamicImage, DataError> {
        let pixels = self.decode()?;
        let at = number_at(&pixels);
        let at = |pixel: usize, band: usize| at(self.place(pixel, band));
        match (self.meaning, self.bands, &pixels) {
            (PALETTE, ..) if !by_value => Ok(self.map(|pixel| self.color(at(pixel, 0))).into()),
            (_, 1, _) => {
                let values = (0..self.pixel_count()).map(|pixel| class_value(at(pixel, 0))).collect();
                let image = ImageBuffer::from_raw(self.size[0], self.size[1], values).unwrap_or_default();
                Ok(DynamicImage::ImageLuma16(image))
            }
            (_, 3.., DecodingResult::U8(_)) => Ok(self.map(|pixel| [0, 1, 2].map(|band| at(pixel, band) as u8)).into()),
            (_, 3.., DecodingResult::U16(_)) => {
                Ok(self.map(|pixel| [0, 1, 2].map(|band| (at(pixel, band) / 257.0).round() as u8)).into())
            }
            _ => Err(DataError::content(
                format!("{} bands of {} bits are no mask: export class values in one band", self.bands, self.bits),
                &self.path,
            )),
        }
    }

    /// All samples as they are. The decoder knows nothing of palettes and drops bands beyond those a colour model needs,
    /// so it is told that the file holds plain bands.
    fn decode(&self) -> Result<DecodingResult, DataError> {
        let mut bytes = std::fs::read(&self.path).map_err(DataError::io("cannot read the image", &self.path))?;
        if !GRAY.contains(&self.meaning) {
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
        let mut pixels = DecodingResult::U8(Vec::new());
        if !self.planar {
            decoder.read_image_to_buffer(&mut pixels)?;
            return Ok(pixels);
        }
        pixels.resize_to(&decoder.image_buffer_layout()?, &limits())?;
        for band in 0..self.samples {
            self.read_plane(band, decoder, &mut pixels)?;
        }
        Ok(pixels)
    }

    /// Reads a band that is stored by itself, part by part: reading them all at once, the decoder takes the lowest tiles
    /// of all planes but the first for whole ones and fails.
    fn read_plane(
        &self,
        band: usize,
        decoder: &mut Decoder<impl Read + Seek>,
        pixels: &mut DecodingResult,
    ) -> Result<(), TiffError> {
        let [width, height] = self.size.map(|side| side as usize);
        let (part_width, part_height) = decoder.chunk_dimensions();
        let across = width.div_ceil(part_width as usize);
        let count = across * height.div_ceil(part_height as usize);
        let sample = usize::from(self.bits / 8);
        let mut all = pixels.as_buffer(0);
        for part in 0..count {
            let index = (band * count + part) as u32;
            let line_bytes = decoder.chunk_data_dimensions(index).0 as usize * sample;
            let mut read = decoder.read_chunk(index)?;
            let (x, y) = (part % across * part_width as usize, part / across * part_height as usize);
            for (row, line) in read.as_buffer(0).as_bytes().chunks_exact(line_bytes).take(height - y).enumerate() {
                let start = ((band * height + y + row) * width + x) * sample;
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
    fn place(&self, pixel: usize, band: usize) -> usize {
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
    fn valid(&self) -> Valid {
        // As the file's own type holds it: a text of more digits would never be equal.
        let single = self.format == SampleFormat::IEEEFP && self.bits <= 32;
        let declared = self.no_data.map(|value| if single { f64::from(value as f32) } else { value });
        let valid = match self.format {
            SampleFormat::IEEEFP => Valid { above: -3e38, below: 3e38, zero_counts: true, ..Valid::UNSIGNED },
            SampleFormat::Int => Valid { above: -f64::from(self.bits - 1).exp2(), ..Valid::UNSIGNED },
            _ => Valid::UNSIGNED,
        };
        Valid { declared, ..valid }
    }
}

fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.decoding_buffer_size = MAX_BYTES as usize;
    limits.intermediate_buffer_size = MAX_BYTES as usize;
    limits
}

fn decoder<R: Read + Seek>(reader: R) -> Result<Decoder<R>, TiffError> {
    Ok(Decoder::new(reader)?.with_limits(limits()))
}

/// Every sample as a number, whatever its type.
fn number_at(pixels: &DecodingResult) -> Box<dyn Fn(usize) -> f64 + Sync + '_> {
    match pixels {
        DecodingResult::U8(list) => Box::new(|i| f64::from(list[i])),
        DecodingResult::U16(list) => Box::new(|i| f64::from(list[i])),
        DecodingResult::U32(list) => Box::new(|i| f64::from(list[i])),
        DecodingResult::U64(list) => Box::new(|i| list[i] as f64),
        DecodingResult::I8(list) => Box::new(|i| f64::from(list[i])),
        DecodingResult::I16(list) => Box::new(|i| f64::from(list[i])),
        DecodingResult::I32(list) => Box::new(|i| f64::from(list[i])),
        DecodingResult::I64(list) => Box::new(|i| list[i] as f64),
        DecodingResult::F16(list) => Box::new(|i| list[i].to_f64()),
        DecodingResult::F32(list) => Box::new(|i| f64::from(list[i])),
        DecodingResult::F64(list) => Box::new(|i| list[i]),
    }
}

/// A sample as a class's value. Negative ones count from the end of the range, as `ignore_values` do.
fn class_value(sample: f64) -> u16 {
    let is_value = sample.fract() == 0.0 && (-32_768.0..=65_535.0).contains(&sample);
    if is_value { sample as i32 as u16 } else { NO_CLASS }
}

/// Overwrites what the directory says of the colours. `None` if it does not lie in the file.
fn declare_plain_bands(bytes: &mut [u8], directory: u64) -> Option<()> {
    let order = if bytes.starts_with(b"II") { ByteOrder::LittleEndian } else { ByteOrder::BigEndian };
    let little = order == ByteOrder::LittleEndian;
    let short = |bytes: &[u8], at: usize| {
        let pair = [*bytes.get(at)?, *bytes.get(at + 1)?];
        Some(if little { u16::from_le_bytes(pair) } else { u16::from_be_bytes(pair) })
    };
    // A classic TIFF's entries are tag, type, a count of 4 bytes, a value of 4; in a BigTIFF the last two have 8.
    let (head, entry, value) = if short(bytes, 2)? == 43 { (8, 20, 12) } else { (2, 12, 8) };
    let first = usize::try_from(directory).ok()?.checked_add(head)?;
    let is_meaning = |at: &usize| short(bytes, *at) == Some(Tag::PhotometricInterpretation.to_u16());
    let at = (first..bytes.len()).step_by(entry).find(is_meaning)?;
    let plain = if little { [1, 0] } else { [0, 1] };
    bytes.get_mut(at + value..at + value + 2)?.copy_from_slice(&plain);
    Some(())
}

fn describe(error: &TiffError, path: &Path) -> DataError {
    match error {
        TiffError::LimitsExceeded => images::over_the_limits(path),
        TiffError::UnsupportedError(error) => images::unsupported(error, path),
        TiffError::IoError(error) if error.kind() != std::io::ErrorKind::UnexpectedEof => {
            DataError::content(format!("the image cannot be read ({error})"), path)
        }
        error => images::damaged(error, path),
    }
}
