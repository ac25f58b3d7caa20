//! The figures of the ticked runs: a card for each, and one of them by itself.

use std::ops::Range;

use eframe::egui::emath::GuiRounding as _;
use eframe::egui::text::{LayoutJob, TextWrapping};
use eframe::egui::{
    CornerRadius, CursorIcon, Image, Label, Pos2, Rect, RichText, Role, ScrollArea, Sense, Stroke, StrokeKind, Ui,
    Vec2, WidgetInfo, vec2,
};

use super::theme::{Tokens, UNIT, semibold};
use super::widgets::nothing_yet;
use crate::ui::state::action::UiAction;
use crate::ui::state::app_state::AppState;
use crate::ui::state::figure_gallery::{Drawn, FigureKey, GalleryFigure};
use crate::ui::state::gallery_action::GalleryAction;

/// At which scales figures are shown: few, so that they are not drawn anew at each point by which a panel grows.
const SCALES: [f32; 6] = [2.0, 1.5, 1.0, 0.75, 0.5, 0.25];
/// The longest side of a picture, pixels: every adapter takes it.
const MOST_SIDE: f32 = 2000.0;
/// Height of the panel from which on figures have their own size, points.
const TALL: f32 = 360.0;
/// Height of a card's title, points.
const TITLE: f32 = 20.0;
/// Distance of cards, points.
const GAP: f32 = 5.0 * UNIT;
/// What a figure by itself leaves of the window: margins, title, caption and button; points.
const AROUND: Vec2 = vec2(120.0, 240.0);

/// Draws the cards.
pub(super) fn gallery_ui(ui: &mut Ui, state: &AppState, actions: &mut Vec<UiAction>) {
    let figures = match state.gallery.of(&state.runs_table.ticked) {
        Some(Ok(figures)) if !figures.is_empty() => figures,
        Some(Ok(_)) => return nothing_yet(ui, "These runs have neither curves nor scores."),
        Some(Err(why)) => return nothing_yet(ui, why),
        None => return nothing_yet(ui, "Reading the runs …"),
    };
    let most = if ui.available_height() < TALL { 0.75 } else { 1.0 };
    let mut wanted = Vec::new();
    ScrollArea::vertical().id_salt("figures").auto_shrink(false).show(ui, |ui| {
        let (room, dense) = (ui.available_width(), ui.pixels_per_point());
        let size = |figure: &GalleryFigure| {
            let natural = natural_size(figure);
            natural * scale_in(natural, vec2(room, f32::INFINITY), most, dense)
        };
        let sizes: Vec<Vec2> = figures.iter().map(size).collect();
        for row in rows(&sizes, room) {
            ui.horizontal_top(|ui| {
                ui.spacing_mut().item_spacing.x = GAP;
                for (figure, size) in figures[row.clone()].iter().zip(&sizes[row]) {
                    card_ui(ui, state, figure, *size, &mut wanted, actions);
                }
            });
            ui.add_space(2.0 * UNIT);
        }
        for note in state.gallery.notes(&state.runs_table.ticked) {
            ui.add(Label::new(RichText::new(note).weak()).wrap());
        }
    });
    ask_for(wanted, actions);
}

/// The figure that was chosen, as large as the window allows.
pub(super) fn figure_ui(ui: &mut Ui, state: &AppState, window: Vec2, actions: &mut Vec<UiAction>) {
    let Some(figure) = state.gallery.enlarged() else {
        ui.label("The runs have changed, and this figure with them.");
        return;
    };
    ui.heading(&figure.plate.drawing.title);
    ui.add_space(2.0 * UNIT);
    let natural = natural_size(figure);
    let size = natural * scale_in(natural, window - AROUND, SCALES[0], ui.pixels_per_point());
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &figure.plate.drawing.title));
    let mut wanted = Vec::new();
    picture_ui(ui, state, figure, rect, &mut wanted);
    ask_for(wanted, actions);
    ui.add_space(2.0 * UNIT);
    ui.add(Label::new(RichText::new(&figure.plate.caption).weak()).wrap());
}

