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
        match self.map_choice() {
            MapChoice::Auto => match (quick, network) {
                (Some(quick), Some(_)) => Some(self.verdict().map_or(quick, Verdict::better)),
                (quick, network) => quick.or(network),
            },
            MapChoice::Quick => quick,
            MapChoice::Network => network,
        }
    }

    /// The prediction of the tile in view; of two runs while they are swiped.
    pub fn prediction(&self) -> Option<PatchedMap> {
        if let Some(swipe) = &self.swipe {
            return swipe.map_of(&self.tile()?.id);
        }
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

    /// The choice in effect: that of the run that is open, else the setting.
    pub fn map_choice(&self) -> MapChoice {
        self.run.map.unwrap_or(self.settings.map)
    }

    /// Chooses the map that is shown, from now on.
    pub(super) fn choose_map(&mut self, choice: MapChoice) {
        (self.settings.map, self.run.map) = (choice, None);
    }

    /// A run has begun. One that was opened shows its map.
    pub(super) fn choose_map_of_run(&mut self) {
        self.run.map = (self.run.opened && self.run.can_predict()).then_some(MapChoice::Network);
    }

    /// There is no run any more, and no map of one.
    pub fn forget_run(&mut self) {
        self.run = RunState::default();
    }

    /// Goes from one choice to the next.
    pub(super) fn next_map(&mut self) {
        self.choose_map(match self.map_choice() {
            MapChoice::Auto => MapChoice::Quick,
            MapChoice::Quick => MapChoice::Network,
            MapChoice::Network => MapChoice::Auto,
        });
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
    fn an_opened_run_shows_its_map_under_its_name_and_leaves_the_setting() {
        let mut state = AppState::new(Settings { map: MapChoice::Quick, ..Settings::default() });
        let saved = RunInfo { quick: Some(SavedQuick::default()), ..info() };
        let shown = |state: &AppState| (state.map_choice(), state.map_title(MapChoice::Network));
        begin(&mut state, RunState::opening(1), saved.clone());
        assert_eq!(shown(&state), (MapChoice::Network, "Saved quick map"));
        begin(&mut state, RunState::starting(2), info());
        assert_eq!(shown(&state), (MapChoice::Quick, "Network"));
        begin(&mut state, RunState::opening(3), RunInfo { predicts: false, ..info() });
        assert_eq!(state.map_choice(), MapChoice::Quick, "it has no map");
        begin(&mut state, RunState::opening(4), saved.clone());
        state.forget_run();
        assert_eq!(state.map_choice(), MapChoice::Quick, "another project is open");
        begin(&mut state, RunState::opening(5), saved);
        state.next_map();
        assert_eq!((state.map_choice(), state.settings.map), (MapChoice::Auto, MapChoice::Auto), "chosen by hand");
    }

    #[test]
    fn the_map_of_an_opened_run_outlasts_a_start_that_is_refused() {
        let mut state = AppState::new(Settings::default());
        begin(&mut state, RunState::opening(1), info());
        state.run.give_way_to(RunState::starting(2));
        state.apply(Event { run: 2, kind: EventKind::Failed("no tile has a label".into()) });
        assert_eq!((state.run.id, state.map_choice()), (1, MapChoice::Network));
    }
}
