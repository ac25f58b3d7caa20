//! The compare tab: curves of the ticked runs over each other and the IoU of each class beside that of the first, or all their figures;
//! figures and report as files.

use std::path::Path;

use eframe::egui::text::LayoutJob;
use eframe::egui::{
    Align, Button, Color32, CornerRadius, FontSelection, Grid, Label, Rect, RichText, ScrollArea, Sense, Ui, vec2,
};

use super::curves::{Scale, Series, column, plot};
use super::figure_gallery::gallery_ui;
use super::report_button::report_button_ui;
use super::runs::swipe_button_ui;
use super::theme::{Tokens, UNIT, class_color, series_color};
use super::widgets::{nothing_yet, number, swatch};
use crate::charts::scale::signed;
use crate::domain::count::counted;
use crate::domain::{Choice as _, ClassDef};
use crate::ui::state::action::UiAction;
use crate::ui::state::app_state::AppState;
use crate::ui::state::figures_export::FiguresExport;
use crate::ui::state::format;
use crate::ui::state::gallery_action::GalleryAction;
use crate::ui::state::letters::letter;
use crate::ui::state::report_export::ReportOf;
use crate::ui::state::run_figures::RunFigures;
use crate::ui::state::runs_action::RunsAction;
use crate::ui::state::score_moment::ScoreMoment;

/// Width of the bar of an IoU of 1, points.
const BAR: f32 = 72.0;
/// Differences below this are no better and no worse.
const EQUAL: f64 = 0.0005;

/// A run that is compared.
struct Compared<'a> {
    letter: String,
    name: String,
    color: Color32,
    figures: &'a RunFigures,
}

/// Draws the tab.
pub fn compare_ui(ui: &mut Ui, state: &AppState, actions: &mut Vec<UiAction>) {
    let table = &state.runs_table;
    if table.ticked.is_empty() {
        nothing_yet(ui, "Tick runs in the Runs tab: their curves and scores stand here beside each other.");
        return;
    }
    let compared = |(place, folder, figures): (usize, &Path, _)| Compared {
        letter: letter(place),
        name: folder.file_name().unwrap_or(folder.as_os_str()).to_string_lossy().into_owned(),
        color: series_color(place),
        figures,
    };
    let runs: Vec<Compared<'_>> = table.compared().map(compared).collect();
    legend_ui(ui, state, &runs, actions);
    match state.gallery.is_shown() {
        true => gallery_ui(ui, state, actions),
        false => beside_ui(ui, state, &runs, actions),
    }
}

/// Curves and bars beside each other.
fn beside_ui(ui: &mut Ui, state: &AppState, runs: &[Compared<'_>], actions: &mut Vec<UiAction>) {
    let loss: Vec<_> = runs.iter().map(|run| series(run, &run.figures.loss)).collect();
    let miou: Vec<_> = runs.iter().map(|run| series(run, &run.figures.miou)).collect();
    let room = vec2(ui.available_width() - 6.0 * UNIT, ui.available_height());
    let size = |share: f32| vec2(room.x * share, room.y);
    ui.horizontal_top(|ui| {
        let mut log = state.settings.log_loss;
        let scale = if log { Scale::Log } else { Scale::Linear };
        let switch_ui = |ui: &mut Ui| {
            if ui.checkbox(&mut log, "log scale").changed() {
                actions.push(UiAction::SetLogLoss(log));
            }
        };
        column(ui, size(0.3), "Loss, smoothed", switch_ui, |ui| plot(ui, "Loss of runs", &loss, scale));
        column(ui, size(0.3), "mIoU", |_| {}, |ui| plot(ui, "mIoU of runs", &miou, Scale::Score));
        let moment = state.settings.scores;
        let moment_ui = |ui: &mut Ui| moment_ui(ui, moment, actions);
        column(ui, size(0.4), "IoU per class", moment_ui, |ui| bars_ui(ui, runs, moment));
    });
}

fn series<'a>(run: &'a Compared<'_>, points: &'a [egui_plot::PlotPoint]) -> Series<'a> {
    Series { name: &run.letter, color: run.color, width: 2.0, points }
}

/// Which scores the bars show: a report of the same runs compares classes after the last step.
fn moment_ui(ui: &mut Ui, moment: ScoreMoment, actions: &mut Vec<UiAction>) {
    for choice in ScoreMoment::ALL {
        if ui.selectable_label(moment == *choice, choice.title()).on_hover_text(choice.help()).clicked() {
            actions.push(UiAction::Runs(RunsAction::CompareAt(*choice)));
        }
    }
}

/// Switches between curves with bars and all figures.
fn switch_ui(ui: &mut Ui, state: &AppState, actions: &mut Vec<UiAction>) {
    let is_shown = state.gallery.is_shown();
    let help = "All figures of the ticked runs, as a report has them: curves with their spread over seeds, mIoU over labels, classes, \
                class weights, confusion matrices, reliability";
    if ui.selectable_label(is_shown, "All figures").on_hover_text(help).clicked() {
        actions.push(UiAction::Gallery(GalleryAction::Show(!is_shown)));
    }
    if is_shown && state.gallery.is_reading() {
        ui.weak("Reading …").on_hover_text("Runs are read, and what they learned from is counted");
    }
}

