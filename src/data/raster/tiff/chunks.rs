//! The chunks (strips or tiles) that a TIFF stores its samples in.

use std::io::{Read, Seek};

use tiff::TiffError;
use tiff::decoder::Decoder;
use tiff::tags::Tag;

/// The grid of chunks of one image plane.
pub(crate) struct Chunks {
    /// Width and height of a whole chunk in pixels.
    pub(crate) size: [usize; 2],
    across: usize,
    down: usize,
}

impl Chunks {
    pub(crate) fn of(decoder: &Decoder<impl Read + Seek>, image: [u32; 2]) -> Self {
        let (width, height) = decoder.chunk_dimensions();
        let size = [width.max(1) as usize, height.max(1) as usize];
        let [across, down] = [0, 1].map(|i| (image[i] as usize).div_ceil(size[i]));
        Self { size, across, down }
    }

    /// Number of chunks in one plane.
    pub(crate) fn count(&self) -> usize {
        self.across * self.down
    }

    /// Numbers of the chunks of one row of chunks, from left to right.
    pub(super) fn row(&self, row: usize) -> std::ops::Range<usize> {
        row * self.across..(row + 1) * self.across
    }

    /// Pixel position of the first pixel of a chunk.
    pub(crate) fn corner(&self, chunk: usize) -> (usize, usize) {
        (chunk % self.across * self.size[0], chunk / self.across * self.size[1])
    }
}

/// For each chunk whether the writer omitted it, as GDAL does with `SPARSE_OK`; empty if none is missing.
pub(crate) fn missing_chunks(decoder: &mut Decoder<impl Read + Seek>) -> Result<Vec<bool>, TiffError> {
    let mut list = |tiles, strips| -> Result<Vec<u64>, TiffError> {
        let of_tiles = decoder.find_tag_unsigned_vec(tiles)?;
        Ok(match of_tiles {
            Some(list) => list,
            None => decoder.find_tag_unsigned_vec(strips)?.unwrap_or_default(),
        })
    };
    let offsets = list(Tag::TileOffsets, Tag::StripOffsets)?;
    let lengths = list(Tag::TileByteCounts, Tag::StripByteCounts)?;
    let missing: Vec<bool> = offsets.iter().enumerate().map(|(i, at)| *at == 0 || lengths.get(i) == Some(&0)).collect();
    Ok(if missing.contains(&true) { missing } else { Vec::new() })
}
