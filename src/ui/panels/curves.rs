//! The plots of a run: loss, scores, IoU per class, learning rate.

use eframe::egui::{Color32, Sense, Ui, Vec2, vec2};
use egui_plot::{Corner, HoverPosition, Legend, Line, Plot, PlotPoint, PlotUi, Points};

use super::theme::{Tokens, UNIT, class_color};
use super::widgets::nothing_yet;
use crate::ui::state::action::UiAction;
use crate::ui::state::app_state::AppState;
use crate::ui::state::curves::{PLOT_MARGIN, logarithmic, thinned};
use crate::ui::state::format;

/// A line of a plot.
pub(super) struct Series<'a> {
    pub(super) name: &'a str,
    pub(super) color: Color32,
    pub(super) width: f32,
    pub(super) points: &'a [PlotPoint],
}

/// Scale of a plot's y axis.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Scale {
    /// Linear, from 0.
    Linear,
    /// Logarithmic; values are exponents of ten.
    Log,
    /// From 0 to 1, with a mark per evaluation.
    Score,
    /// Learning rates, from 0.
    Rate,
}

/// Draws the plots side by side: four, or two if nothing is scored.
pub fn curves_ui(ui: &mut Ui, state: &AppState, actions: &mut Vec<UiAction>) {
    let curves = &state.run.curves;
    if curves.rate.is_empty() && curves.miou.is_empty() {
        nothing_yet(ui, "Loss, scores and learning rate appear here while a network trains.");
        return;
    }
    let accent = Tokens::of(ui).accent;
    let weak = Tokens::of(ui).weak;
    let classes = state.class_list();
    let line = |name, color, width, points| Series { name, color, width, points };
    let loss = [
        line("as reported", accent.gamma_multiply(0.4), 1.0, curves.loss.as_slice()),
        line("smoothed", accent, 2.0, &curves.smoothed),
    ];
    let mut scores =
        vec![line("mIoU", accent, 2.0, curves.miou.as_slice()), line("pixel accuracy", weak, 1.5, &curves.accuracy)];
    if !curves.raw_miou.is_empty() {
        scores.push(line("not averaged", accent.gamma_multiply(0.5), 1.5, &curves.raw_miou));
    }
    let of_class = classes.iter().zip(&curves.iou).filter(|(_, points)| !points.is_empty());
    let classes: Vec<_> =
        of_class.map(|(class, points)| line(&class.name, class_color(class.color), 1.5, points.as_slice())).collect();
    let rate = [line("learning rate", accent, 1.5, curves.rate.as_slice())];
    let why_no_score = state.why_no_score();
    if let Some(why) = why_no_score {
        ui.weak(why);
    }
    // Without scores the loss is what there is to see.
    let (of_loss, of_rate) = if why_no_score.is_some() { (0.7, 0.3) } else { (0.25, 0.25) };
    let room = vec2(ui.available_width() - 6.0 * UNIT, ui.available_height());
    let size = |share: f32| vec2(room.x * share, room.y);
    ui.horizontal_top(|ui| {
        let mut log = state.settings.log_loss;
        let loss_scale = if log { Scale::Log } else { Scale::Linear };
        let switch_ui = |ui: &mut Ui| {
            if ui.checkbox(&mut log, "log scale").changed() {
                actions.push(UiAction::SetLogLoss(log));
            }
        };
        column(ui, size(of_loss), "Loss", switch_ui, |ui| plot(ui, "Loss", &loss, loss_scale));
        if why_no_score.is_none() {
            // Scores can lie anywhere between 0 and 1, so a legend inside the plot would cover some.
            let legend_ui = |ui: &mut Ui| legend_ui(ui, &scores);
            column(ui, size(0.25), "Validation", legend_ui, |ui| plot(ui, "Validation", &scores, Scale::Score));
            column(ui, size(0.25), "IoU per class", |_| {}, |ui| plot(ui, "IoU per class", &classes, Scale::Score));
        }
        column(ui, size(of_rate), "Learning rate", |_| {}, |ui| plot(ui, "Learning rate", &rate, Scale::Rate));
    });
}

/// A plot under its title, with a widget beside the title.
pub(super) fn column(ui: &mut Ui, size: Vec2, title: &str, beside: impl FnOnce(&mut Ui), add: impl FnOnce(&mut Ui)) {
    ui.allocate_ui(size, |ui| {
        ui.vertical(|ui| {
            ui.horizontal(|ui| {
                ui.set_min_height(ui.spacing().interact_size.y);
                ui.strong(title);
                beside(ui);
            });
            add(ui);
        });
    });
}

