//! One patch: its two files, whether they are complete, and how they are written.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, ImageEncoder as _};

use super::grid::SIDE;
use crate::data::DataError;
use crate::data::export::save::png_bytes;
use crate::data::files::write;

/// Quality of the JPEG files, as OpenCV writes them by default.
const QUALITY: u8 = 95;

/// First and last bytes of the two formats.
const JPEG: [&[u8]; 2] = [&[0xFF, 0xD8], &[0xFF, 0xD9]];
const PNG: [&[u8]; 2] = [b"\x89PNG\r\n\x1a\n", b"IEND\xae\x42\x60\x82"];

/// The two files of a patch.
pub(super) struct Patch {
    image: PathBuf,
    mask: PathBuf,
    /// Its column in the grid.
    pub(super) column: u32,
}

impl Patch {
    pub(super) fn new(folder: &Path, scene: &str, (number, column): (u32, u32)) -> Self {
        let file = |ending: &str| folder.join(format!("{scene}_{number}{ending}"));
        Self { image: file(".jpg"), mask: file("_m.png"), column }
    }

    /// Whether both files are there, whole and of the right size.
    pub(super) fn is_complete(&self) -> bool {
        let has_size = |path: &Path| image::image_dimensions(path).is_ok_and(|size| size == (SIDE, SIDE));
        let is_whole = |path: &Path, ends| has_ends(path, ends).unwrap_or(false) && has_size(path);
        is_whole(&self.image, JPEG) && is_whole(&self.mask, PNG)
    }

    /// Writes both files from RGB and from class indices, each whole or not at all.
    pub(super) fn write(&self, rgb: &[u8], indices: &[u8]) -> Result<(), DataError> {
        let mut jpeg = Vec::new();
        JpegEncoder::new_with_quality(&mut jpeg, QUALITY)
            .write_image(rgb, SIDE, SIDE, ExtendedColorType::Rgb8)
            .map_err(|error| DataError::content(format!("cannot encode the patch ({error})"), &self.image))?;
        let png = png_bytes(&self.mask, indices, [SIDE; 2], ExtendedColorType::L8)?;
        write::unsynced(&self.image, &jpeg)?;
        write::unsynced(&self.mask, &png)
    }
}

/// Whether a file begins and ends with these bytes.
fn has_ends(path: &Path, [first, last]: [&[u8]; 2]) -> std::io::Result<bool> {
    let mut file = File::open(path)?;
    let (mut head, mut tail) = (vec![0; first.len()], vec![0; last.len()]);
    file.read_exact(&mut head)?;
    file.seek(SeekFrom::End(-(last.len() as i64)))?;
    file.read_exact(&mut tail)?;
    Ok(head == first && tail == last)
}
