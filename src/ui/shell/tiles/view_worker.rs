//! The thread that reads the tile in view, samples its mask and prefetches its neighbours.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use super::loaded::{Loaded, ResultSender};
use super::requests::{Requests, Shared};
use super::view_cache::ViewCache;
use crate::data::cache::pictures::PictureCache;
use crate::data::{Project, Tile};
use crate::domain::{Sampling, sampling};
use crate::kernels::memory;
use crate::ui::state::sampled_mask::SampledMask;
use crate::ui::state::tile_view::TileView;

/// Larger neighbours are not prefetched, bytes.
const PREFETCHED_BYTES: usize = 64 << 20;

/// A job for the tile in view.
enum ViewJob {
    /// Deliver the tile, from the cache or from disk, for this request number.
    Show(Arc<Project>, Tile, u64),
    /// Sample the mask of the tile shown, with this many classes.
    Sample(Arc<TileView>, usize, Sampling),
    /// Read a neighbour while nothing else is requested.
    Prefetch(Arc<Project>, Tile),
}

/// State of the view thread.
struct ViewWorker {
    epoch: u64,
    views: ViewCache,
    /// The tile delivered last, even if faulty, and the number of the request.
    answered: Option<(String, u64)>,
    /// The tile in view, unless it is faulty.
    shown: Option<Arc<TileView>>,
    sampled: Option<Sampling>,
    /// Neighbours that could not be read; they are not tried again.
    refused: Vec<String>,
}

impl ViewWorker {
    fn new(epoch: u64) -> Self {
        Self {
            epoch,
            views: ViewCache::new(Arc::clone(PictureCache::shared())),
            answered: None,
            shown: None,
            sampled: None,
            refused: Vec::new(),
        }
    }

    /// The most urgent job; `None` if all requests are met.
    fn next(&self, requests: &Requests) -> Option<ViewJob> {
        let project = requests.project.as_ref()?;
        let wanted = requests.view.as_ref()?;
        let request = requests.view_request;
        if !self.answered.as_ref().is_some_and(|(tile, answered)| tile == wanted && *answered == request) {
            return Some(ViewJob::Show(Arc::clone(project), project.tile(wanted)?.clone(), request));
        }
        if let Some(view) = &self.shown
            && view.mask.is_some()
            && self.sampled != Some(requests.sampling)
            && requests.sampling.strategy.problem().is_none()
        {
            return Some(ViewJob::Sample(Arc::clone(view), project.classes.len(), requests.sampling));
        }
        let at = project.tiles.iter().position(|tile| tile.id == *wanted)?;
        let neighbours = [project.tiles.get(at + 1), at.checked_sub(1).and_then(|i| project.tiles.get(i))];
        let tile = neighbours.into_iter().flatten().find(|tile| self.is_worth_reading(tile))?;
        Some(ViewJob::Prefetch(Arc::clone(project), tile.clone()))
    }

    fn is_worth_reading(&self, tile: &Tile) -> bool {
        let bytes = tile.size[0] as usize * tile.size[1] as usize * 7;
        tile.fault.is_none() && bytes < PREFETCHED_BYTES && !self.views.holds(tile) && !self.refused.contains(&tile.id)
    }

    /// Does a job. Returns what to deliver.
    fn run(&mut self, job: ViewJob) -> Option<Loaded> {
        match job {
            ViewJob::Show(project, tile, request) => {
                (self.answered, self.sampled) = (Some((tile.id.clone(), request)), None);
                let read = self.views.get_or_read(&project, &tile);
                memory::give_back(); // Decoding leaves gaps in the heap that no later block fills.
                self.shown = read.as_ref().ok().cloned();
                Some(match read {
                    Ok(view) => Loaded::View(view),
                    Err(message) => Loaded::Fault { tile: tile.id, message },
                })
            }
            ViewJob::Sample(view, classes, sampling) => {
                self.sampled = Some(sampling);
                let mask = sampling::sample(view.mask.as_deref()?, &view.short_id, &sampling);
                let counts = mask.counts(classes);
                Some(Loaded::Sampled {
                    tile: view.tile.clone(),
                    sampling,
                    mask: Arc::new(SampledMask::new(mask)),
                    counts,
                })
            }
            ViewJob::Prefetch(project, tile) => {
                if self.views.get_or_read(&project, &tile).is_err() {
                    self.refused.push(tile.id); // Reported when the user opens it.
                }
                None
            }
        }
    }
}

/// Serves requests until the loader is dropped.
pub(crate) fn serve(shared: &Shared, sender: &ResultSender) {
    let mut worker = ViewWorker::new(0);
    loop {
        let job = {
            let mut requests = shared.requests();
            loop {
                if requests.is_over {
                    return;
                }
                let epoch = shared.epoch.load(Ordering::Acquire);
                if epoch != worker.epoch {
                    worker = ViewWorker::new(epoch);
                }
                if let Some(job) = worker.next(&requests) {
                    break job;
                }
                requests = shared.changed.wait(requests).unwrap_or_else(PoisonError::into_inner);
            }
        };
        if let Some(loaded) = worker.run(job)
            && !sender.send(worker.epoch, loaded)
        {
            return;
        }
    }
}
