//! What the header of an image file says.

use image::metadata::Orientation;

use super::georeference::Georeference;

/// Header of an image file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Header {
    /// Width and height in pixels after applying the orientation.
    pub(crate) size: [u32; 2],
    /// Width and height in pixels as stored.
    pub(crate) stored: [u32; 2],
    /// Turns the stored image upright.
    pub(crate) orientation: Orientation,
    /// JPEG-compressed: values are close to the original, not equal.
    pub(crate) lossy: bool,
    /// Number of bands without alpha.
    pub(crate) bands: u16,
    /// Number of images in the file; only the first is read.
    pub(crate) pages: usize,
    /// Pixels may be missing: the file has alpha, a "no data" value, an internal mask or missing chunks.
    pub(crate) partial: bool,
    /// Where it lies on a map, if the file says so and the image is stored upright.
    pub(crate) georeference: Option<Georeference>,
}

impl Header {
    /// Describes bands and pages that are not used; `None` if everything is.
    pub(crate) fn note(&self) -> Option<String> {
        let bands = match self.bands {
            1 | 3 => None,
            2 => Some("2 bands: the first is used as gray, the other is not used".to_owned()),
            bands => {
                Some(format!("{bands} bands: the first three are used as red, green and blue, the others are not used"))
            }
        };
        let pages = (self.pages > 1).then(|| format!("{} pages: only the first is read", self.pages));
        let notes: Vec<String> = bands.into_iter().chain(pages).collect();
        (!notes.is_empty()).then(|| notes.join("; "))
    }
}
