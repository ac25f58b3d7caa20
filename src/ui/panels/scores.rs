//! The scores tab: scores per class and the confusion matrix.

use eframe::egui::{Align2, Color32, Grid, ScrollArea, Sense, Stroke, StrokeKind, Ui, Vec2, vec2};

use super::theme::{Tokens, UNIT, class_color, mono};
use super::widgets::{badge, nothing_yet, number, swatch};
use crate::domain::{ClassDef, Confusion, FurtherScores};
use crate::engine::protocol::Evaluation;
use crate::ui::state::app_state::AppState;
use crate::ui::state::format;

/// Row height in points. As low as is legible, to show as many classes as possible without scrolling.
const ROW: f32 = 18.0;

/// Draws the tab.
pub fn scores_ui(ui: &mut Ui, state: &AppState) {
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
            matrix_ui(ui, classes, &evaluation.confusion);
            ui.add_space(8.0);
            ui.vertical(|ui| {
                ui.set_max_width(150.0);
                ui.weak("Truth in rows, prediction in columns, per cent of the row.");
            });
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

/// The confusion matrix: truth in rows, prediction in columns, each row adding up to 100 %.
fn matrix_ui(ui: &mut Ui, classes: &[ClassDef], confusion: &Confusion) {
    let (cell, n) = (vec2(44.0, ROW), confusion.classes().min(classes.len()));
    ui.vertical(|ui| {
        let (area, response) = ui.allocate_exact_size(cell * (n as f32 + 1.0), Sense::hover());
        let place = |row: f32, column: f32| {
            eframe::egui::Rect::from_min_size(area.min + vec2(column * cell.x, row * cell.y), cell).shrink(1.0)
        };
        for (i, class) in classes.iter().take(n).enumerate() {
            let side = Vec2::splat(12.0);
            for center in [place(0.0, i as f32 + 1.0).center(), place(i as f32 + 1.0, 0.0).center()] {
                let square = eframe::egui::Rect::from_center_size(center, side);
                let outline = Stroke::new(1.0, Tokens::of(ui).weak.gamma_multiply(0.7));
                ui.painter().rect(square, 3.0, class_color(class.color), outline, StrokeKind::Inside);
            }
            let total: u64 = (0..n).map(|p| confusion.get(i, p)).sum();
            for j in 0..n {
                let share = confusion.get(i, j) as f32 / total.max(1) as f32;
                cell_ui(ui, place(i as f32 + 1.0, j as f32 + 1.0), share, i == j);
            }
        }
        response.on_hover_ui_at_pointer(|ui| {
            let Some(pos) = ui.ctx().pointer_hover_pos() else { return };
            let at = (pos - area.min) / cell;
            let (row, column) = (at.y as usize, at.x as usize);
            if (1..=n).contains(&row) && (1..=n).contains(&column) {
                let count = format::count(confusion.get(row - 1, column - 1));
                let (truth, found) = (&classes[row - 1].name, &classes[column - 1].name);
                ui.label(format!("{count} pixels of {truth} predicted as {found}"));
            }
        });
    });
}

fn cell_ui(ui: &Ui, rect: eframe::egui::Rect, share: f32, hit: bool) {
    let tokens = Tokens::of(ui);
    let color: Color32 = if hit { tokens.good } else { tokens.error };
    ui.painter().rect_filled(rect, 2.0, color.gamma_multiply(0.06 + 0.5 * share));
    if share >= 0.0005 {
        let text = format!("{:.1}", share * 100.0);
        ui.painter().text(rect.center(), Align2::CENTER_CENTER, text, mono(11.0), tokens.strong);
    }
}
