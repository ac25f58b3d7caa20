//! A batch of crops in plain memory.

use super::crop::Cut;
use super::pseudo_labels::Pseudo;
use super::training_set::TrainingSet;
use crate::domain::UNLABELLED;

/// A batch of crops in plain memory.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// Normalised colours: `[count, 3, size, size]`.
    pub images: Vec<f32>,
    /// Class indices, 255 where unlabelled: `[count, size, size]`.
    pub targets: Vec<u8>,
    /// Which pixels exist, with all that their colour is a mean of: `[count, size, size]`; empty where the plan does not ask.
    pub exists: Vec<bool>,
    /// What is learned beside them.
    pub pseudo: Pseudo,
    /// Number of crops.
    pub count: usize,
    /// Side of a crop in pixels.
    pub size: u32,
    /// Labelled pixels among `targets`.
    pub labelled: u64,
    /// Where each crop was cut.
    pub(super) origins: Vec<Origin>,
}

/// Where a crop was cut, so that changed labels can be cut again.
#[derive(Clone, Copy, Debug)]
pub(super) struct Origin {
    pub(super) tile: usize,
    pub(super) cut: Cut,
    pub(super) revision: u64,
}

impl Batch {
    /// A batch of given crops of side `size`, for tests and benchmarks.
    pub fn new(images: Vec<f32>, targets: Vec<u8>, size: u32) -> Self {
        let count = targets.len() / (size * size).max(1) as usize;
        let exists = vec![true; targets.len()];
        let mut batch = Self { images, targets, exists, count, size, ..Self::default() };
        batch.count_labelled();
        batch
    }

    /// Cuts the labels again for crops whose tile has changed.
    pub(super) fn refresh(&mut self, set: &TrainingSet) {
        let area = (self.size * self.size) as usize;
        let mut changed = false;
        for (place, origin) in self.origins.iter_mut().enumerate() {
            if set.revision_of(origin.tile) == origin.revision {
                continue;
            }
            // A tile that has become unreadable keeps its labels.
            let Ok(prepared) = set.prepare(origin.tile) else { continue };
            let target = prepared.target();
            if target.revision != origin.revision {
                let mut targets = Vec::with_capacity(area);
                origin.cut.labels(target.mask(), &mut targets);
                self.targets[place * area..(place + 1) * area].copy_from_slice(&targets);
                origin.revision = target.revision;
                changed = true;
            }
        }
        if changed {
            self.pseudo.give_way(&self.targets);
            self.count_labelled();
        }
    }

    pub(super) fn count_labelled(&mut self) {
        self.labelled = self.targets.iter().filter(|&&index| index != UNLABELLED).count() as u64;
    }
}