/// Writes the figures of the ticked runs, and says where they are.
fn export_ui(ui: &mut Ui, state: &AppState, actions: &mut Vec<UiAction>) {
    let export = &state.runs_table.export;
    let button = ui.add_enabled(*export != FiguresExport::Writing, Button::new("Save figures…"));
    let help = "The figures of the ticked runs as SVG and PNG files, as compare --figures writes them";
    if button.on_hover_text(help).on_disabled_hover_text("Figures are being written").clicked() {
        actions.push(UiAction::Runs(RunsAction::PickFiguresFolder));
    }
    match export {
        FiguresExport::Idle => {}
        FiguresExport::Writing => drop(ui.weak("Reading runs and drawing…")),
        FiguresExport::Written(figures, folder) => {
            ui.weak(format!("{} in {}", counted(*figures as u64, "figure"), folder.display()));
        }
    }
}

/// Which run has which letter and colour, and what could not be read.
fn legend_ui(ui: &mut Ui, state: &AppState, runs: &[Compared<'_>], actions: &mut Vec<UiAction>) {
    ui.horizontal_wrapped(|ui| {
        switch_ui(ui, state, actions);
        swipe_button_ui(ui, state, actions);
        export_ui(ui, state, actions);
        report_button_ui(ui, state, ReportOf::Runs, actions);
        for run in runs {
            ui.add(Label::new(titled(ui, run)).extend());
            ui.add_space(2.0 * UNIT);
        }
        for (place, folder) in state.runs_table.ticked.iter().enumerate() {
            if let Some(Err(why)) = state.runs_table.figures.get(folder) {
                ui.colored_label(Tokens::of(ui).warn, format!("{}: {why}", letter(place)));
            }
        }
    });
}

/// A run's letter and name, which no line break comes between.
fn titled(ui: &Ui, run: &Compared<'_>) -> LayoutJob {
    let mut job = LayoutJob::default();
    let letter = RichText::new(format!("{} ", run.letter)).monospace().strong().color(run.color);
    for text in [letter, number(&run.name)] {
        text.append_to(&mut job, ui.style(), FontSelection::Default, Align::Center);
    }
    job
}

/// A row for each class, a bar for each run, with what it has more or less than the first.
fn bars_ui(ui: &mut Ui, runs: &[Compared<'_>], moment: ScoreMoment) {
    let Some(first) = runs.iter().find(|run| run.figures.scores(moment).is_some()) else {
        nothing_yet(ui, "None of these runs has a score.");
        return;
    };
    ScrollArea::both().id_salt("bars").auto_shrink(false).show(ui, |ui| {
        Grid::new(("bars", runs.len())).num_columns(runs.len() + 1).spacing([16.0, 3.0]).show(ui, |ui| {
            ui.label("");
            for run in runs {
                ui.label(RichText::new(&run.letter).monospace().strong().color(run.color)).on_hover_text(&run.name);
            }
            ui.end_row();
            ui.strong("mIoU");
            let miou = |run: &Compared<'_>| run.figures.scores(moment).map(|scores| scores.miou);
            row_ui(ui, runs, first, &miou);
            for class in scored_classes(runs) {
                ui.horizontal(|ui| {
                    swatch(ui, class_color(class.color), 14.0);
                    ui.add(Label::new(&class.name).extend());
                });
                row_ui(ui, runs, first, &|run: &Compared<'_>| run.figures.iou_of(&class.name, moment));
            }
        });
    });
}

/// The scored classes of all runs, each name once.
fn scored_classes<'a>(runs: &[Compared<'a>]) -> Vec<&'a ClassDef> {
    let mut found: Vec<&ClassDef> = Vec::new();
    for class in runs.iter().flat_map(|run| &run.figures.classes).filter(|class| !class.ignored) {
        if !found.iter().any(|other| other.name == class.name) {
            found.push(class);
        }
    }
    found
}

fn row_ui(ui: &mut Ui, runs: &[Compared<'_>], first: &Compared<'_>, value: &dyn Fn(&Compared<'_>) -> Option<f64>) {
    let base = value(first);
    for run in runs {
        let own = value(run);
        let delta = own.zip(base).map(|(own, base)| own - base).filter(|_| run.letter != first.letter);
        ui.horizontal(|ui| {
            bar_ui(ui, own.unwrap_or(0.0), run.color);
            ui.label(number(format::score(own.unwrap_or(f64::NAN))));
            if let Some(delta) = delta {
                ui.label(number(signed(delta, 3)).color(color_of(ui, delta)));
            }
        });
    }
    ui.end_row();
}

/// Better, worse or equal.
fn color_of(ui: &Ui, delta: f64) -> Color32 {
    let tokens = Tokens::of(ui);
    match delta {
        _ if delta.abs() < EQUAL => tokens.weak,
        _ if delta > 0.0 => tokens.good,
        _ => tokens.error,
    }
}

fn bar_ui(ui: &mut Ui, share: f64, color: Color32) {
    let (rect, _) = ui.allocate_exact_size(vec2(BAR, 3.0 * UNIT), Sense::hover());
    let width = BAR * share.clamp(0.0, 1.0) as f32;
    let painter = ui.painter();
    painter.rect_filled(rect, CornerRadius::same(2), Tokens::of(ui).sunken);
    painter.rect_filled(Rect::from_min_size(rect.min, vec2(width, rect.height())), CornerRadius::same(2), color);
}
