//! Which map a view shows as the prediction: the quick head's or the network's.

use std::sync::Arc;

use super::app_state::AppState;
use super::verdict::Verdict;
use crate::domain::choice::choice_enum;
use crate::engine::protocol::Preview;

choice_enum! {
    /// The map that the user wants to see.
    pub enum MapChoice, "map" {
        Auto { name: "auto", title: "Auto", help: "The better of the two, as far as that is known; the quick map until then" }
        Quick { name: "quick", title: "Quick", help: "The quick map: learned from your labels at each click, without training" }
        Network { name: "network", title: "Network", help: "The map of the network in training, or of the run that is open" }
    }
}

/// The map that is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MapSource {
    /// The quick head's.
    Quick,
    /// The network's.
    Network,
}

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
    pub fn prediction(&self) -> Option<&Arc<Preview>> {
        match self.map_source()? {
            MapSource::Quick => self.view.quick.map.as_ref(),
            MapSource::Network => self.view.network.as_ref(),
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
