//! Decodes image files within limits, to 8-bit RGB. Headers can be read without decoding.

use std::fmt::Display;
use std::io::Read;
use std::path::Path;

use image::{
    ColorType, DynamicImage, ExtendedColorType, ImageBuffer, ImageDecoder, ImageError, ImageFormat, ImageReader,
    Limits, RgbImage,
};

use super::DataError;
use super::stretch::{Valid, stretch};
use super::tiff_file::TiffFile;
use crate::domain::panic;

/// Longest side that is decoded.
pub(super) const MAX_SIDE: u32 = 30_000;

/// Most memory one decoded file may take.
pub(super) const MAX_BYTES: u64 = 2 << 30;

/// What a file's header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// Width and height.
    pub(super) size: [u32; 2],
    /// One gray channel, no palette.
    pub(super) gray: bool,
    /// What gray values of fewer than 8 bits were multiplied with to fill 8.
    pub(super) gray_scale: u8,
    /// A JPEG: values are near what was drawn, not equal to it.
    pub(super) lossy: bool,
    /// Bands, alpha left out.
    pub(super) bands: u16,
}

impl Header {
    /// What a user should know of bands that are not used.
    pub(super) fn bands_note(&self) -> Option<String> {
        match self.bands {
            1 | 3 => None,
            2 => Some("2 bands: the first is shown and learned from as gray, the other is not used".to_owned()),
            bands => Some(format!(
                "{bands} bands: the first three are taken for red, green and blue, the others are not used"
            )),
        }
    }
}

/// Reads a file's header. Refuses what would be too large to decode.
pub(super) fn read_header(path: &Path) -> Result<Header, DataError> {
    guarded(path, || {
        let reader = open(path)?;
        if let Some(tiff) = unusual_tiff(&reader, path)? {
            return Ok(tiff.header());
        }
        let lossy = reader.format() == Some(ImageFormat::Jpeg);
        let decoder = reader.into_decoder().map_err(|error| describe(&error, path))?;
        let (width, height) = decoder.dimensions();
        if decoder.total_bytes() > MAX_BYTES {
            return Err(too_large(path, width, height));
        }
        let gray = matches!(decoder.color_type(), ColorType::L8 | ColorType::L16 | ColorType::La8 | ColorType::La16);
        let bits =
            if decoder.original_color_type() == ExtendedColorType::L1 { 1 } else { png_gray_bits(path).unwrap_or(8) };
        let gray_scale = match bits {
            1 => 255,
            2 => 85,
            4 => 17,
            _ => 1,
        };
        Ok(Header { size: [width, height], gray, gray_scale, lossy, bands: if gray { 1 } else { 3 } })
    })
}

/// Decodes a mask to whatever it holds; a palette TIFF to its indices if masks are read `by_value`, else to its colours.
pub(super) fn decode_mask(path: &Path, by_value: bool) -> Result<DynamicImage, DataError> {
    guarded(path, || {
        let reader = open(path)?;
        match unusual_tiff(&reader, path)? {
            Some(tiff) => tiff.mask(by_value),
            None => decode(reader, path),
        }
    })
}

/// Decodes an image to 8-bit RGB: gray is repeated, alpha dropped, deeper values are stretched. Of more than three bands
/// the first three are taken.
pub fn decode_rgb(path: &Path) -> Result<RgbImage, DataError> {
    guarded(path, || {
        let reader = open(path)?;
        if let Some(tiff) = unusual_tiff(&reader, path)? {
            return tiff.rgb();
        }
        Ok(match decode(reader, path)? {
            DynamicImage::ImageRgb8(image) => image,
            image @ (DynamicImage::ImageLuma16(_)
            | DynamicImage::ImageLumaA16(_)
            | DynamicImage::ImageRgb16(_)
            | DynamicImage::ImageRgba16(_)) => stretch_16(&image.into_rgb16()),
            DynamicImage::ImageRgba8(image) => drop_alpha(&image),
            image => image.into_rgb8(),
        })
    })
}

