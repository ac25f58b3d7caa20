//! What a view says about the prediction it shows: the step of its network, and how long ago that was.

use super::app_state::AppState;
use super::format;
use crate::engine::Phase;

impl AppState {
    /// "step 240 · 3 s ago"; without the age once the network no longer changes. `None` if nothing is predicted, or the step
    /// is unknown.
    pub(super) fn network_note(&self) -> Option<String> {
        let step = self.view.network.as_ref()?.step;
        let named = (step > 0).then(|| format!("step {}", format::count(step)))?;
        let changes = matches!(self.run.phase, Phase::Training | Phase::Evaluating { .. });
        let age = self.view.predicted_at.filter(|_| changes).and_then(|at| self.clock.duration_since(at).ok());
        Some(match age {
            Some(age) => format!("{named} · {} ago", format::duration(age.as_secs_f64())),
            None => named,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use crate::domain::ClassMap;
    use crate::engine::Phase;
    use crate::engine::protocol::Preview;
    use crate::ui::state::app_state::AppState;
    use crate::ui::state::settings::Settings;

    #[test]
    fn the_age_of_a_prediction_is_told_while_its_network_changes() {
        let mut state = AppState::new(Settings::default());
        assert_eq!(state.network_note(), None);
        let map = Arc::new(ClassMap::unpredicted([1, 1]));
        let (tile, step, age_secs) = ("a".to_owned(), 1240, 0.0);
        let preview = Preview { run: 0, tile, step, age_secs, map, complete: false };
        (state.view.network, state.view.predicted_at) = (Some(Arc::new(preview)), Some(state.clock));
        state.clock += Duration::from_millis(3200);
        state.run.phase = Phase::Training;
        assert_eq!(state.network_note().as_deref(), Some("step 1\u{a0}240 · 3 s ago"));
        state.run.phase = Phase::Paused;
        assert_eq!(state.network_note().as_deref(), Some("step 1\u{a0}240"), "it is the current network");
    }
}
