//! What the colours and values of mask files stand for.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use super::decoded::MaskEncoding;
use crate::data::classes::legend::Legend;
use crate::domain::UNLABELLED;

/// Values that are unlabelled in every mask, unless a class has them.
const UNLABELLED_VALUES: [i32; 3] = [255, 65_535, -1];

/// What the pixels of mask files stand for.
#[derive(Clone, Debug, Default)]
pub(crate) struct MaskReader {
    /// Colour and class index, or [`UNLABELLED`]. The first entry of a colour counts.
    pub(crate) colors: Vec<([u8; 3], u8)>,
    /// Value and class index, or [`UNLABELLED`]. The first entry of a value counts.
    pub(crate) values: Vec<(i32, u8)>,
    /// The classes' values were listed; otherwise they are the classes' places.
    pub(crate) listed: bool,
    /// Other masks, to be asked where a file alone leaves it open how it is meant.
    pub(crate) others: Arc<[PathBuf]>,
    /// What those of one channel said, and those of three.
    pub(crate) answers: Arc<[OnceLock<Option<MaskEncoding>>; 2]>,
}

impl MaskReader {
    /// The coding that a legend describes.
    pub(crate) fn of(legend: &Legend) -> Self {
        let (colors, values) = (legend.color_table(), legend.value_table());
        Self { colors, values, listed: legend.has_values(), ..Self::default() }
    }

    /// The same with other class indices.
    pub(crate) fn remapped(&self, index: impl Fn(u8) -> u8) -> Self {
        let colors = self.colors.iter().map(|(color, class)| (*color, index(*class))).collect();
        let values = self.values.iter().map(|(value, class)| (*value, index(*class))).collect();
        Self { colors, values, ..self.clone() }
    }

    pub(super) fn value_index(&self, value: i32, no_data: Option<i32>) -> Option<u8> {
        if no_data == Some(value) && !self.is_listed_class(value) {
            return Some(UNLABELLED);
        }
        find(&self.values, &value).or(UNLABELLED_VALUES.contains(&value).then_some(UNLABELLED))
    }

    pub(super) fn is_listed_class(&self, value: i32) -> bool {
        self.listed && find(&self.values, &value).is_some_and(|index| index != UNLABELLED)
    }

    /// All classes have corners of the colour cube, so colours near a corner are taken for it.
    pub(super) fn is_pure(&self) -> bool {
        let classes = self.colors.iter().filter(|(_, index)| *index != UNLABELLED);
        classes.flat_map(|(color, _)| color).all(|v| [0, 255].contains(v))
    }
}

/// The class index that a table gives a key; the first entry counts.
pub(super) fn find<K: PartialEq>(table: &[(K, u8)], key: &K) -> Option<u8> {
    table.iter().find(|(known, _)| known == key).map(|(_, index)| *index)
}
