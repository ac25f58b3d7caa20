//! The part of the studies tab that puts a plan together: what is ticked is combined each with each.

use eframe::egui::{DragValue, Label, RichText, TextEdit, Ui};

use super::study_grid_more::more_ui;
use super::study_ticks::{Offer, every, ticks_ui, titled, with_others};
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
    let (grid, panel) = (&mut form.grid, &state.settings.form);
    ticks_ui(ui, "Of each class", &labels(Strategy::FractionPerClass), &mut grid.labels);
    ticks_ui(ui, "Of all pixels", &labels(Strategy::FractionOfPixels), &mut grid.labels);
    ticks_ui(ui, "", &[(Strategy::Full, "all labels".to_owned(), Strategy::Full.help().to_owned())], &mut grid.labels);
    if let Some(note) = labels_note(state.has_masks(), !grid.labels.is_empty(), panel) {
        ui.add(Label::new(RichText::new(note).color(Tokens::of(ui).warn)).wrap());
    }
    ticks_ui(ui, "Class weights", &weights(&panel.train.class_weights, &grid.weights), &mut grid.weights);
    ticks_ui(ui, "Network", &every::<Arch>(), &mut grid.networks);
    ticks_ui(ui, "Loss", &losses(), &mut grid.losses);
    field(ui, "Seeds", |ui| {
        ui.add(DragValue::new(&mut grid.seeds).range(0..=MOST_SEEDS)).on_hover_text(
            "Each configuration is trained with so many seeds, from 0 on; 0 leaves the seed of the Training panel",
        );
    });
    more_ui(ui, panel, &mut grid.more);
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

fn labels(kind: fn(f64) -> Strategy) -> Vec<Offer<Strategy>> {
    let offer = |ratio: f64| (kind(ratio), format!("{:.0} %", ratio * 100.0), kind(ratio).describe());
    RATIOS.into_iter().map(offer).collect()
}

/// The kinds that follow from the labels; and weights of the training panel that are none of them, such as those typed in there, and
/// those of before that are ticked.
fn weights(panel: &ClassWeights, chosen: &[ClassWeights]) -> Vec<Offer<ClassWeights>> {
    let is_typed_in = |weights: &&ClassWeights| matches!(weights, ClassWeights::Given(_));
    let kinds = ClassWeights::ALL.iter().filter(|weights| !is_typed_in(weights)).map(titled).collect();
    let is_something = |weights: &&ClassWeights| **weights != ClassWeights::Given(Vec::new());
    let others = chosen.iter().chain([panel]).filter(is_something).cloned();
    with_others(kinds, others, own_weights)
}

/// Weights with numbers of their own.
fn own_weights(weights: &ClassWeights) -> Offer<ClassWeights> {
    let (value, title, help) = titled(weights);
    let label = match weights {
        ClassWeights::Given(numbers) => numbers.iter().map(f32::to_string).collect::<Vec<_>>().join(", "),
        ClassWeights::Effective(beta) => format!("{title}, beta {beta}"),
        _ => title,
    };
    (value, label, help)
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
    fn weights_that_are_typed_in_can_be_ticked_and_unticked() {
        let labels = |panel: &ClassWeights, chosen: &[ClassWeights]| -> Vec<String> {
            weights(panel, chosen).into_iter().map(|(_, label, _)| label).collect()
        };
        let kinds = labels(&ClassWeights::None, &[]);
        assert_eq!(kinds.len(), ClassWeights::ALL.len() - 1);
        assert_eq!(labels(&ClassWeights::Given(Vec::new()), &[]), kinds, "nothing is typed in yet");
        let typed = ClassWeights::Given(vec![0.66, 1.0]);
        let with_typed = labels(&typed, std::slice::from_ref(&typed));
        assert_eq!(with_typed[kinds.len()..], ["0.66, 1"]);
        assert_eq!(labels(&ClassWeights::Inverse, &[typed]), with_typed, "what is ticked stays on offer");
        assert_eq!(labels(&ClassWeights::Effective(0.9), &[])[kinds.len()..], ["Effective number, beta 0.9"]);
    }
}
