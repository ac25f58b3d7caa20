//! The training tiles as the network sees them, with current labels.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};

use super::target::Target;
use crate::data::cache::pictures::{Owner, PictureCache};
use crate::data::files::stamp::FileStamp;
use crate::data::{DataError, Journal, Picture, Project, Tile};
use crate::domain::config::InputSize;
use crate::domain::{LabelBook, Mask, Sampling, panic, sampling};

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
    frame: InputSize,
    sampling: Sampling,
    labels: RwLock<LabelState>,
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
        let labels = RwLock::new(LabelState { book, ..LabelState::default() });
        let set = Self { project, candidates, frame, sampling, labels, cache, owner, faults };
        let mut labels = set.labels.write().unwrap_or_else(PoisonError::into_inner);
        labels.useful = set.useful(&labels.book, &set.candidates).collect();
        set.fill_pool(&mut labels);
        drop(labels);
        set
    }

    /// Applies new lines of the journal, effective from the next batch. Returns the ids of the tiles whose labels changed. If
    /// the last label is undone, the pool keeps its tiles without labels until there are labels again.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub fn follow(&self, journal: &mut Journal) -> Result<Vec<String>, DataError> {
        let mut labels = self.labels.write().unwrap_or_else(PoisonError::into_inner);
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
        Ok(changed)
    }

    /// The tiles among `of` that have labels.
    fn useful<'a>(&'a self, book: &'a LabelBook, of: &'a [usize]) -> impl Iterator<Item = usize> + 'a {
        let has_samples = self.sampling.strategy != sampling::Strategy::OwnLabelsOnly;
        let is_useful = move |tile: &Tile| (tile.mask.is_some() && has_samples) || book.carries(&tile.id);
        of.iter().copied().filter(move |index| is_useful(&self.project.tiles[*index]))
    }

    /// Fills the pool: each useful tile as often as crops fit into it.
    fn fill_pool(&self, labels: &mut LabelState) {
        let crops = |tile: &Tile| match self.frame {
            InputSize::Resize(_) => 1,
            InputSize::Crop(size) => tile.size.map(|n| (n / size.max(1)).max(1) as usize).iter().product(),
        };
        let useful = self.candidates.iter().filter(|index| labels.useful.contains(index));
        let pool: Vec<usize> =
            useful.flat_map(|&index| std::iter::repeat_n(index, crops(&self.project.tiles[index]))).collect();
        if !pool.is_empty() {
            labels.pool = Arc::new(pool);
        }
    }

    /// The tile indices of an epoch, each as often as crops fit into the tile.
    pub fn epoch(&self) -> Arc<Vec<usize>> {
        Arc::clone(&self.labels().pool)
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
            let prepared = kept.map_or_else(|| self.decode(tile).map(Arc::new), Ok)?;
            self.label(tile, &key, &prepared);
            Ok(prepared)
        });
        prepared.inspect_err(|error| drop(faults().insert(index, error.to_string())))
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

    fn decode(&self, tile: &Tile) -> Result<Prepared, DataError> {
        let picture = self.cache.picture(&self.project, tile)?;
        let sampled = match self.project.read_mask(tile)? {
            Some(full) => sampling::sample(&full.mask, &tile.short_id, &self.sampling),
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
    fn label(&self, tile: &Tile, key: &FileStamp, prepared: &Arc<Prepared>) {
        let labels = self.labels();
        let revision = labels.revision(&tile.id);
        let is_current = prepared.target().revision == revision;
        if !is_current {
            let mut target = prepared.target.write().unwrap_or_else(PoisonError::into_inner);
            target.follow(&labels.book, &tile.id, revision);
        } else if self.cache.holds(self.owner, key) {
            return;
        }
        let own_picture = if matches!(self.frame, InputSize::Resize(_)) { prepared.picture.bytes() } else { 0 };
        let bytes = prepared.target().bytes() + own_picture;
        self.cache.put(self.owner, key.clone(), Arc::clone(prepared), bytes);
    }
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
mod tests {
    use super::*;
    use crate::domain::{Edit, Strategy, Stroke, UNLABELLED};

    /// A project of tiles `a` and `b` of 32×32 pixels without masks, trained on clicks only.
    fn set(book: LabelBook) -> (tempfile::TempDir, Arc<Project>, TrainingSet) {
        let dir = tempfile::tempdir().unwrap();
        for id in ["a", "b"] {
            image::RgbImage::new(32, 32).save(dir.path().join(format!("{id}.png"))).unwrap();
        }
        let project = Arc::new(Project::open(dir.path()).unwrap());
        let sampling = Sampling { strategy: Strategy::OwnLabelsOnly, seed: 1 };
        let set = TrainingSet::new(Arc::clone(&project), vec![0, 1], InputSize::Crop(16), sampling, book);
        (dir, project, set)
    }

    fn click(tile: &str, class: u8, x: f32) -> Edit {
        Edit::Begin(Stroke { tile: tile.to_owned(), class: Some(class), radius: 0.0, path: vec![[x, 0.5]] })
    }

    #[test]
    fn a_tile_that_panics_is_named_with_its_file() {
        let (_dir, project, _set) = set(LabelBook::default());
        let message = one_bad_tile::<()>(&project.tiles[0], || panic!("index out of range")).unwrap_err().to_string();
        assert!(message.contains("tile a") && message.contains("index out of range"), "{message}");
        assert!(message.ends_with("a.png"), "{message}");
    }

    #[test]
    fn labels_are_updated_without_decoding_again() {
        let (dir, project, set) = set(LabelBook::default());
        let mut window = Journal::open(&project).unwrap().0;
        let mut trainer = Journal::open_to_follow(&project).unwrap().0;
        assert!(set.epoch().is_empty());
        window.append(&click("a", 1, 3.5)).unwrap();
        assert_eq!(set.follow(&mut trainer).unwrap(), ["a"]);
        assert_eq!(*set.epoch(), [0, 0, 0, 0], "a crop of half the side fits in four times");
        let prepared = set.prepare(0).unwrap();
        assert_eq!(prepared.target().mask().get(3, 0), 1);
        std::fs::remove_file(dir.path().join("a.png")).unwrap();
        window.append(&click("a", 0, 3.5)).unwrap();
        window.append(&click("b", 0, 3.5)).unwrap();
        assert_eq!(set.follow(&mut trainer).unwrap(), ["a", "b"]);
        assert!(Arc::ptr_eq(&set.prepare(0).unwrap(), &prepared));
        assert_eq!(prepared.target().mask().get(3, 0), 0);
        assert_eq!((set.tiles().len(), set.label_counts(0).unwrap()[0], set.revision_of(0)), (2, 1, 2));
        for _ in 0..3 {
            window.append(&Edit::Undo).unwrap();
        }
        set.follow(&mut trainer).unwrap();
        assert_eq!(set.prepare(0).unwrap().target().mask().get(3, 0), UNLABELLED);
        assert!(!set.epoch().is_empty(), "the pool keeps its tiles when the last label is undone");
    }

    #[test]
    fn a_file_replaced_by_another_size_is_a_fault_that_names_it() {
        let mut book = LabelBook::default();
        book.apply(click("a", 1, 3.5));
        let (dir, _project, set) = set(book);
        image::RgbImage::new(16, 64).save(dir.path().join("a.png")).unwrap();
        let message = set.prepare(0).err().unwrap().to_string();
        assert!(message.contains("16×64") && message.contains("32×32"), "{message}");
        assert!(message.contains("open the folder again") && message.ends_with("a.png"), "{message}");
    }
}
