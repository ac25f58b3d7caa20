//! The canvas widget: draws a scene under the camera with its overlays and the cursor.

use eframe::egui::{self, Id, Rect, Response, Role, Sense, Ui, WidgetInfo};
use eframe::egui_wgpu;

use super::gpu::canvas_gpu::{CanvasCallback, CanvasGpu};
use super::gpu::frame::CanvasFrame;
use super::gpu::lens::Lens;
use super::input::canvas_input::CanvasInput;
use super::input::gesture::Gesture;
use super::input::hit::{Placement, offset_from_center};
use super::markers::markers;
use super::overlay;
use super::scene::{Scene, TileScene};
use crate::domain::geometry::{Camera, PixelRect};
use crate::ui::state::tool::{Tool, ToolKind};
use crate::ui::state::view_camera::ViewCamera;

/// What a view reports after one frame.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CanvasResponse {
    /// The pointer is over the view.
    pub hovered: bool,
    /// Image position under the pointer; `None` outside the tile.
    pub hover_in_image: Option<[f32; 2]>,
    /// The camera moved in this frame.
    pub camera_changed: bool,
    /// The part of the tile on screen.
    pub visible: Option<PixelRect>,
}

/// The id of the view with this label.
pub fn canvas_id(label: &str) -> Id {
    Id::unique(("canvas", label))
}

/// Draws a scene over the available space. `label` names the view for assistive technology and identifies it, e.g. "Canvas
/// left". Clicks and drags are handled by [`CanvasInput::handle`], not here.
pub fn canvas_ui(
    ui: &mut Ui,
    label: &str,
    camera: &mut ViewCamera,
    input: &mut CanvasInput,
    scene: &Scene<'_>,
    tool: &Tool,
) -> CanvasResponse {
    let (rect, _) = ui.allocate_exact_size(ui.available_size(), Sense::hover());
    let id = canvas_id(label);
    input.placements.retain(|placement| placement.id != id);
    let response = ui.interact(rect, id, Sense::click_and_drag());
    response.widget_info(|| WidgetInfo::labeled(Role::Canvas, ui.is_enabled(), label));
    match scene {
        Scene::Tile(scene) => return tile_ui(ui, &response, camera, input, scene, tool),
        Scene::Empty => {
            fill_ground(ui, rect);
            overlay::words(
                ui,
                rect,
                "No project is open",
                "Open a folder of tiles from the File menu, or drop one here.",
            );
        }
        Scene::Decoding { tile } => {
            fill_ground(ui, rect);
            overlay::waiting(ui, rect, &format!("Reading {tile} …"));
        }
        Scene::Faulty { tile, message } => {
            fill_ground(ui, rect);
            overlay::words(ui, rect, &format!("Tile {tile} cannot be shown"), message);
        }
    }
    input.gesture = None;
    CanvasResponse { hovered: response.hovered(), ..CanvasResponse::default() }
}

fn fill_ground(ui: &Ui, rect: Rect) {
    ui.painter_at(rect).rect_filled(rect, 0.0, ui.visuals().extreme_bg_color);
}

/// Draws a tile with its layers, markers and cursor.
fn tile_ui(
    ui: &Ui,
    response: &Response,
    camera: &mut ViewCamera,
    input: &mut CanvasInput,
    scene: &TileScene<'_>,
    tool: &Tool,
) -> CanvasResponse {
    let (rect, id, size) = (response.rect, response.id, scene.view.size);
    camera.keep_fitted(size, rect.size().into());
    input.placements.push(Placement { id, rect, image_size: size, scale: ui.ctx().pixels_per_point() });
    let before = camera.camera;
    let mut out = interact(ui, response, camera, tool, size);
    out.camera_changed = camera.camera != before;
    let camera = &camera.camera;
    out.visible = camera.visible(size, rect.size().into());
    if CanvasGpu::is_installed(ui.ctx()) {
        let frame = CanvasFrame::new(scene, lens(ui, rect, *camera), ui.visuals().extreme_bg_color);
        let callback = CanvasCallback { view: id.value(), frame, ctx: ui.ctx().clone() };
        ui.painter_at(rect).add(egui_wgpu::Callback::new_paint_callback(rect, callback));
    } else {
        fill_ground(ui, rect);
        let corner = |pos| overlay::screen_from_image(rect, camera, pos);
        let tile = Rect::from_two_pos(corner([0.0; 2]), corner(size.map(|n| n as f32)));
        ui.painter_at(rect).rect_filled(tile, 0.0, ui.visuals().faint_bg_color);
    }
    overlay::pixel_grid(&ui.painter_at(rect), rect, camera, size);
    markers(&ui.painter_at(rect), rect, camera, scene);
    draw_cursor(ui, response, camera, input, tool);
    out
}

/// Gestures that egui recognises: pinch zooms, a double click with the pan tool fits. Also finds the hovered pixel.
fn interact(
    ui: &Ui,
    response: &Response,
    camera: &mut ViewCamera,
    tool: &Tool,
    image_size: [u32; 2],
) -> CanvasResponse {
    let mut out = CanvasResponse { hovered: response.contains_pointer(), ..CanvasResponse::default() };
    if out.hovered
        && let Some(touch) = ui.input(egui::InputState::multi_touch)
    {
        camera.zoom_at(offset_from_center(response.rect, touch.center_pos), touch.zoom_delta);
    }
    if response.double_clicked() && tool.kind == ToolKind::Pan {
        camera.fit_now(image_size, response.rect.size().into());
    }
    let image_pos = |pos| camera.camera.image_from_view(offset_from_center(response.rect, pos));
    let pointer = response.hover_pos().map(image_pos);
    out.hover_in_image = pointer.filter(|pos| (0..2).all(|i| pos[i] >= 0.0 && pos[i] < image_size[i] as f32));
    out
}

fn draw_cursor(ui: &Ui, response: &Response, camera: &Camera, input: &CanvasInput, tool: &Tool) {
    let own = input.gesture.filter(|(owner, _)| *owner == response.id).map(|(_, gesture)| gesture);
    let is_panning = matches!(own, Some(Gesture::Pan { .. }));
    let pos = response.hover_pos().or_else(|| own.and_then(|_| response.interact_pointer_pos()));
    let Some(pos) = pos else { return };
    let pans = tool.kind == ToolKind::Pan || input.is_space_held;
    ui.ctx().set_cursor_icon(overlay::cursor(tool.kind, pans, is_panning));
    if !pans && !is_panning {
        let at = camera.image_from_view(offset_from_center(response.rect, pos));
        overlay::brush_ring(&ui.painter_at(response.rect), response.rect, camera, tool, at);
    }
}

/// The camera on the target, with the viewport rounded to pixels as egui rounds it.
fn lens(ui: &Ui, rect: Rect, camera: Camera) -> Lens {
    let scale = ui.ctx().pixels_per_point();
    let edge = |low: f32, high: f32| {
        let (first, last) = ((low * scale).round(), (high * scale).round());
        ((last - first).max(1.0), (low + high) / 2.0 * scale - (first + last) / 2.0)
    };
    let ((width, x), (height, y)) = (edge(rect.left(), rect.right()), edge(rect.top(), rect.bottom()));
    Lens { camera, pixels_per_point: scale, viewport_px: [width, height], middle_px: [x, y] }
}

#[cfg(test)]
mod tests;
