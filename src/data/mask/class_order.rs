//! Remembers the order of classes that were derived from masks, so that tiles added after a run do not change what its class
//! indices mean. Stored in `.pointillist/picked-up.json`.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::data::DataError;
use crate::data::classes::hex::{hex, parse_hex};
use crate::data::classes::known::KnownDataset;
use crate::data::classes::legend::Legend;
use crate::data::files::{own_folder, write};

const FILE: &str = "picked-up.json";

/// Mask colours or values in class order.
#[derive(Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
pub(crate) struct ClassOrder {
    #[serde(default)]
    colors: Vec<String>,
    #[serde(default)]
    values: Vec<u16>,
    /// The dataset that they were recognised as. Without it the masks alone count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    dataset: Option<KnownDataset>,
}

impl ClassOrder {
    /// Reads the order of a project; empty if there is no readable file.
    pub(crate) fn read(root: &Path) -> Self {
        let text = std::fs::read(own_folder::of(root).join(FILE)).unwrap_or_default();
        serde_json::from_slice(&text).unwrap_or_default()
    }

    /// The order of a legend that was derived from masks, or is that of a recognised dataset.
    pub(crate) fn of(legend: &Legend, dataset: Option<KnownDataset>) -> Self {
        let values: Vec<u16> = legend.values.iter().flatten().copied().collect();
        let colors = if values.is_empty() { legend.mask_colors.iter().map(|c| hex(*c)).collect() } else { Vec::new() };
        Self { colors, values, dataset }
    }

    /// Whether nothing was stored.
    pub(crate) fn is_empty(&self) -> bool {
        self.colors.is_empty() && self.values.is_empty()
    }

    /// The recognised dataset with its classes, coded as they were then.
    pub(crate) fn recognised(&self) -> Option<(KnownDataset, Legend)> {
        let known = self.dataset?;
        let legend = if self.values.is_empty() { known.by_colors() } else { known.by_values() };
        Some((known, legend?))
    }

    /// Stores the order.
    pub(crate) fn write(self, root: &Path) -> Result<(), DataError> {
        let (now, folder) = (self, own_folder::of(root));
        if now == Self::read(root) {
            return Ok(());
        }
        const DOING: &str = "cannot store the class order (check write permission of the folder)";
        std::fs::create_dir_all(&folder).map_err(DataError::io(DOING, &folder))?;
        let text = serde_json::to_vec_pretty(&now).unwrap_or_default();
        write::atomically(&folder.join(FILE), &text)
    }

    /// Known colours in their stored order, then new ones.
    pub(crate) fn order_colors(&self, found: &[[u8; 3]]) -> Vec<[u8; 3]> {
        let known: Vec<[u8; 3]> = self.colors.iter().filter_map(|text| parse_hex(text).ok()).collect();
        order(&known, found)
    }

    /// Known values in their stored order, then new ones.
    pub(crate) fn order_values(&self, found: &[u16]) -> Vec<u16> {
        order(&self.values, found)
    }
}

fn order<T: Copy + PartialEq>(known: &[T], found: &[T]) -> Vec<T> {
    let new = found.iter().filter(|item| !known.contains(item));
    known.iter().chain(new).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_classes_keep_their_order() {
        let known =
            ClassOrder { colors: vec!["#000009".to_owned(), "#000001".to_owned()], values: vec![7, 3], dataset: None };
        assert_eq!(known.order_colors(&[[0, 0, 1], [0, 0, 4], [0, 0, 9]]), [[0, 0, 9], [0, 0, 1], [0, 0, 4]]);
        assert_eq!(known.order_values(&[1, 3]), [7, 3, 1]);
        assert_eq!(ClassOrder::default().order_values(&[1, 3]), [1, 3]);
    }
}