/// Has the figures drawn that are in view and not drawn yet.
fn ask_for(wanted: Vec<FigureKey>, actions: &mut Vec<UiAction>) {
    if !wanted.is_empty() {
        actions.push(UiAction::Gallery(GalleryAction::Draw(wanted)));
    }
}

/// The size of a figure's drawing at a scale of 1.
fn natural_size(figure: &GalleryFigure) -> Vec2 {
    let [width, height] = figure.plate.drawing.size().map(|side| side as f32);
    vec2(width, height)
}

/// The largest scale, up to `most`, at which a figure fits into the room, and its picture into a texture; `dense` is the number of
/// pixels a point.
fn scale_in(natural: Vec2, room: Vec2, most: f32, dense: f32) -> f32 {
    let fits = |scale: &f32| {
        let shown = natural * *scale;
        let is_small_enough = shown.x <= room.x && shown.y <= room.y && shown.max_elem() * dense <= MOST_SIDE;
        is_small_enough && *scale <= most
    };
    SCALES.into_iter().find(fits).unwrap_or(SCALES[SCALES.len() - 1])
}

/// Which cards of these sizes stand in a row, one row after the other.
fn rows(sizes: &[Vec2], room: f32) -> Vec<Range<usize>> {
    let (mut rows, mut right) = (Vec::<Range<usize>>::new(), 0.0);
    for (place, size) in sizes.iter().enumerate() {
        match rows.last_mut().filter(|_| right + GAP + size.x <= room) {
            Some(row) => (row.end, right) = (place + 1, right + GAP + size.x),
            None => {
                rows.push(place..place + 1);
                right = size.x;
            }
        }
    }
    rows
}

/// A figure below its title, which a click enlarges.
fn card_ui(
    ui: &mut Ui,
    state: &AppState,
    figure: &GalleryFigure,
    size: Vec2,
    wanted: &mut Vec<FigureKey>,
    actions: &mut Vec<UiAction>,
) {
    let (rect, response) = ui.allocate_exact_size(size + vec2(0.0, TITLE), Sense::click());
    let title = &figure.plate.drawing.title;
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("Enlarge: {title}")));
    title_ui(ui, title, rect.min, size.x);
    let place = Rect::from_min_size(rect.min + vec2(0.0, TITLE), size);
    picture_ui(ui, state, figure, place, wanted);
    if response.hovered() || response.has_focus() {
        let edge = Stroke::new(1.0, Tokens::of(ui).accent);
        ui.painter().rect_stroke(place, CornerRadius::same(3), edge, StrokeKind::Outside);
    }
    if response.on_hover_text(title).on_hover_cursor(CursorIcon::PointingHand).clicked() {
        actions.push(UiAction::Gallery(GalleryAction::Enlarge(figure.content)));
    }
}

/// A title on one line, cut where the card ends: the pointer over the card shows all of it.
fn title_ui(ui: &Ui, title: &str, at: Pos2, width: f32) {
    let color = Tokens::of(ui).strong;
    let mut job = LayoutJob::simple_singleline(title.to_owned(), semibold(12.0), color);
    job.wrap = TextWrapping::truncate_at_width(width);
    let galley = ui.painter().layout_job(job);
    ui.painter().galley(at, galley, color);
}

