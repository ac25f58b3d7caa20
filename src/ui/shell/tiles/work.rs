//! What the background threads do: find what is wanted most, read it, hand it over.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::{Loaded, Outbox, Shared, TileView, Wishes};
use crate::data::cache::pictures::{Owner, PictureCache};
use crate::data::files::stamp::FileStamp;
use crate::data::{DataError, Project, Tile};
use crate::domain::{Sampling, sampling};
use crate::kernels::memory;
use crate::ui::state::pyramid::{Dots, ImagePyramid};

/// A neighbour larger than this is read when it is wanted, not before.
const PREFETCHED_BYTES: usize = 64 << 20;

/// Starts a named thread.
pub(crate) fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> std::io::Result<()> {
    std::thread::Builder::new().name(name.to_owned()).spawn(work)?;
    Ok(())
}

/// One thing to do for the tile in view.
enum ViewJob {
    /// Hand over the tile, from the cache or from disk.
    Show(Arc<Project>, Tile, u64),
    /// Sample the tile shown.
    Sample(Arc<TileView>, usize, Sampling),
    /// Read a neighbour while nothing else is wanted.
    Prefetch(Arc<Project>, Tile),
}

/// What the view thread has done already.
struct ViewState {
    epoch: u64,
    views: Views,
    /// The tile handed over last, also if it had a fault, and the wish that was for it.
    answered: Option<(String, u64)>,
    /// The tile in view, unless it has a fault.
    shown: Option<Arc<TileView>>,
    sampled: Option<Sampling>,
    /// Neighbours that could not be read are not tried again.
    refused: Vec<String>,
}

impl ViewState {
    fn new(epoch: u64) -> Self {
        Self {
            epoch,
            views: Views::new(Arc::clone(PictureCache::shared())),
            answered: None,
            shown: None,
            sampled: None,
            refused: Vec::new(),
        }
    }

    /// The most urgent thing to do; `None` if all wishes are met.
    fn next(&self, wishes: &Wishes) -> Option<ViewJob> {
        let project = wishes.project.as_ref()?;
        let wanted = wishes.view.as_ref()?;
        let wish = wishes.view_wish;
        if !self.answered.as_ref().is_some_and(|(tile, answered)| tile == wanted && *answered == wish) {
            return Some(ViewJob::Show(Arc::clone(project), project.tile(wanted)?.clone(), wish));
        }
        if let Some(view) = &self.shown
            && view.mask.is_some()
            && self.sampled != Some(wishes.sampling)
            && wishes.sampling.strategy.problem().is_none()
        {
            return Some(ViewJob::Sample(Arc::clone(view), project.classes.len(), wishes.sampling));
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

    /// Does a job and returns what the window is to know.
    fn run(&mut self, job: ViewJob) -> Option<Loaded> {
        match job {
            ViewJob::Show(project, tile, wish) => {
                (self.answered, self.sampled) = (Some((tile.id.clone(), wish)), None);
                let read = self.views.get_or_read(&project, &tile);
                memory::give_back(); // Decoding, here and in the trainer, leaves gaps that no later block fills.
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
                Some(Loaded::Sampled { tile: view.tile.clone(), sampling, mask: Arc::new(Dots::new(mask)), counts })
            }
            ViewJob::Prefetch(project, tile) => {
                if self.views.get_or_read(&project, &tile).is_err() {
                    self.refused.push(tile.id); // Reported when it is opened.
                }
                None
            }
        }
    }
}

/// Views in the cache that the program shares: going back to a tile is instant.
struct Views {
    cache: Arc<PictureCache>,
    owner: Owner,
    /// The files views were made of, by the tile's id.
    read: HashMap<String, FileStamp>,
}

impl Views {
    fn new(cache: Arc<PictureCache>) -> Self {
        Self { cache, owner: Owner::new(), read: HashMap::new() }
    }

    /// Whether the tile is here, as far as is known without asking the disk.
    fn holds(&self, tile: &Tile) -> bool {
        self.read.get(&tile.id).is_some_and(|stamp| self.cache.holds(self.owner, stamp))
    }

    /// The tile, from the cache or from disk.
    fn get_or_read(&mut self, project: &Project, tile: &Tile) -> Result<Arc<TileView>, String> {
        let stamp = FileStamp::of(&tile.image);
        if let Some(view) = self.cache.get(self.owner, &stamp) {
            return Ok(view);
        }
        let view = guarded(&tile.id, || read_view(&self.cache, project, tile))?;
        let bytes = view.image.bytes() + view.mask.as_ref().map_or(0, |mask| mask.data().len());
        self.read.insert(tile.id.clone(), stamp.clone());
        self.cache.put(self.owner, stamp, Arc::clone(&view), bytes);
        Ok(view)
    }
}

impl Drop for Views {
    fn drop(&mut self) {
        self.cache.forget(self.owner);
    }
}

/// Serves the tile in view until the loader is dropped.
pub(crate) fn serve_views(shared: &Shared, outbox: &Outbox) {
    let mut state = ViewState::new(0);
    loop {
        let job = {
            let mut wishes = shared.wishes();
            loop {
                if wishes.is_over {
                    return;
                }
                let epoch = shared.epoch.load(Ordering::Acquire);
                if epoch != state.epoch {
                    state = ViewState::new(epoch);
                }
                if let Some(job) = state.next(&wishes) {
                    break job;
                }
                wishes = shared.changed.wait(wishes).unwrap_or_else(std::sync::PoisonError::into_inner);
            }
        };
        if let Some(loaded) = state.run(job)
            && !outbox.send(state.epoch, loaded)
        {
            return;
        }
    }
}

/// Decodes image and mask.
fn read_view(cache: &PictureCache, project: &Project, tile: &Tile) -> Result<Arc<TileView>, DataError> {
    let picture = cache.picture(project, tile)?;
    let read = project.read_mask(tile)?;
    let mask = read.map(|mut read| {
        picture.valid.iter().for_each(|valid| valid.take_out_of(&mut read.mask));
        Arc::new(read.mask)
    });
    Ok(Arc::new(TileView {
        tile: tile.id.clone(),
        short_id: tile.short_id.clone(),
        size: picture.size(),
        image: ImagePyramid::of(picture),
        mask_counts: mask.as_ref().map_or_else(Vec::new, |mask| mask.counts(project.classes.len())),
        mask,
    }))
}

/// A decoder that panics on a broken file must not take the thread with it.
pub(crate) fn guarded<T>(tile: &str, read: impl FnOnce() -> Result<T, DataError>) -> Result<T, String> {
    std::panic::catch_unwind(AssertUnwindSafe(read))
        .map(|read| read.map_err(|error| error.to_string()))
        .unwrap_or_else(|_| Err(format!("tile {tile} made its decoder fail: convert or replace its files")))
}
