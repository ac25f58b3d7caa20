//! The fields of the training form for what is learned: supervision, loss and class weights.

use eframe::egui::{DragValue, RichText, Ui};

use super::theme::class_color;
use super::training_fields::{choice_list_ui, choice_ui};
use super::widgets::{field, swatch};
use crate::domain::config::{LossTerm, TrainConfig};
use crate::domain::weights::ClassWeights;
use crate::domain::{Choice as _, Classes, RunConfig};

/// Supervision, loss and class weights.
pub fn loss_ui(ui: &mut Ui, form: &mut RunConfig, classes: Option<&Classes>) {
    let train = &mut form.train;
    choice_ui(ui, "Supervision", &mut train.supervision);
    for (place, term) in LossTerm::ALL.iter().enumerate() {
        let name = if place == 0 { "Loss" } else { "" };
        field(ui, name, |ui| loss_term_ui(ui, train.loss.of_mut(*term), *term));
    }
    if train.loss.cross_entropy > 0.0 {
        field(ui, "Smoothing", |ui| {
            ui.add(DragValue::new(&mut train.label_smoothing).range(0.0..=0.99).speed(0.001).max_decimals(3))
                .on_hover_text(
                    "Share of the target that cross-entropy spreads over all classes, such as 0.1; 0 turns it off",
                );
        });
    }
    if train.loss.focal > 0.0 {
        field(ui, "Focal exponent", |ui| {
            ui.add(DragValue::new(&mut train.focal_gamma).range(0.0..=10.0).speed(0.01).max_decimals(3))
                .on_hover_text("The higher, the less well predicted pixels count; 0 is cross-entropy");
        });
    }
    if train.loss.gated_crf > 0.0 {
        field(ui, "CRF", |ui| crf_ui(ui, train));
    }
    choice_list_ui(ui, "Class weights", &mut train.class_weights);
    if let ClassWeights::Effective(beta) = &mut train.class_weights {
        field(ui, "Beta", |ui| {
            ui.add(DragValue::new(beta).range(0.0..=0.9999).speed(0.001).max_decimals(4)).on_hover_text(
                "The nearer to 1, the more labels of a class it takes to weigh as little as any; 0 is off",
            );
        });
    }
    if let (ClassWeights::Given(weights), Some(classes)) = (&mut train.class_weights, classes) {
        weights.resize(classes.len(), 1.0);
        for (weight, class) in weights.iter_mut().zip(classes.iter()) {
            field(ui, "", |ui| {
                swatch(ui, class_color(class.color), 12.0);
                let drag = DragValue::new(weight).range(0.0..=1000.0).speed(0.01).max_decimals(3);
                ui.add(drag).accessible_name(format!("Weight of {}", class.name));
                ui.label(&class.name);
            });
        }
    }
}

/// The numbers of the gated CRF.
fn crf_ui(ui: &mut Ui, train: &mut TrainConfig) {
    let radius = DragValue::new(&mut train.crf_radius).range(1..=32).speed(0.1).suffix(" px");
    ui.add(radius).on_hover_text("How far it looks along each axis").accessible_name("Radius of the CRF");
    let by_distance = DragValue::new(&mut train.crf_sigma_xy).range(0.1..=100.0).speed(0.05).max_decimals(2);
    ui.add(by_distance)
        .on_hover_text("Standard deviation of distances, pixels: the larger, the more far pixels count")
        .accessible_name("Distances of the CRF");
    let by_colour = DragValue::new(&mut train.crf_sigma_rgb).range(0.001..=10.0).speed(0.002).max_decimals(3);
    ui.add(by_colour)
        .on_hover_text(
            "Standard deviation of colours, in those of ImageNet: the smaller, the more alike pixels must be",
        )
        .accessible_name("Colours of the CRF");
}

/// A term of the loss and its weight.
fn loss_term_ui(ui: &mut Ui, weight: &mut f64, term: LossTerm) {
    let drag = DragValue::new(weight).range(0.0..=100.0).speed(0.01).max_decimals(3).prefix("× ");
    ui.add(drag).accessible_name(format!("Weight of the loss {}", term.name()));
    let title = if *weight > 0.0 { RichText::new(term.title()) } else { RichText::new(term.title()).weak() };
    ui.label(title).on_hover_text(format!("{}; 0 turns it off", term.help()));
}

#[cfg(test)]
mod tests {
    use egui_kittest::Harness;
    use egui_kittest::kittest::Queryable as _;

    use super::*;
    use crate::domain::config::LossWeights;

    #[test]
    fn numbers_of_a_loss_term_are_shown_where_it_is_on() {
        for on in LossTerm::ALL {
            let mut form = RunConfig::default();
            form.train.loss = LossWeights::none();
            *form.train.loss.of_mut(*on) = 1.0;
            let show = move |ui: &mut Ui| loss_ui(ui, &mut form, None);
            let mut harness = Harness::builder().with_context_setup(crate::ui::panels::theme::install).build_ui(show);
            harness.run_steps(2);
            let is_shown = |label: &str| harness.query_all_by_label(label).next().is_some();
            let want = [LossTerm::CrossEntropy, LossTerm::Focal, LossTerm::GatedCrf].map(|term| term == *on);
            assert_eq!(["Smoothing", "Focal exponent", "Colours of the CRF"].map(is_shown), want, "{on:?}");
            assert!(is_shown("Error-weighted Dice"), "{on:?}");
        }
    }
}
