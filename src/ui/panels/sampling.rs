//! The sampling section: how sparse labels are drawn from full masks, and how many pixels of the tile in view are
//! kept.

use eframe::egui::{DragValue, Grid, Ui};

use super::theme::class_color;
use super::training_fields::choice_list_ui;
use super::widgets::{field, number, swatch};
use crate::domain::{RunConfig, Strategy};
use crate::ui::state::action::UiAction;
use crate::ui::state::app_state::AppState;
use crate::ui::state::format;
use crate::ui::state::open_project::OpenProject;

/// Draws the section.
pub fn sampling_ui(ui: &mut Ui, state: &AppState, actions: &mut Vec<UiAction>) {
    let has_masks = |open: &OpenProject| open.project.tiles.iter().any(|tile| tile.mask.is_some());
    if state.project.as_ref().is_some_and(|open| !has_masks(open)) {
        ui.weak("No tile has a mask to sample from: runs learn from own labels only.");
        return;
    }
    let mut form = state.settings.form.clone();
    ui.add_enabled_ui(!state.run.is_running(), |ui| strategy_fields(ui, &mut form));
    if form != state.settings.form {
        actions.push(UiAction::SetForm(Box::new(form)));
    }
    kept_ui(ui, state);
}

fn strategy_fields(ui: &mut Ui, form: &mut RunConfig) {
    let strategy = &mut form.sampling.strategy;
    let kept_ratio = ratio(*strategy);
    choice_list_ui(ui, "Labels", strategy);
    if let (Strategy::FractionPerClass(ratio) | Strategy::FractionOfPixels(ratio), Some(before)) =
        (&mut *strategy, kept_ratio)
    {
        *ratio = before; // The ratio stays when the kind of fraction changes.
    }
    match strategy {
        Strategy::FractionPerClass(ratio) | Strategy::FractionOfPixels(ratio) => {
            field(ui, "Keep ratio", |ui| {
                ui.add(DragValue::new(ratio).range(0.0001..=1.0).speed(0.001).max_decimals(4));
                for quick in [0.1, 0.05, 0.01] {
                    let chosen = (*ratio - quick).abs() < 1e-9;
                    if ui.selectable_label(chosen, quick.to_string()).clicked() {
                        *ratio = quick;
                    }
                }
            });
        }
        Strategy::PointsPerClass(points) => {
            field(ui, "Points", |ui| ui.add(DragValue::new(points).range(1..=1_000_000).suffix(" per class")));
        }
        Strategy::Full | Strategy::OwnLabelsOnly => {}
    }
    if !matches!(strategy, Strategy::Full | Strategy::OwnLabelsOnly) {
        field(ui, "Sampling seed", |ui| ui.add(DragValue::new(&mut form.sampling.seed)));
    }
}

fn ratio(strategy: Strategy) -> Option<f64> {
    match strategy {
        Strategy::FractionPerClass(ratio) | Strategy::FractionOfPixels(ratio) => Some(ratio),
        _ => None,
    }
}

/// Pixels of the tile in view that the sampling keeps, per class.
fn kept_ui(ui: &mut Ui, state: &AppState) {
    let (Some(project), Some(kept)) = (&state.project, state.view.kept()) else { return };
    let full = state.view.counts().unwrap_or(&[]);
    let rows = project.classes().iter().zip(kept).zip(full).filter(|(_, full)| **full > 0);
    Grid::new("kept").num_columns(3).spacing([8.0, 2.0]).show(ui, |ui| {
        for ((class, kept), full) in rows {
            swatch(ui, class_color(class.color), 12.0);
            ui.label(&class.name);
            let text = number(format!("{:>9}", format::count(*kept)));
            ui.label(text).on_hover_text(format!("of {} pixels", format::count(*full)));
            ui.end_row();
        }
    });
}
