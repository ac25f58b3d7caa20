//! Small notes over a view: which network predicts, and that labels are not used.

use std::sync::Arc;

use eframe::egui::{Align2, FontId, Galley, Label, Rect, Response, Ui, vec2};

use super::theme::{Tokens, mono};
use crate::ui::state::app_state::AppState;
use crate::ui::state::layer::Layer;

/// Distance of a note from the edges of the picture, points.
const GAP: f32 = 8.0;

/// Says in the upper right corner of a view with the prediction where it comes from, or what is missing for one.
pub(super) fn prediction_ui(ui: &mut Ui, picture: Rect, view: usize, state: &AppState) {
    let layers = &state.settings.layers[view];
    let shows = |layer: Layer| layers[layer].visible && layers[layer].opacity > 0.0;
    let shows_map = [Layer::Prediction, Layer::Confidence, Layer::Errors].into_iter().any(shows);
    let Some(note) = state.map_note().filter(|_| shows_map) else { return };
    let galley = shortened(ui, &note, (picture.width() - 4.0 * GAP).max(40.0));
    let plate = plate_ui(ui, picture, Align2::RIGHT_TOP, galley);
    if state.map_source().is_some() {
        plate.on_hover_text(format!("{note}\n{}", state.map_comparison()));
    }
}

/// The note in one line, without the parts at its end that there is no room for. A note of one part is wrapped.
fn shortened(ui: &Ui, note: &str, room: f32) -> Arc<Galley> {
    let parts: Vec<&str> = note.split(" · ").collect();
    // Digits of one width: the note does not tremble as it counts.
    let (font, color) = (mono(11.0), Tokens::of(ui).text);
    let line = |count: usize| ui.painter().layout_no_wrap(parts[..count].join(" · "), font.clone(), color);
    let fits = (1..=parts.len()).rev().map(line).find(|galley| galley.size().x <= room);
    fits.unwrap_or_else(|| ui.painter().layout(note.to_owned(), font.clone(), color, room))
}

/// Says over the picture what becomes of the labels on this tile, once there are some, unless it is an ordinary training tile.
pub(super) fn warning_ui(ui: &mut Ui, picture: Rect, state: &AppState) {
    let Some(warning) = state.label_warning() else { return };
    let (room, color) = (picture.width() - 4.0 * GAP, Tokens::of(ui).warn);
    let galley = ui.painter().layout(warning.to_owned(), FontId::proportional(12.0), color, room.max(40.0));
    plate_ui(ui, picture, Align2::LEFT_BOTTOM, galley);
}

/// Text on a plate in a corner of the picture, legible on any.
fn plate_ui(ui: &mut Ui, picture: Rect, corner: Align2, galley: Arc<Galley>) -> Response {
    let plate = corner.align_size_within_rect(galley.size() + vec2(16.0, 8.0), picture.shrink(GAP));
    ui.painter().rect_filled(plate, 4.0, Tokens::of(ui).raised);
    ui.put(plate.shrink2(vec2(8.0, 4.0)), Label::new(galley).selectable(false))
}
