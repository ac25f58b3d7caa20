//! The map that is shown as the prediction.

use std::sync::Arc;

use super::app_state::AppState;
use super::map_source::{MapChoice, MapSource};
use super::verdict::Verdict;
use crate::domain::PatchedMap;

impl AppState {
    /// Where the prediction comes from; `None` while there is none.
    pub fn map_source(&self) -> Option<MapSource> {
        let quick = self.view.quick.map.is_some().then_some(MapSource::Quick);
        let network = self.view.network.is_some().then_some(MapSource::Network);
        match self.settings.map {
            MapChoice::Auto => match (quick, network) {
                (Some(quick), Some(_)) => Some(self.verdict().map_or(quick, Verdict::better)),
                (quick, network) => quick.or(network),
            },
            MapChoice::Quick => quick,
            MapChoice::Network => network,
        }
    }

    /// The prediction of the tile in view.
    pub fn prediction(&self) -> Option<PatchedMap> {
        match self.map_source()? {
            MapSource::Quick => self.view.quick.map.clone(),
            MapSource::Network => self.view.network.as_ref().map(|preview| Arc::clone(&preview.map).into()),
        }
    }

    /// Goes from one choice to the next.
    pub fn next_map(&mut self) {
        self.settings.map = match self.settings.map {
            MapChoice::Auto => MapChoice::Quick,
            MapChoice::Quick => MapChoice::Network,
            MapChoice::Network => MapChoice::Auto,
        };
    }
}
