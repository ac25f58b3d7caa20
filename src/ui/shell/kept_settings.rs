//! Keeps the settings on disk close behind every change, so that a program that is killed loses at most a second of them.

use std::time::Duration;

use eframe::Storage;
use eframe::egui::Context;

use crate::ui::state::settings::Settings;

/// The settings as they were stored last.
pub(super) struct KeptSettings(Settings);

impl KeptSettings {
    /// How long after a change the settings are stored.
    pub(super) const INTERVAL: Duration = Duration::from_secs(1);

    /// Settings as they were read.
    pub(super) fn read(settings: &Settings) -> Self {
        Self(settings.clone())
    }

    /// Asks for a frame if there is a change to be stored: eframe stores at the end of a frame.
    pub(super) fn follow(&self, settings: &Settings, ctx: &Context) {
        if self.0 != *settings {
            ctx.request_repaint_after(Self::INTERVAL);
        }
    }

    /// Stores the settings.
    pub(super) fn store(&mut self, settings: &Settings, storage: &mut dyn Storage) {
        settings.store(storage);
        self.0.clone_from(settings);
    }
}

#[cfg(test)]
mod tests {
    use eframe::egui::{RawInput, ViewportId};

    use super::*;
    use crate::ui::state::settings::tests::Memory;

    #[test]
    fn a_change_is_stored_without_waiting_for_input() {
        let (ctx, mut settings) = (Context::default(), Settings::default());
        let mut kept = KeptSettings::read(&settings);
        let next_frame = |kept: &KeptSettings, settings: &Settings| {
            let shown = ctx.run_ui(RawInput::default(), |ui| kept.follow(settings, ui.ctx()));
            shown.viewport_output[&ViewportId::ROOT].repaint_delay
        };
        let first = [(); 3].map(|()| next_frame(&kept, &settings)); // The first frames lay out the window.
        assert!(first[2] > KeptSettings::INTERVAL, "nothing has changed: {first:?}");
        settings.radius += 1.0;
        assert!(next_frame(&kept, &settings) <= KeptSettings::INTERVAL);
        let mut storage = Memory::default();
        kept.store(&settings, &mut storage);
        assert!(next_frame(&kept, &settings) > KeptSettings::INTERVAL, "it is stored");
        assert_eq!(Settings::load(&storage).0, settings);
    }
}
