//! The table of runs: a row for each, a column for each setting in which they differ.

use eframe::egui::{Button, Grid, Label, Response, RichText, ScrollArea, Ui};
use lucide_icons::Icon;

use super::run_buttons::{export_ui, go_on_ui, open_ui, start_from_ui};
use super::theme::{Tokens, series_color};
use super::widgets::{icon, number, quiet_icon};
use crate::train::run_list::RunEntry;
use crate::ui::state::action::UiAction;
use crate::ui::state::app_state::AppState;
use crate::ui::state::letters::letter;
use crate::ui::state::run_column::{Cell, RunColumn};
use crate::ui::state::runs_action::RunsAction;

/// Longer texts are cut off; their tooltip has all of it. Characters.
const LONGEST: usize = 36;
/// Columns of buttons before and after those with text.
const BUTTONS: usize = 6;

/// Draws the table.
pub(super) fn table_ui(ui: &mut Ui, state: &AppState, actions: &mut Vec<UiAction>) {
    let table = &state.runs_table;
    let count = table.columns.len() + BUTTONS;
    ScrollArea::both().id_salt("runs").auto_shrink(false).show(ui, |ui| {
        // Another number of columns is another grid: it must not begin with the widths of the former one.
        Grid::new(("runs", count)).num_columns(count).striped(true).spacing([16.0, 4.0]).show(ui, |ui| {
            (0..4).for_each(|_| drop(ui.label("")));
            for column in &table.columns {
                ui.scope(|ui| heading_ui(ui, state, column, actions)); // Its padding is not that of the buttons below.
            }
            ui.end_row();
            for row in &table.rows {
                if let Some(run) = state.runs.get(row.run) {
                    row_ui(ui, state, run, &row.cells, actions);
                    ui.end_row();
                }
            }
        });
    });
}

/// The name of a column, with which the table is sorted.
fn heading_ui(ui: &mut Ui, state: &AppState, column: &RunColumn, actions: &mut Vec<UiAction>) {
    let weak = Tokens::of(ui).weak;
    let title = state.runs_table.title(column);
    let text = RichText::new(title.as_str()).color(weak);
    let sign = match &state.runs_table.sort {
        Some((of, false)) if of == column => Some(Icon::ArrowUp),
        Some((of, true)) if of == column => Some(Icon::ArrowDown),
        _ => None,
    };
    let button = match sign {
        Some(sign) => Button::new((text, icon(sign, 11.0).color(weak))),
        None => Button::new(text),
    };
    ui.spacing_mut().button_padding.x = 0.0; // The heading begins where its column does.
    let button = ui.add(button.frame_when_inactive(false));
    let button = button.on_hover_text(format!("{}. Click to sort", column.help()));
    if button.accessible_name(format!("Sort by {title}")).clicked() {
        actions.push(UiAction::Runs(RunsAction::SortBy(column.clone())));
    }
}

fn row_ui(ui: &mut Ui, state: &AppState, run: &RunEntry, cells: &[Cell], actions: &mut Vec<UiAction>) {
    tick_ui(ui, state, run, actions);
    open_ui(ui, state, run, actions);
    go_on_ui(ui, state, run, actions);
    start_from_ui(ui, state, run, actions);
    for (column, cell) in state.runs_table.columns.iter().zip(cells) {
        cell_ui(ui, run, column, cell);
    }
    notes_ui(ui, run, actions);
    export_ui(ui, run, actions);
}

/// Chooses the run for comparison. A chosen one has a letter in the colour of its curves.
fn tick_ui(ui: &mut Ui, state: &AppState, run: &RunEntry, actions: &mut Vec<UiAction>) {
    let place = state.runs_table.ticked.iter().position(|folder| *folder == run.folder);
    let mut is_ticked = place.is_some();
    let text =
        place.map_or_else(|| RichText::new(" "), |place| RichText::new(letter(place)).color(series_color(place)));
    let tick = ui.checkbox(&mut is_ticked, text.monospace().strong()).on_hover_text(match place {
        Some(0) => "The others are compared with this run",
        _ => "Compare this run with others",
    });
    if tick.accessible_name(format!("Compare run {}", run.name)).changed() {
        actions.push(UiAction::Runs(RunsAction::Tick(run.folder.clone(), is_ticked)));
    }
}

fn cell_ui(ui: &mut Ui, run: &RunEntry, column: &RunColumn, cell: &Cell) {
    let (short, is_whole) = shortened(&cell.text);
    let in_figures = cell.number.is_some() || *column == RunColumn::Name;
    let mut text = if in_figures { number(short) } else { RichText::new(short) };
    let tokens = Tokens::of(ui);
    match column {
        RunColumn::Network if run.config.is_none() => text = text.color(tokens.warn),
        RunColumn::Ended if run.end.is_none() => text = text.color(tokens.weak),
        _ => {}
    }
    // Without wrapping: a note must not make its row higher than the others.
    let label = ui.add(Label::new(text).extend());
    hint(label, run, column, cell, is_whole);
}

/// The tooltip of a cell: where the run is, or what was cut off.
fn hint(label: Response, run: &RunEntry, column: &RunColumn, cell: &Cell, is_whole: bool) {
    if *column == RunColumn::Name {
        label.on_hover_text(run.folder.display().to_string());
    } else if !is_whole {
        label.on_hover_text(&cell.text);
    }
}

/// The first line of a text as far as there is room, and whether that is all of it.
fn shortened(text: &str) -> (String, bool) {
    let line = text.lines().next().unwrap_or_default();
    if line.len() == text.len() && line.chars().count() <= LONGEST {
        return (text.to_owned(), true);
    }
    let kept: String = line.chars().take(LONGEST - 1).collect();
    (format!("{}…", kept.trim_end()), false)
}

/// Opens tags and note of the run, or says why they cannot be read.
fn notes_ui(ui: &mut Ui, run: &RunEntry, actions: &mut Vec<UiAction>) {
    match &run.notes {
        Ok(_) => {
            if quiet_icon(ui, Icon::Pencil, &format!("Tags and note of run {}", run.name)).clicked() {
                actions.push(UiAction::Runs(RunsAction::EditNotes(run.folder.clone())));
            }
        }
        Err(why) => drop(ui.colored_label(Tokens::of(ui).warn, "damaged").on_hover_text(why)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_notes_are_cut_to_a_line() {
        assert_eq!(shortened("steps 200"), ("steps 200".to_owned(), true));
        assert_eq!(shortened("good\nbut slow"), ("good…".to_owned(), false));
        let (short, is_whole) = shortened(&"ä".repeat(LONGEST + 1));
        assert!(short.chars().count() == LONGEST && short.ends_with('…') && !is_whole, "{short}");
    }
}
