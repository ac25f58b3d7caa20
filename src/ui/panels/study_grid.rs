//! The part of the studies tab that puts a plan together: what is ticked is combined each with each.

use eframe::egui::{DragValue, Label, RichText, TextEdit, Ui};

use super::theme::Tokens;
use super::widgets::field;
use crate::domain::config::{Arch, LossTerm, LossWeights, Supervision};
use crate::domain::weights::ClassWeights;
use crate::domain::{Choice, RunConfig, Strategy};
use crate::ui::state::app_state::AppState;
use crate::ui::state::study_form::StudyForm;

/// Shares of the labels that are offered.
const RATIOS: [f64; 4] = [0.01, 0.05, 0.1, 0.15];
/// Seeds at most.
const MOST_SEEDS: u64 = 20;

/// A value that can be ticked, with its label and tooltip.
type Offer<T> = (T, String, String);

/// Draws the fields.
pub(super) fn grid_ui(ui: &mut Ui, state: &AppState, form: &mut StudyForm) {
    let about = "The settings of the Training panel; of what is ticked, each with each. A row without a tick stays as the panel has it.";
    ui.add(Label::new(RichText::new(about).weak()).wrap());
    field(ui, "Name", |ui| {
        let edit = TextEdit::singleline(&mut form.name).desired_width(220.0).hint_text("name");
        ui.add(edit)
            .on_hover_text("Name of the plan's file and of the study's folder")
            .accessible_name("Name of the plan");
    });
    let grid = &mut form.grid;
    ticks_ui(ui, "Of each class", &labels(Strategy::FractionPerClass), &mut grid.labels);
    ticks_ui(ui, "Of all pixels", &labels(Strategy::FractionOfPixels), &mut grid.labels);
    ticks_ui(ui, "", &[(Strategy::Full, "all labels".to_owned(), Strategy::Full.help().to_owned())], &mut grid.labels);
    if let Some(note) = labels_note(state.has_masks(), !grid.labels.is_empty(), &state.settings.form) {
        ui.add(Label::new(RichText::new(note).color(Tokens::of(ui).warn)).wrap());
    }
    ticks_ui(ui, "Class weights", &weights(), &mut grid.weights);
    ticks_ui(ui, "Network", &networks(), &mut grid.networks);
    ticks_ui(ui, "Loss", &losses(), &mut grid.losses);
    field(ui, "Seeds", |ui| {
        ui.add(DragValue::new(&mut grid.seeds).range(0..=MOST_SEEDS)).on_hover_text(
            "Each configuration is trained with so many seeds, from 0 on; 0 leaves the seed of the Training panel",
        );
    });
}

/// Which labels the runs learn from, where the ticks do not say so by themselves.
fn labels_note(has_masks: bool, is_ticked: bool, panel: &RunConfig) -> Option<String> {
    match (is_ticked, panel.train.supervision) {
        _ if !has_masks => Some(
            "The project has no masks to sample: every run learns from your own labels, whatever is ticked here."
                .to_owned(),
        ),
        (true, Supervision::Full) => Some(
            "The Training panel says full masks. The runs learn from the labels that are ticked here instead."
                .to_owned(),
        ),
        (true, Supervision::Sparse) => None,
        (false, Supervision::Full) => {
            Some("No labels are ticked: every run learns from the full masks, as the Training panel says.".to_owned())
        }
        (false, Supervision::Sparse) => {
            let labels = panel.sampling.strategy.describe();
            Some(format!("No labels are ticked: every run has those of the Training panel ({labels})."))
        }
    }
}

/// Values to tick. Those that are ticked stand in the order in which they are offered, after those of other rows.
fn ticks_ui<T: Clone + PartialEq>(ui: &mut Ui, name: &str, offers: &[Offer<T>], chosen: &mut Vec<T>) {
    field(ui, name, |ui| {
        ui.horizontal_wrapped(|ui| {
            for (value, label, help) in offers {
                let mut is_ticked = chosen.contains(value);
                let tick = ui.checkbox(&mut is_ticked, label).on_hover_text(help);
                if tick.accessible_name(format!("{name} {label}").trim().to_owned()).changed() {
                    *chosen = with(chosen, offers, value, is_ticked);
                }
            }
        });
    });
}

