//! The fields of the training form for turns by any angle, shifts and zooms.

use eframe::egui::{DragValue, Ui};

use super::widgets::field;
use crate::domain::config::TrainConfig;

/// Turns by any angle, shifts and zooms.
pub fn warp_ui(ui: &mut Ui, train: &mut TrainConfig) {
    field(ui, "Rotation", |ui| {
        ui.add(DragValue::new(&mut train.rotation).range(0.0..=180.0).max_decimals(1).prefix("± ").suffix("°"))
            .on_hover_text(
                "Turns half of the crops by any angle up to this; 0 turns it off. Beyond the tile nothing is labelled",
            );
    });
    field(ui, "Shift and zoom", |ui| {
        let share = DragValue::new(&mut train.shift_scale_rotate).range(0.0..=1.0).speed(0.01).max_decimals(3);
        ui.add(share).on_hover_text(
            "Share of the crops that are shifted, zoomed and turned by any amount up to their limits, such as 0.5; 0 turns it off",
        );
    });
    if train.shift_scale_rotate > 0.0 {
        field(ui, "Limits", |ui| {
            let shift = DragValue::new(&mut train.shift_limit).range(0.0..=1.0).speed(0.001).max_decimals(4);
            ui.add(shift).on_hover_text("Largest shift, as a share of the side").accessible_name("Largest shift");
            let zoom = DragValue::new(&mut train.scale_limit).range(0.0..=0.99).speed(0.001).max_decimals(3);
            ui.add(zoom).on_hover_text("Largest change of size, as a share of it").accessible_name("Largest zoom");
            let turn = DragValue::new(&mut train.rotate_limit).range(0.0..=180.0).max_decimals(1).suffix("°");
            ui.add(turn).on_hover_text("Largest turn").accessible_name("Largest turn");
        });
    }
}

#[cfg(test)]
mod tests {
    use egui_kittest::Harness;
    use egui_kittest::kittest::Queryable as _;

    use super::*;

    #[test]
    fn limits_are_shown_where_crops_are_shifted() {
        for share in [0.0, 0.5] {
            let mut form = TrainConfig { shift_scale_rotate: share, ..TrainConfig::default() };
            let show = move |ui: &mut Ui| warp_ui(ui, &mut form);
            let mut harness = Harness::builder().with_context_setup(crate::ui::panels::theme::install).build_ui(show);
            harness.run_steps(2);
            let is_shown = |label: &str| harness.query_all_by_label(label).next().is_some();
            let limits = ["Largest shift", "Largest zoom", "Largest turn"].map(is_shown);
            assert_eq!((is_shown("Rotation"), limits), (true, [share > 0.0; 3]));
        }
    }
}
