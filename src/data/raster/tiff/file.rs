//! The directory of a TIFF: everything that is known before its samples are decoded.

use std::fs::File;
use std::io::{BufReader, Read, Seek};
use std::path::{Path, PathBuf};

use image::metadata::Orientation;
use tiff::TiffError;
use tiff::decoder::Decoder;
use tiff::tags::{SampleFormat, Tag};

use super::chunks::missing_chunks;
use super::decoder::{decoder, describe};
use crate::data::DataError;
use crate::data::raster::georeference::Georeference;
use crate::data::raster::header::Header;
use crate::data::raster::limits::{self, MAX_BYTES, MAX_SIDE};
use crate::data::raster::orientation;

/// Photometric interpretation: tag 262.
pub(super) const WHITE_IS_ZERO: u16 = 0;
const RGB: u16 = 2;
pub(super) const PALETTE: u16 = 3;

/// Colour models whose samples are read as stored: both kinds of gray, RGB, palettes and internal masks.
pub(super) const PLAIN: [u16; 5] = [0, 1, 2, 3, 4];

/// Compression: tag 259.
pub(super) const JPEG: u16 = 7;

/// The directory of a TIFF's first image.
pub(crate) struct TiffFile {
    pub(super) path: PathBuf,
    pub(super) size: [u32; 2],
    pub(super) orientation: Orientation,
    pub(super) meaning: u16,
    /// Samples per pixel, alpha included.
    pub(super) samples: usize,
    /// Samples per pixel without alpha.
    pub(super) bands: u16,
    /// Index of the alpha sample.
    pub(super) alpha: Option<usize>,
    pub(super) bits: u16,
    pub(super) format: SampleFormat,
    pub(super) compression: u16,
    pub(super) planar: bool,
    pub(super) no_data: Option<f64>,
    /// Palette: all red values, then all green, then all blue; empty without a palette.
    pub(super) palette: Vec<u16>,
    /// Byte offset of the directory.
    pub(super) directory: u64,
    /// Index among the directories of the file.
    pub(super) place: usize,
    /// For each chunk whether the writer omitted it; empty if none is missing.
    pub(super) missing_chunks: Vec<bool>,
    /// Internal mask: 0 where a pixel is missing.
    pub(super) mask: Option<Box<Self>>,
    /// Number of images in the file, without overviews and masks.
    pub(super) pages: usize,
    /// Where the image lies on a map.
    pub(super) georeference: Option<Georeference>,
}

impl TiffFile {
    /// Reads the directories of a file.
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
            return Err(limits::unsupported(&format!("planar bands of {} bits", tiff.bits), path));
        }
        if !PLAIN.contains(&tiff.meaning) && tiff.compression != JPEG {
            return Err(limits::unsupported(&"missing chunks in this colour model", path));
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
            missing_chunks: missing_chunks(decoder)?,
            mask: None,
            pages: 1,
            georeference: Georeference::read(decoder),
        })
    }

    /// Finds the internal mask among the following directories and counts further images. An unreadable directory ends the
    /// search, because only the first image is needed.
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

    /// Whether the `image` crate reads the picture without loss: chunky gray, RGB and RGBA of 1 or 8 bits without a "no data"
    /// value. It also handles all colour models that are not known here.
    pub(crate) fn is_usual(&self) -> bool {
        let shallow = self.format == SampleFormat::Uint && [1, 8].contains(&self.bits) && !self.planar;
        let plain = self.no_data.is_none() && self.missing_chunks.is_empty();
        match self.meaning {
            1 => plain && shallow && self.samples == 1,
            RGB => plain && shallow && (self.samples == 3 || (self.samples == 4 && self.bands == 3)),
            WHITE_IS_ZERO | PALETTE => false,
            _ => self.missing_chunks.is_empty(),
        }
    }

    /// Whether the `image` crate reads mask values as stored. It widens values of fewer than 8 bits.
    pub(crate) fn is_usual_mask(&self) -> bool {
        self.is_usual() && !(PLAIN.contains(&self.meaning) && self.bits != 8)
    }

    /// The header in the form that all image files share.
    pub(crate) fn header(&self) -> Header {
        Header {
            size: orientation::upright_size(self.size, self.orientation),
            stored: self.size,
            orientation: self.orientation,
            lossy: self.compression == JPEG,
            bands: self.bands,
            pages: self.pages,
            partial: self.is_partial(),
            georeference: self.georeference.filter(|_| self.orientation == Orientation::NoTransforms),
        }
    }

    /// Whether pixels may be missing.
    pub(super) fn is_partial(&self) -> bool {
        let declared = self.no_data.is_some() || self.mask.is_some() || self.alpha.is_some();
        declared || !self.missing_chunks.is_empty() || self.format != SampleFormat::Uint
    }

    pub(super) fn pixel_count(&self) -> usize {
        self.size[0] as usize * self.size[1] as usize
    }

    /// Index of a sample among all samples.
    pub(super) fn place_of(&self, pixel: usize, band: usize) -> usize {
        if self.planar { band * self.pixel_count() + pixel } else { pixel * self.samples + band }
    }
}
