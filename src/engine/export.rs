//! Writes the maps of tiles in slices, with a snapshot of the network.

use std::sync::Arc;

use super::protocol::{ExportNews, ExportRequest};
use crate::data::export::maps::{ExportReport, MapExport};
use crate::data::export::outputs::OutputName;
use crate::data::{DataError, Picture, Project};
use crate::infer::{Predictor, TileJob};

/// An export in progress.
pub(super) struct ExportJob {
    predictor: Predictor,
    project: Arc<Project>,
    /// Indices of the tiles.
    tiles: Vec<usize>,
    export: MapExport,
    /// The tile that is being predicted.
    current: Option<(TileJob, Arc<Picture>)>,
}

impl ExportJob {
    /// Plans the files. Nothing is predicted or written yet.
    ///
    /// # Errors
    /// If the project has no such tile, or a name is too long for the file system.
    pub(super) fn new(request: &ExportRequest, predictor: Predictor, project: Arc<Project>) -> Result<Self, DataError> {
        let index = |id: &String| {
            let missing = || DataError::content(format!("the project has no tile '{id}'"), &project.root);
            project.tiles.iter().position(|tile| tile.id == *id).ok_or_else(missing)
        };
        let tiles = request.tiles.iter().map(index).collect::<Result<Vec<_>, _>>()?;
        let names: Vec<OutputName<'_>> = tiles.iter().map(|tile| OutputName::of(&project.tiles[*tile])).collect();
        let export = MapExport::plan(&request.folder, &names, request.by.clone(), true)?;
        Ok(Self { predictor, project, tiles, export, current: None })
    }

    /// The planned files.
    pub(super) fn files(&self) -> &MapExport {
        &self.export
    }

    /// Opens a tile, predicts a window, or writes a map. Returns `false` when all are written.
    pub(super) fn advance(&mut self) -> bool {
        let Some(next) = self.export.next() else { return false };
        match self.current.take() {
            None => match self.project.read_picture(&self.project.tiles[self.tiles[next]]) {
                Ok(picture) => {
                    let picture = Arc::new(picture);
                    let job = self.predictor.begin(self.predictor.fit(Arc::clone(&picture)));
                    self.current = Some((job, picture));
                }
                Err(error) => self.write(Err(error)),
            },
            Some((mut job, picture)) => {
                if job.advance(&self.predictor) {
                    self.current = Some((job, picture));
                } else {
                    self.write(Ok((job, picture)));
                }
            }
        }
        true
    }

    /// A map that cannot be made or written is in the report.
    fn write(&mut self, predicted: Result<(TileJob, Arc<Picture>), DataError>) {
        let map = predicted.map(|(job, picture)| job.finish_for(&picture));
        self.export.take(map, &self.project.classes).ok();
    }

    /// Tiles finished, written or not.
    fn done(&self) -> usize {
        self.export.next().unwrap_or(self.tiles.len())
    }

    /// How far it is.
    pub(super) fn progress(&self) -> ExportNews {
        let (done, total) = (self.done(), self.tiles.len());
        let current = self.current.as_ref().map_or(0.0, |(job, _)| job.share());
        let percent = (100.0 * (done as f32 + current) / total.max(1) as f32) as u8;
        ExportNews::Progress { done, total, percent }
    }

    /// What was done so far.
    pub(super) fn report(&self) -> &ExportReport {
        self.export.report()
    }
}
