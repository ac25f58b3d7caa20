//! The map that is shown as the prediction.

use std::sync::Arc;

use super::app_state::AppState;
use super::map_source::{MapChoice, MapSource};
use super::run_state::RunState;
use super::verdict::Verdict;
use crate::domain::{Choice as _, PatchedMap};

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

    /// What a choice is called: the run that is open may be a saved quick map.
    pub fn map_title(&self, choice: MapChoice) -> &'static str {
        match choice {
            MapChoice::Network if self.saved_quick().is_some() => "Saved quick map",
            _ => choice.title(),
        }
    }

    /// A run has begun. One that was opened shows its map; one that was started after it goes back to the better one.
    pub(super) fn choose_map_of_run(&mut self, replaces_opened: bool) {
        if self.run.opened && self.run.can_predict() {
            self.settings.map = MapChoice::Network;
        } else if replaces_opened && self.settings.map == MapChoice::Network {
            self.settings.map = MapChoice::Auto;
        }
    }

    /// There is no run any more, and no map of one.
    pub fn forget_run(&mut self) {
        self.run = RunState::default();
        if self.settings.map == MapChoice::Network {
            self.settings.map = MapChoice::Auto;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::protocol::{RunInfo, SavedQuick};
    use crate::engine::{Event, EventKind};
    use crate::ui::state::run_state::tests::info;
    use crate::ui::state::settings::Settings;

    fn begin(state: &mut AppState, run: RunState, info: RunInfo) {
        let id = run.id;
        state.run.give_way_to(run);
        state.apply(Event { run: id, kind: EventKind::Started(Box::new(info)) });
    }

    #[test]
    fn an_opened_run_shows_its_map_under_its_name() {
        let mut state = AppState::new(Settings::default());
        let saved = RunInfo { quick: Some(SavedQuick::default()), ..info() };
        begin(&mut state, RunState::opening(1), saved.clone());
        assert_eq!((state.settings.map, state.map_title(MapChoice::Network)), (MapChoice::Network, "Saved quick map"));
        begin(&mut state, RunState::starting(2), info());
        assert_eq!((state.settings.map, state.map_title(MapChoice::Network)), (MapChoice::Auto, "Network"));
        state.settings.map = MapChoice::Quick;
        begin(&mut state, RunState::opening(3), RunInfo { predicts: false, ..info() });
        assert_eq!(state.settings.map, MapChoice::Quick, "it has no map");
        begin(&mut state, RunState::opening(4), saved);
        state.forget_run();
        assert_eq!(state.settings.map, MapChoice::Auto, "another project is open");
    }

    #[test]
    fn the_choice_of_a_map_outlasts_a_start_that_is_refused() {
        let mut state = AppState::new(Settings::default());
        begin(&mut state, RunState::opening(1), info());
        state.run.give_way_to(RunState::starting(2));
        state.apply(Event { run: 2, kind: EventKind::Failed("no tile has a label".into()) });
        assert_eq!((state.run.id, state.settings.map), (1, MapChoice::Network));
    }
}
