//! The centre of the window: one view of the tile, or two linked ones.

use eframe::egui::{Align, ComboBox, Frame, Id, Layout, Rect, Stroke, StrokeKind, Ui, UiBuilder, pos2, vec2};
use lucide_icons::Icon;

use super::blocks::blocks_ui;
use super::error_legend::error_legend_ui;
use super::swipe::swipe_ui;
use super::theme::Tokens;
use super::view_notes;
use super::widgets::quiet_icon;
use crate::domain::PatchedMap;
use crate::domain::geometry::PixelRect;
use crate::ui::canvas::input::canvas_input::CanvasInput;
use crate::ui::canvas::scene::{Scene, TileScene};
use crate::ui::canvas::view::{CanvasResponse, canvas_ui};
use crate::ui::state::action::{UiAction, ViewAction};
use crate::ui::state::app_state::AppState;
use crate::ui::state::layer::Layer;
use crate::ui::state::palette::Palette;
use crate::ui::state::panel_layout::TWO_VIEWS;
use crate::ui::state::preset::Preset;

const HEADER: f32 = 30.0;
/// Width that the presets need beside the header's buttons, points.
const ROOM_FOR_PRESETS: f32 = 450.0;
/// Names of the views for assistive technology; they also identify them.
pub(crate) const NAMES: [&str; 2] = ["Canvas left", "Canvas right"];

/// Result of drawing the views.
pub struct ViewsResponse {
    /// Rectangle of the views.
    pub rect: Rect,
    /// The part of the tile on screen.
    pub visible: Option<PixelRect>,
}

/// Draws the views. Updates the camera and the hovered position.
pub fn views_ui(
    ui: &mut Ui,
    state: &mut AppState,
    input: &mut CanvasInput,
    actions: &mut Vec<UiAction>,
) -> ViewsResponse {
    let rect = ui.available_rect_before_wrap();
    // If two would be too narrow, only the active one is shown.
    let views = match state.settings.two_views {
        true if rect.width() >= TWO_VIEWS => 0..2,
        true => state.active_view..state.active_view + 1,
        false => 0..1,
    };
    let (gap, count, first) = (2.0, views.len(), views.start);
    let width = (rect.width() - gap * (count as f32 - 1.0)) / count as f32;
    let (mut visible, mut hover) = (None, None);
    for view in views {
        let (name, left) = (NAMES[view], rect.left() + (view - first) as f32 * (width + gap));
        let place = Rect::from_min_size(pos2(left, rect.top()), vec2(width, rect.height()));
        let is_last = view + 1 == first + count;
        let response = ui
            .scope_builder(UiBuilder::new().max_rect(place).id_salt(name), |ui| {
                view_ui(ui, (view, is_last), state, input, actions)
            })
            .inner;
        hover = hover.or(response.hover_in_image);
        visible = visible.or(response.visible);
    }
    state.hover_in_image = hover;
    ui.advance_cursor_after_rect(rect);
    ViewsResponse { rect, visible }
}

fn view_ui(
    ui: &mut Ui,
    (view, is_last): (usize, bool),
    state: &mut AppState,
    input: &mut CanvasInput,
    actions: &mut Vec<UiAction>,
) -> CanvasResponse {
    ui.spacing_mut().item_spacing.y = 0.0;
    header_ui(ui, view, is_last, state, actions);
    ui.visuals_mut().extreme_bg_color = Tokens::of(ui).canvas; // Background of the picture.
    let tool = state.active_tool();
    let picture = ui.available_rect_before_wrap();
    let mut camera = std::mem::take(&mut state.camera);
    let (map, scored) = (state.prediction(), state.scored());
    let scene = scene(state, view, map.as_ref(), &scored);
    let response = canvas_ui(ui, NAMES[view], &mut camera, input, &scene, &tool);
    state.camera = camera;
    blocks_ui(ui, picture, state);
    view_notes::prediction_ui(ui, picture, view, state);
    if shows_prediction(state, view) {
        swipe_ui(ui, picture, view, state, actions);
    }
    error_legend_ui(ui, picture, view, state);
    if is_last {
        view_notes::warning_ui(ui, picture, state);
    }
    response
}

/// Whether a view shows what was predicted.
fn shows_prediction(state: &AppState, view: usize) -> bool {
    let layers = &state.settings.layers[view];
    [Layer::Prediction, Layer::Confidence, Layer::Errors]
        .iter()
        .any(|layer| layers[*layer].visible && layers[*layer].opacity > 0.0)
}

