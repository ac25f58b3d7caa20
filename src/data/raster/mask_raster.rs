//! A decoded mask file, before its pixels are mapped to classes.

use image::DynamicImage;
use image::metadata::Orientation;

use super::orientation;
use crate::domain::Validity;

/// Marks samples that cannot be a class: fractions and numbers beyond 32 bits.
pub(crate) const NO_VALUE: i32 = i32::MIN;

/// A decoded mask.
#[derive(Clone, Debug)]
pub(crate) struct MaskRaster {
    /// Width and height in pixels.
    pub(crate) size: [u32; 2],
    /// One entry per pixel in row order.
    pub(crate) pixels: Pixels,
    /// Which pixels exist; `None` if all do.
    pub(crate) valid: Option<Validity>,
    /// The value that the file declares as "no data".
    pub(crate) no_data: Option<i32>,
    /// JPEG-compressed: values are close to the original, not equal.
    pub(crate) lossy: bool,
}

/// The pixels of a mask in the form that the file stores.
#[derive(Clone, Debug)]
pub(crate) enum Pixels {
    /// Unsigned values of up to 8 bits.
    Values8(Vec<u8>),
    /// Deeper or signed values; [`NO_VALUE`] where a sample cannot be a class.
    Values(Vec<i32>),
    /// Palette indices.
    Indices {
        /// One index per pixel.
        indices: Vec<u8>,
        /// sRGB colours of the palette.
        colors: Vec<[u8; 3]>,
        /// Indices whose colour is transparent.
        transparent: Vec<u8>,
    },
    /// sRGB colours.
    Colors(Vec<[u8; 3]>),
}

impl Pixels {
    /// The pixels as 8-bit values; the caller knows that they fit.
    pub(crate) fn narrow(self) -> Vec<u8> {
        match self {
            Self::Values8(values) | Self::Indices { indices: values, .. } => values,
            Self::Values(values) => values.into_iter().map(|value| u8::try_from(value).unwrap_or(u8::MAX)).collect(),
            Self::Colors(colors) => colors.into_iter().map(|color| color[0]).collect(),
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Values8(values) | Self::Indices { indices: values, .. } => values.len(),
            Self::Values(values) => values.len(),
            Self::Colors(colors) => colors.len(),
        }
    }
}

impl MaskRaster {
    /// Wraps a mask decoded by the `image` crate.
    pub(crate) fn of_image(image: DynamicImage, valid: Option<Validity>, lossy: bool) -> Self {
        let size = [image.width(), image.height()];
        let pixels = match image {
            DynamicImage::ImageLuma8(image) => Pixels::Values8(image.into_raw()),
            image @ DynamicImage::ImageLumaA8(_) => Pixels::Values8(image.into_luma8().into_raw()),
            image @ (DynamicImage::ImageLuma16(_) | DynamicImage::ImageLumaA16(_)) => {
                Pixels::Values(image.into_luma16().into_raw().into_iter().map(i32::from).collect())
            }
            image @ (DynamicImage::ImageRgb16(_) | DynamicImage::ImageRgba16(_)) => {
                let deep = image.into_rgb16();
                // 8-bit values stored in 16 bits are not scaled.
                let shift = if deep.iter().all(|value| *value < 256) { 0 } else { 8 };
                let color = |[r, g, b]: &[u16; 3]| [r, g, b].map(|value| (value >> shift) as u8);
                Pixels::Colors(deep.as_raw().as_chunks::<3>().0.iter().map(color).collect())
            }
            image => Pixels::Colors(image.into_rgb8().into_raw().as_chunks::<3>().0.to_vec()),
        };
        Self { size, pixels, valid, no_data: None, lossy }
    }

    /// Whether the file holds as many pixels as its header says.
    pub(crate) fn is_whole(&self) -> bool {
        self.pixels.len() == self.size[0] as usize * self.size[1] as usize
    }

    /// The mask turned upright.
    pub(crate) fn turned(self, stored: [u32; 2], by: Orientation) -> Self {
        let pixels = match self.pixels {
            Pixels::Values8(values) => Pixels::Values8(orientation::turn(values, stored, by)),
            Pixels::Values(values) => Pixels::Values(orientation::turn(values, stored, by)),
            Pixels::Colors(colors) => Pixels::Colors(orientation::turn(colors, stored, by)),
            Pixels::Indices { indices, colors, transparent } => {
                Pixels::Indices { indices: orientation::turn(indices, stored, by), colors, transparent }
            }
        };
        let valid = orientation::turn_validity(self.valid, stored, by);
        Self { size: orientation::upright_size(stored, by), pixels, valid, ..self }
    }
}
