//! A mask as read: class indices, and everything that is to be told about how they came about.

use std::fmt;

use crate::data::classes::hex::hex;
use crate::domain::Mask;

/// How the pixels of a mask file were taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MaskEncoding {
    /// Each class has a colour.
    Colors,
    /// Each class has a number.
    Values,
    /// Each class has a place in the file's palette.
    Indices,
}

impl MaskEncoding {
    /// For "12 masks by colour".
    pub fn name(self) -> &'static str {
        match self {
            Self::Colors => "by colour",
            Self::Values => "by value",
            Self::Indices => "by palette index",
        }
    }
}

/// What a pixel of a mask file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PixelCode {
    /// An sRGB colour.
    Color([u8; 3]),
    /// A number. [`i32::MIN`] stands for what is no whole number.
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

/// A mask as read, with what belongs to no class.
#[derive(Clone, Debug)]
pub struct DecodedMask {
    /// Class indices; unmatched pixels and pixels that do not exist are unlabelled.
    pub mask: Mask,
    /// Colours or values that match no class, with their pixel counts, most frequent first.
    pub unmatched: Vec<(PixelCode, u64)>,
    /// Pixels that do not exist, in the mask or in its image.
    pub no_data: u64,
    /// How the file was taken.
    pub encoding: MaskEncoding,
    /// Pixels of soft edges that were given to the nearer of two classes.
    pub softened: u64,
}

impl DecodedMask {
    /// Pixels that match no class.
    pub fn unmatched_pixels(&self) -> u64 {
        self.unmatched.iter().map(|(_, count)| count).sum()
    }
}
