//! Tables from mask colours and values to class indices.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use super::decoded::MaskEncoding;
use crate::data::classes::legend::Legend;
use crate::domain::UNLABELLED;

/// Values that mean "unlabelled" in every mask, unless a class has them.
const UNLABELLED_VALUES: [i32; 3] = [255, 65_535, -1];

/// Reads mask files as class indices.
#[derive(Clone, Debug, Default)]
pub(crate) struct MaskReader {
    /// Colours with class index or [`UNLABELLED`]. The first entry of a colour counts.
    pub(crate) colors: Vec<([u8; 3], u8)>,
    /// Values with class index or [`UNLABELLED`]. The first entry of a value counts.
    pub(crate) values: Vec<(i32, u8)>,
    /// The class file lists values. Otherwise a class has its index as value.
    pub(crate) listed: bool,
    /// Other masks of the project, consulted if a file alone is ambiguous.
    pub(crate) others: Arc<[PathBuf]>,
    /// Cached answers of the other masks: for one channel and for three.
    pub(crate) answers: Arc<[OnceLock<Option<MaskEncoding>>; 2]>,
}

impl MaskReader {
    /// A reader for the coding of a legend.
    pub(crate) fn of(legend: &Legend) -> Self {
        let (colors, values) = (legend.color_table(), legend.value_table());
        Self { colors, values, listed: legend.has_values(), ..Self::default() }
    }

    /// The same tables with other class indices.
    pub(crate) fn remapped(&self, index: impl Fn(u8) -> u8) -> Self {
        let colors = self.colors.iter().map(|(color, class)| (*color, index(*class))).collect();
        let values = self.values.iter().map(|(value, class)| (*value, index(*class))).collect();
        Self { colors, values, ..self.clone() }
    }

    /// The class index of a value, or [`UNLABELLED`]; `None` if it matches no class.
    pub(super) fn value_index(&self, value: i32, no_data: Option<i32>) -> Option<u8> {
        if no_data == Some(value) && !self.is_listed_class(value) {
            return Some(UNLABELLED);
        }
        find(&self.values, &value).or(UNLABELLED_VALUES.contains(&value).then_some(UNLABELLED))
    }

    /// Whether the class file lists this value for a class.
    pub(super) fn is_listed_class(&self, value: i32) -> bool {
        self.listed && find(&self.values, &value).is_some_and(|index| index != UNLABELLED)
    }

    /// Whether all class colours are corners of the colour cube, so that nearby colours can be snapped to a corner.
    pub(super) fn is_pure(&self) -> bool {
        let classes = self.colors.iter().filter(|(_, index)| *index != UNLABELLED);
        classes.flat_map(|(color, _)| color).all(|v| [0, 255].contains(v))
    }
}

/// Looks a key up; the first entry counts.
pub(super) fn find<K: PartialEq>(table: &[(K, u8)], key: &K) -> Option<u8> {
    table.iter().find(|(known, _)| known == key).map(|(_, index)| *index)
}