/// What is chosen after a value was ticked or not.
fn with<T: Clone + PartialEq>(chosen: &[T], offers: &[Offer<T>], value: &T, is_ticked: bool) -> Vec<T> {
    let is_offered = |other: &T| offers.iter().any(|(offered, ..)| offered == other);
    let others = chosen.iter().filter(|other| !is_offered(other)).cloned();
    let is_in = |offered: &&T| if *offered == value { is_ticked } else { chosen.contains(offered) };
    let own: Vec<T> = offers.iter().map(|(offered, ..)| offered).filter(is_in).cloned().collect();
    others.chain(own).collect()
}

fn labels(kind: fn(f64) -> Strategy) -> Vec<Offer<Strategy>> {
    let offer = |ratio: f64| (kind(ratio), format!("{:.0} %", ratio * 100.0), kind(ratio).describe());
    RATIOS.into_iter().map(offer).collect()
}

fn titled<T: Choice>(value: &T) -> Offer<T> {
    (value.clone(), value.title().to_owned(), value.help().to_owned())
}

fn weights() -> Vec<Offer<ClassWeights>> {
    let is_typed_in = |weights: &&ClassWeights| matches!(weights, ClassWeights::Given(_));
    ClassWeights::ALL.iter().filter(|weights| !is_typed_in(weights)).map(titled).collect()
}

fn networks() -> Vec<Offer<Arch>> {
    Arch::ALL.iter().map(titled).collect()
}

/// Each term that can stand alone, and two mixtures.
fn losses() -> Vec<Offer<LossWeights>> {
    let alone = |term: &LossTerm| {
        let mut weights = LossWeights::none();
        *weights.of_mut(*term) = 1.0;
        (weights, term.title().to_owned(), term.help().to_owned())
    };
    let both = LossWeights { cross_entropy: 0.5, dice: 0.5, ..LossWeights::none() };
    let help = "Half of each".to_owned();
    let dice = (both, "Cross-entropy + Dice".to_owned(), help);
    let smooth = LossWeights { cross_entropy: 1.0, gated_crf: 0.1, ..LossWeights::none() };
    let crf = (smooth, "Cross-entropy + gated CRF".to_owned(), LossTerm::GatedCrf.help().to_owned());
    let teaches = |term: &&LossTerm| **term != LossTerm::GatedCrf; // Alone it teaches no class.
    LossTerm::ALL.iter().filter(teaches).map(alone).chain([dice, crf]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_loss_that_is_offered_can_be_trained_with() {
        for (loss, label, _) in losses() {
            let mut config = RunConfig::default();
            config.train.loss = loss;
            let problems = config.problems(&crate::domain::Classes::deepglobe());
            assert!(problems.is_empty(), "{label}: {problems:?}");
        }
    }

    #[test]
    fn it_is_told_which_labels_the_runs_learn_from() {
        let panel = |supervision| {
            let mut config = RunConfig::default();
            config.sampling.strategy = Strategy::Full;
            config.train.supervision = supervision;
            config
        };
        let (sparse, full) = (panel(Supervision::Sparse), panel(Supervision::Full));
        let note = |has_masks, is_ticked, panel| labels_note(has_masks, is_ticked, panel).unwrap_or_default();
        assert_eq!(note(true, true, &sparse), "");
        assert!(note(true, true, &full).contains("ticked here instead"));
        assert!(note(true, false, &full).contains("learns from the full masks"));
        assert!(note(true, false, &sparse).contains(&Strategy::Full.describe()));
        assert!(note(false, true, &full).contains("your own labels"));
    }

    #[test]
    fn what_is_ticked_stands_in_the_order_of_the_offers() {
        let offers: Vec<Offer<u8>> = [1, 2, 3].map(|n| (n, n.to_string(), String::new())).to_vec();
        assert_eq!(with(&[9, 3], &offers, &1, true), [9, 1, 3]);
        assert_eq!(with(&[9, 1, 3], &offers, &3, false), [9, 1]);
        assert_eq!(with(&[9, 1], &offers, &1, true), [9, 1]);
    }
}
