//! Decodes image files within limits and turns them upright. Headers can be read without decoding.

use std::io::Read as _;
use std::path::Path;

use image::metadata::Orientation;
use image::{
    ColorType, DynamicImage, ImageBuffer, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits, RgbImage,
};

use super::header::Header;
use super::limits::{MAX_BYTES, MAX_SIDE, damaged, guarded, over_the_limits, too_large, unsupported};
use super::mask_raster::MaskRaster;
use super::picture::Picture;
use super::stretch::{ValidRange, stretch};
use super::tiff::file::TiffFile;
use super::{orientation, png_file};
use crate::data::DataError;
use crate::domain::Validity;

/// Reads the header of a file. Files that are too large to decode are an error.
pub(crate) fn read_header(path: &Path) -> Result<Header, DataError> {
    guarded(path, || {
        let reader = open(path)?;
        let tiff = tiff_file(&reader, path)?;
        if let Some(tiff) = tiff.as_ref().filter(|tiff| !tiff.is_usual()) {
            return Ok(tiff.header());
        }
        let format = reader.format();
        let mut decoder = reader.into_decoder().map_err(|error| describe(&error, path))?;
        let (width, height) = decoder.dimensions();
        if decoder.total_bytes() > MAX_BYTES {
            return Err(too_large(path, width, height));
        }
        if let Some(tiff) = tiff {
            return Ok(Header { bands: color_bands(decoder.color_type()), ..tiff.header() });
        }
        let orientation = match format {
            Some(ImageFormat::Png) => png_file::orientation(path),
            _ => decoder.orientation().unwrap_or(Orientation::NoTransforms),
        };
        let (stored, lossy) = ([width, height], format == Some(ImageFormat::Jpeg));
        let (size, partial) = (orientation::upright_size(stored, orientation), decoder.color_type().has_alpha());
        let bands = color_bands(decoder.color_type());
        Ok(Header { size, stored, orientation, lossy, bands, pages: 1, partial, georeference: None })
    })
}

fn color_bands(color: ColorType) -> u16 {
    if color.has_color() { 3 } else { 1 }
}

/// Decodes a mask to palette indices, values or colours, whichever the file holds.
pub(crate) fn decode_mask(path: &Path) -> Result<MaskRaster, DataError> {
    guarded(path, || {
        let header = read_header(path)?;
        let reader = open(path)?;
        if reader.format() == Some(ImageFormat::Png)
            && let Some(raster) = png_file::mask(path)?
        {
            return Ok(raster.turned(header.stored, header.orientation));
        }
        let tiff = tiff_file(&reader, path)?;
        let raster = match tiff.as_ref().filter(|tiff| !tiff.is_usual_mask()) {
            Some(tiff) => tiff.mask()?,
            None if is_one_bit_bmp(path) => {
                return Err(DataError::content(
                    "masks in 1-bit BMP files cannot be read: export the mask as PNG",
                    path,
                ));
            }
            None => {
                let decoded = decode_whole(reader, path)?;
                let valid = valid_pixels(&decoded).or(tiff.map(|tiff| tiff.masked()).transpose()?.flatten());
                MaskRaster::of_image(decoded, valid, header.lossy)
            }
        };
        Ok(raster.turned(header.stored, header.orientation))
    })
}

/// Decodes an image to upright 8-bit RGB: gray is repeated, deeper values are stretched, bands after the third are
/// dropped. Missing pixels are marked.
///
/// # Errors
/// If the file cannot be read; the message names it.
pub fn decode(path: &Path) -> Result<Picture, DataError> {
    guarded(path, || {
        let header = read_header(path)?;
        let reader = open(path)?;
        let tiff = tiff_file(&reader, path)?;
        let Picture { rgb, valid } = match tiff.as_ref().filter(|tiff| !tiff.is_usual()) {
            Some(tiff) => tiff.picture()?,
            None => {
                let decoded = decode_whole(reader, path)?;
                let valid = valid_pixels(&decoded).or(tiff.map(|tiff| tiff.masked()).transpose()?.flatten());
                Picture { rgb: to_rgb(decoded, valid.as_ref()), valid }
            }
        };
        let mut turned = DynamicImage::from(rgb);
        turned.apply_orientation(header.orientation);
        let valid = orientation::turn_validity(valid, header.stored, header.orientation);
        Ok(Picture { rgb: turned.into_rgb8(), valid })
    })
}

/// Converts to 8-bit colours. Missing pixels do not affect how deeper values are stretched.
fn to_rgb(image: DynamicImage, valid: Option<&Validity>) -> RgbImage {
    match image {
        DynamicImage::ImageRgb8(image) => image,
        image @ (DynamicImage::ImageLuma16(_)
        | DynamicImage::ImageLumaA16(_)
        | DynamicImage::ImageRgb16(_)
        | DynamicImage::ImageRgba16(_)) => stretch_16(&image.into_rgb16(), valid),
        DynamicImage::ImageRgba8(image) => drop_alpha(&image),
        image => image.into_rgb8(),
    }
}

