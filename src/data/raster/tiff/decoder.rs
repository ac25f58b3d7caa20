//! Set-up of the `tiff` crate's decoder, its samples as numbers, and its errors.

use std::io::{Read, Seek};
use std::path::Path;

use tiff::TiffError;
use tiff::decoder::{Decoder, DecodingResult, Limits};
use tiff::tags::{ByteOrder, Tag};

use crate::data::DataError;
use crate::data::raster::limits::{self, MAX_BYTES};

/// The decoder's memory limits.
pub(crate) fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.decoding_buffer_size = MAX_BYTES as usize;
    limits.intermediate_buffer_size = MAX_BYTES as usize;
    limits
}

/// A decoder with memory limits, at the first image of the file.
pub(crate) fn decoder<R: Read + Seek>(reader: R) -> Result<Decoder<R>, TiffError> {
    Ok(Decoder::new(reader)?.with_limits(limits()))
}

/// Access to samples as numbers, whatever their type.
pub(crate) fn number_at(pixels: &DecodingResult) -> Box<dyn Fn(usize) -> f64 + Sync + '_> {
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

/// Whether a sample can be the value of a class.
pub(crate) fn is_value(sample: f64) -> bool {
    sample.fract() == 0.0 && sample > f64::from(i32::MIN) && sample <= f64::from(i32::MAX)
}

/// Overwrites the photometric interpretation in the directory with "black is zero". `None` if the directory lies outside
/// the file.
pub(crate) fn declare_plain_bands(bytes: &mut [u8], directory: u64) -> Option<()> {
    let order = if bytes.starts_with(b"II") { ByteOrder::LittleEndian } else { ByteOrder::BigEndian };
    let little = order == ByteOrder::LittleEndian;
    let short = |bytes: &[u8], at: usize| {
        let pair = [*bytes.get(at)?, *bytes.get(at + 1)?];
        Some(if little { u16::from_le_bytes(pair) } else { u16::from_be_bytes(pair) })
    };
    // Entries of a classic TIFF are tag, type, 4-byte count, 4-byte value; in a BigTIFF count and value have 8 bytes.
    let (head, entry, value) = if short(bytes, 2)? == 43 { (8, 20, 12) } else { (2, 12, 8) };
    let first = usize::try_from(directory).ok()?.checked_add(head)?;
    let is_meaning = |at: &usize| short(bytes, *at) == Some(Tag::PhotometricInterpretation.to_u16());
    let at = (first..bytes.len()).step_by(entry).find(is_meaning)?;
    let plain = if little { [1, 0] } else { [0, 1] };
    bytes.get_mut(at + value..at + value + 2)?.copy_from_slice(&plain);
    Some(())
}

/// The decoder's error with the file and the remedy.
pub(crate) fn describe(error: &TiffError, path: &Path) -> DataError {
    match error {
        TiffError::LimitsExceeded => limits::over_the_limits(path),
        TiffError::UnsupportedError(error) => limits::unsupported(error, path),
        TiffError::IoError(error) if error.kind() != std::io::ErrorKind::UnexpectedEof => {
            DataError::content(format!("the image cannot be read ({error})"), path)
        }
        error => limits::damaged(error, path),
    }
}
