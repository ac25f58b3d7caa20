//! What is wanted of the quick head. A state, not a queue: the latest request wins.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::data::Project;
use crate::domain::Stroke;
use crate::domain::geometry::PixelRect;
use crate::quick::method::QuickMethod;

/// Strokes that stand on a tile, oldest first.
pub(super) type TileLabels = Arc<Vec<Stroke>>;

/// What is wanted.
#[derive(Clone, Default)]
pub(super) struct Wanted {
    pub(super) is_over: bool,
    pub(super) project: Option<Arc<Project>>,
    /// Number of the project, so that nothing of an earlier one is mixed in.
    pub(super) epoch: u64,
    /// The labels of each tile that has any, by its id.
    pub(super) labels: BTreeMap<String, TileLabels>,
    /// Grows with each change of the labels.
    pub(super) version: u64,
    /// What learns.
    pub(super) method: QuickMethod,
    /// Id of the tile in view.
    pub(super) tile: Option<String>,
    /// How often a tile was asked for: the same one again is answered again.
    pub(super) looks: u64,
    /// Validation tiles with masks, by id: the head is scored on them.
    pub(super) judges: Vec<String>,
    /// The part of the tile on screen, which is mapped first.
    pub(super) part: Option<PixelRect>,
}

/// The state shared with the thread.
#[derive(Default)]
pub(super) struct Shared {
    wanted: Mutex<Wanted>,
    changed: Condvar,
    /// Counts changes that make running work obsolete.
    turns: AtomicU64,
}

impl Shared {
    /// What is wanted now.
    pub(super) fn wanted(&self) -> MutexGuard<'_, Wanted> {
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes what is wanted and wakes the thread.
    pub(super) fn change(&self, change: impl FnOnce(&mut Wanted)) {
        let mut wanted = self.wanted();
        change(&mut wanted);
        self.turns.fetch_add(1, Ordering::AcqRel);
        self.changed.notify_all();
    }

    /// What is wanted now, and after how many changes.
    pub(super) fn snapshot(&self) -> (Wanted, u64) {
        let wanted = self.wanted();
        (wanted.clone(), self.turns())
    }

    /// Number of changes so far.
    pub(super) fn turns(&self) -> u64 {
        self.turns.load(Ordering::Acquire)
    }

    /// Waits until what is wanted has changed since `seen` changes, but no longer than `limit`.
    pub(super) fn wait_for_change(&self, seen: u64, limit: Duration) {
        let has_not = |wanted: &mut Wanted| self.turns() == seen && !wanted.is_over;
        drop(self.changed.wait_timeout_while(self.wanted(), limit, has_not).unwrap_or_else(PoisonError::into_inner));
    }
}
