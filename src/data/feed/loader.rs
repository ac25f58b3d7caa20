//! Prefetches batches for the trainer on threads of its own.
//!
//! The content of batch n depends only on the seed and n, not on the number of threads: thread t makes batches t,
//! t + threads, … and the trainer takes them in turn.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use crossbeam_channel::{Receiver, Sender, bounded};

use super::augment::Symmetry;
use super::target::Target;
use super::training_set::{Prepared, TrainingSet};
use super::{crop, normalize};
use crate::data::TileFault;
use crate::domain::UNLABELLED;
use crate::domain::config::InputSize;
use crate::domain::hash::{self, Stream};

/// Number of finished batches kept ready per thread.
const AHEAD: usize = 2;

/// Settings of the batches.
#[derive(Clone, Copy, Debug)]
pub struct BatchPlan {
    /// Crops per batch.
    pub count: usize,
    /// Random flips.
    pub flips: bool,
    /// Random quarter turns.
    pub quarter_turns: bool,
    /// Seed of order, crops and symmetries.
    pub seed: u64,
}

/// A batch of crops in plain memory.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// Normalised colours: `[count, 3, size, size]`.
    pub images: Vec<f32>,
    /// Class indices, 255 where unlabelled: `[count, size, size]`.
    pub targets: Vec<u8>,
    /// Number of crops.
    pub count: usize,
    /// Side of a crop in pixels.
    pub size: u32,
    /// Labelled pixels among `targets`.
    pub labelled: u64,
    origins: Vec<Origin>,
}

/// Where a crop was cut, so that changed labels can be cut again.
#[derive(Clone, Copy, Debug)]
struct Origin {
    tile: usize,
    corner: [i64; 2],
    symmetry: Symmetry,
    revision: u64,
}

/// The loader threads and their queues. Dropping this ends the threads.
pub struct Loader {
    set: Arc<TrainingSet>,
    lanes: Vec<Receiver<Result<Batch, String>>>,
    taken: usize,
    faults: Arc<Mutex<Faults>>,
    threads: Vec<JoinHandle<()>>,
}

/// Unreadable tiles found while loading.
#[derive(Default)]
struct Faults {
    known: BTreeSet<usize>,
    unreported: Vec<TileFault>,
}

/// Makes the batches of one thread.
struct BatchMaker {
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

impl Loader {
    /// Starts `threads` threads. Each first calls `on_start`, e.g. to lower its priority.
    ///
    /// # Errors
    /// If a thread could not be started.
    pub fn start(set: Arc<TrainingSet>, plan: BatchPlan, threads: usize, on_start: fn()) -> std::io::Result<Self> {
        let faults = Arc::<Mutex<Faults>>::default();
        let mut loader = Self {
            set: Arc::clone(&set),
            lanes: Vec::new(),
            taken: 0,
            faults: Arc::clone(&faults),
            threads: Vec::new(),
        };
        for lane in 0..threads.max(1) {
            let (sender, receiver) = bounded(AHEAD);
            let (set, faults) = (Arc::clone(&set), Arc::clone(&faults));
            let mut maker = BatchMaker { set, plan, table: normalize::table(), faults, epoch: None };
            let run = move || {
                on_start();
                maker.run(lane, threads.max(1), &sender);
            };
            loader.threads.push(std::thread::Builder::new().name(format!("loader-{lane}")).spawn(run)?);
            loader.lanes.push(receiver);
        }
        Ok(loader)
    }

    /// The next batch with current labels.
    ///
    /// # Errors
    /// A message for the user if there is nothing to train on.
    pub fn next_batch(&mut self) -> Result<Batch, String> {
        let lane = self.taken % self.lanes.len();
        self.taken += 1;
        let mut batch = self.lanes[lane]
            .recv()
            .map_err(|_gone| "the loader stopped unexpectedly: start the run again".to_owned())??;
        batch.refresh(&self.set);
        Ok(batch)
    }

    /// Tile faults found since the last call, each tile once.
    pub fn take_faults(&self) -> Vec<TileFault> {
        std::mem::take(&mut self.faults.lock().unwrap_or_else(PoisonError::into_inner).unreported)
    }
}

impl Drop for Loader {
    fn drop(&mut self) {
        self.lanes.clear(); // Disconnects the senders, so their threads end.
        for thread in self.threads.drain(..) {
            thread.join().ok();
        }
    }
}

impl BatchMaker {
    fn run(&mut self, lane: usize, lanes: usize, sender: &Sender<Result<Batch, String>>) {
        for number in (lane..).step_by(lanes) {
            let batch = self.make(number);
            let failed = batch.is_err();
            if sender.send(batch).is_err() || failed {
                return;
            }
        }
    }

