//! The confusion matrix: truth in rows, prediction in columns.

use eframe::egui::{Align2, Color32, Rect, Sense, Stroke, StrokeKind, Ui, Vec2, vec2};

use super::theme::{Tokens, class_color, mono};
use crate::charts::scale::brief;
use crate::domain::{Choice as _, ClassDef, Confusion};
use crate::study::compare::figures::Shares;
use crate::ui::state::action::UiAction;
use crate::ui::state::format;

/// Size of a cell in points. As low as is legible, to show as many classes as possible without scrolling.
const CELL: Vec2 = vec2(44.0, 18.0);

/// Draws the matrix below the choice of what its cells are, with a sentence about them.
pub(super) fn confusion_ui(
    ui: &mut Ui,
    classes: &[ClassDef],
    confusion: &Confusion,
    shares: Shares,
    actions: &mut Vec<UiAction>,
) {
    ui.vertical(|ui| {
        ui.horizontal(|ui| {
            for choice in Shares::ALL {
                if ui.selectable_label(shares == *choice, choice.title()).on_hover_text(choice.help()).clicked() {
                    actions.push(UiAction::SetMatrix(*choice));
                }
            }
        });
        matrix_ui(ui, classes, confusion, shares);
    });
    ui.add_space(8.0);
    ui.vertical(|ui| {
        ui.set_max_width(150.0);
        ui.weak(match shares {
            Shares::Rows => "Truth in rows, prediction in columns, per cent of the row.",
            Shares::Columns => "Truth in rows, prediction in columns, per cent of the column.",
            Shares::Counts => "Truth in rows, prediction in columns, pixels, in shades by row.",
        });
    });
}

fn matrix_ui(ui: &mut Ui, classes: &[ClassDef], confusion: &Confusion, shares: Shares) {
    let n = confusion.classes().min(classes.len());
    let (area, response) = ui.allocate_exact_size(CELL * (n as f32 + 1.0), Sense::hover());
    let place = |row: usize, column: usize| {
        Rect::from_min_size(area.min + vec2(column as f32 * CELL.x, row as f32 * CELL.y), CELL).shrink(1.0)
    };
    for (row, class) in classes.iter().take(n).enumerate() {
        for center in [place(0, row + 1).center(), place(row + 1, 0).center()] {
            let square = Rect::from_center_size(center, Vec2::splat(12.0));
            let outline = Stroke::new(1.0, Tokens::of(ui).weak.gamma_multiply(0.7));
            ui.painter().rect(square, 3.0, class_color(class.color), outline, StrokeKind::Inside);
        }
        for column in 0..n {
            let (share, text) = cell(confusion, n, [row, column], shares);
            cell_ui(ui, place(row + 1, column + 1), share, &text, row == column);
        }
    }
    response.on_hover_ui_at_pointer(|ui| {
        let Some(pos) = ui.ctx().pointer_hover_pos() else { return };
        let at = (pos - area.min) / CELL;
        let (row, column) = (at.y as usize, at.x as usize);
        if (1..=n).contains(&row) && (1..=n).contains(&column) {
            let count = format::count(confusion.get(row - 1, column - 1));
            let (truth, found) = (&classes[row - 1].name, &classes[column - 1].name);
            ui.label(format!("{count} pixels of {truth} predicted as {found}"));
        }
    });
}

/// The shade of a cell, 0 to 1, and what stands in it: nothing where that would be 0.
fn cell(confusion: &Confusion, classes: usize, [truth, predicted]: [usize; 2], shares: Shares) -> (f32, String) {
    let pixels = confusion.get(truth, predicted);
    let all: u64 = match shares {
        Shares::Rows | Shares::Counts => (0..classes).map(|other| confusion.get(truth, other)).sum(),
        Shares::Columns => (0..classes).map(|other| confusion.get(other, predicted)).sum(),
    };
    let share = pixels as f32 / all.max(1) as f32;
    let text = match shares {
        Shares::Counts if pixels > 0 => brief(pixels),
        Shares::Rows | Shares::Columns if share >= 0.0005 => format!("{:.1}", share * 100.0),
        _ => String::new(),
    };
    (share, text)
}

fn cell_ui(ui: &Ui, rect: Rect, share: f32, text: &str, hit: bool) {
    let tokens = Tokens::of(ui);
    let color: Color32 = if hit { tokens.good } else { tokens.error };
    ui.painter().rect_filled(rect, 2.0, color.gamma_multiply(0.06 + 0.5 * share));
    ui.painter().text(rect.center(), Align2::CENTER_CENTER, text, mono(11.0), tokens.strong);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Mask;

    #[test]
    fn cells_are_shares_of_their_row_or_column_or_pixels() {
        let row = |data: &[u8]| Mask::from_vec(data.len() as u32, 1, data.to_vec()).unwrap();
        let mut confusion = Confusion::new(2);
        confusion.add(&row(&[0, 0, 0, 0, 1]), &row(&[0, 0, 0, 1, 1]));
        let cell = |at, shares| cell(&confusion, 2, at, shares);
        assert_eq!(cell([0, 1], Shares::Rows), (0.25, "25.0".to_owned()));
        assert_eq!(cell([0, 1], Shares::Columns), (0.5, "50.0".to_owned()));
        assert_eq!(cell([0, 0], Shares::Counts), (0.75, "3".to_owned()), "shaded by row");
        assert_eq!(cell([1, 0], Shares::Counts), (0.0, String::new()));
    }
}
