//! Reads what the `image` crate does not expose of PNG files: stored mask values, palette indices and the orientation.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use image::metadata::Orientation;
use png::{ColorType, Decoder, Limits, Transformations};

use super::limits::{self, MAX_BYTES};
use super::mask_raster::{MaskRaster, Pixels};
use crate::data::DataError;

/// Decodes a mask of one channel to the values or indices as stored. `None` for colour images.
pub(crate) fn mask(path: &Path) -> Result<Option<MaskRaster>, DataError> {
    let file = File::open(path).map_err(DataError::io("cannot open the image", path))?;
    let mut decoder = Decoder::new_with_limits(BufReader::new(file), Limits { bytes: MAX_BYTES as usize });
    decoder.set_transformations(Transformations::IDENTITY);
    let mut reader = decoder.read_info().map_err(|error| limits::damaged(&error, path))?;
    let info = reader.info();
    if !matches!(info.color_type, ColorType::Grayscale | ColorType::Indexed) {
        return Ok(None);
    }
    let (size, bits, color) = ([info.width, info.height], info.bit_depth as u8, info.color_type);
    let palette: Vec<u8> = info.palette.as_deref().unwrap_or_default().to_vec();
    let transparency: Vec<u8> = info.trns.as_deref().unwrap_or_default().to_vec();
    let length = reader.output_buffer_size().ok_or_else(|| limits::over_the_limits(path))?;
    let mut data = vec![0; length];
    reader.next_frame(&mut data).map_err(|error| limits::damaged(&error, path))?;
    let line = reader.output_line_size(size[0]).unwrap_or(1).max(1);
    let values = unpack(&data, size[0] as usize, line, bits);
    let (pixels, no_data) = if color == ColorType::Indexed {
        let colors = palette.as_chunks::<3>().0.to_vec();
        let transparent = (0..=255).filter(|i: &u8| transparency.get(usize::from(*i)) == Some(&0)).collect();
        (Pixels::Indices { indices: values.narrow(), colors, transparent }, None)
    } else {
        let transparent = transparency.first_chunk::<2>().map(|pair| i32::from(u16::from_be_bytes(*pair)));
        (values, transparent)
    };
    Ok(Some(MaskRaster { size, pixels, valid: None, no_data, lossy: false }))
}

/// Unpacks rows of packed samples to one value per pixel. Each row starts at a whole byte.
fn unpack(data: &[u8], width: usize, line: usize, bits: u8) -> Pixels {
    let rows = data.chunks_exact(line);
    match bits {
        16 => {
            let wide = |row: &[u8]| -> Vec<i32> {
                row.as_chunks::<2>().0.iter().map(|pair| i32::from(u16::from_be_bytes(*pair))).collect()
            };
            Pixels::Values(rows.flat_map(wide).collect())
        }
        8 => Pixels::Values8(data.to_vec()),
        bits => {
            let (per_byte, most) = (8 / usize::from(bits), (1_u8 << bits) - 1);
            let sample =
                |row: &[u8], x: usize| row[x / per_byte] >> (8 - usize::from(bits) * (x % per_byte + 1)) & most;
            Pixels::Values8(rows.flat_map(|row| (0..width).map(move |x| sample(row, x))).collect())
        }
    }
}

/// The orientation in the `eXIf` chunk, wherever that is in the file.
pub(crate) fn orientation(path: &Path) -> Orientation {
    exif(path)
        .ok()
        .flatten()
        .and_then(|chunk| Orientation::from_exif_chunk(&chunk))
        .unwrap_or(Orientation::NoTransforms)
}

fn exif(path: &Path) -> std::io::Result<Option<Vec<u8>>> {
    /// Maximum chunk length in bytes that is read.
    const MAX_CHUNK: u32 = 1 << 20;
    let mut file = BufReader::new(File::open(path)?);
    file.seek(SeekFrom::Start(8))?;
    let mut head = [0; 8];
    while file.read_exact(&mut head).is_ok() {
        let length = u32::from_be_bytes([head[0], head[1], head[2], head[3]]);
        if &head[4..] == b"eXIf" && length <= MAX_CHUNK {
            let mut chunk = vec![0; length as usize];
            file.read_exact(&mut chunk)?;
            return Ok(Some(chunk));
        }
        file.seek_relative(i64::from(length) + 4)?;
    }
    Ok(None)
}
