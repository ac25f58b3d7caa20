//! The training tiles as the network sees them, with current labels.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};

use super::hidden;
use super::label_table::LabelTable;
use super::pseudo_labels::PseudoLabels;
use super::target::Target;
use crate::data::cache::pictures::{Owner, PictureCache};
use crate::data::files::stamp::FileStamp;
use crate::data::{DataError, Journal, Picture, Project, Tile};
use crate::domain::blocks::HeldOut;
use crate::domain::config::InputSize;
use crate::domain::{LabelBook, Mask, Sampling, Stroke, hash, panic, sampling};

/// A decoded tile with its labels.
pub struct Prepared {
    /// The picture at the size in which the network sees the tile.
    pub picture: Arc<Picture>,
    target: RwLock<Target>,
}

impl Prepared {
    /// The labels to train on.
    pub fn target(&self) -> RwLockReadGuard<'_, Target> {
        self.target.read().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The training tiles of a run, shared by the loader's threads.
pub struct TrainingSet {
    project: Arc<Project>,
    candidates: Vec<usize>,
    /// What is not learned from, by index of the tile.
    held_out: BTreeMap<usize, HeldOut>,
    frame: InputSize,
    sampling: Sampling,
    labels: RwLock<LabelState>,
    pseudo_labels: PseudoLabels,
    cache: Arc<PictureCache>,
    owner: Owner,
    faults: Mutex<BTreeMap<usize, String>>,
}

#[derive(Default)]
struct LabelState {
    book: LabelBook,
    revisions: BTreeMap<String, u64>,
    /// Counts changes that may affect any tile.
    global_revision: u64,
    pool: Arc<Vec<usize>>,
    /// Tiles that have labels. The pool may still hold others from before.
    useful: BTreeSet<usize>,
    /// Labels of the tiles counted so far.
    table: Arc<LabelTable>,
}

impl LabelState {
    fn revision(&self, tile: &str) -> u64 {
        self.revisions.get(tile).copied().unwrap_or(0) + self.global_revision
    }
}

impl TrainingSet {
    /// A set of the project's tiles with the given indices.
    pub fn new(
        project: Arc<Project>,
        candidates: Vec<usize>,
        frame: InputSize,
        sampling: Sampling,
        book: LabelBook,
    ) -> Self {
        let (cache, owner, faults) = (Arc::clone(PictureCache::shared()), Owner::new(), Mutex::default());
        let (labels, pseudo_labels) =
            (RwLock::new(LabelState { book, ..LabelState::default() }), PseudoLabels::default());
        let held_out = BTreeMap::new();
        let set = Self { project, candidates, held_out, frame, sampling, labels, pseudo_labels, cache, owner, faults };
        let mut labels = set.labels.write().unwrap_or_else(PoisonError::into_inner);
        labels.useful = set.useful(&labels.book, &set.candidates).collect();
        set.fill_pool(&mut labels);
        drop(labels);
        set
    }

    /// The set without what is held out of its tiles: neither images nor labels of these pixels are given.
    #[must_use]
    pub fn without(mut self, held_out: BTreeMap<usize, HeldOut>) -> Self {
        self.held_out = held_out;
        let mut labels = self.labels.write().unwrap_or_else(PoisonError::into_inner);
        self.fill_pool(&mut labels);
        drop(labels);
        self
    }