/// Legend beside a title.
fn legend_ui(ui: &mut Ui, series: &[Series<'_>]) {
    for line in series {
        let (rect, _) = ui.allocate_exact_size(vec2(2.0 * UNIT, UNIT), Sense::hover());
        ui.painter().circle_filled(rect.center(), 3.0, line.color);
        ui.small(line.name);
    }
}

/// A plot of these lines. `id` names it.
pub(super) fn plot(ui: &mut Ui, id: &str, series: &[Series<'_>], scale: Scale) {
    let legend = Legend::default()
        .position(Corner::LeftBottom) // A loss rarely begins there.
        .text_style(eframe::egui::TextStyle::Small)
        .background_alpha(0.6)
        .follow_insertion_order(true);
    let mut plot = Plot::new(id)
        .set_margin_fraction(PLOT_MARGIN)
        .allow_scroll(false)
        .show_background(false)
        .grid_color(Tokens::of(ui).weak.gamma_multiply(0.5))
        .include_x(0.0)
        .y_axis_formatter(move |mark, _| axis_text(scale, mark.value))
        .x_axis_formatter(|mark, _| format::count(mark.value.max(0.0) as u64))
        .label_formatter(move |hover| Some(hover_text(scale, hover)));
    // Scores have their legend beside the title; classes are identified by the class list.
    if series.len() > 1 && scale != Scale::Score {
        plot = plot.legend(legend);
    }
    plot = match scale {
        Scale::Score => plot.include_y(0.0).include_y(1.0),
        Scale::Linear | Scale::Rate => plot.include_y(0.0),
        Scale::Log => plot,
    };
    let columns = ui.available_width() as usize;
    let dark = Tokens::of(ui).strong;
    ui.name_inputs(id, |ui| {
        plot.show(ui, |plot_ui| {
            for line in series {
                add_series(plot_ui, line, scale, columns, dark);
            }
        })
    });
}

fn add_series<'a>(plot_ui: &mut PlotUi<'a>, series: &Series<'_>, scale: Scale, columns: usize, edge: Color32) {
    let (Some(first), Some(last)) = (series.points.first(), series.points.last()) else { return };
    let bounds = plot_ui.plot_bounds();
    // While the plot follows the data, its bounds are those of the last frame and would cut off new points.
    let range = if plot_ui.auto_bounds().x { [first.x, last.x] } else { [bounds.min()[0], bounds.max()[0]] };
    let mut points = thinned(series.points, range, columns);
    if scale == Scale::Log {
        points = logarithmic(&points);
    }
    if scale == Scale::Score && points.len() < 60 {
        // The outline keeps a white class visible on a light background and a black one on a dark background.
        let marks = points.iter().map(|p| [p.x, p.y]).collect::<Vec<_>>();
        plot_ui.points(
            Points::new(series.name, marks.clone())
                .color(edge.gamma_multiply(0.5))
                .radius(3.0)
                .allow_hover(false)
                .name(""),
        );
        plot_ui.points(Points::new(series.name, marks).color(series.color).radius(2.2).allow_hover(false).name(""));
    }
    let points = egui_plot::PlotPoints::Owned(points);
    plot_ui.line(Line::new(series.name, points).color(series.color).width(series.width));
}

fn axis_text(scale: Scale, value: f64) -> String {
    match scale {
        Scale::Linear => format!("{value}"),
        Scale::Log => format!("{:.3}", 10_f64.powf(value)),
        Scale::Score => format!("{value:.1}"),
        Scale::Rate => format::rate(value),
    }
}

fn hover_text(scale: Scale, hover: &HoverPosition<'_>) -> String {
    let (name, position) = match hover {
        HoverPosition::NearDataPoint { plot_name, position, .. } => (*plot_name, position),
        HoverPosition::Elsewhere { position } => ("", position),
    };
    let value = match scale {
        Scale::Linear => format!("{:.4}", position.y),
        Scale::Log => format!("{:.4}", 10_f64.powf(position.y)),
        Scale::Score => format::score(position.y),
        Scale::Rate => format::rate(position.y),
    };
    format!("{name}\n{value}\nstep {}", format::count(position.x.max(0.0).round() as u64)).trim_start().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_logarithmic_axis_is_labelled_with_the_values() {
        assert_eq!(axis_text(Scale::Log, -1.0), "0.100");
        let hover = HoverPosition::Elsewhere { position: PlotPoint::new(12.0, 0.0) };
        assert_eq!(hover_text(Scale::Log, &hover), "1.0000\nstep 12");
    }
}