/// The picture of a figure. What is in view and not drawn yet is added to `wanted`.
fn picture_ui(ui: &Ui, state: &AppState, figure: &GalleryFigure, place: Rect, wanted: &mut Vec<FigureKey>) {
    if !ui.is_rect_visible(place) {
        return;
    }
    let (tokens, dense) = (Tokens::of(ui), ui.pixels_per_point());
    let scale = dense * place.width() / natural_size(figure).x;
    let key = FigureKey::new(figure.content, scale, ui.visuals().dark_mode);
    let drawn = state.gallery.drawn(key);
    if let Some(Drawn::Ready(texture)) = drawn {
        // Pixel upon pixel: letters are sharp.
        let whole = Rect::from_min_size(place.min.round_to_pixels(dense), texture.size_vec2() / dense);
        Image::new(texture).corner_radius(3).paint_at(ui, whole);
        return;
    }
    ui.painter().rect_filled(place, CornerRadius::same(3), tokens.raised);
    if let Some(Drawn::Failed(why)) = drawn {
        let why = format!("This figure cannot be drawn: {why}. pointillist compare --figures writes it as SVG");
        let inner = place.shrink(2.0 * UNIT);
        let galley = ui.painter().layout(why, semibold(12.0), tokens.error, inner.width());
        ui.painter().galley(inner.min, galley, tokens.error);
    } else if drawn.is_none() {
        wanted.push(key);
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use egui_kittest::Harness;
    use egui_kittest::kittest::Queryable as _;

    use super::*;
    use crate::study::compare::comparison::tests::comparison;
    use crate::study::compare::figures;
    use crate::ui::state::figure_gallery::ReadFigures;
    use crate::ui::state::settings::Settings;

    #[test]
    fn cards_fill_a_row_and_then_the_next_one() {
        let sizes = [300.0, 300.0, 700.0, 100.0].map(|width| vec2(width, 200.0));
        assert_eq!(rows(&sizes, 650.0), [0..2, 2..3, 3..4], "one that is too wide stands by itself");
        assert_eq!(rows(&sizes, 5000.0).len(), 1);
        assert!(rows(&[], 650.0).is_empty());
    }

    #[test]
    fn figures_keep_their_scale_until_they_do_not_fit() {
        let curve = vec2(520.0, 330.0);
        let beside = |width: f32| scale_in(curve, vec2(width, f32::INFINITY), 1.0, 1.0);
        assert_eq!([600.0, 519.0, 400.0, 10.0].map(beside), [1.0, 0.75, 0.75, 0.25]);
        let dense = |dense: f32| scale_in(curve, vec2(5000.0, 5000.0), 2.0, dense);
        assert_eq!([1.0, 3.0].map(dense), [2.0, 1.0], "a texture has an end");
    }

    /// The state with the figures of a run, in the tab.
    fn state() -> AppState {
        let mut state = AppState::new(Settings::default());
        state.runs_table.ticked = vec![PathBuf::from("/runs/a")];
        state.gallery.show(true);
        let ticked = state.ticked_runs();
        let number = state.gallery.begin(ticked).unwrap().number;
        let figures = figures::all(&comparison()).into_iter().map(GalleryFigure::new).collect();
        let notes = vec!["b: labels are not counted".to_owned()];
        state.gallery.take(ReadFigures { number, with_labels: true, figures: Ok(figures), notes });
        state
    }

    #[test]
    fn each_figure_has_a_card_and_what_is_in_view_is_asked_for() {
        let show = |ui: &mut Ui, (state, actions): &mut (AppState, Vec<UiAction>)| gallery_ui(ui, state, actions);
        let builder = Harness::builder().with_size(vec2(900.0, 400.0));
        let builder = builder.with_context_setup(crate::ui::panels::theme::install);
        let mut harness = builder.build_ui_state(show, (state(), Vec::new()));
        harness.run_steps(2);
        assert_eq!(harness.query_all_by_label_contains("Enlarge: ").count(), 4);
        assert_eq!(harness.query_all_by_label("b: labels are not counted").count(), 1);
        let asked = |actions: &[UiAction]| match actions.last() {
            Some(UiAction::Gallery(GalleryAction::Draw(keys))) => keys.len(),
            _ => 0,
        };
        let in_view = asked(&harness.state().1);
        assert!((1..4).contains(&in_view), "{in_view} of 4");
        harness.state_mut().1.clear();
        harness.get_by_label("Enlarge: training loss over steps").click();
        harness.run_steps(2);
        let is_enlarged = |action: &UiAction| matches!(action, UiAction::Gallery(GalleryAction::Enlarge(_)));
        assert!(harness.state().1.iter().any(is_enlarged), "{:?}", harness.state().1);
    }
}
