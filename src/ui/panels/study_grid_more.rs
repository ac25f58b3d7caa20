//! Further settings of a grid, folded away.

use eframe::egui::{CollapsingHeader, Label, RichText, Ui};

use super::study_ticks::{Offer, every, ticks_ui, titled, with_others};
use crate::domain::config::{Encoder, Norm, Optimizer, Precision, Upsampling};
use crate::domain::{Choice as _, RunConfig};
use crate::study::more_axes::MoreAxes;

/// Learning rates that are offered.
const RATES: [f64; 4] = [1e-2, 1e-3, 1e-4, 1e-5];

/// Draws them. `panel` is what the training panel says.
pub(super) fn more_ui(ui: &mut Ui, panel: &RunConfig, more: &mut MoreAxes) {
    CollapsingHeader::new(heading(more)).id_salt("further settings of the grid").show_unindented(ui, |ui| {
        ticks_ui(ui, "Learning rate", &rates(panel.train.lr, &more.rates), &mut more.rates);
        ticks_ui(ui, "Optimiser", &every::<Optimizer>(), &mut more.optimizers);
        ticks_ui(ui, "Encoder", &encoders(), &mut more.encoders);
        ticks_ui(ui, "Norm", &every::<Norm>(), &mut more.norms);
        ticks_ui(ui, "Up-sampling", &every::<Upsampling>(), &mut more.upsamplings);
        ticks_ui(ui, "Flips", &on_and_off("Crops are mirrored at random"), &mut more.flips);
        ticks_ui(ui, "Turns", &on_and_off("Crops are turned by random multiples of 90°"), &mut more.quarter_turns);
        ticks_ui(ui, "Precision", &precisions(), &mut more.precisions);
        let about = "Any other field of a configuration can be varied by a plan file: choose File, or study run.";
        ui.add(Label::new(RichText::new(about).weak()).wrap());
    });
}

/// What is folded away does not go unnoticed where it is ticked.
fn heading(more: &MoreAxes) -> String {
    match more.ticked() {
        0 => "More".to_owned(),
        ticked => format!("More ({ticked} ticked)"),
    }
}

/// The usual rates, that of the training panel, and those that are ticked, from the highest on.
fn rates(panel: f64, chosen: &[f64]) -> Vec<Offer<f64>> {
    let told = |rate: &f64| (*rate, rate.to_string(), "Learning rate at the start, after a warm-up".to_owned());
    let usual = RATES.iter().map(told).collect();
    let mut rates = with_others(usual, chosen.iter().copied().chain([panel]), told);
    rates.sort_by(|(one, ..), (other, ..)| other.total_cmp(one));
    rates
}

/// A file of weights is for the training panel.
fn encoders() -> Vec<Offer<Encoder>> {
    [Encoder::None, Encoder::Lite0].iter().map(titled).collect()
}

/// In a study `auto` is 32 bits.
fn precisions() -> Vec<Offer<Precision>> {
    Precision::ALL.iter().filter(|precision| **precision != Precision::Auto).map(titled).collect()
}

fn on_and_off(what: &str) -> [Offer<bool>; 2] {
    [(true, "on".to_owned(), what.to_owned()), (false, "off".to_owned(), format!("{what}: not in these runs"))]
}

#[cfg(test)]
mod tests {
    use egui_kittest::Harness;
    use egui_kittest::kittest::Queryable as _;

    use super::*;

    #[test]
    fn further_settings_are_folded_away_until_they_are_wanted() {
        let panel = RunConfig::demo();
        let show = move |ui: &mut Ui, more: &mut MoreAxes| more_ui(ui, &panel, more);
        let builder = Harness::builder().with_context_setup(crate::ui::panels::theme::install);
        let mut harness = builder.build_ui_state(show, MoreAxes::default());
        harness.run_steps(2);
        assert!(harness.query_by_label("Optimiser SGD").is_none());
        harness.get_by_label("More").click();
        harness.run_steps(4);
        for label in ["Learning rate 0.0001", "Optimiser SGD", "Flips off", "Precision Mixed"] {
            harness.get_by_label(label).click();
            harness.run_steps(2);
        }
        harness.get_by_label("More (4 ticked)");
        let want = MoreAxes {
            rates: vec![1e-4],
            optimizers: vec![Optimizer::Sgd],
            flips: vec![false],
            precisions: vec![Precision::Mixed],
            ..MoreAxes::default()
        };
        assert_eq!(*harness.state(), want);
        assert!(harness.query_by_label("Precision Automatic").is_none(), "which is 32 bits in a study");
    }

    #[test]
    fn the_rate_of_the_panel_and_those_that_are_ticked_are_on_offer() {
        let offered: Vec<f64> = rates(3e-3, &[1e-3, 0.5]).into_iter().map(|(rate, ..)| rate).collect();
        assert_eq!(offered, [0.5, 1e-2, 3e-3, 1e-3, 1e-4, 1e-5]);
    }
}
