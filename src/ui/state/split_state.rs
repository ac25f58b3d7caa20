//! The cut of the open project's scenes into patches: what is offered, and how it goes.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use super::job_progress::JobProgress;
use super::open_project::OpenProject;
use crate::data::Tile;
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

    /// The project's tiles that are scenes to cut. Once patches are there, they are no tiles any more.
    pub fn tiles_aside<'a>(&'a self, open: &'a OpenProject) -> impl Iterator<Item = &'a Tile> {
        let scenes: HashSet<&Path> =
            self.offer.iter().flat_map(|offer| &offer.plan.scenes).map(|scene| &*scene.image).collect();
        open.project.tiles.iter().filter(move |tile| scenes.contains(&*tile.image))
    }

    /// Own labels on those tiles, which do not count for the patches.
    pub fn labels_aside(&self, open: &OpenProject) -> usize {
        self.tiles_aside(open).map(|tile| open.labels_on(&tile.id)).sum()
    }

    /// Asks the cut in progress to stop.
    pub fn stop(&self) {
        self.progress.iter().for_each(|progress| progress.stop());
    }
}
