//! Decides how a mask file encodes its classes.

use std::collections::HashMap;

use super::colors::gray_color;
use super::decoded::MaskEncoding;
use super::lookup::{MaskReader, find};
use super::tally::{gray_tally, tally};
use crate::data::raster::images;
use crate::data::raster::mask_raster::{MaskRaster, Pixels};
use crate::domain::UNLABELLED;

/// The encoding of a file, and whether it is certain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Guess {
    encoding: MaskEncoding,
    certain: bool,
}

impl MaskReader {
    /// The encoding of a file: certain from its content, else as in the other masks, else typical for its kind.
    pub(super) fn encoding(&self, raster: &MaskRaster) -> MaskEncoding {
        let guess = self.guess(raster);
        if guess.certain || self.others.is_empty() {
            return guess.encoding;
        }
        let has_channels = |raster: &MaskRaster| matches!(raster.pixels, Pixels::Colors(_));
        let is_alike = |other: &MaskRaster| {
            has_channels(other) == has_channels(raster) && !matches!(other.pixels, Pixels::Indices { .. })
        };
        let ask = || {
            let alike = self.others.iter().filter_map(|path| images::decode_mask(path).ok()).filter(is_alike);
            let sure = |other: MaskRaster| Some(self.guess(&other)).filter(|guess| guess.certain);
            alike.into_iter().find_map(sure).map(|guess| guess.encoding)
        };
        self.answers[usize::from(has_channels(raster))].get_or_init(ask).unwrap_or(guess.encoding)
    }

    fn guess(&self, raster: &MaskRaster) -> Guess {
        let sure = |encoding| Guess { encoding, certain: true };
        match &raster.pixels {
            Pixels::Indices { .. } => sure(if self.listed { MaskEncoding::Indices } else { MaskEncoding::Colors }),
            Pixels::Values8(values) => self.colors_or_values(&tally(values, i32::from), self.kind_of_gray(), raster),
            Pixels::Values(values) => self.colors_or_values(&tally(values, |value| value), self.kind_of_gray(), raster),
            Pixels::Colors(colors) => match gray_tally(colors) {
                None => sure(MaskEncoding::Colors),
                Some(grays) => {
                    let kind = if self.listed { MaskEncoding::Values } else { MaskEncoding::Colors };
                    self.colors_or_values(&grays, kind, raster)
                }
            },
        }
    }

    /// The typical encoding of gray files.
    fn kind_of_gray(&self) -> MaskEncoding {
        let is_class = |(_, index): &&([u8; 3], u8)| *index != UNLABELLED;
        let gray_classes = self.colors.iter().filter(is_class).all(|([r, g, b], _)| r == g && g == b);
        if gray_classes && !self.listed { MaskEncoding::Colors } else { MaskEncoding::Values }
    }

    /// Chooses colours or values for gray pixels, whichever leaves fewer pixels unmatched.
    fn colors_or_values(&self, grays: &HashMap<i32, u64>, kind: MaskEncoding, raster: &MaskRaster) -> Guess {
        let by_color = |gray: i32| match raster.no_data == Some(gray) {
            true => Some(UNLABELLED),
            false => gray_color(gray).and_then(|color| find(&self.colors, &color)),
        };
        let by_value = |gray: i32| self.value_index(gray, raster.no_data);
        let unmatched_pixels = |index: &dyn Fn(i32) -> Option<u8>| -> u64 {
            grays.iter().filter(|(gray, _)| index(**gray).is_none()).map(|(_, count)| count).sum()
        };
        let (no_color, no_value) = (unmatched_pixels(&by_color), unmatched_pixels(&by_value));
        let agree = grays.keys().all(|gray| by_color(*gray) == by_value(*gray));
        match no_color.cmp(&no_value) {
            std::cmp::Ordering::Less => Guess { encoding: MaskEncoding::Colors, certain: no_color == 0 },
            std::cmp::Ordering::Greater => Guess { encoding: MaskEncoding::Values, certain: no_value == 0 },
            std::cmp::Ordering::Equal => Guess { encoding: kind, certain: agree && no_color == 0 },
        }
    }
}
