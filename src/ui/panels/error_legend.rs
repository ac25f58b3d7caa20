//! Says over a view what the colours of the error map mean, or what is missing for one.

use eframe::egui::{Color32, CornerRadius, Frame, Margin, Rect, RichText, Ui, UiBuilder};

use super::theme::{Tokens, class_color};
use super::widgets::swatch;
use crate::ui::state::app_state::AppState;
use crate::ui::state::layer::Layer;
use crate::ui::state::palette::Palette;

/// Distance from the edges of the picture, points.
const GAP: f32 = 8.0;
/// Side of a swatch, points.
const SWATCH: f32 = 12.0;

/// Draws the legend in the upper left corner of a view that shows the error map.
pub(super) fn error_legend_ui(ui: &mut Ui, picture: Rect, view: usize, state: &AppState) {
    let style = state.settings.layers[view][Layer::Errors];
    if !style.visible || style.opacity <= 0.0 || state.view.tile.is_none() {
        return;
    }
    let place = UiBuilder::new().max_rect(picture.shrink(GAP)).id_salt("error legend");
    ui.scope_builder(place, |ui| {
        let plate = Frame::NONE.fill(Tokens::of(ui).raised).corner_radius(CornerRadius::same(4));
        plate.inner_margin(Margin::symmetric(8, 4)).show(ui, |ui| {
            ui.horizontal(|ui| match missing(state) {
                Some(what) => drop(ui.label(small(what))),
                None => colors_ui(ui),
            });
        });
    });
}

fn colors_ui(ui: &mut Ui) {
    for (color, word) in [(class_color(Palette::WRONG), "wrong"), (Color32::from_black_alpha(Palette::DIM), "right")] {
        swatch(ui, color, SWATCH);
        ui.label(small(word));
    }
    ui.label(small("· the rest is not scored"))
        .on_hover_text("No full mask, an ignored class, or nothing predicted. Ctrl+Wheel changes the opacity");
}

/// What is missing for an error map.
fn missing(state: &AppState) -> Option<&'static str> {
    let has_mask = state.view.tile.as_ref().is_some_and(|tile| tile.mask.is_some());
    match (has_mask, state.prediction().is_some()) {
        (false, _) => Some("No error map: this tile has no full mask"),
        (true, false) => Some("No error map yet: nothing is predicted"),
        (true, true) => None,
    }
}

fn small(text: &str) -> RichText {
    RichText::new(text).size(11.0)
}