    /// Applies new lines of the journal, effective from the next batch. Returns the ids of the tiles on which there is something else
    /// to learn now: labels on held-out pixels are not learned from. If the last label is undone, the pool keeps its tiles without labels
    /// until there are labels again.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub fn follow(&self, journal: &mut Journal) -> Result<Vec<String>, DataError> {
        let mut labels = self.labels.write().unwrap_or_else(PoisonError::into_inner);
        let divided =
            self.held_out.keys().map(|index| (*index, self.fingerprint_of(hash::EMPTY, *index, &labels.book)));
        let before: BTreeMap<usize, u64> = divided.collect();
        let changed = journal.follow(&mut labels.book).inspect_err(|_| labels.global_revision += 1)?;
        for tile in &changed {
            *labels.revisions.entry(tile.clone()).or_default() += 1;
        }
        let is_changed = |index: &&usize| changed.contains(&self.project.tiles[**index].id);
        let touched: Vec<usize> = self.candidates.iter().filter(is_changed).copied().collect();
        let useful: BTreeSet<usize> = self.useful(&labels.book, &touched).collect();
        let flipped = |index: &&usize| labels.useful.contains(index) != useful.contains(index);
        let flipped: Vec<usize> = touched.iter().filter(flipped).copied().collect();
        for index in &flipped {
            if !labels.useful.remove(index) {
                labels.useful.insert(*index);
            }
        }
        if !flipped.is_empty() {
            self.fill_pool(&mut labels);
        }
        let is_learned = |index: &&usize| {
            before.get(index).is_none_or(|before| *before != self.fingerprint_of(hash::EMPTY, **index, &labels.book))
        };
        let learned = touched.iter().filter(is_learned).map(|index| self.id(*index).to_owned()).collect();
        drop(labels);
        touched.into_iter().for_each(|tile| self.count(tile));
        Ok(learned)
    }

    /// Tells whether the own labels that are learned from are the same as before: equal labels have equal fingerprints.
    pub fn fingerprint(&self) -> u64 {
        let labels = self.labels();
        self.candidates.iter().fold(hash::EMPTY, |before, index| self.fingerprint_of(before, *index, &labels.book))
    }

    /// The fingerprint of the own labels that are learned from on a tile, continued from that of those `before`.
    fn fingerprint_of(&self, before: u64, index: usize, book: &LabelBook) -> u64 {
        let tile = &self.project.tiles[index];
        let visible = self.held_out.get(&index).map(|held| held.visible(tile.size));
        let is_visible = |stroke: &&Stroke| {
            let Some(visible) = &visible else { return true };
            stroke.rect(tile.size, 0).is_some_and(|rect| visible.iter().any(|part| part.meets(rect)))
        };
        book.standing_on(&tile.id).filter(is_visible).fold(before, fingerprint)
    }

    /// Further labels, not from the annotator.
    pub fn pseudo_labels(&self) -> &PseudoLabels {
        &self.pseudo_labels
    }

    /// Labels of the tiles counted so far. Tiles whose own labels change are counted by [`TrainingSet::follow`].
    pub fn table(&self) -> Arc<LabelTable> {
        Arc::clone(&self.labels().table)
    }

    /// Counts the labels of a tile. A tile that cannot be read has none.
    pub fn count(&self, tile: usize) {
        let classes = self.project.classes.len();
        let counts = self.label_counts(tile).unwrap_or_else(|| vec![0; classes]);
        let mut labels = self.labels.write().unwrap_or_else(PoisonError::into_inner);
        Arc::make_mut(&mut labels.table).set(tile, counts);
    }

    /// A tile not counted yet in which a scored class may have labels that has none so far; `in_masks` says which classes the
    /// masks contain. `None` if the table knows all classes that have labels.
    pub fn next_to_count(&self, in_masks: &[bool]) -> Option<usize> {
        let labels = self.labels();
        let totals = labels.table.totals(self.project.classes.len());
        let is_missing = |class: usize| totals[class] == 0 && self.project.classes.is_scored(class as u8);
        let missing: Vec<usize> = (0..totals.len()).filter(|class| is_missing(*class)).collect();
        let mut waiting = labels.useful.iter().copied().filter(|tile| !labels.table.has(*tile));
        let is_drawn = |tile: &usize| {
            let strokes = labels.book.class_counts(&self.project.tiles[*tile].id);
            missing.iter().any(|class| strokes.get(*class).is_some_and(|count| *count > 0))
        };
        let is_masked = missing.iter().any(|class| in_masks[*class]);
        let by_hand = waiting.clone().find(is_drawn);
        by_hand.or_else(|| waiting.find(|tile| is_masked && self.project.tiles[*tile].mask.is_some()))
    }

