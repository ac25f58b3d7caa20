//! Decodes image files within limits, to 8-bit RGB. Headers can be read without decoding.

use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use image::{
    ColorType, DynamicImage, ExtendedColorType, ImageBuffer, ImageDecoder, ImageError, ImageFormat, ImageReader,
    Limits, RgbImage,
};
use rayon::prelude::{IndexedParallelIterator, ParallelIterator, ParallelSliceMut};

use super::DataError;

/// Longest side that is decoded.
const MAX_SIDE: u32 = 30_000;

/// Most memory one decoded file may take.
const MAX_BYTES: u64 = 2 << 30;

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
}

/// Reads a file's header. Refuses what would be too large to decode.
pub(super) fn read_header(path: &Path) -> Result<Header, DataError> {
    guarded(path, || {
        let reader = open(path)?;
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
        Ok(Header { size: [width, height], gray, gray_scale, lossy })
    })
}

/// Decodes a file to whatever it holds.
pub(super) fn decode(path: &Path) -> Result<DynamicImage, DataError> {
    guarded(path, || {
        let reader = open(path)?;
        if reader.format() == Some(ImageFormat::Jpeg) {
            check_complete(path)?;
        }
        reader.decode().map_err(|error| describe(&error, path))
    })
}

/// Decodes an image to 8-bit RGB: gray is repeated, alpha dropped, deeper values are stretched.
pub fn decode_rgb(path: &Path) -> Result<RgbImage, DataError> {
    let image = match decode(path)? {
        DynamicImage::ImageRgb8(image) => image,
        image @ (DynamicImage::ImageLuma16(_)
        | DynamicImage::ImageLumaA16(_)
        | DynamicImage::ImageRgb16(_)
        | DynamicImage::ImageRgba16(_)) => stretch(&image.into_rgb16()),
        DynamicImage::ImageRgba8(image) => drop_alpha(&image),
        image @ (DynamicImage::ImageRgb32F(_) | DynamicImage::ImageRgba32F(_)) => stretch(&quantise(image)),
        image => image.into_rgb8(),
    };
    Ok(image)
}

/// A smaller copy that fits a square of `side` pixels; small images are not enlarged.
pub(super) fn shrink(image: &RgbImage, side: u32) -> RgbImage {
    let (width, height) = image.dimensions();
    let scale = (f64::from(side.max(1)) / f64::from(width.max(height).max(1))).min(1.0);
    let fit = |n: u32| ((f64::from(n) * scale).round() as u32).max(1);
    image::imageops::thumbnail(image, fit(width), fit(height))
}

/// Opens a file for decoding; the content, not the ending, tells the format.
fn open(path: &Path) -> Result<ImageReader<std::io::BufReader<std::fs::File>>, DataError> {
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

/// Turns a decoder's panic into an error: files from strangers must not end the program.
fn guarded<T>(path: &Path, read: impl FnOnce() -> Result<T, DataError>) -> Result<T, DataError> {
    catch_unwind(AssertUnwindSafe(read))
        .unwrap_or_else(|_| Err(DataError::content("the file is damaged and cannot be decoded: export it again", path)))
}

fn describe(error: &ImageError, path: &Path) -> DataError {
    match error {
        ImageError::Limits(_) => DataError::content(
            format!("the image is larger than {MAX_SIDE} pixels a side or 2 GiB decoded: cut it into tiles"),
            path,
        ),
        ImageError::Unsupported(error) => DataError::content(
            format!("this kind of image cannot be read ({error}): convert it to 8- or 16-bit RGB or gray"),
            path,
        ),
        ImageError::IoError(error) if error.kind() != std::io::ErrorKind::UnexpectedEof => {
            DataError::content(format!("the image cannot be read ({error})"), path)
        }
        error => {
            DataError::content(format!("the image is damaged or incomplete ({error}): copy or export it again"), path)
        }
    }
}

fn too_large(path: &Path, width: u32, height: u32) -> DataError {
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

/// Stretches each band so that its 2nd to 98th percentile fills 8 bits. Value 0, which is "no data" in most scenes,
/// is left out of the percentiles.
fn stretch(image: &ImageBuffer<image::Rgb<u16>, Vec<u16>>) -> RgbImage {
    let (width, height) = image.dimensions();
    let tables: Vec<Vec<u8>> =
        (0..3).map(|band| stretch_table(image.as_raw()[band.min(image.as_raw().len())..].iter().step_by(3))).collect();
    let mut data = vec![0; image.as_raw().len()];
    let row = (width as usize * 3).max(1);
    data.par_chunks_mut(row).enumerate().for_each(|(y, line)| {
        let source = &image.as_raw()[y * row..][..line.len()];
        for (i, (to, &from)) in line.iter_mut().zip(source).enumerate() {
            *to = tables[i % 3][usize::from(from)];
        }
    });
    ImageBuffer::from_raw(width, height, data).unwrap_or_default()
}

fn stretch_table<'a>(values: impl Iterator<Item = &'a u16>) -> Vec<u8> {
    let mut histogram = vec![0_u64; 1 << 16];
    for &value in values {
        histogram[usize::from(value)] += 1;
    }
    histogram[0] = 0;
    let total: u64 = histogram.iter().sum();
    let percentile = |share: f64| {
        let mut below = 0;
        histogram.iter().position(|&n| {
            below += n;
            below as f64 >= (total as f64 * share).max(1.0)
        })
    };
    let low = percentile(0.02).unwrap_or(0) as f64;
    let high = (percentile(0.98).unwrap_or(0) as f64).max(low + 1.0);
    (0..=u16::MAX)
        .map(|value| ((f64::from(value) - low) / (high - low) * 255.0).round().clamp(0.0, 255.0) as u8)
        .collect()
}

/// Floating-point pixels as 16-bit ones, scaled by their finite range.
fn quantise(image: DynamicImage) -> ImageBuffer<image::Rgb<u16>, Vec<u16>> {
    let image = image.into_rgb32f();
    let finite = || image.as_raw().iter().copied().filter(|value| value.is_finite());
    let low = finite().fold(f32::INFINITY, f32::min);
    let span = (finite().fold(f32::NEG_INFINITY, f32::max) - low).max(f32::MIN_POSITIVE);
    let (width, height) = image.dimensions();
    let scaled = image
        .as_raw()
        .iter()
        .map(|value| if value.is_finite() { 1 + ((value - low) / span * 65_534.0) as u16 } else { 0 });
    ImageBuffer::from_raw(width, height, scaled.collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use image::{Luma, Rgb};

    use super::*;

    #[test]
    fn deep_values_are_stretched_not_shifted() {
        // 11-bit values: a naive shift by 8 would leave at most 7 levels.
        let image = ImageBuffer::from_fn(100, 100, |x, y| Rgb([(x * 20) as u16, (y * 20) as u16, 2047]));
        let rgb = stretch(&image);
        let levels: std::collections::BTreeSet<u8> = rgb.pixels().map(|pixel| pixel.0[0]).collect();
        assert!(levels.len() > 90, "{}", levels.len());
        assert_eq!((levels.first(), levels.last()), (Some(&0), Some(&255)));
    }

    #[test]
    fn gray_and_alpha_become_rgb() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("g.png");
        image::GrayImage::from_pixel(3, 2, Luma([9])).save(&path).unwrap();
        assert_eq!(decode_rgb(&path).unwrap().get_pixel(2, 1).0, [9, 9, 9]);
        assert_eq!(read_header(&path).unwrap(), Header { size: [3, 2], gray: true, gray_scale: 1, lossy: false });
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
