//! A mask as class indices, with everything worth reporting about how it was read.

use std::fmt;

use crate::data::classes::hex::hex;
use crate::domain::Mask;

/// How a mask file encodes its classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MaskEncoding {
    /// By colour.
    Colors,
    /// By value.
    Values,
    /// By index into the palette of the file.
    Indices,
}

impl MaskEncoding {
    /// Phrase for reports: "by colour".
    pub fn name(self) -> &'static str {
        match self {
            Self::Colors => "by colour",
            Self::Values => "by value",
            Self::Indices => "by palette index",
        }
    }
}

/// The content of a mask pixel that matches no class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PixelCode {
    /// An sRGB colour.
    Color([u8; 3]),
    /// A value; [`i32::MIN`] stands for anything that is not an integer.
    Value(i32),
}

impl fmt::Display for PixelCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Color(color) => write!(f, "{}", hex(*color)),
            Self::Value(i32::MIN) => write!(f, "a fraction"),
            Self::Value(value) => write!(f, "value {value}"),
        }
    }
}

/// A mask as class indices.
#[derive(Clone, Debug)]
pub struct DecodedMask {
    /// Class indices. Unmatched and missing pixels are unlabelled.
    pub mask: Mask,
    /// Colours and values that match no class with their pixel counts, most frequent first.
    pub unmatched: Vec<(PixelCode, u64)>,
    /// Number of pixels that are missing in the mask or its image.
    pub no_data: u64,
    /// How the file was read.
    pub encoding: MaskEncoding,
    /// Number of soft-edge pixels that were assigned to the nearer of two classes.
    pub softened: u64,
}

impl DecodedMask {
    /// Number of pixels that match no class.
    pub fn unmatched_pixels(&self) -> u64 {
        self.unmatched.iter().map(|(_, count)| count).sum()
    }
}
