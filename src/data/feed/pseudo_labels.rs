//! What somebody else than the annotator says about the pixels of training tiles: further labels, kept apart from the real ones.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use crate::domain::{Mask, UNLABELLED};

use super::crop::Cut;

/// The pseudo-labels of some tiles. They are replaced all at once.
#[derive(Default)]
pub struct PseudoLabels {
    current: RwLock<Arc<PseudoMasks>>,
    renewals: AtomicU64,
}

/// Maps of some tiles, and what they tell apart.
#[derive(Debug, Default)]
pub struct PseudoMasks {
    /// By index of the tile, of the size in which the network sees it. Other tiles have none.
    pub masks: BTreeMap<usize, Mask>,
    /// Classes that can occur in them. Of others they say nothing.
    pub classes: Vec<u8>,
}

/// The pseudo-labels of a batch.
#[derive(Clone, Debug, Default)]
pub struct Pseudo {
    /// Class indices, 255 where unlabelled: `[count, size, size]`; empty where no tile has any.
    pub labels: Vec<u8>,
    /// Classes that they tell apart.
    pub classes: Vec<u8>,
}

impl PseudoLabels {
    /// What holds from the next batch on.
    pub fn replace(&self, masks: PseudoMasks) {
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(masks);
        self.renewals.fetch_add(1, Ordering::Relaxed);
    }

    /// How often they were replaced.
    pub fn renewals(&self) -> u64 {
        self.renewals.load(Ordering::Relaxed)
    }

    /// Tiles that have any.
    pub fn tiles(&self) -> usize {
        self.current().masks.len()
    }

    /// What holds now.
    pub(super) fn current(&self) -> Arc<PseudoMasks> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Pseudo {
    /// The pseudo-labels of a batch that has no crop yet.
    pub(super) fn of(masks: &PseudoMasks) -> Self {
        Self { labels: Vec::new(), classes: masks.classes.clone() }
    }

    /// Appends those of a crop, of a tile without any as unlabelled. Nothing where no tile has any.
    pub(super) fn cut(&mut self, masks: &PseudoMasks, tile: usize, cut: &Cut) {
        match masks.masks.get(&tile) {
            Some(mask) => cut.labels(mask, &mut self.labels),
            None if masks.masks.is_empty() => {}
            None => self.labels.resize(self.labels.len() + (cut.size * cut.size) as usize, UNLABELLED),
        }
    }

    /// Leaves out what lies under labels: those are right.
    pub(super) fn give_way(&mut self, labels: &[u8]) {
        let labelled = self.labels.iter_mut().zip(labels).filter(|(_, label)| **label != UNLABELLED);
        labelled.for_each(|(pseudo, _)| *pseudo = UNLABELLED);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::feed::augment::Symmetry;

    #[test]
    fn crops_have_the_masks_of_their_tile_and_none_where_no_tile_has_any() {
        let at = Cut { corner: [1, 0], scale: 1, symmetry: Symmetry::default(), warp: None, size: 2 };
        let crops = |masks: &PseudoMasks| {
            let mut pseudo = Pseudo::of(masks);
            [4, 7].iter().for_each(|tile| pseudo.cut(masks, *tile, &at));
            pseudo.give_way(&[[UNLABELLED; 5].as_slice(), &[0, 255, 255]].concat());
            pseudo.labels
        };
        let labels = PseudoLabels::default();
        assert!(crops(&labels.current()).is_empty());
        let masks = BTreeMap::from([(7, Mask::from_vec(3, 2, vec![0, 1, 2, 3, 4, 5]).unwrap())]);
        labels.replace(PseudoMasks { masks, classes: (0..6).collect() });
        assert_eq!(crops(&labels.current()), [255, 255, 255, 255, 1, 255, 4, 5]);
        assert_eq!((labels.renewals(), labels.tiles()), (1, 1));
    }
}
