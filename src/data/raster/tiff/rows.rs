//! Reads a TIFF from top to bottom, some rows at a time, so that memory does not grow with its height.

use std::fs::File;
use std::io::{BufReader, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use tiff::decoder::{Decoder, DecodingResult};
use tiff::tags::Tag;

use super::chunks::Chunks;
use super::decoder::{decoder, describe};
use super::file::{JPEG, TiffFile};
use super::kind;
use super::pixel_order::{Part, push_pixels};
use crate::data::DataError;
use crate::data::raster::limits::{self, MAX_BYTES, MAX_SIDE};

/// Compression: tag 259.
const NONE: u16 = 1;

/// Photometric interpretation: tag 262.
const YCBCR: u16 = 6;

/// The rows of an 8-bit gray or RGB image. Further bands are left out.
pub(crate) struct TiffRows {
    path: PathBuf,
    width: usize,
    height: usize,
    channels: usize,
    lossy: bool,
    source: Source,
    /// Decoded rows that were not asked for yet.
    ahead: Vec<u8>,
    /// The first row that is neither taken nor skipped.
    at: usize,
}

/// Where rows come from.
enum Source {
    /// Samples as they are, in strips of any height: read row by row.
    Plain { file: File, offsets: Vec<u64>, strip_height: usize, samples: usize },
    /// Compressed strips or tiles, decoded a row of chunks at a time.
    Chunked { decoder: Box<Decoder<BufReader<File>>>, chunks: Chunks, is_ycbcr: bool },
}

impl TiffRows {
    /// Opens a file at its first row.
    ///
    /// # Errors
    /// If it cannot be read, is neither 8-bit gray nor 8-bit RGB, lacks pixels, or is too large.
    pub(crate) fn open(path: &Path) -> Result<Self, DataError> {
        limits::guarded(path, || {
            let tiff = TiffFile::open(path)?;
            kind::check(&tiff, path)?;
            let channels = if tiff.bands < 3 { 1 } else { 3 };
            let [width, height] = tiff.size.map(|side| side as usize);
            let (source, lossy) = (Source::open(&tiff, path)?, tiff.compression == JPEG);
            // A damaged directory may claim any size.
            let at_once = source.step().min(height) as u64 * width as u64 * tiff.samples as u64;
            if tiff.size.iter().any(|side| *side > MAX_SIDE) || at_once > MAX_BYTES {
                return Err(limits::over_the_limits(path));
            }
            Ok(Self { path: path.to_owned(), width, height, channels, lossy, source, ahead: Vec::new(), at: 0 })
        })
    }

    /// Width and height in pixels.
    pub(crate) fn size(&self) -> [u32; 2] {
        [self.width as u32, self.height as u32]
    }

    /// Samples per pixel of [`Self::read`]: 1 or 3.
    pub(crate) fn channels(&self) -> usize {
        self.channels
    }

    /// Whether values are close to the original, not equal.
    pub(crate) fn is_lossy(&self) -> bool {
        self.lossy
    }

    /// `count` rows from row `first` on, as interleaved samples. Rows can only be read downwards: those above `first` are
    /// skipped, and whole strips of them are not decoded.
    ///
    /// # Errors
    /// If the file is damaged, or has no such rows.
    pub(crate) fn read(&mut self, first: usize, count: usize) -> Result<Vec<u8>, DataError> {
        if first < self.at || first + count > self.height {
            return Err(limits::damaged(&format!("rows {first} to {} are out of reach", first + count), &self.path));
        }
        let path = self.path.clone();
        limits::guarded(&path, || {
            self.skip(first - self.at)?;
            let bytes = count * self.width * self.channels;
            while self.ahead.len() < bytes {
                self.decode_next()?;
            }
            self.at += count;
            Ok(self.ahead.drain(..bytes).collect())
        })
    }

    #[cfg(test)]
    fn is_plain(&self) -> bool {
        matches!(self.source, Source::Plain { .. })
    }

    fn skip(&mut self, mut rows: usize) -> Result<(), DataError> {
        let row_bytes = self.width * self.channels;
        while rows > 0 {
            let next = self.next_row();
            let height = self.source.step().min(self.height - next);
            if self.ahead.is_empty() && height <= rows {
                (self.at, rows) = (self.at + height, rows - height);
                continue;
            }
            if self.ahead.is_empty() {
                self.decode_next()?;
            }
            let dropped = rows.min(self.ahead.len() / row_bytes);
            self.ahead.drain(..dropped * row_bytes);
            (self.at, rows) = (self.at + dropped, rows - dropped);
        }
        Ok(())
    }

    /// The first row that is not decoded yet.
    fn next_row(&self) -> usize {
        self.at + self.ahead.len() / (self.width * self.channels)
    }

    /// Decodes the next row of chunks, or the next row.
    fn decode_next(&mut self) -> Result<(), DataError> {
        let row = self.next_row();
        match &mut self.source {
            Source::Plain { file, offsets, strip_height, samples } => {
                let row_bytes = self.width * *samples;
                let offset = offsets[row / *strip_height] + (row % *strip_height * row_bytes) as u64;
                let mut line = vec![0; row_bytes];
                let read = file.seek(SeekFrom::Start(offset)).and_then(|_| file.read_exact(&mut line));
                read.map_err(|error| limits::damaged(&error, &self.path))?;
                push_pixels(&mut self.ahead, &line, *samples, self.channels);
            }
            Source::Chunked { decoder, chunks, is_ycbcr } => {
                let rows = chunks.size[1].min(self.height - row);
                let before = self.ahead.len();
                self.ahead.resize(before + rows * self.width * self.channels, 0);
                for chunk in chunks.row(row / chunks.size[1]) {
                    let decoded = decoder.read_chunk(chunk as u32).map_err(|error| describe(&error, &self.path))?;
                    let DecodingResult::U8(samples) = decoded else {
                        return Err(limits::damaged(&"its samples do not have 8 bits", &self.path));
                    };
                    let (wide, high) = decoder.chunk_data_dimensions(chunk as u32);
                    let part = Part { samples: &samples, size: [wide as usize, high as usize], is_ycbcr: *is_ycbcr };
                    part.paste(&mut self.ahead[before..], chunks.corner(chunk).0, self.width, self.channels);
                }
            }
        }
        Ok(())
    }
}

impl Source {
    fn open(tiff: &TiffFile, path: &Path) -> Result<Self, DataError> {
        let open = || File::open(path).map_err(DataError::io("cannot open the image", path));
        let error = |error| describe(&error, path);
        let mut decoder = decoder(BufReader::new(open()?)).map_err(error)?;
        let chunks = Chunks::of(&decoder, tiff.size);
        let offsets: Option<Vec<u64>> = decoder.find_tag_unsigned_vec(Tag::StripOffsets).map_err(error)?;
        match offsets {
            Some(offsets) if tiff.compression == NONE && offsets.len() >= chunks.count() => {
                Ok(Self::Plain { file: open()?, offsets, strip_height: chunks.size[1], samples: tiff.samples })
            }
            _ => Ok(Self::Chunked { decoder: Box::new(decoder), chunks, is_ycbcr: tiff.meaning == YCBCR }),
        }
    }

    /// How many rows are decoded together.
    fn step(&self) -> usize {
        match self {
            Self::Plain { .. } => 1,
            Self::Chunked { chunks, .. } => chunks.size[1],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Files below a folder.
    fn files(folder: &Path) -> Vec<PathBuf> {
        let entries: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        let (folders, mut files): (Vec<PathBuf>, Vec<PathBuf>) = entries.into_iter().partition(|path| path.is_dir());
        files.extend(folders.iter().flat_map(|folder| self::files(folder)));
        files
    }

    /// All rows of a file in uneven portions, as RGB; some rows are skipped if `gaps`, and come as black.
    fn rgb(path: &Path, gaps: bool) -> Option<Vec<u8>> {
        let mut rows = TiffRows::open(path).ok()?;
        let [width, height] = rows.size().map(|side| side as usize);
        let (mut all, mut at) = (vec![0; width * height * 3], 0);
        for count in [7, 64, 1, 200].into_iter().cycle() {
            let count = count.min(height - at);
            if !(gaps && count == 64) {
                let samples = rows.read(at, count).ok()?;
                let pixels =
                    samples.chunks_exact(rows.channels()).flat_map(|pixel| [0, 1, 2].map(|i| pixel[i % pixel.len()]));
                all.splice(at * width * 3..(at + count) * width * 3, pixels);
            }
            at += count;
            if at == height {
                return Some(all);
            }
        }
        None
    }

    #[test]
    fn rows_equal_the_whole_image_for_every_kind_of_file() {
        let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/fixtures/geotiff-variants"));
        if !folder.is_dir() {
            return skipped();
        }
        let (mut compared, mut tiled) = (0, 0);
        for path in files(folder) {
            let Some(rows) = rgb(&path, false) else { continue };
            let Ok(whole) = crate::data::raster::images::decode(&path) else { continue };
            let differs = rows.iter().zip(whole.rgb.as_raw()).any(|(a, b)| a.abs_diff(*b) > 2);
            assert!(rows.len() == whole.rgb.as_raw().len() && !differs, "{}", path.display());
            compared += 1;
            tiled += usize::from(!TiffRows::open(&path).unwrap().is_plain());
            let gaps = rgb(&path, true).unwrap();
            let row_bytes = whole.rgb.width() as usize * 3;
            for (row, (gap, want)) in gaps.chunks(row_bytes).zip(rows.chunks(row_bytes)).enumerate() {
                let skipped = (7..71).contains(&(row % 272)) && gap.iter().all(|value| *value == 0);
                assert!(gap == want || skipped, "{}: row {row}", path.display());
            }
        }
        assert!(compared >= 20 && tiled >= 10, "{compared} files compared, {tiled} compressed");
    }

    /// A TIFF of one strip: 2×2 pixels of `bands` bytes, counted from 0, black as zero, and further entries of the directory.
    fn of_bands(bands: u16, more: &[(u16, u16)]) -> tempfile::NamedTempFile {
        let mut entries = vec![(256, 2), (257, 2), (258, 8), (259, 1), (262, 1), (273, 8), (277, bands), (278, 2)];
        entries.push((279, 4 * bands));
        entries.extend_from_slice(more);
        entries.sort_unstable();
        let mut bytes = b"II*\0".to_vec();
        bytes.extend((8 + 4 * u32::from(bands)).to_le_bytes());
        bytes.extend((0..4 * bands).map(|sample| sample as u8));
        bytes.extend((entries.len() as u16).to_le_bytes());
        for (tag, value) in entries {
            bytes.extend([tag, 3, 1, 0, value, 0].iter().flat_map(|word: &u16| word.to_le_bytes()));
        }
        bytes.extend([0; 4]);
        let file = tempfile::Builder::new().suffix(".tif").tempfile().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        file
    }

    #[test]
    fn the_first_three_of_four_plain_bands_are_colours() {
        let file = of_bands(4, &[]);
        let whole = crate::data::raster::images::decode(file.path()).unwrap();
        let colours = vec![0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14];
        assert_eq!(whole.rgb.as_raw(), &colours, "as the window shows it");
        let mut rows = TiffRows::open(file.path()).unwrap();
        assert_eq!((rows.channels(), rows.read(0, 2).unwrap()), (3, colours));
        let mut two = TiffRows::open(of_bands(2, &[]).path()).unwrap();
        assert_eq!((two.channels(), two.read(1, 1).unwrap()), (1, vec![4, 6]));
    }

    #[test]
    fn what_cannot_be_cut_names_a_remedy_that_helps() {
        for (more, words) in [((338, 2), ["an alpha band", "-b 3"]), ((274, 6), ["an orientation tag", "upright"])] {
            let error = TiffRows::open(of_bands(4, &[more]).path()).err().unwrap().to_string();
            assert!(words.iter().all(|word| error.contains(word)), "{error}");
        }
    }

    #[test]
    fn a_size_that_only_a_damaged_file_can_have_is_refused() {
        let file = of_bands(1, &[]);
        let mut bytes = std::fs::read(file.path()).unwrap();
        let width = bytes.windows(4).position(|entry| entry == [0, 1, 3, 0]).unwrap() + 8;
        bytes[width..width + 2].copy_from_slice(&u16::MAX.to_le_bytes());
        std::fs::write(file.path(), bytes).unwrap();
        assert!(TiffRows::open(file.path()).err().unwrap().to_string().contains("pixels a side"));
    }

    #[allow(clippy::print_stderr, reason = "a skipped test says so")]
    fn skipped() {
        eprintln!("skipped: fixtures absent");
    }
}