/// Pixels with alpha above 0; `None` without an alpha channel.
fn valid_pixels(image: &DynamicImage) -> Option<Validity> {
    let exists = match image {
        DynamicImage::ImageLumaA8(image) => image.pixels().map(|pixel| pixel.0[1] > 0).collect(),
        DynamicImage::ImageRgba8(image) => image.pixels().map(|pixel| pixel.0[3] > 0).collect(),
        DynamicImage::ImageLumaA16(image) => image.pixels().map(|pixel| pixel.0[1] > 0).collect(),
        DynamicImage::ImageRgba16(image) => image.pixels().map(|pixel| pixel.0[3] > 0).collect(),
        _ => return None,
    };
    Validity::new([image.width(), image.height()], exists)
}

/// Describes what is not used of an image; `None` if everything is used, or if it cannot be read.
pub fn reading_note(path: &Path) -> Option<String> {
    let note = read_header(path).ok()?.note()?;
    Some(format!("the image has {note}: {}", path.display()))
}

/// A copy scaled down to fit a square of `side` pixels. Small images keep their size.
pub fn shrink(image: &RgbImage, side: u32) -> RgbImage {
    let (width, height) = image.dimensions();
    let scale = (f64::from(side.max(1)) / f64::from(width.max(height).max(1))).min(1.0);
    let fit = |n: u32| ((f64::from(n) * scale).round() as u32).max(1);
    image::imageops::thumbnail(image, fit(width), fit(height))
}

type Reader = ImageReader<std::io::BufReader<std::fs::File>>;

/// Opens a file for decoding. The format is detected from the content, not from the extension.
fn open(path: &Path) -> Result<Reader, DataError> {
    let mut reader = ImageReader::open(path)
        .and_then(ImageReader::with_guessed_format)
        .map_err(DataError::io("cannot open the image (check that it exists and is readable)", path))?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_BYTES);
    reader.limits(limits);
    Ok(reader)
}

/// Opens the file with the TIFF reader of this crate; `None` for other formats.
fn tiff_file(reader: &Reader, path: &Path) -> Result<Option<TiffFile>, DataError> {
    (reader.format() == Some(ImageFormat::Tiff)).then(|| TiffFile::open(path)).transpose()
}

fn decode_whole(reader: Reader, path: &Path) -> Result<DynamicImage, DataError> {
    if reader.format() == Some(ImageFormat::Jpeg) {
        check_complete(path)?;
    }
    reader.decode().map_err(|error| describe(&error, path))
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

/// Whether the file is a BMP with two palette colours. Once decoded, which of them is index 0 is lost.
fn is_one_bit_bmp(path: &Path) -> bool {
    let mut head = [0; 30];
    let read = std::fs::File::open(path).and_then(|mut file| file.read_exact(&mut head));
    read.is_ok() && head.starts_with(b"BM") && head[28] == 1
}

/// Checks that a JPEG is complete: truncated ones decode to gray without an error. The last end-of-image marker must follow
/// the last start-of-scan marker. Neither occurs within scan data, and an embedded thumbnail ends before the scan starts.
fn check_complete(path: &Path) -> Result<(), DataError> {
    let bytes = std::fs::read(path).map_err(DataError::io("cannot read the image", path))?;
    let last = |marker: u8| bytes.windows(2).rposition(|pair| pair == [0xff, marker]);
    if last(0xd9) > last(0xda) {
        return Ok(());
    }
    Err(DataError::content("the JPEG is incomplete: its end is missing; copy it again", path))
}

fn drop_alpha(image: &image::RgbaImage) -> RgbImage {
    let data = image.as_raw().chunks_exact(4).flat_map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect();
    ImageBuffer::from_raw(image.width(), image.height(), data).unwrap_or_default()
}

fn stretch_16(image: &ImageBuffer<image::Rgb<u16>, Vec<u16>>, valid: Option<&Validity>) -> RgbImage {
    let samples = image.as_raw();
    let exists = |pixel: usize| valid.is_none_or(|valid| valid.flags()[pixel]);
    let at = |pixel, band| if exists(pixel) { f64::from(samples[pixel * 3 + band]) } else { f64::NAN };
    stretch([image.width(), image.height()], ValidRange::UNSIGNED, at)
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
        assert_eq!(decode(&path).unwrap().rgb.get_pixel(2, 1).0, [9, 9, 9]);
        let header = read_header(&path).unwrap();
        assert_eq!((header.size, header.bands, header.partial), ([3, 2], 1, false));
        image::RgbaImage::from_fn(3, 2, |x, _| image::Rgba([1, 2, 3, x as u8])).save(&path).unwrap();
        let Picture { rgb, valid } = decode(&path).unwrap();
        assert_eq!(rgb.get_pixel(0, 0).0, [1, 2, 3]);
        assert_eq!(valid.unwrap().flags(), [false, true, true, false, true, true], "pixels with alpha 0 are missing");
        assert!(read_header(&path).unwrap().partial);
    }

    #[test]
    fn a_truncated_jpeg_is_an_error_that_names_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("cut.jpg");
        RgbImage::from_fn(64, 64, |x, y| Rgb([(x * y) as u8, x as u8, y as u8])).save(&path).unwrap();
        assert!(decode(&path).is_ok());
        let bytes = std::fs::read(&path).unwrap();
        std::fs::write(&path, &bytes[..bytes.len() * 2 / 3]).unwrap();
        let message = decode(&path).unwrap_err().to_string();
        assert!(message.contains("incomplete") && message.contains("cut.jpg"), "{message}");
    }

    #[test]
    fn files_that_are_not_images_are_errors_that_name_them() {
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
    fn an_oversized_image_is_refused_by_its_header() {
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
