//! Makes batches: which tile, where in it, how it is turned and coloured.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use super::augment::Symmetry;
use super::batch::{Batch, Origin};
use super::crop::Cut;
use super::jitter::Jitter;
use super::normalize;
use super::pseudo_labels::Pseudo;
use super::target::Target;
use super::training_set::{Prepared, TrainingSet};
use super::warp::{Warp, WarpPlan};
use crate::data::TileFault;
use crate::domain::config::{Batches, InputSize};
use crate::domain::hash::{self, Stream};

/// Pixels of the tile along a cell of a crop, of which one is drawn: half of the crops have full resolution.
const SCALES: [u32; 4] = [1, 1, 2, 4];
/// Draws of a class and a label before tiles are taken in turn; each failed draw is of a tile that cannot be read, or of a
/// label that has just been removed.
const MAX_DRAWS: usize = 100;

/// Settings of the batches.
#[derive(Clone, Copy, Debug)]
pub struct BatchPlan {
    /// Crops per batch.
    pub count: usize,
    /// What a crop is drawn by.
    pub batches: Batches,
    /// Crops at full, half and quarter resolution.
    pub scales: bool,
    /// Random flips.
    pub flips: bool,
    /// Random quarter turns.
    pub quarter_turns: bool,
    /// Random turns by any angle, shifts and zooms.
    pub warp: WarpPlan,
    /// Whether batches say which pixels exist.
    pub exists: bool,
    /// Strength of the random colour changes; 0 turns them off.
    pub jitter: f32,
    /// Seed of order, crops, symmetries and colours.
    pub seed: u64,
}

/// Unreadable tiles found while loading.
#[derive(Default)]
pub(super) struct Faults {
    known: BTreeSet<usize>,
    pub(super) unreported: Vec<TileFault>,
}

/// Makes the batches of one thread.
pub(super) struct BatchMaker {
    set: Arc<TrainingSet>,
    plan: BatchPlan,
    table: [[f32; 256]; 3],
    faults: Arc<Mutex<Faults>>,
    epoch: Option<Epoch>,
}

/// The shuffled order of one pass over the pool.
struct Epoch {
    number: usize,
    pool: Arc<Vec<usize>>,
    order: Vec<usize>,
}

/// A tile, and where in it a crop is cut.
struct Place {
    tile: usize,
    prepared: Arc<Prepared>,
    corner: [i64; 2],
    /// A pixel that the crop must hold, however it is turned.
    label: Option<[u32; 2]>,
    /// Pixels of the tile along a cell of the crop.
    scale: u32,
}

impl BatchMaker {
    pub(super) fn new(set: Arc<TrainingSet>, plan: BatchPlan, faults: Arc<Mutex<Faults>>) -> Self {
        Self { set, plan, table: normalize::table(), faults, epoch: None }
    }

    /// Batch `number`. It depends only on seed and number, as long as the labels stay the same.
    pub(super) fn make(&mut self, number: usize) -> Result<Batch, String> {
        let size = self.set.frame().side();
        let pseudo = self.set.pseudo_labels().current();
        let mut batch = Batch { count: self.plan.count, size, pseudo: Pseudo::of(&pseudo), ..Batch::default() };
        for place in 0..self.plan.count {
            let item = number * self.plan.count + place;
            let mut random = Stream::new(hash::mix(self.plan.seed ^ hash::mix(item as u64)));
            let scale = self.draw_scale(&mut random);
            let Place { tile, prepared, corner, label, scale } = self.draw_place(item, scale, &mut random)?;
            let symmetry = Symmetry::draw(&mut random, self.plan.flips, self.plan.quarter_turns);
            let warp = Warp::draw(&mut random, &self.plan.warp);
            let cut = Cut { corner, scale, symmetry, warp, size };
            let (target, cut) = (prepared.target(), label.map_or(cut, |label| cut.holding(label)));
            let start = batch.images.len();
            cut.image(&prepared.picture, &self.table, &mut batch.images);
            if self.plan.jitter > 0.0 {
                let jitter = Jitter::draw(&mut random, self.plan.jitter);
                let inside = cut.inside(prepared.picture.size());
                jitter.apply(&mut batch.images[start..], |x, y| inside[(y * size + x) as usize], size);
            }
            cut.labels(target.mask(), &mut batch.targets);
            if self.plan.exists {
                cut.existing(&prepared.picture, &mut batch.exists);
            }
            batch.pseudo.cut(&pseudo, tile, &cut);
            batch.origins.push(Origin { tile, cut, revision: target.revision });
        }
        batch.pseudo.give_way(&batch.targets);
        batch.count_labelled();
        Ok(batch)
    }

    /// Pixels of the tile along a cell of the crop.
    fn draw_scale(&self, random: &mut Stream) -> u32 {
        if !self.plan.scales || matches!(self.set.frame(), InputSize::Resize(_)) {
            return 1;
        }
        SCALES[random.below(SCALES.len())]
    }

