//! The right panel: layers, classes, tools, sampling, training.

use eframe::egui::{ScrollArea, Ui};

use super::{classes, layers, sampling, tools, training};
use crate::ui::action::UiAction;
use crate::ui::state::AppState;
use crate::ui::widgets::section;

/// Draws the panel.
pub fn side_ui(ui: &mut Ui, state: &AppState, actions: &mut Vec<UiAction>) {
    ScrollArea::vertical().id_salt("side").auto_shrink(false).show(ui, |ui| {
        section(ui, "Classes", true, |ui| classes::classes_ui(ui, state, actions));
        section(ui, "Tools", true, |ui| tools::tools_ui(ui, state, actions));
        section(ui, "Layers", true, |ui| layers::layers_ui(ui, state, actions));
        section(ui, "Sampling", true, |ui| sampling::sampling_ui(ui, state, actions));
        section(ui, "Training", true, |ui| training::training_ui(ui, state, actions));
    });
}
