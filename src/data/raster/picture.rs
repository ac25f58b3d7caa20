//! A decoded image: its colours, and which of its pixels exist.

use image::RgbImage;
use image::imageops::{self, FilterType};

use crate::domain::Validity;

/// An image as it is seen and learned from.
#[derive(Clone, Debug)]
pub struct Picture {
    /// 8-bit colours; black where no pixel exists.
    pub rgb: RgbImage,
    /// Which pixels exist; `None` if all do.
    pub valid: Option<Validity>,
}

impl Picture {
    /// Width and height.
    pub fn size(&self) -> [u32; 2] {
        [self.rgb.width(), self.rgb.height()]
    }

    /// Memory it takes.
    pub fn bytes(&self) -> usize {
        self.rgb.len() + self.valid.as_ref().map_or(0, |valid| valid.flags().len())
    }

    /// The picture at another size, averaging over the pixels that become one.
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
