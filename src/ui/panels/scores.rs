//! Scores per class and the confusion matrix, with how they were measured.

use eframe::egui::{Align2, Color32, Grid, RichText, ScrollArea, Sense, Ui, Vec2, vec2};

use crate::domain::{ClassDef, Confusion};
use crate::engine::protocol::Evaluation;
use crate::ui::format;
use crate::ui::state::AppState;
use crate::ui::theme::{Tokens, class_color, mono};
use crate::ui::widgets::{badge, nothing_yet, number, swatch};

/// Draws the tab.
pub fn scores_ui(ui: &mut Ui, state: &AppState) {
    let Some(evaluation) = &state.run.evaluation else {
        nothing_yet(ui, "Scores appear here after the first evaluation.");
        return;
    };
    let classes = state.class_list();
    ScrollArea::both().id_salt("scores").auto_shrink(false).show(ui, |ui| {
        ui.horizontal_wrapped(|ui| {
            let scores = &evaluation.scores;
            ui.strong(number(format!("mIoU {}", format::score(scores.miou))));
            ui.label(number(format!("pixel accuracy {}", format::score(scores.pixel_accuracy))));
            badge(ui, &evaluation.measured_on, Tokens::of(ui).weak);
        });
        ui.add_space(4.0);
        ui.horizontal_top(|ui| {
            table_ui(ui, classes, evaluation);
            ui.add_space(24.0);
            matrix_ui(ui, classes, &evaluation.confusion);
        });
    });
}

fn table_ui(ui: &mut Ui, classes: &[ClassDef], evaluation: &Evaluation) {
    Grid::new("class scores").num_columns(5).striped(true).spacing([12.0, 2.0]).show(ui, |ui| {
        for heading in ["", "class", "   IoU", "    F1", "truth"] {
            ui.label(number(heading).color(Tokens::of(ui).weak));
        }
        ui.end_row();
        for (index, class) in classes.iter().enumerate() {
            swatch(ui, class_color(class.color), 12.0);
            ui.label(&class.name);
            for values in [&evaluation.scores.iou, &evaluation.scores.f1] {
                let value = values.get(index).copied().unwrap_or(f64::NAN);
                ui.label(number(format!("{:>6}", format::score(value))));
            }
            let truth = if class.ignored { "ignored".to_owned() } else { truth_share(&evaluation.confusion, index) };
            ui.label(number(truth));
            ui.end_row();
        }
    });
}

/// Share of the scored pixels that truly belong to a class.
fn truth_share(confusion: &Confusion, class: usize) -> String {
    if class >= confusion.classes() {
        return String::new();
    }
    let row = |truth| (0..confusion.classes()).map(|p| confusion.get(truth, p)).sum::<u64>();
    let all: u64 = (0..confusion.classes()).map(row).sum();
    format::percent(row(class) as f64 / all as f64)
}

/// Rows are the truth, columns the prediction; each row adds up to 100 %.
fn matrix_ui(ui: &mut Ui, classes: &[ClassDef], confusion: &Confusion) {
    let (cell, n) = (vec2(44.0, 20.0), confusion.classes().min(classes.len()));
    ui.vertical(|ui| {
        ui.label(RichText::new("truth in rows, prediction in columns, per cent of the row").color(Tokens::of(ui).weak));
        let (area, response) = ui.allocate_exact_size(cell * (n as f32 + 1.0), Sense::hover());
        let place = |row: f32, column: f32| {
            eframe::egui::Rect::from_min_size(area.min + vec2(column * cell.x, row * cell.y), cell).shrink(1.0)
        };
        for (i, class) in classes.iter().take(n).enumerate() {
            let side = Vec2::splat(12.0);
            for center in [place(0.0, i as f32 + 1.0).center(), place(i as f32 + 1.0, 0.0).center()] {
                let square = eframe::egui::Rect::from_center_size(center, side);
                ui.painter().rect_filled(square, 3.0, class_color(class.color));
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
