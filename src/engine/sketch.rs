//! A picture in the making: one snapshot of the network over one tile.

use std::sync::Arc;
use std::time::Instant;

use super::protocol::{Preview, RunId};
use crate::domain::geometry::PixelRect;
use crate::infer::{Predictor, TileJob};

/// A prediction in progress and the network it is made with.
pub(super) struct Sketch {
    predictor: Predictor,
    job: TileJob,
    /// Steps the network had taken.
    step: u64,
    began: Instant,
    is_shown: bool,
}

impl Sketch {
    /// A picture by `predictor`, whose network has taken `step` steps.
    pub(super) fn new(predictor: Predictor, job: TileJob, step: u64) -> Self {
        Self { predictor, job, step, began: Instant::now(), is_shown: false }
    }

    /// Whether the window has a state of it.
    pub(super) fn is_shown(&self) -> bool {
        self.is_shown
    }

    /// Whether training has gone on by more than a quarter since: a network that changes that fast is better seen anew than
    /// in detail.
    pub(super) fn is_outdated(&self, step: u64) -> bool {
        step.saturating_sub(self.step) * 4 > self.step
    }

    pub(super) fn is_complete(&self) -> bool {
        self.job.is_complete()
    }

    /// Whether it is at full resolution there; everywhere without a rectangle.
    pub(super) fn is_sharp_in(&self, rect: Option<PixelRect>) -> bool {
        self.job.is_sharp_in(rect)
    }

    /// Sharpens this part next.
    pub(super) fn look_at(&mut self, rect: PixelRect) {
        self.job.look_at(rect);
    }

    /// Predicts the tile at low resolution, or one window.
    pub(super) fn advance(&mut self) {
        self.job.advance(&self.predictor);
    }

    /// The picture as it is now, for the window.
    pub(super) fn show(&mut self, run: RunId, tile: &str) -> Preview {
        self.is_shown = true;
        let map = Arc::new(self.job.so_far().clone());
        let (complete, age_secs) = (self.is_complete(), self.began.elapsed().as_secs_f32());
        Preview { run, tile: tile.to_owned(), step: self.step, age_secs, map, complete }
    }
}
