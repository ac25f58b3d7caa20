//! What the header of an image file says.

use image::metadata::Orientation;

/// What a file's header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    /// Width and height as the picture is to be seen.
    pub(crate) size: [u32; 2],
    /// Width and height as stored.
    pub(crate) stored: [u32; 2],
    /// How the stored picture is turned to be seen.
    pub(crate) orientation: Orientation,
    /// A JPEG: values are near what was drawn, not equal to it.
    pub(crate) lossy: bool,
    /// Bands, alpha left out.
    pub(crate) bands: u16,
    /// Pictures in the file, of which the first is read.
    pub(crate) pages: usize,
    /// Some pixels may not exist: there is alpha, a "no data" value, an internal mask, or a block left out.
    pub(crate) partial: bool,
}

impl Header {
    /// What a user should know of what is not used.
    pub(crate) fn note(&self) -> Option<String> {
        let bands = match self.bands {
            1 | 3 => None,
            2 => Some("2 bands: the first is shown and learned from as gray, the other is not used".to_owned()),
            bands => Some(format!(
                "{bands} bands: the first three are taken for red, green and blue, the others are not used"
            )),
        };
        let pages = (self.pages > 1).then(|| format!("{} pages: only the first one is read", self.pages));
        let notes: Vec<String> = bands.into_iter().chain(pages).collect();
        (!notes.is_empty()).then(|| notes.join("; "))
    }
}
