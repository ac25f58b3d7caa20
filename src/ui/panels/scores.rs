//! The scores tab: scores per class and the confusion matrix.

use eframe::egui::{Grid, ScrollArea, Ui};

use super::confusion::confusion_ui;
use super::theme::{Tokens, UNIT, class_color};
use super::widgets::{badge, nothing_yet, number, swatch};
use crate::domain::{ClassDef, Confusion, FurtherScores};
use crate::engine::protocol::Evaluation;
use crate::ui::state::action::UiAction;
use crate::ui::state::app_state::AppState;
use crate::ui::state::format;

/// Row height in points. As low as is legible, to show as many classes as possible without scrolling.
const ROW: f32 = 18.0;

/// Draws the tab.
pub fn scores_ui(ui: &mut Ui, state: &AppState, actions: &mut Vec<UiAction>) {
    let why_none = state.why_no_score();
    let Some(evaluation) = state.run.evaluation.as_ref().filter(|_| why_none.is_none()) else {
        nothing_yet(ui, why_none.unwrap_or("Scores appear here after the first evaluation."));
        return;
    };
    let classes = state.class_list();
    ui.horizontal_wrapped(|ui| {
        let scores = &evaluation.scores;
        ui.strong(number(format!("mIoU {}", format::score(scores.miou))));
        ui.label(number(format!("pixel accuracy {}", format::score(scores.pixel_accuracy))));
        ui.weak(number(format!("at step {}", format::count(evaluation.step))));
        badge(ui, &evaluation.measured_on, Tokens::of(ui).weak);
    });
    if let Some(further) = &evaluation.further {
        ui.horizontal_wrapped(|ui| further_ui(ui, further, classes));
    }
    ScrollArea::both().id_salt("scores").auto_shrink(false).show(ui, |ui| {
        ui.horizontal_top(|ui| {
            table_ui(ui, classes, evaluation);
            ui.add_space(24.0);
            confusion_ui(ui, classes, &evaluation.confusion, state.settings.matrix, actions);
        });
    });
}

/// The scores beside the headline; what each is says its tooltip.
fn further_ui(ui: &mut Ui, further: &FurtherScores, classes: &[ClassDef]) {
    ui.spacing_mut().item_spacing.x = 4.0 * UNIT;
    let agreement = &further.agreement;
    let mut score = |name: &str, value: String, help: &str| {
        ui.weak(number(format!("{name} {value}"))).on_hover_text(help);
    };
    if let Some([low, high]) = further.interval {
        let (low, high) = (format::score(low), format::score(high));
        let drawn = format!("Bootstrap over {} scenes or tiles that touch no other", further.parts);
        score(
            "95 %",
            format!("{low} to {high}"),
            &format!("Where mIoU would lie with other tiles like these. {drawn}"),
        );
    }
    score("per image", format::score(further.per_image_miou), "Mean over the tiles of their mIoU");
    score(
        "boundary",
        format::score(further.mean_boundary_iou),
        "Mean IoU of the pixels near boundaries: 2 % of the diagonal, edges of tiles aside",
    );
    score("F1", format::score(agreement.mean_f1), "Mean F1 over the scored classes");
    score("kappa", format::score(agreement.kappa), "Cohen's kappa: agreement beyond chance");
    let help = "Expected calibration error: how far confidence is from accuracy, on average";
    score("calibration error", format::score(further.reliability.error()), help);
    if classes.iter().any(|class| class.ignored) {
        let (all, glnet) = (format::score(agreement.miou_with_ignored), format::score(agreement.miou_glnet));
        score("all classes", all, "mIoU with ignored classes as classes like any other");
        score("GLNet", glnet, "mIoU as in GLNet: predictions on ignored classes are wrong, absent classes count as 0");
    }
}

fn table_ui(ui: &mut Ui, classes: &[ClassDef], evaluation: &Evaluation) {
    let further = evaluation.further.as_ref();
    let of = |part: fn(&FurtherScores) -> &[f64]| further.map_or(&[][..], part);
    let columns: [(&[f64], usize); 5] = [
        (&evaluation.scores.iou, 6),
        (&evaluation.scores.f1, 6),
        (of(|further| &further.agreement.precision), 7),
        (of(|further| &further.agreement.recall), 6),
        (of(|further| &further.boundary_iou), 8),
    ];
    let grid = Grid::new("class scores").num_columns(8).striped(true).min_row_height(ROW).spacing([12.0, 0.0]);
    grid.show(ui, |ui| {
        for heading in ["", "class", "   IoU", "    F1", "precis.", "recall", "boundary", "truth"] {
            ui.label(number(heading).color(Tokens::of(ui).weak));
        }
        ui.end_row();
        for (index, class) in classes.iter().enumerate() {
            swatch(ui, class_color(class.color), 12.0);
            ui.label(&class.name);
            for (values, width) in &columns {
                let value = values.get(index).copied().unwrap_or(f64::NAN);
                ui.label(number(format!("{:>width$}", format::score(value))));
            }
            let truth = if class.ignored {
                "ignored".to_owned()
            } else {
                truth_share(&evaluation.confusion, evaluation.scores.pixels, index)
            };
            ui.label(number(truth));
            ui.end_row();
        }
    });
}

/// Share of the scored pixels whose true class this is.
fn truth_share(confusion: &Confusion, scored: u64, class: usize) -> String {
    if class >= confusion.classes() {
        return String::new();
    }
    let row = |truth| (0..confusion.classes()).map(|p| confusion.get(truth, p)).sum::<u64>();
    format::percent(row(class) as f64 / scored as f64)
}