    fn make(&mut self, number: usize) -> Result<Batch, String> {
        let size = self.set.frame().side();
        let mut batch = Batch { count: self.plan.count, size, ..Batch::default() };
        for place in 0..self.plan.count {
            let item = number * self.plan.count + place;
            let mut random = Stream::new(hash::mix(self.plan.seed ^ hash::mix(item as u64)));
            let (tile, prepared) = self.draw_tile(item)?;
            let target = prepared.target();
            let corner = match self.set.frame() {
                InputSize::Resize(_) => [0, 0],
                InputSize::Crop(size) => draw_corner(&target, size, &mut random),
            };
            let symmetry = Symmetry::draw(&mut random, self.plan.flips, self.plan.quarter_turns);
            crop::cut_image(&prepared.picture.rgb, corner, symmetry, size, &self.table, &mut batch.images);
            crop::cut_labels(target.mask(), corner, symmetry, size, &mut batch.targets);
            batch.origins.push(Origin { tile, corner, symmetry, revision: target.revision });
        }
        batch.count_labelled();
        Ok(batch)
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

impl Batch {
    /// A batch of given crops of side `size`, for tests and benchmarks.
    pub fn new(images: Vec<f32>, targets: Vec<u8>, size: u32) -> Self {
        let count = targets.len() / (size * size).max(1) as usize;
        let mut batch = Self { images, targets, count, size, ..Self::default() };
        batch.count_labelled();
        batch
    }

    /// Cuts the labels again for crops whose tile has changed.
    fn refresh(&mut self, set: &TrainingSet) {
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
                crop::cut_labels(target.mask(), origin.corner, origin.symmetry, self.size, &mut targets);
                self.targets[place * area..(place + 1) * area].copy_from_slice(&targets);
                origin.revision = target.revision;
                changed = true;
            }
        }
        if changed {
            self.count_labelled();
        }
    }

    fn count_labelled(&mut self) {
        self.labelled = self.targets.iter().filter(|&&index| index != UNLABELLED).count() as u64;
    }
}

/// Draws the corner of a crop that contains a random labelled pixel at a random position and as little outside the tile as
/// possible. With dense labels crops are uniform; with five clicks per tile no step is wasted.
fn draw_corner(target: &Target, size: u32, random: &mut Stream) -> [i64; 2] {
    let tile = target.mask().size();
    let [x, y] = target.draw_labelled(random).unwrap_or_else(|| tile.map(|n| random.below(n as usize) as u32));
    let place = |position: u32, length: u32, random: &mut Stream| {
        let room = i64::from(length) - i64::from(size);
        if room <= 0 {
            return room / 2; // Centres a tile that is smaller than the crop.
        }
        (i64::from(position) - random.below(size as usize) as i64).clamp(0, room)
    };
    [place(x, tile[0], random), place(y, tile[1], random)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Project;
    use crate::domain::{Edit, LabelBook, Sampling, Strategy, Stroke};

    #[test]
    fn an_error_about_the_only_tile_names_file_and_reason() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.png");
        image::RgbImage::new(16, 16).save(&path).unwrap();
        let project = Project::open(dir.path()).unwrap();
        let mut book = LabelBook::default();
        let (tile, path_in_image) = (project.tiles[0].id.clone(), vec![[8.0, 8.0]]);
        book.apply(Edit::Begin(Stroke { tile, class: Some(0), radius: 2.0, path: path_in_image }));
        std::fs::write(&path, b"no picture").unwrap();
        let sampling = Sampling { strategy: Strategy::OwnLabelsOnly, seed: 1 };
        let set = TrainingSet::new(Arc::new(project), vec![0], InputSize::Resize(16), sampling, book);
        let plan = BatchPlan { count: 1, flips: false, quarter_turns: false, seed: 1 };
        let error = Loader::start(Arc::new(set), plan, 1, || {}).unwrap().next_batch().unwrap_err();
        assert!(error.starts_with("the only training tile cannot be read: ") && error.contains("a.png"), "{error}");
    }

    #[test]
    fn a_replaced_file_is_the_fault_of_one_tile() {
        let dir = tempfile::tempdir().unwrap();
        let mut book = LabelBook::default();
        for id in ["a", "b"] {
            image::RgbImage::new(16, 16).save(dir.path().join(format!("{id}.png"))).unwrap();
            let path = vec![[8.0, 8.0]];
            book.apply(Edit::Begin(Stroke { tile: id.to_owned(), class: Some(0), radius: 2.0, path }));
        }
        let mut project = Project::open(dir.path()).unwrap();
        project.tiles[0].size = [17, 16]; // As if the file had been another when the folder was opened.
        let sampling = Sampling { strategy: Strategy::OwnLabelsOnly, seed: 1 };
        let set = TrainingSet::new(Arc::new(project), vec![0, 1], InputSize::Resize(16), sampling, book);
        let plan = BatchPlan { count: 2, flips: false, quarter_turns: false, seed: 1 };
        let mut loader = Loader::start(Arc::new(set), plan, 1, || {}).unwrap();
        for _ in 0..3 {
            assert!(loader.next_batch().is_ok_and(|batch| batch.labelled > 0));
        }
        let faults = loader.take_faults();
        assert_eq!(faults.iter().map(|fault| fault.tile).collect::<Vec<_>>(), [0]);
        assert!(faults[0].what.contains("tile a") && faults[0].what.ends_with("a.png"), "{faults:?}");
    }
}
