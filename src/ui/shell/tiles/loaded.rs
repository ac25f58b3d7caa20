//! What the background threads deliver to the window.

use std::sync::Arc;

use crossbeam_channel::Sender;
use image::RgbImage;

use crate::domain::Sampling;
use crate::engine::Waker;
use crate::ui::state::sampled_mask::SampledMask;
use crate::ui::state::tile_view::TileView;

/// Longest side of a thumbnail in pixels.
pub const THUMBNAIL_PX: u32 = 96;

/// A result of the background threads.
#[derive(Debug)]
pub enum Loaded {
    /// A thumbnail.
    Thumbnail {
        /// Tile id.
        tile: String,
        /// At most [`THUMBNAIL_PX`] wide and high.
        image: RgbImage,
    },
    /// The requested tile.
    View(Arc<TileView>),
    /// Labels sampled from the requested tile's mask.
    Sampled {
        /// Tile id.
        tile: String,
        /// The sampling they were drawn with.
        sampling: Sampling,
        /// The labels as pixels.
        mask: Arc<SampledMask>,
        /// Pixels per class.
        counts: Vec<u64>,
    },
    /// A tile that cannot be used.
    Fault {
        /// Tile id.
        tile: String,
        /// Cause and remedy.
        message: String,
    },
    /// Progress of the thumbnails.
    Progress {
        /// Thumbnails done.
        done: usize,
        /// Thumbnails requested.
        total: usize,
    },
}

/// The sending end, for the threads.
#[derive(Clone)]
pub(crate) struct ResultSender {
    pub(crate) sender: Sender<(u64, Loaded)>,
    pub(crate) waker: Waker,
}

impl ResultSender {
    /// Sends a result, blocking while the queue is full. Returns false once the window is gone.
    pub(crate) fn send(&self, epoch: u64, loaded: Loaded) -> bool {
        let is_heard = self.sender.send((epoch, loaded)).is_ok();
        (self.waker)();
        is_heard
    }
}
