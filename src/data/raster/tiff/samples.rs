//! Decodes the samples of a TIFF as stored.

use std::fs::File;
use std::io::{BufReader, Cursor, Read, Seek};

use tiff::TiffError;
use tiff::decoder::{Decoder, DecodingResult};

use super::chunks::Chunks;
use super::decoder::{declare_plain_bands, decoder, describe, limits};
use super::file::{PLAIN, TiffFile};
use crate::data::DataError;

impl TiffFile {
    /// For each pixel whether its chunk is missing; empty if no chunk is.
    pub(super) fn missing(&self) -> Vec<bool> {
        self.missing_chunks.is_empty().then(Vec::new).unwrap_or_else(|| self.missing_pixels().unwrap_or_default())
    }

    fn missing_pixels(&self) -> Option<Vec<bool>> {
        let file = File::open(&self.path).ok()?;
        let mut decoder = decoder(BufReader::new(file)).ok()?;
        decoder.seek_to_image(self.place).ok()?;
        let chunks = Chunks::of(&decoder, self.size);
        let mut missing = vec![false; self.pixel_count()];
        for (number, _) in self.missing_chunks.iter().enumerate().filter(|(_, is_missing)| **is_missing) {
            let (x, y) = chunks.corner(number % chunks.count());
            for row in y..(y + chunks.size[1]).min(self.size[1] as usize) {
                let line = &mut missing[row * self.size[0] as usize..][..self.size[0] as usize];
                line[x..(x + chunks.size[0]).min(self.size[0] as usize)].fill(true);
            }
        }
        Some(missing)
    }

    /// All samples as stored. The `tiff` crate does not support palettes, inverts white-is-zero and drops bands that the colour
    /// model does not need. The directory is therefore patched to declare plain bands.
    pub(super) fn decode(&self) -> Result<DecodingResult, DataError> {
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
        if !self.planar && self.missing_chunks.is_empty() {
            decoder.read_image_to_buffer(&mut pixels)?;
            return Ok(pixels);
        }
        pixels.resize_to(&decoder.image_buffer_layout()?, &limits())?;
        for plane in 0..if self.planar { self.samples } else { 1 } {
            self.read_plane(plane, decoder, &mut pixels)?;
        }
        Ok(pixels)
    }

    /// Reads one plane chunk by chunk. Reading the image at once fails: the decoder treats the cropped bottom tiles of all
    /// planes but the first as whole ones, and reads missing chunks from the start of the file.
    fn read_plane(
        &self,
        plane: usize,
        decoder: &mut Decoder<impl Read + Seek>,
        pixels: &mut DecodingResult,
    ) -> Result<(), TiffError> {
        let [width, height] = self.size.map(|side| side as usize);
        let chunks = Chunks::of(decoder, self.size);
        let pixel_bits = usize::from(self.bits) * if self.planar { 1 } else { self.samples };
        let bytes = |pixels: usize| (pixels * pixel_bits).div_ceil(8);
        let mut all = pixels.as_buffer(0);
        for chunk in 0..chunks.count() {
            let number = plane * chunks.count() + chunk;
            if self.missing_chunks.get(number) == Some(&true) {
                continue;
            }
            let line_bytes = bytes(decoder.chunk_data_dimensions(number as u32).0 as usize);
            let mut read = decoder.read_chunk(number as u32)?;
            let (x, y) = chunks.corner(chunk);
            for (row, line) in read.as_buffer(0).as_bytes().chunks_exact(line_bytes).take(height - y).enumerate() {
                let start = (plane * height + y + row) * bytes(width) + x * pixel_bits / 8;
                all.as_bytes_mut()[start..start + line.len()].copy_from_slice(line);
            }
        }
        Ok(())
    }

    /// Unpacks samples of fewer than 8 bits. Each row starts at a whole byte.
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
}
