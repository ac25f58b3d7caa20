//! A decoded image: its colours and which of its pixels exist.

use image::RgbImage;
use image::imageops::{self, FilterType};

use crate::domain::Validity;

/// An upright 8-bit image, as shown and as fed to the network.
#[derive(Clone, Debug)]
pub struct Picture {
    /// 8-bit colours; black where a pixel is missing.
    pub rgb: RgbImage,
    /// Which pixels exist; `None` if all do.
    pub valid: Option<Validity>,
}

impl Picture {
    /// Width and height in pixels.
    pub fn size(&self) -> [u32; 2] {
        [self.rgb.width(), self.rgb.height()]
    }

    /// Memory use in bytes.
    pub fn bytes(&self) -> usize {
        self.rgb.len() + self.valid.as_ref().map_or(0, |valid| valid.flags().len())
    }

    /// The picture resized with a triangle filter, which averages when shrinking.
    pub fn resize(&self, width: u32, height: u32) -> Self {
        let valid = self.valid.as_ref().and_then(|valid| valid.resize(width, height));
        Self { rgb: imageops::resize(&self.rgb, width, height, FilterType::Triangle), valid }
    }
}

impl From<RgbImage> for Picture {
    fn from(rgb: RgbImage) -> Self {
        Self { rgb, valid: None }
    }
}