    /// Where a crop is cut whose cells are `scale` pixels of the tile wide, or fewer where the tile is small.
    fn draw_place(&mut self, item: usize, scale: u32, random: &mut Stream) -> Result<Place, String> {
        if self.plan.batches == Batches::Classes
            && let Some(place) = self.draw_by_class(scale, random)
        {
            return Ok(place);
        }
        let (tile, prepared) = self.draw_tile(item)?;
        let scale = fitting(scale, self.set.frame().side(), prepared.picture.size());
        let InputSize::Crop(size) = self.set.frame() else {
            return Ok(Place { tile, prepared, corner: [0, 0], label: None, scale });
        };
        let (corner, label) = draw_crop(&prepared.target(), prepared.picture.size(), size * scale, random);
        Ok(Place { tile, prepared, corner, label, scale })
    }

    /// Draws one of the classes that have labels, then one of its labels, then a crop that holds it. `None` without labels.
    fn draw_by_class(&self, scale: u32, random: &mut Stream) -> Option<Place> {
        let table = self.set.table();
        for _ in 0..MAX_DRAWS {
            let (tile, class) = table.draw(random)?;
            let prepared = match self.set.prepare(tile) {
                Ok(prepared) => prepared,
                Err(error) => {
                    self.report(TileFault { tile, what: error.to_string() });
                    continue;
                }
            };
            let label = prepared.target().draw_of_class(class, random);
            let Some(label) = label else { continue };
            let scale = fitting(scale, self.set.frame().side(), prepared.picture.size());
            let corner = match self.set.frame() {
                InputSize::Resize(_) => [0, 0],
                InputSize::Crop(size) => around(label, prepared.picture.size(), size * scale, random),
            };
            return Some(Place { tile, prepared, corner, label: Some(label), scale });
        }
        None
    }

    /// The tile of an item. Each epoch is shuffled separately. Unreadable tiles are reported and skipped.
    fn draw_tile(&mut self, item: usize) -> Result<(usize, Arc<Prepared>), String> {
        let pool = self.set.epoch();
        if pool.is_empty() {
            return Err("there is nothing to learn from: sample labels from masks, or draw some".to_owned());
        }
        let number = item / pool.len();
        if !self.epoch.as_ref().is_some_and(|epoch| epoch.number == number && Arc::ptr_eq(&epoch.pool, &pool)) {
            let mut order = pool.to_vec();
            Stream::new(hash::mix(self.plan.seed) ^ number as u64).shuffle(&mut order);
            self.epoch = Some(Epoch { number, pool: Arc::clone(&pool), order });
        }
        let mut unreadable = String::new();
        for offset in 0..pool.len() {
            let Some(epoch) = &self.epoch else { break };
            let tile = epoch.order[(item + offset) % pool.len()];
            match self.set.prepare(tile) {
                Ok(prepared) => return Ok((tile, prepared)),
                Err(error) => {
                    unreadable = error.to_string();
                    self.report(TileFault { tile, what: unreadable.clone() });
                }
            }
        }
        Err(match pool.len() {
            1 => format!("the only training tile cannot be read: {unreadable}"),
            tiles => format!("none of the {tiles} training tiles can be read; the last fault is: {unreadable}"),
        })
    }

    fn report(&self, fault: TileFault) {
        let mut faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        if faults.known.insert(fault.tile) {
            faults.unreported.push(fault);
        }
    }
}

/// Draws the corner of a crop, and a label that it holds. Without labels it may lie anywhere.
fn draw_crop(target: &Target, tile: [u32; 2], side: u32, random: &mut Stream) -> ([i64; 2], Option<[u32; 2]>) {
    let corner = anywhere(tile, side, random);
    if let Some(label) = target.draw_within(corner, side, random) {
        return (corner, Some(label));
    }
    // With five clicks on a tile hardly a crop holds one, and the step would be wasted.
    target.draw_labelled(random).map_or((corner, None), |label| (around(label, tile, side, random), Some(label)))
}

/// Draws the corner of a crop, each of those inside the tile with the same probability.
fn anywhere(tile: [u32; 2], side: u32, random: &mut Stream) -> [i64; 2] {
    tile.map(|length| start([0, i64::from(length)], length, side, random))
}

/// Draws the corner of a crop that contains `label`, each of those inside the tile with the same probability.
fn around(label: [u32; 2], tile: [u32; 2], side: u32, random: &mut Stream) -> [i64; 2] {
    [0, 1].map(|axis| {
        let at = i64::from(label[axis]);
        start([at + 1 - i64::from(side), at], tile[axis], side, random)
    })
}

/// Draws where a crop starts along an axis, from `first` to `last` as far as it lies inside the tile. A tile that is smaller than the crop
/// is centred.
fn start([first, last]: [i64; 2], length: u32, side: u32, random: &mut Stream) -> i64 {
    let room = i64::from(length) - i64::from(side);
    if room <= 0 {
        return room / 2;
    }
    let (first, last) = (first.max(0), last.min(room));
    first + random.below((last - first + 1) as usize) as i64
}

/// The scale, halved as long as a crop at half of it would still hold the whole tile: more than that is padding.
fn fitting(scale: u32, side: u32, [width, height]: [u32; 2]) -> u32 {
    let holds_tile = |scale: u32| scale > 1 && side * scale / 2 >= width.max(height);
    std::iter::successors(Some(scale), |scale| Some(scale / 2)).find(|scale| !holds_tile(*scale)).unwrap_or(1)
}

#[cfg(test)]
mod tests;
