//! The cut of the open project's scenes into patches: what is offered, and how it goes.

use std::sync::Arc;

use super::job_progress::JobProgress;
use crate::data::cut::offer::Offer;

/// A cut and its dialog.
#[derive(Clone, Debug, Default)]
pub struct SplitState {
    /// What can be cut; `None` for projects of another kind, and once all patches are there.
    pub offer: Option<Offer>,
    /// How far the cut in progress is.
    pub progress: Option<Arc<JobProgress>>,
    /// Why the last cut ended early.
    pub fault: Option<String>,
}

impl SplitState {
    /// Whether patches are being written.
    pub fn is_running(&self) -> bool {
        self.progress.is_some()
    }

    /// Asks the cut in progress to stop.
    pub fn stop(&self) {
        self.progress.iter().for_each(|progress| progress.stop());
    }
}
