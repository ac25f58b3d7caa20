//! What the background threads hand to the window.

use std::sync::Arc;

use crossbeam_channel::Sender;
use image::RgbImage;

use crate::domain::Sampling;
use crate::engine::handle::Waker;
use crate::ui::state::sampled_mask::SampledMask;
use crate::ui::state::tile_view::TileView;

/// Longest side of a thumbnail.
pub const THUMBNAIL_PX: u32 = 96;

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
        mask: Arc<SampledMask>,
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

/// The threads' end of the results.
#[derive(Clone)]
pub(crate) struct ResultSender {
    pub(crate) sender: Sender<(u64, Loaded)>,
    pub(crate) waker: Waker,
}

impl ResultSender {
    /// Hands a result over, waiting for room. `false` if nobody listens any more.
    pub(crate) fn send(&self, epoch: u64, loaded: Loaded) -> bool {
        let is_heard = self.sender.send((epoch, loaded)).is_ok();
        (self.waker)();
        is_heard
    }
}