/// What a user should know of how an image is read; `None` if there is nothing, or if it cannot be read.
pub fn reading_note(path: &Path) -> Option<String> {
    let note = read_header(path).ok()?.bands_note()?;
    Some(format!("the image has {note}: {}", path.display()))
}

/// A smaller copy that fits a square of `side` pixels; small images are not enlarged.
pub fn shrink(image: &RgbImage, side: u32) -> RgbImage {
    let (width, height) = image.dimensions();
    let scale = (f64::from(side.max(1)) / f64::from(width.max(height).max(1))).min(1.0);
    let fit = |n: u32| ((f64::from(n) * scale).round() as u32).max(1);
    image::imageops::thumbnail(image, fit(width), fit(height))
}

type Reader = ImageReader<std::io::BufReader<std::fs::File>>;

/// Opens a file for decoding; the content, not the ending, tells the format.
fn open(path: &Path) -> Result<Reader, DataError> {
    let mut reader = ImageReader::open(path)
        .and_then(ImageReader::with_guessed_format)
        .map_err(DataError::io("cannot open the image (check that it exists and that you may read it)", path))?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_BYTES);
    reader.limits(limits);
    Ok(reader)
}

/// The file as our own reader sees it, if it is a TIFF that the `image` crate does not read in full.
fn unusual_tiff(reader: &Reader, path: &Path) -> Result<Option<TiffFile>, DataError> {
    if reader.format() == Some(ImageFormat::Tiff) { TiffFile::open(path) } else { Ok(None) }
}

fn decode(reader: Reader, path: &Path) -> Result<DynamicImage, DataError> {
    if reader.format() == Some(ImageFormat::Jpeg) {
        check_complete(path)?;
    }
    reader.decode().map_err(|error| describe(&error, path))
}

/// Turns a decoder's panic into an error: files from strangers must not end the program.
fn guarded<T>(path: &Path, read: impl FnOnce() -> Result<T, DataError>) -> Result<T, DataError> {
    panic::caught(read)
        .unwrap_or_else(|_| Err(DataError::content("the file is damaged and cannot be decoded: export it again", path)))
}

fn describe(error: &ImageError, path: &Path) -> DataError {
    match error {
        ImageError::Limits(_) => over_the_limits(path),
        ImageError::Unsupported(error) => unsupported(error, path),
        ImageError::IoError(error) if error.kind() != std::io::ErrorKind::UnexpectedEof => {
            DataError::content(format!("the image cannot be read ({error})"), path)
        }
        error => damaged(error, path),
    }
}

pub(super) fn over_the_limits(path: &Path) -> DataError {
    DataError::content(
        format!("the image is larger than {MAX_SIDE} pixels a side or 2 GiB decoded: cut it into tiles"),
        path,
    )
}

pub(super) fn unsupported(error: &impl Display, path: &Path) -> DataError {
    DataError::content(
        format!("this kind of image cannot be read ({error}): convert it to 8- or 16-bit RGB or gray"),
        path,
    )
}

pub(super) fn damaged(error: &impl Display, path: &Path) -> DataError {
    DataError::content(format!("the image is damaged or incomplete ({error}): copy or export it again"), path)
}

pub(super) fn too_large(path: &Path, width: u32, height: u32) -> DataError {
    DataError::content(format!("{width}×{height} pixels take more than 2 GiB decoded: cut the image into tiles"), path)
}

/// A truncated JPEG decodes to gray without complaint, so its end is checked: within a scan neither marker can occur,
/// and a thumbnail's end stands before the scan's start.
fn check_complete(path: &Path) -> Result<(), DataError> {
    let bytes = std::fs::read(path).map_err(DataError::io("cannot read the image", path))?;
    let last = |marker: u8| bytes.windows(2).rposition(|pair| pair == [0xff, marker]);
    if last(0xd9) > last(0xda) {
        return Ok(());
    }
    Err(DataError::content("the JPEG is incomplete, its end is missing: copy it again", path))
}

