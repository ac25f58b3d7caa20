//! The fields of the training form for how the learning rate changes.

use eframe::egui::{DragValue, Ui};

use super::training_fields::{choice_list_ui, extent_ui};
use super::widgets::field;
use crate::domain::RunConfig;
use crate::domain::config::{Length, Schedule};

/// How the learning rate changes.
pub fn schedule_ui(ui: &mut Ui, form: &mut RunConfig) {
    let train = &mut form.train;
    choice_list_ui(ui, "Schedule", &mut train.schedule);
    if train.schedule == Schedule::Step {
        field(ui, "Lowered", |ui| {
            let factor = DragValue::new(&mut train.decay_factor).range(0.001..=1.0).speed(0.01).max_decimals(4);
            ui.add(factor.prefix("× ")).on_hover_text("What the learning rate is multiplied with each time");
        });
        let starts = [Length::Epochs(10), Length::Steps(1000)];
        field(ui, "Every", |ui| extent_ui(ui, &mut train.decay_every, starts));
    }
    if train.schedule == Schedule::Polynomial {
        field(ui, "Exponent", |ui| {
            ui.add(DragValue::new(&mut train.decay_power).range(0.01..=10.0).speed(0.01).max_decimals(3))
                .on_hover_text("Power of the share of the run that is left; 1 is a straight line");
        });
    }
    field(ui, "Warm-up", |ui| {
        ui.add(DragValue::new(&mut train.warm_up).range(0..=1_000_000_u64).suffix(" steps"))
            .on_hover_text("Steps in which the learning rate rises to its full height, before the schedule begins");
    });
}

#[cfg(test)]
mod tests {
    use egui_kittest::Harness;
    use egui_kittest::kittest::Queryable as _;

    use super::*;
    use crate::domain::Choice as _;

    #[test]
    fn a_schedule_shows_its_own_numbers() {
        for schedule in Schedule::ALL {
            let mut form = RunConfig::default();
            form.train.schedule = *schedule;
            let show = move |ui: &mut Ui| schedule_ui(ui, &mut form);
            let mut harness = Harness::builder().with_context_setup(crate::ui::panels::theme::install).build_ui(show);
            harness.run_steps(2);
            let is_shown = |label: &str| harness.query_all_by_label(label).next().is_some();
            let want = [*schedule == Schedule::Step, *schedule == Schedule::Polynomial, true];
            assert_eq!(["Every", "Exponent", "Warm-up"].map(is_shown), want, "{schedule:?}");
        }
    }
}