    /// The tiles among `of` that have labels.
    fn useful<'a>(&'a self, book: &'a LabelBook, of: &'a [usize]) -> impl Iterator<Item = usize> + 'a {
        let has_samples = self.sampling.strategy != sampling::Strategy::OwnLabelsOnly;
        let is_useful = move |tile: &Tile| (tile.mask.is_some() && has_samples) || book.carries(&tile.id);
        of.iter().copied().filter(move |index| is_useful(&self.project.tiles[*index]))
    }

    /// Fills the pool with the useful tiles.
    fn fill_pool(&self, labels: &mut LabelState) {
        let is_useful = |index: &usize| labels.useful.contains(index);
        let useful: Vec<usize> = self.candidates.iter().copied().filter(is_useful).collect();
        let visits = useful.iter().zip(self.visits(&useful));
        let pool: Vec<usize> = visits.flat_map(|(&index, visits)| std::iter::repeat_n(index, visits)).collect();
        if !pool.is_empty() {
            labels.pool = Arc::new(pool);
        }
    }

    /// How often an epoch visits each of these tiles. It has as many crops as fit into them side by side, and they share these by area:
    /// by the crops that fit, a tile a little smaller than two crops would count half of what it holds.
    fn visits(&self, tiles: &[usize]) -> Vec<usize> {
        let InputSize::Crop(side) = self.frame else { return vec![1; tiles.len()] };
        let sizes = tiles.iter().map(|index| {
            let size = self.project.tiles[*index].size;
            (size, self.held_out.get(index).map_or(1.0, |held| held.visible_share(size)))
        });
        let crops = |([width, height], visible): ([u32; 2], f64)| {
            let fitting = |length: u32| f64::from((length / side.max(1)).max(1));
            fitting(width) * fitting(height) * visible
        };
        let area = |([width, height], visible): ([u32; 2], f64)| f64::from(width) * f64::from(height) * visible;
        let crops_a_pixel = sizes.clone().map(crops).sum::<f64>() / sizes.clone().map(area).sum::<f64>();
        sizes.map(|size| (area(size) * crops_a_pixel).round().max(1.0) as usize).collect()
    }

    /// The tile indices of an epoch, each as often as it is visited.
    pub fn epoch(&self) -> Arc<Vec<usize>> {
        Arc::clone(&self.labels().pool)
    }

    /// Classes of the project.
    pub fn classes(&self) -> usize {
        self.project.classes.len()
    }

    /// Side of the square the network sees, and whether it is cropped or resized.
    pub fn frame(&self) -> InputSize {
        self.frame
    }

    /// A tile with current labels, decoded if it is not cached.
    ///
    /// # Errors
    /// If its files cannot be read. The fault is remembered and later calls fail at once.
    pub fn prepare(&self, index: usize) -> Result<Arc<Prepared>, DataError> {
        let tile = &self.project.tiles[index];
        let faults = || self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(what) = faults().get(&index) {
            return Err(DataError::Known(what.clone()));
        }
        let key = FileStamp::by_path(&tile.image);
        let prepared = one_bad_tile(tile, || {
            let kept = self.cache.get(self.owner, &key);
            let prepared = kept.map_or_else(|| self.decode(index).map(Arc::new), Ok)?;
            self.label(index, &key, &prepared);
            Ok(prepared)
        });
        prepared.inspect_err(|error| drop(faults().insert(index, error.to_string())))
    }

    /// Width and height of a tile as the network sees it, pixels.
    pub fn seen_size(&self, tile: usize) -> [u32; 2] {
        match self.frame {
            InputSize::Crop(_) => self.project.tiles[tile].size,
            InputSize::Resize(side) => [side; 2],
        }
    }

    /// The id of a tile.
    pub fn id(&self, tile: usize) -> &str {
        &self.project.tiles[tile].id
    }

    /// The distinct tiles of an epoch.
    pub fn tiles(&self) -> BTreeSet<usize> {
        self.epoch().iter().copied().collect()
    }

    /// Current label counts of a tile by class; `None` if it cannot be read, which the loader reports.
    pub fn label_counts(&self, index: usize) -> Option<Vec<u64>> {
        self.prepare(index).ok().map(|prepared| prepared.target().counts(self.project.classes.len()))
    }

    fn labels(&self) -> RwLockReadGuard<'_, LabelState> {
        self.labels.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Revision of a tile's labels: increases with every change.
    pub fn revision_of(&self, index: usize) -> u64 {
        self.labels().revision(&self.project.tiles[index].id)
    }

    fn decode(&self, index: usize) -> Result<Prepared, DataError> {
        let (tile, held_out) = (&self.project.tiles[index], self.held_out.get(&index));
        let mut picture = self.cache.picture(&self.project, tile)?;
        if let Some(held_out) = held_out {
            picture = Arc::new(hidden::without(&picture, &held_out.hidden));
        }
        let sampled = match self.project.read_mask(tile)? {
            Some(mut full) => {
                held_out.iter().for_each(|held| held.hide(&mut full.mask));
                sampling::sample(&full.mask, &tile.short_id, &self.sampling)
            }
            None => Mask::unlabelled(picture.rgb.width(), picture.rgb.height()),
        };
        let (picture, sampled) = match self.frame {
            InputSize::Crop(_) => (picture, sampled),
            InputSize::Resize(side) => (Arc::new(picture.resize(side, side)), self.resize_labels(&sampled, side)),
        };
        let mut target = Target::new(sampled, &picture, tile.size, self.frame, &self.project.classes);
        let labels = self.labels();
        target.follow(&labels.book, &tile.id, labels.revision(&tile.id));
        Ok(Prepared { picture, target: RwLock::new(target) })
    }

    /// Resizes sampled labels. Points are kept, because each counts; of a fraction the same fraction remains.
    fn resize_labels(&self, sampled: &Mask, side: u32) -> Mask {
        if self.sampling.strategy.is_points() {
            sampled.resize_keeping_labels(side, side)
        } else {
            sampled.resize_nearest(side, side)
        }
    }

    /// Updates the labels of a tile and caches it.
    fn label(&self, index: usize, key: &FileStamp, prepared: &Arc<Prepared>) {
        let (labels, tile) = (self.labels(), &self.project.tiles[index]);
        let revision = labels.revision(&tile.id);
        let is_current = prepared.target().revision == revision;
        if !is_current {
            let mut target = prepared.target.write().unwrap_or_else(PoisonError::into_inner);
            target.follow(&labels.book, &tile.id, revision);
        } else if self.cache.holds(self.owner, key) {
            return;
        }
        let is_own = matches!(self.frame, InputSize::Resize(_)) || self.held_out.contains_key(&index);
        let own_picture = if is_own { prepared.picture.bytes() } else { 0 };
        let bytes = prepared.target().bytes() + own_picture;
        self.cache.put(self.owner, key.clone(), Arc::clone(prepared), bytes);
    }
}

/// The fingerprint of strokes, continued from that of those `before`.
fn fingerprint(before: u64, Stroke { tile, class, radius, path }: &Stroke) -> u64 {
    // Lengths keep apart what follows each other.
    let head = [tile.len() as u64, path.len() as u64, class.map_or(u64::MAX, u64::from), u64::from(radius.to_bits())];
    let numbers = head.into_iter().chain(path.iter().flatten().map(|place| u64::from(place.to_bits())));
    numbers.fold(hash::digest(before, tile.as_bytes()), |hash, number| hash::mix(hash ^ number))
}

impl Drop for TrainingSet {
    fn drop(&mut self) {
        self.cache.forget(self.owner);
    }
}

/// Turns a panic of a decoder into a fault of its tile, so that the loader's thread survives.
fn one_bad_tile<T>(tile: &Tile, work: impl FnOnce() -> Result<T, DataError>) -> Result<T, DataError> {
    panic::caught(work).unwrap_or_else(|why| {
        let what = format!("tile {} crashed its decoder ({why}): convert or replace its files", tile.id);
        Err(DataError::content(what, &tile.image))
    })
}

#[cfg(test)]
mod tests;
