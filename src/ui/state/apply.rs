//! How engine events change the state. No side effects, so it is tested without a window or an engine.

use std::sync::Arc;
use std::time::Duration;

use super::app_state::AppState;
use super::in_view::QuickInView;
use super::map_source::MapSource;
use crate::domain::RunConfig;
use crate::engine::protocol::{ExportNews, Preview};
use crate::engine::quick::QuickAnswer;
use crate::engine::{Event, EventKind};

impl AppState {
    /// Folds in an engine event.
    pub fn apply(&mut self, event: Event) {
        if let EventKind::Export(news) = event.kind {
            if event.run == self.run.id {
                self.apply_export(news);
            }
            return;
        }
        if let EventKind::Failed(why) = &event.kind
            && self.export.is_running()
            && self.export.source == Some(MapSource::Network)
        {
            self.export.news = Some(ExportNews::Refused(why.clone())); // It ends with what predicted.
        }
        if let EventKind::WouldFit(offer) = event.kind
            && event.run == self.run.id
        {
            self.offer = Some((offer, self.settings.form.clone()));
        }
        let is_started = matches!(event.kind, EventKind::Started(_)) && event.run == self.run.id;
        if is_started {
            self.offer = None; // There is memory again.
        }
        if let EventKind::LearningRate(rate) = event.kind
            && self.requested_rate.is_some_and(|asked| (asked - rate).abs() <= 1e-9 * rate)
        {
            self.requested_rate = None; // The engine has applied the last requested rate.
        }
        if let Some((level, notice)) = self.run.apply(event) {
            self.say(level, notice);
        }
        if !self.run.is_running() {
            self.requested_rate = None;
        }
        if is_started {
            self.choose_map_of_run();
        }
        let is_network = self.run.info.as_ref().is_some_and(|info| info.quick.is_none());
        if is_started && (self.run.opened || self.run.resumed) && is_network {
            self.take_form();
        }
    }

    /// Fills in the form with the settings of the run from disk, including its length. Project and device stay.
    fn take_form(&mut self) {
        let Some(info) = &self.run.info else { return };
        let form = &self.settings.form;
        let (data, device) = (form.data.clone(), form.device.clone());
        self.settings.form = RunConfig { data, device, ..info.config.clone() };
        self.assign_roles();
        self.fit_to_classes();
    }

    /// Takes a prediction if it is of the tile in view by the current network.
    pub fn apply_preview(&mut self, preview: Preview) {
        if preview.run == self.run.id && self.tile().is_some_and(|tile| tile.id == preview.tile) {
            self.view.predicted_at = Some(self.clock - Duration::from_secs_f32(preview.age_secs.max(0.0)));
            self.view.network = Some(Arc::new(preview));
        }
    }

    /// Takes in how an export goes.
    pub fn apply_export(&mut self, news: ExportNews) {
        if let Some((level, notice)) = self.export.apply(news) {
            self.say(level, notice);
        }
    }

    /// Takes what the quick head says if it is of the tile in view.
    pub fn apply_quick(&mut self, answer: QuickAnswer) {
        if self.tile().is_some_and(|tile| tile.id == answer.tile) {
            let QuickAnswer { status, map, lessons, judgement, .. } = answer;
            self.view.quick = QuickInView { status: Some(status), map, lessons, judgement };
        }
    }
}
