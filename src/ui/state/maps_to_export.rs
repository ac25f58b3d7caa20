//! What can be exported, and where it goes unless the user chooses another place.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::action::Dialog;
use super::app_state::AppState;
use super::map_source::MapSource;
use super::network_files::WeightsForm;
use crate::engine::report;
use crate::quick::method::QuickMethod;

impl AppState {
    /// Whose map can be exported now: that of the map that is shown, or the network of a finished run.
    pub fn exports(&self) -> Option<MapSource> {
        if self.project.is_none() || self.export.is_running() {
            return None;
        }
        let shows_quick = self.map_source() == Some(MapSource::Quick) && self.view.quick.lessons.is_some();
        let network = (self.run.can_predict() && !self.run.is_running()).then_some(MapSource::Network);
        shows_quick.then_some(MapSource::Quick).or(network)
    }

    /// Whether a map can be exported now.
    pub fn can_export(&self) -> bool {
        self.exports().is_some()
    }

    /// Ids of the tiles that an export maps: the one in view, or all that can be read.
    pub fn tiles_to_export(&self) -> Vec<String> {
        let Some(open) = self.project.as_ref().filter(|_| self.export.form.all_tiles) else {
            return self.tile().map(|tile| tile.id.clone()).into_iter().collect();
        };
        open.project.tiles.iter().filter(|tile| tile.fault.is_none()).map(|tile| tile.id.clone()).collect()
    }

    /// What the exported maps are made by, for their legends.
    pub fn map_maker(&self) -> String {
        match (&self.run.info, self.export.source) {
            (Some(info), Some(MapSource::Network)) => {
                let quick = info.quick.as_ref().map(|saved| saved.method);
                report::map_maker(&info.folder, quick, info.predicting.as_ref().map(|of| of.shown.checkpoint))
            }
            _ => self.quick_method().head(),
        }
    }

    /// The folder that is offered for the maps of the current run: among the user's documents, by project and run.
    pub fn default_maps_folder(&self) -> PathBuf {
        let run = match self.export.source {
            Some(MapSource::Quick) => Some(OsStr::new(match self.quick_method() {
                QuickMethod::Linear => "quick map",
                QuickMethod::Forest => "quick map, forest",
            })),
            _ => self.run.info.as_ref().and_then(|info| info.folder.file_name()),
        };
        let folder = self.results_folder();
        run.map_or(folder.clone(), |run| folder.join(run))
    }

    /// A folder for this project's results among the user's documents.
    fn results_folder(&self) -> PathBuf {
        let dirs = directories::UserDirs::new();
        let documents = dirs.as_ref().map(|dirs| dirs.document_dir().unwrap_or(dirs.home_dir()).to_owned());
        let project = self.project.as_ref().map_or("maps", |open| open.project.name.as_str());
        documents.unwrap_or_default().join("Pointillist").join(project)
    }

    /// Opens the dialog that exports the network of a run.
    pub fn open_weights_export(&mut self, run: PathBuf) {
        self.network_files.export = WeightsForm::new(run, &self.results_folder());
        (self.network_files.news, self.dialog) = (None, Some(Dialog::ExportWeights));
    }

    /// The folder of the open run, if it is over and has a network that can be exported.
    pub fn exportable_run(&self) -> Option<&Path> {
        let info = self.run.info.as_ref().filter(|info| info.predicts && info.quick.is_none());
        info.filter(|_| !self.run.is_running()).map(|info| info.folder.as_path())
    }
}
