//! Reads tiles for the window in the background: the tile in view, its sampled mask, and thumbnails.
//!
//! Two threads of low priority at most, each working on one tile at a time, so that nine large tiles never lie decoded
//! in memory together. What the window wants is a state, not a queue: the latest wish wins.

mod cache;
mod work;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crossbeam_channel::{Receiver, Sender};
use image::RgbImage;

use super::canvas::pyramid::ImagePyramid;
use crate::data::Project;
use crate::domain::{Mask, Sampling};
use crate::engine::handle::Waker;

/// Longest side of a thumbnail.
pub const THUMBNAIL_PX: u32 = 96;

/// A tile ready to be shown.
#[derive(Debug)]
pub struct TileView {
    /// Its id.
    pub tile: String,
    /// Width and height of the image.
    pub size: [u32; 2],
    /// The image with its reductions.
    pub image: ImagePyramid,
    /// The full mask, if there is one.
    pub mask: Option<Arc<Mask>>,
    /// Pixels of each class in the mask.
    pub mask_counts: Vec<u64>,
    /// Colours of the mask that match no class, with their pixel counts.
    pub unmatched: Vec<([u8; 3], u64)>,
}

/// Something that was read.
#[derive(Debug)]
pub enum Loaded {
    /// A tile at thumbnail size.
    Thumbnail {
        /// Its id.
        tile: String,
        /// At most [`THUMBNAIL_PX`] wide and high.
        image: RgbImage,
    },
    /// The wanted tile.
    View(Arc<TileView>),
    /// Labels sampled from the wanted tile's mask.
    Sampled {
        /// The tile's id.
        tile: String,
        /// How they were drawn.
        sampling: Sampling,
        /// The labels.
        mask: Arc<Mask>,
        /// Labels of each class.
        counts: Vec<u64>,
    },
    /// A tile that cannot be used.
    Fault {
        /// Its id.
        tile: String,
        /// Why, and what to do.
        message: String,
    },
    /// How far the thumbnails are.
    Progress {
        /// Tiles done.
        done: usize,
        /// Tiles in all.
        total: usize,
    },
}

/// The window's end of the background threads. Dropping it lets them end after the tile at hand.
pub struct TileLoader {
    shared: Arc<Shared>,
    results: Receiver<(u64, Loaded)>,
}

/// What both sides see.
struct Shared {
    wishes: Mutex<Wishes>,
    changed: Condvar,
    epoch: AtomicU64,
}

/// What the window wants.
#[derive(Default)]
struct Wishes {
    is_over: bool,
    project: Option<Arc<Project>>,
    view: Option<String>,
    sampling: Sampling,
    thumbnails: Vec<String>,
    thumbnails_total: usize,
}

impl Shared {
    fn wishes(&self) -> MutexGuard<'_, Wishes> {
        self.wishes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl TileLoader {
    /// Starts the threads. `waker` is called whenever there is something to [`poll`](Self::poll).
    ///
    /// # Errors
    /// If the system has no thread to give.
    pub fn new(waker: Waker) -> std::io::Result<Self> {
        let shared = Arc::new(Shared { wishes: Mutex::default(), changed: Condvar::new(), epoch: AtomicU64::new(0) });
        let (sender, results) = crossbeam_channel::bounded(16);
        let outbox = Outbox { results: sender, waker };
        let (for_views, its_outbox) = (Arc::clone(&shared), outbox.clone());
        work::spawn("tile-view", move || work::serve_views(&for_views, &its_outbox))?;
        let for_thumbnails = Arc::clone(&shared);
        work::spawn("tile-thumbnails", move || work::serve_thumbnails(&for_thumbnails, &outbox))?;
        Ok(Self { shared, results })
    }

    /// Turns to another project. Whatever still comes from the last one is dropped.
    pub fn set_project(&self, project: Arc<Project>) {
        self.wish(|wishes| {
            *wishes = Wishes { project: Some(project), sampling: wishes.sampling, ..Wishes::default() };
            self.shared.epoch.fetch_add(1, Ordering::AcqRel);
        });
    }

    /// Asks for a tile, in place of the one asked for before.
    pub fn want_view(&self, tile: &str) {
        self.wish(|wishes| wishes.view = Some(tile.to_owned()));
    }

    /// Asks for thumbnails in this order, in place of those asked for before that have not been made.
    pub fn want_thumbnails(&self, tiles: impl IntoIterator<Item = String>) {
        self.wish(|wishes| {
            wishes.thumbnails = tiles.into_iter().collect();
            wishes.thumbnails_total = wishes.thumbnails.len();
            wishes.thumbnails.reverse();
        });
    }

    /// Draws the sampled mask of the tile in view anew.
    pub fn set_sampling(&self, sampling: Sampling) {
        self.wish(|wishes| wishes.sampling = sampling);
    }

    /// What has come since the last call.
    pub fn poll(&self) -> Vec<Loaded> {
        let epoch = self.shared.epoch.load(Ordering::Acquire);
        let sampling = self.shared.wishes().sampling;
        let is_wanted = |loaded: &Loaded| match loaded {
            Loaded::Sampled { sampling: drawn, .. } => *drawn == sampling,
            _ => true,
        };
        self.results
            .try_iter()
            .filter(|(of, loaded)| *of == epoch && is_wanted(loaded))
            .map(|(_, loaded)| loaded)
            .collect()
    }

    fn wish(&self, change: impl FnOnce(&mut Wishes)) {
        change(&mut self.shared.wishes());
        self.shared.changed.notify_all();
    }
}

impl Drop for TileLoader {
    fn drop(&mut self) {
        self.wish(|wishes| *wishes = Wishes { is_over: true, ..Wishes::default() });
    }
}

/// The threads' end of the results.
#[derive(Clone)]
struct Outbox {
    results: Sender<(u64, Loaded)>,
    waker: Waker,
}

impl Outbox {
    /// Hands a result over, waiting for room. `false` if nobody listens any more.
    fn send(&self, epoch: u64, loaded: Loaded) -> bool {
        let is_heard = self.results.send((epoch, loaded)).is_ok();
        (self.waker)();
        is_heard
    }
}
