//! Prefetches batches for the trainer on threads of its own.
//!
//! The content of batch n depends only on the seed and n, not on the number of threads: thread t makes batches t,
//! t + threads, … and the trainer takes them in turn.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use crossbeam_channel::{Receiver, Sender, bounded};

use super::batch::Batch;
use super::batch_maker::{BatchMaker, BatchPlan, Faults};
use super::training_set::TrainingSet;
use crate::data::TileFault;

/// Number of finished batches kept ready per thread.
const AHEAD: usize = 2;

/// The loader threads and their queues. Dropping this ends the threads.
pub struct Loader {
    set: Arc<TrainingSet>,
    lanes: Vec<Receiver<Result<Batch, String>>>,
    taken: usize,
    faults: Arc<Mutex<Faults>>,
    threads: Vec<JoinHandle<()>>,
}

impl Loader {
    /// Starts `threads` threads, which begin with the batch of number `first`. Each first calls `on_start`, e.g. to lower its priority.
    ///
    /// # Errors
    /// If a thread could not be started.
    pub fn start(
        set: Arc<TrainingSet>,
        plan: BatchPlan,
        first: usize,
        threads: usize,
        on_start: fn(),
    ) -> std::io::Result<Self> {
        let lanes = threads.max(1);
        let faults = Arc::<Mutex<Faults>>::default();
        let mut loader = Self {
            set: Arc::clone(&set),
            lanes: Vec::new(),
            taken: first,
            faults: Arc::clone(&faults),
            threads: Vec::new(),
        };
        for lane in 0..lanes {
            let (sender, receiver) = bounded(AHEAD);
            let (set, faults) = (Arc::clone(&set), Arc::clone(&faults));
            let mut maker = BatchMaker::new(set, plan, faults);
            let run = move || {
                on_start();
                // The first number from `first` on that is this lane's.
                let number = first + (lane + lanes - first % lanes) % lanes;
                fill_lane(&mut maker, number, lanes, &sender);
            };
            loader.threads.push(std::thread::Builder::new().name(format!("loader-{lane}")).spawn(run)?);
            loader.lanes.push(receiver);
        }
        Ok(loader)
    }

    /// Number of the next batch: how many were taken, by earlier loaders of the run too.
    pub fn taken(&self) -> usize {
        self.taken
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

/// Makes every `lanes`th batch, from number `first`.
fn fill_lane(maker: &mut BatchMaker, first: usize, lanes: usize, sender: &Sender<Result<Batch, String>>) {
    for number in (first..).step_by(lanes) {
        let batch = maker.make(number);
        let failed = batch.is_err();
        if sender.send(batch).is_err() || failed {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::warp::WarpPlan;
    use super::*;
    use crate::data::Project;
    use crate::domain::config::{Batches, InputSize};
    use crate::domain::{Edit, LabelBook, Sampling, Strategy, Stroke};

    fn plan(count: usize) -> BatchPlan {
        let batches = Batches::Tiles;
        let (warp, [scales, flips, quarter_turns, exists]) = (WarpPlan::default(), [false; 4]);
        BatchPlan { count, batches, scales, flips, quarter_turns, warp, exists, jitter: 0.0, seed: 1 }
    }

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
        let plan = plan(1);
        let error = Loader::start(Arc::new(set), plan, 0, 1, || {}).unwrap().next_batch().unwrap_err();
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
        let plan = plan(2);
        let mut loader = Loader::start(Arc::new(set), plan, 0, 1, || {}).unwrap();
        for _ in 0..3 {
            assert!(loader.next_batch().is_ok_and(|batch| batch.labelled > 0));
        }
        let faults = loader.take_faults();
        assert_eq!(faults.iter().map(|fault| fault.tile).collect::<Vec<_>>(), [0]);
        assert!(faults[0].what.contains("tile a") && faults[0].what.ends_with("a.png"), "{faults:?}");
    }
}