/// Bits of a gray PNG's pixels, which the decoder widens to 8.
fn png_gray_bits(path: &Path) -> Option<u8> {
    let mut head = [0_u8; 26];
    std::fs::File::open(path).ok()?.read_exact(&mut head).ok()?;
    (head.starts_with(b"\x89PNG") && head[25] == 0).then_some(head[24])
}

fn drop_alpha(image: &image::RgbaImage) -> RgbImage {
    let data = image.as_raw().chunks_exact(4).flat_map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect();
    ImageBuffer::from_raw(image.width(), image.height(), data).unwrap_or_default()
}

fn stretch_16(image: &ImageBuffer<image::Rgb<u16>, Vec<u16>>) -> RgbImage {
    let samples = image.as_raw();
    stretch([image.width(), image.height()], Valid::UNSIGNED, |pixel, band| f64::from(samples[pixel * 3 + band]))
}

#[cfg(test)]
mod tests {
    use image::{Luma, Rgb};

    use super::*;

    #[test]
    fn gray_and_alpha_become_rgb() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("g.png");
        image::GrayImage::from_pixel(3, 2, Luma([9])).save(&path).unwrap();
        assert_eq!(decode_rgb(&path).unwrap().get_pixel(2, 1).0, [9, 9, 9]);
        assert_eq!(
            read_header(&path).unwrap(),
            Header { size: [3, 2], gray: true, gray_scale: 1, lossy: false, bands: 1 }
        );
        image::RgbaImage::from_pixel(3, 2, image::Rgba([1, 2, 3, 0])).save(&path).unwrap();
        assert_eq!(decode_rgb(&path).unwrap().get_pixel(0, 0).0, [1, 2, 3]);
        assert!(!read_header(&path).unwrap().gray);
    }

    #[test]
    fn a_truncated_jpeg_is_an_error_that_names_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("cut.jpg");
        RgbImage::from_fn(64, 64, |x, y| Rgb([(x * y) as u8, x as u8, y as u8])).save(&path).unwrap();
        assert!(decode_rgb(&path).is_ok());
        let bytes = std::fs::read(&path).unwrap();
        std::fs::write(&path, &bytes[..bytes.len() * 2 / 3]).unwrap();
        let message = decode_rgb(&path).unwrap_err().to_string();
        assert!(message.contains("incomplete") && message.contains("cut.jpg"), "{message}");
    }

    #[test]
    fn what_is_no_image_is_said_so() {
        let dir = tempfile::tempdir().unwrap();
        for (name, content) in [("empty.png", &b""[..]), ("text.jpg", b"hello"), ("half.png", b"\x89PNG\r\n\x1a\n\0\0")]
        {
            let path = dir.path().join(name);
            std::fs::write(&path, content).unwrap();
            assert!(read_header(&path).unwrap_err().to_string().contains(name));
        }
        assert!(read_header(&dir.path().join("none.png")).is_err());
    }

    #[test]
    fn an_image_that_would_not_fit_is_refused_by_its_header() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("huge.bmp");
        image::GrayImage::new(4, 4).save_with_format(&path, ImageFormat::Bmp).unwrap();
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[18..22].copy_from_slice(&40_000_i32.to_le_bytes());
        std::fs::write(&path, bytes).unwrap();
        let message = read_header(&path).unwrap_err().to_string();
        assert!(message.contains("cut it into tiles") || message.contains("cut the image"), "{message}");
    }

    #[test]
    fn shrinking_keeps_the_shape() {
        let image = RgbImage::from_pixel(200, 100, Rgb([10, 20, 30]));
        let small = shrink(&image, 50);
        assert_eq!(small.dimensions(), (50, 25));
        assert_eq!(small.get_pixel(20, 10).0, [10, 20, 30]);
        assert_eq!(shrink(&image, 500).dimensions(), (200, 100));
    }
}
