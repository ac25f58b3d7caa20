//! What the window wants from the background threads. A state, not a queue: the latest request wins.

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crate::data::Project;
use crate::domain::Sampling;

/// State shared by the window and the threads.
pub(crate) struct Shared {
    pub(crate) requests: Mutex<Requests>,
    pub(crate) changed: Condvar,
    pub(crate) epoch: AtomicU64,
}

/// What the window wants.
#[derive(Default)]
pub(crate) struct Requests {
    pub(crate) is_over: bool,
    pub(crate) project: Option<Arc<Project>>,
    pub(crate) view: Option<String>,
    /// Number of the view request: requesting the same tile again delivers it again.
    pub(crate) view_request: u64,
    pub(crate) sampling: Sampling,
    pub(crate) thumbnails: Vec<String>,
    pub(crate) thumbnails_total: usize,
}

impl Shared {
    pub(crate) fn requests(&self) -> MutexGuard<'_, Requests> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
