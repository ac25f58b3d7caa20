//! What somebody else than the annotator says about the pixels of training tiles: further labels, kept apart from the real ones.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use crate::domain::{Mask, UNLABELLED};

use super::crop::Cut;

/// The pseudo-labels of some tiles, by index of the tile. They are replaced all at once.
#[derive(Default)]
pub struct PseudoLabels(RwLock<Arc<PseudoMasks>>);

/// Masks by index of the tile, of the size in which the network sees it. Other tiles have none.
pub type PseudoMasks = BTreeMap<usize, Mask>;

impl PseudoLabels {
    /// What holds from the next batch on.
    pub fn replace(&self, masks: PseudoMasks) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(masks);
    }

    /// Whether no tile has any.
    pub fn is_empty(&self) -> bool {
        self.current().is_empty()
    }

    /// What holds now.
    pub(super) fn current(&self) -> Arc<PseudoMasks> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Appends the pseudo-labels of a crop, `[size, size]`, those of a tile without any unlabelled. Nothing where no tile has any.
pub(super) fn cut(masks: &PseudoMasks, tile: usize, cut: &Cut, out: &mut Vec<u8>) {
    match masks.get(&tile) {
        Some(mask) => cut.labels(mask, out),
        None if masks.is_empty() => {}
        None => out.resize(out.len() + (cut.size * cut.size) as usize, UNLABELLED),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::feed::augment::Symmetry;

    #[test]
    fn crops_have_the_masks_of_their_tile_and_none_where_no_tile_has_any() {
        let at = Cut { corner: [1, 0], scale: 1, symmetry: Symmetry::default(), size: 2 };
        let crops = |masks: &PseudoMasks| {
            let mut out = Vec::new();
            [4, 7].iter().for_each(|tile| cut(masks, *tile, &at, &mut out));
            out
        };
        let labels = PseudoLabels::default();
        assert!(crops(&labels.current()).is_empty());
        labels.replace(BTreeMap::from([(7, Mask::from_vec(3, 2, vec![0, 1, 2, 3, 4, 5]).unwrap())]));
        assert_eq!(crops(&labels.current()), [255, 255, 255, 255, 1, 2, 4, 5]);
    }
}