/// The presets; in the last view also the buttons for fit and for one or two views.
fn header_ui(ui: &mut Ui, view: usize, is_last: bool, state: &AppState, actions: &mut Vec<UiAction>) {
    let tokens = Tokens::of(ui);
    let active = state.settings.two_views && state.active_view == view;
    let frame = Frame::NONE.inner_margin(vec2_margin());
    let response = frame.show(ui, |ui| {
        let room = vec2(ui.available_width(), HEADER - 6.0);
        ui.allocate_ui_with_layout(room, Layout::left_to_right(Align::Center), |ui| {
            ui.set_min_size(room);
            ui.spacing_mut().item_spacing.x = 2.0;
            presets_ui(ui, view, state, actions);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let (icon, name) = match state.settings.two_views {
                    true => (Icon::Square, "One view (T)"),
                    false => (Icon::Columns2, "Two views (T)"),
                };
                if is_last && quiet_icon(ui, icon, name).clicked() {
                    actions.push(UiAction::View(ViewAction::ToggleTwo));
                }
                if is_last && quiet_icon(ui, Icon::Maximize, "Fit the tile (Ctrl+F)").clicked() {
                    actions.push(UiAction::View(ViewAction::Fit));
                }
            });
        });
    });
    if active {
        let line = response.response.rect;
        let line = Rect::from_min_max(pos2(line.left(), line.bottom() - 2.0), line.right_bottom());
        ui.painter().rect(line, 0.0, tokens.accent, Stroke::NONE, StrokeKind::Inside);
    }
}

/// The presets: side by side if they fit, otherwise in a list.
fn presets_ui(ui: &mut Ui, view: usize, state: &AppState, actions: &mut Vec<UiAction>) {
    let shown = Preset::of(&state.settings.layers[view]);
    let side = if view == 0 { "left" } else { "right" };
    let mut choices = |ui: &mut Ui| {
        for preset in Preset::all() {
            let response = ui.selectable_label(shown == Some(preset), preset.name());
            if response.on_hover_text(format!("Show this in the {side} view")).clicked() {
                actions.extend([
                    UiAction::View(ViewAction::Activate(view)),
                    UiAction::View(ViewAction::SetPreset(view, preset)),
                ]);
            }
        }
    };
    if ui.available_width() >= ROOM_FOR_PRESETS {
        choices(ui);
    } else {
        let text = shown.map_or("Custom", Preset::name);
        ui.name_inputs(format!("Layers of the {side} view"), |ui| {
            ComboBox::from_id_salt(("preset", view)).selected_text(text).show_ui(ui, choices);
        });
    }
}

fn vec2_margin() -> eframe::egui::Margin {
    eframe::egui::Margin { left: 8, right: 8, top: 3, bottom: 3 }
}

fn scene<'a>(state: &'a AppState, view: usize, map: Option<&'a PatchedMap>, scored: &'a Palette) -> Scene<'a> {
    let (Some(project), Some(tile)) = (&state.project, state.tile()) else { return Scene::Empty };
    if let Some(message) = tile.fault.as_ref().or(state.view.fault.as_ref()) {
        return Scene::Faulty { tile: &tile.id, message };
    }
    let Some(loaded) = &state.view.tile else { return Scene::Decoding { tile: &tile.id } };
    Scene::Tile(TileScene {
        view: loaded,
        sampled: state.view.sampled.as_ref(),
        labels: state.view.labels.as_ref(),
        book: Some(&project.book),
        prediction: map,
        palette: &project.palette,
        scored,
        layers: &state.settings.layers[view],
    })
}

/// Highlights where a dragged folder can be dropped.
pub fn drop_ui(ui: &Ui, rect: Rect) {
    let tokens = Tokens::of(ui);
    let layer = eframe::egui::LayerId::new(eframe::egui::Order::Foreground, Id::unique("drop"));
    let painter = ui.ctx().layer_painter(layer);
    painter.rect_filled(rect, 0.0, tokens.canvas.gamma_multiply(0.7));
    painter.rect_stroke(rect.shrink(12.0), 8.0, Stroke::new(2.0, tokens.accent), StrokeKind::Inside);
    let font = super::theme::semibold(18.0);
    painter.text(rect.center(), eframe::egui::Align2::CENTER_CENTER, "Drop to open this folder", font, tokens.strong);
}

#[cfg(test)]
mod tests {
    use eframe::egui::Color32;
    use egui_kittest::Harness;
    use egui_kittest::kittest::Queryable as _;

    use super::*;
    use crate::ui::state::tool::{Tool, ToolKind};
    use crate::ui::state::view_camera::ViewCamera;

    #[test]
    fn views_without_a_tile_say_why() {
        for (scene, words) in [
            (Scene::Empty, "No project is open"),
            (Scene::Decoding { tile: "172307" }, "Reading 172307 …"),
            (Scene::Faulty { tile: "a", message: "it ends too early: a.jpg" }, "it ends too early: a.jpg"),
        ] {
            let tool = Tool { kind: ToolKind::Brush, color: Color32::RED, radius_px: 1.0 };
            let (mut camera, mut input) = (ViewCamera::default(), CanvasInput::default());
            let show = move |ui: &mut Ui| {
                assert!(canvas_ui(ui, "Canvas left", &mut camera, &mut input, &scene, &tool).visible.is_none());
                assert!(!input.owns(ui.ctx(), ui.max_rect().center()), "there is no tile to draw on");
            };
            let mut harness = Harness::builder().with_context_setup(super::super::theme::install).build_ui(show);
            harness.run_steps(2);
            assert!(harness.query_by_label("Canvas left").is_some());
            assert!(harness.query_by_label(words).is_some(), "{words}");
        }
    }
}
