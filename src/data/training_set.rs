//! What is learned from: the training tiles as the network sees them, with the labels of the moment.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock};

use image::{RgbImage, imageops};

use super::{DataError, Project, Tile};
use crate::domain::config::Frame;
use crate::domain::hash::Stream;
use crate::domain::{LabelBook, Mask, Sampling, UNLABELLED, panic, sampling};

/// Decoded tiles are kept up to this many bytes.
const CACHE_BYTES: usize = 600 << 20;

/// A tile ready to be cut from.
pub struct Prepared {
    /// Colours, at the size the network sees the tile.
    pub image: Arc<RgbImage>,
    /// Labels to learn from: clicks over sampled pixels. Ignored classes are unlabelled here.
    pub target: Arc<Mask>,
    /// Which state of the labels `target` shows.
    pub revision: u64,
    sampled: Arc<Mask>,
    labelled: OnceLock<Vec<u32>>,
}

impl Prepared {
    /// A random labelled pixel; `None` if there is none.
    pub fn draw_labelled(&self, random: &mut Stream) -> Option<[u32; 2]> {
        let (data, width) = (self.target.data(), self.target.width() as usize);
        // Guessing is quick where labels are dense; where they are sparse a list is made once.
        let guess = (0..32).map(|_| random.below(data.len())).find(|&i| data[i] != UNLABELLED);
        let position = guess.or_else(|| {
            let list = self
                .labelled
                .get_or_init(|| (0..data.len() as u32).filter(|&i| data[i as usize] != UNLABELLED).collect());
            list.get(random.below(list.len())).map(|&i| i as usize)
        })?;
        Some([(position % width) as u32, (position / width) as u32])
    }

    fn bytes(&self) -> usize {
        let masks = if Arc::ptr_eq(&self.target, &self.sampled) { 1 } else { 2 };
        self.image.len() + masks * self.target.data().len()
    }
}

/// The training tiles of a run. Shared by the loader's threads.
pub struct TrainingSet {
    project: Arc<Project>,
    candidates: Vec<usize>,
    frame: Frame,
    sampling: Sampling,
    labels: RwLock<Labels>,
    cache: Mutex<Cache>,
}

#[derive(Default)]
struct Labels {
    book: LabelBook,
    revisions: BTreeMap<String, u64>,
    pool: Arc<Vec<usize>>,
}

#[derive(Default)]
struct Cache {
    tiles: BTreeMap<usize, Arc<Prepared>>,
    recently_used: Vec<usize>,
    faults: BTreeMap<usize, String>,
}

impl TrainingSet {
    /// A set over the project's tiles with the given indices.
    pub fn new(
        project: Arc<Project>,
        candidates: Vec<usize>,
        frame: Frame,
        sampling: Sampling,
        book: LabelBook,
    ) -> Self {
        let set = Self { project, candidates, frame, sampling, labels: RwLock::default(), cache: Mutex::default() };
        set.set_labels(book, &[]);
        set
    }

    /// Takes over changed labels. They count from the next batch on. When the last label is taken back, the tiles stay and
    /// teach nothing until there are labels again.
    pub fn set_labels(&self, book: LabelBook, changed: &[String]) {
        let mut labels = self.labels.write().unwrap_or_else(PoisonError::into_inner);
        for tile in changed {
            *labels.revisions.entry(tile.clone()).or_default() += 1;
        }
        let pool = self.pool(&book);
        if !pool.is_empty() {
            labels.pool = Arc::new(pool);
        }
        labels.book = book;
    }

    /// The tiles that have anything to learn from, each as often as crops fill it.
    fn pool(&self, book: &LabelBook) -> Vec<usize> {
        let clicked = book.tiles();
        let has_samples = self.sampling.strategy != sampling::Strategy::Nothing;
        let useful = |tile: &Tile| (tile.mask.is_some() && has_samples) || clicked.contains(tile.id.as_str());
        let crops = |tile: &Tile| match self.frame {
            Frame::Resize(_) => 1,
            Frame::Crop(size) => tile.size.map(|n| (n / size.max(1)).max(1) as usize).iter().product(),
        };
        let useful_tiles = self.candidates.iter().filter(|&&index| useful(&self.project.tiles[index]));
        useful_tiles.flat_map(|&index| std::iter::repeat_n(index, crops(&self.project.tiles[index]))).collect()
    }

    /// What an epoch goes through: tile indices, each as often as crops fill the tile.
    pub fn epoch(&self) -> Arc<Vec<usize>> {
        Arc::clone(&self.labels.read().unwrap_or_else(PoisonError::into_inner).pool)
    }

    /// Side of the square the network sees.
    pub fn frame(&self) -> Frame {
        self.frame
    }

