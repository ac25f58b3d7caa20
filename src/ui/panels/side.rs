//! The right panel: classes, tools, layers, sampling, training.

use eframe::egui::{Rect, ScrollArea, Ui, UiBuilder, vec2};

use super::widgets::section;
use super::{classes, layers, sampling, tools, training};
use crate::ui::state::action::UiAction;
use crate::ui::state::app_state::AppState;

/// Draws the panel.
pub fn side_ui(ui: &mut Ui, state: &AppState, actions: &mut Vec<UiAction>) {
    ScrollArea::vertical().id_salt("side").auto_shrink(false).show(ui, |outer| {
        // Draw into a child that cannot widen its parent: a field that is too wide must not widen the panel frame by
        // frame.
        let place = Rect::from_min_size(outer.cursor().min, vec2(outer.available_width(), f32::INFINITY));
        let mut child = outer.new_child(UiBuilder::new().max_rect(place));
        let ui = &mut child;
        section(ui, "Classes", true, |ui| classes::classes_ui(ui, state, actions));
        section(ui, "Tools", true, |ui| tools::tools_ui(ui, state, actions));
        section(ui, "Layers", true, |ui| layers::layers_ui(ui, state, actions));
        section(ui, "Sampling", true, |ui| sampling::sampling_ui(ui, state, actions));
        section(ui, "Training", true, |ui| training::training_ui(ui, state, actions));
        let foot = child.min_rect().bottom();
        outer.advance_cursor_after_rect(Rect::from_x_y_ranges(place.x_range(), place.top()..=foot));
    });
}
