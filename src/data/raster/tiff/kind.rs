//! Which TIFFs are read in rows, and what helps with the others.

use std::path::Path;

use image::metadata::Orientation;
use tiff::tags::SampleFormat;

use super::file::{JPEG, PALETTE, TiffFile, WHITE_IS_ZERO};
use crate::data::DataError;

/// Photometric interpretation: tag 262.
const BLACK_IS_ZERO: u16 = 1;
const RGB: u16 = 2;
const YCBCR: u16 = 6;

/// Refuses what cannot be read in rows, with the conversion that helps.
pub(super) fn check(tiff: &TiffFile, path: &Path) -> Result<(), DataError> {
    let faults = [depth(tiff), colours(tiff), missing(tiff), turned(tiff)];
    match faults.into_iter().flatten().next() {
        Some((what, remedy)) => Err(DataError::content(format!("a TIFF with {what} cannot be cut: {remedy}"), path)),
        None => Ok(()),
    }
}

/// What is wrong, and what to do.
type Fault = (String, &'static str);

fn depth(tiff: &TiffFile) -> Option<Fault> {
    let is_byte = tiff.bits == 8 && tiff.format == SampleFormat::Uint;
    let what = format!("samples of {} bits that are not plain bytes", tiff.bits);
    (!is_byte).then_some((what, "convert it to 8 bits (gdal_translate -ot Byte; -scale for images)"))
}

fn colours(tiff: &TiffFile) -> Option<Fault> {
    let is_known = match tiff.meaning {
        BLACK_IS_ZERO => true,
        RGB => tiff.samples >= 3,
        YCBCR => tiff.compression == JPEG && tiff.samples == 3,
        _ => false,
    };
    let (what, remedy) = match tiff.meaning {
        PALETTE => (
            "a palette",
            "expand that of an image (gdal_translate -expand rgb); save a mask as one gray band of values",
        ),
        WHITE_IS_ZERO => {
            ("white as zero", "save it again with black as zero (gdal_translate -co PHOTOMETRIC=MINISBLACK)")
        }
        _ if !is_known => ("this colour model", "convert it to gray or RGB"),
        _ if tiff.planar => ("planar bands", "store them pixel by pixel (gdal_translate -co INTERLEAVE=PIXEL)"),
        _ => return None,
    };
    Some((what.to_owned(), remedy))
}

/// A patch has no place for missing pixels: they would become data.
fn missing(tiff: &TiffFile) -> Option<Fault> {
    let (what, remedy) = match () {
        () if tiff.alpha.is_some() => {
            ("an alpha band", "fill what is transparent, and save it without the band (gdal_translate -b 1 -b 2 -b 3)")
        }
        () if tiff.mask.is_some() => {
            ("an internal mask", "fill what is masked, and save it without the mask (gdal_translate -mask none)")
        }
        () if tiff.no_data.is_some() => (
            "a no-data value",
            "fill its pixels, in a mask with 255, and save it without the value (gdal_translate -a_nodata none)",
        ),
        () if tiff.missing_chunks.contains(&true) => {
            ("missing chunks", "write them (gdal_translate without SPARSE_OK)")
        }
        () => return None,
    };
    Some((what.to_owned(), remedy))
}

fn turned(tiff: &TiffFile) -> Option<Fault> {
    let is_turned = tiff.orientation != Orientation::NoTransforms;
    is_turned.then(|| ("an orientation tag".to_owned(), "turn its pixels upright and save it without the tag"))
}