    /// A tile, decoded, sampled and with the labels of the moment.
    ///
    /// # Errors
    /// If its files cannot be read. The fault is remembered: the next call fails at once.
    pub fn prepare(&self, index: usize) -> Result<Arc<Prepared>, DataError> {
        let tile = &self.project.tiles[index];
        let kept = self.cache().get(index);
        if let Some(what) = self.cache().faults.get(&index) {
            return Err(DataError::Known(what.clone()));
        }
        if let Some(kept) = &kept
            && kept.revision == self.revision(&tile.id)
        {
            return Ok(Arc::clone(kept));
        }
        // A tile that makes its decoder panic is one bad tile, not the end of a loader's thread.
        let prepared = panic::caught(|| match kept {
            Some(kept) => Ok(self.label(tile, Arc::clone(&kept.image), Arc::clone(&kept.sampled))),
            None => self.decode(tile),
        })
        .unwrap_or_else(|why| {
            let what = format!("tile {} made its decoder fail ({why}): convert or replace its files", tile.id);
            Err(DataError::content(what, &tile.image))
        });
        let mut cache = self.cache();
        match prepared {
            Ok(prepared) => Ok(cache.put(index, Arc::new(prepared))),
            Err(error) => {
                cache.faults.insert(index, error.to_string());
                Err(error)
            }
        }
    }

    /// The different tiles of an epoch.
    pub fn tiles(&self) -> BTreeSet<usize> {
        self.epoch().iter().copied().collect()
    }

    /// Labelled pixels per class of a tile, as they stand now; `None` if it cannot be read (which is reported when it is
    /// drawn).
    pub fn label_counts(&self, index: usize) -> Option<Vec<u64>> {
        self.prepare(index).ok().map(|prepared| prepared.target.counts(self.project.classes.len()))
    }

    fn cache(&self) -> MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How often the tile's labels have changed.
    pub fn revision(&self, tile: &str) -> u64 {
        let labels = self.labels.read().unwrap_or_else(PoisonError::into_inner);
        labels.revisions.get(tile).copied().unwrap_or(0)
    }

    /// How often the labels of the tile with this index have changed.
    pub fn revision_of(&self, index: usize) -> u64 {
        self.revision(&self.project.tiles[index].id)
    }

    fn decode(&self, tile: &Tile) -> Result<Prepared, DataError> {
        let image = self.project.read_image(tile)?;
        let size = [image.width(), image.height()];
        let sampled = match self.project.read_mask(tile)? {
            Some(full) => sampling::sample(&full.mask, &tile.short_id, &self.sampling),
            None => Mask::unlabelled(size[0], size[1]),
        };
        let (image, mut sampled) = match self.frame {
            Frame::Crop(_) => (image, sampled),
            Frame::Resize(side) => (resize(&image, side, side), self.resize_labels(&sampled, side)),
        };
        self.take_ignored_out(&mut sampled);
        Ok(self.label(tile, Arc::new(image), Arc::new(sampled)))
    }

    /// Points are too few to lose any; of a fraction the same fraction is to remain.
    fn resize_labels(&self, sampled: &Mask, side: u32) -> Mask {
        if self.sampling.strategy.is_points() {
            sampled.resize_keeping_labels(side, side)
        } else {
            sampled.resize_nearest(side, side)
        }
    }

    /// Lays the own labels over the sampled ones, which are all there is to learn from on a tile without any.
    fn label(&self, tile: &Tile, image: Arc<RgbImage>, sampled: Arc<Mask>) -> Prepared {
        let revision = self.revision(&tile.id);
        let target = self.own(tile).map_or_else(
            || Arc::clone(&sampled),
            |own| {
                let mut target = Mask::clone(&sampled);
                target.overlay(&own);
                self.take_ignored_out(&mut target);
                Arc::new(target)
            },
        );
        Prepared { image, target, revision, sampled, labelled: OnceLock::new() }
    }

    /// The own labels of a tile at the size the network sees it, if it carries any.
    fn own(&self, tile: &Tile) -> Option<Mask> {
        let labels = self.labels.read().unwrap_or_else(PoisonError::into_inner);
        let own = labels.book.tiles().contains(tile.id.as_str()).then(|| labels.book.rasterize(&tile.id, tile.size))?;
        Some(match self.frame {
            Frame::Crop(_) => own,
            Frame::Resize(side) => own.resize_keeping_labels(side, side),
        })
    }

    fn take_ignored_out(&self, labels: &mut Mask) {
        for index in labels.data_mut() {
            if !self.project.classes.is_scored(*index) {
                *index = UNLABELLED;
            }
        }
    }
}

impl Cache {
    fn get(&mut self, index: usize) -> Option<Arc<Prepared>> {
        let found = self.tiles.get(&index).map(Arc::clone);
        if found.is_some() {
            self.touch(index);
        }
        found
    }

    fn put(&mut self, index: usize, prepared: Arc<Prepared>) -> Arc<Prepared> {
        self.tiles.insert(index, Arc::clone(&prepared));
        self.touch(index);
        let mut bytes: usize = self.tiles.values().map(|tile| tile.bytes()).sum();
        while bytes > CACHE_BYTES && self.recently_used.len() > 1 {
            let oldest = self.recently_used.remove(0);
            bytes -= self.tiles.remove(&oldest).map_or(0, |tile| tile.bytes());
        }
        prepared
    }

    fn touch(&mut self, index: usize) {
        self.recently_used.retain(|&other| other != index);
        self.recently_used.push(index);
    }
}

/// Resizes a picture, averaging over the pixels that become one.
pub fn resize(image: &RgbImage, width: u32, height: u32) -> RgbImage {
    imageops::resize(image, width, height, imageops::FilterType::Triangle)
}
