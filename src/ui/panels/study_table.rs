//! The results of a study: a row for each configuration, with the published ones beside, and a line for each run.

use eframe::egui::{CollapsingHeader, Grid, Label, RichText, Ui};

use super::theme::Tokens;
use super::widgets::number;
use crate::study::figure::{Figure, minutes};
use crate::study::report::ReportRow;
use crate::study::standing::{RunLine, Standing};
use crate::ui::state::format;
use crate::ui::state::run_column::NOTHING;

/// Columns of the table of results, with what they hold.
const COLUMNS: [(&str, &str); 6] = [
    ("configuration", "What differs between the runs, without the seed"),
    ("runs", "Runs that are done, of those that the plan has"),
    ("best mIoU", "Best mIoU on the validation tiles: mean ± standard deviation over the seeds"),
    ("final mIoU", "mIoU after the last step"),
    ("accuracy", "Share of right pixels after the last step"),
    ("min/epoch", "Minutes an epoch takes, with its evaluation"),
];

/// The table of results.
pub(super) fn table_ui(ui: &mut Ui, standing: &Standing) {
    Grid::new("study results").num_columns(COLUMNS.len()).striped(true).spacing([16.0, 3.0]).show(ui, |ui| {
        for (heading, help) in COLUMNS {
            ui.weak(heading).on_hover_text(help);
        }
        ui.end_row();
        for row in &standing.rows {
            row_ui(ui, row);
            ui.end_row();
        }
    });
}

fn row_ui(ui: &mut Ui, row: &ReportRow) {
    let weak = Tokens::of(ui).weak;
    let shade = |text: RichText| if row.is_published { text.color(weak) } else { text };
    let name = ui.add(Label::new(shade(RichText::new(&row.words))).extend());
    name.on_hover_text(format!("{}\n{}", row.configuration, row.note).trim_end());
    let runs = match row.is_published {
        true => "published".to_owned(),
        false => format!("{} of {}", row.runs[0], row.runs[1]),
    };
    ui.label(shade(number(runs)));
    for figure in [row.best_miou, row.final_miou, row.final_accuracy] {
        ui.label(shade(number(score(figure))));
    }
    ui.label(shade(number(row.minutes_per_epoch.map_or(NOTHING.to_owned(), |figure| minutes(figure.mean)))));
}

fn score(figure: Option<Figure>) -> String {
    match figure {
        None => NOTHING.to_owned(),
        Some(Figure { mean, spread: Some(spread), .. }) => format!("{mean:.4} ± {spread:.4}"),
        Some(Figure { mean, spread: None, .. }) => format!("{mean:.4}"),
    }
}

/// The runs with their state; those that failed stand above the others, with the reason.
pub(super) fn runs_ui(ui: &mut Ui, standing: &Standing) {
    let error = Tokens::of(ui).error;
    for run in standing.runs.iter().filter(|run| run.state == "failed") {
        let told = RichText::new(format!("{} failed: {}", run.words, run.note)).color(error);
        ui.add(Label::new(told).wrap()).on_hover_text(&run.name);
    }
    CollapsingHeader::new("Runs of the study").id_salt("runs of the study").show(ui, |ui| {
        Grid::new("study runs").num_columns(4).striped(true).spacing([16.0, 3.0]).show(ui, |ui| {
            for run in &standing.runs {
                line_ui(ui, run);
                ui.end_row();
            }
        });
    });
}

fn line_ui(ui: &mut Ui, run: &RunLine) {
    ui.label(&run.words).on_hover_text(&run.name);
    let tokens = Tokens::of(ui);
    let color = match run.state {
        "done" => tokens.good,
        "failed" => tokens.error,
        "running" => tokens.accent,
        _ => tokens.weak,
    };
    ui.colored_label(color, run.state).on_hover_text(match run.note.as_str() {
        "" => run.state,
        note => note,
    });
    ui.label(number(run.best_miou.map_or(NOTHING.to_owned(), format::score)));
    ui.label(number(run.secs.map_or(NOTHING.to_owned(), format::duration)));
}
