//! The widget: events in, camera moved, picture and cursor drawn, and what was done handed back.

use eframe::egui::{self, Id, Pos2, Rect, Response, Role, Sense, Ui, WidgetInfo};
use eframe::egui_wgpu;

use super::gpu::canvas_gpu::{CanvasCallback, CanvasGpu};
use super::gpu::frame::{Frame, Lens};
use super::input::follow::Place;
use super::input::gesture::Gesture;
use super::markers::markers;
use super::{CanvasResponse, Scene, Tool, ToolKind, overlay};
use crate::domain::geometry::Camera;

/// What linked views share: the camera, and the drag under way in one of them.
#[derive(Clone, Debug)]
pub struct ViewState {
    /// Where everybody looks.
    pub camera: Camera,
    /// Tile size the camera was made for; `None` asks for a fit.
    fitted_image: Option<[u32; 2]>,
    /// View size of a fit that nobody has moved away from.
    fitted_view: Option<[f32; 2]>,
    pub(super) gesture: Option<(Id, Gesture)>,
    /// Shift+wheel that is not yet a whole notch.
    pub(super) radius_notches: f32,
    /// Where the pictures were drawn last.
    pub(super) places: Vec<Place>,
    /// Where the pointer is.
    pub(super) pointer: Option<Pos2>,
    /// Space is held: the left button pans whatever the tool.
    pub(super) is_space_held: bool,
}

impl Default for ViewState {
    fn default() -> Self {
        Self {
            camera: Camera { center_in_image: [0.0; 2], zoom: 1.0 },
            fitted_image: None,
            fitted_view: None,
            gesture: None,
            radius_notches: 0.0,
            places: Vec::new(),
            pointer: None,
            is_space_held: false,
        }
    }
}

impl ViewState {
    /// Shows the whole tile at the next frame.
    pub fn fit(&mut self) {
        self.fitted_image = None;
    }

    /// Shows one image pixel per point, keeping the middle.
    pub fn actual_size(&mut self) {
        self.camera.zoom = 1.0;
        self.fitted_view = None;
    }

    /// Moves the middle of the view to an image position.
    pub fn look_at(&mut self, pos_in_image: [f32; 2]) {
        self.camera.center_in_image = pos_in_image;
        self.fitted_view = None;
    }

    /// Fits if asked to, if the tile has another size, or if the view was resized while showing a whole tile.
    pub(super) fn keep_fitted(&mut self, image: [u32; 2], view: [f32; 2]) {
        let is_new = self.fitted_image != Some(image);
        // Linked views may differ by a rounded point; that is no reason to move.
        let is_resized = self.fitted_view.is_some_and(|old| (0..2).any(|i| (old[i] - view[i]).abs() > 2.0));
        if is_new || is_resized {
            self.camera = Camera::fit(image, view);
            self.fitted_image = Some(image);
            self.fitted_view = Some(view);
        }
    }

    /// Zooms by `factor` around a position in a view.
    pub(super) fn zoom_at(&mut self, pos_in_view: [f32; 2], factor: f32) {
        if factor != 1.0 {
            self.camera.zoom_at(pos_in_view, factor);
            self.fitted_view = None;
        }
    }

    /// Moves by hand: the tile is no longer shown whole.
    pub(super) fn let_go_of_fit(&mut self) {
        self.fitted_view = None;
    }
}

/// What tells a view from others.
pub fn canvas_id(label: &str) -> Id {
    Id::unique(("canvas", label))
}

/// Shows a scene in all the room there is. `label` is its name for assistive technology and tells views apart, e.g.
/// "Canvas left". What `tool` does there is told by [`ViewState::follow`].
pub fn canvas_ui(ui: &mut Ui, label: &str, view: &mut ViewState, scene: &Scene<'_>, tool: &Tool) -> CanvasResponse {
    let (rect, _) = ui.allocate_exact_size(ui.available_size(), Sense::hover());
    let id = canvas_id(label);
    view.places.retain(|place| place.id != id);
    let response = ui.interact(rect, id, Sense::click_and_drag());
    response.widget_info(|| WidgetInfo::labeled(Role::Canvas, ui.is_enabled(), label));
    let ground = ui.visuals().extreme_bg_color;
    let is_composed = matches!(scene, Scene::Tile(_)) && CanvasGpu::is_installed(ui.ctx());
    if !is_composed {
        ui.painter_at(rect).rect_filled(rect, 0.0, ground);
    }
    match scene {
        Scene::Empty => {
            let hint = "Open a folder of tiles from the File menu, or drop one here.";
            overlay::words(ui, rect, "No project is open", hint);
        }
        Scene::Decoding { tile } => overlay::waiting(ui, rect, &format!("Reading {tile} …")),
        Scene::Faulty { tile, message } => {
            overlay::words(ui, rect, &format!("Tile {tile} cannot be shown"), message);
        }
        Scene::Tile(scene) => {
            let size = scene.view.size;
            view.keep_fitted(size, rect.size().into());
            view.places.push(Place { id, rect, image_size: size, scale: ui.ctx().pixels_per_point() });
            let before = view.camera;
            let mut out = interact(ui, &response, view, tool, size);
            out.camera_changed = view.camera != before;
            out.visible = view.camera.visible(size, rect.size().into());
            if is_composed {
                let frame = Frame::new(scene, lens(ui, rect, view.camera), ground);
                let callback = CanvasCallback { view: id.value(), frame, ctx: ui.ctx().clone() };
                ui.painter_at(rect).add(egui_wgpu::Callback::new_paint_callback(rect, callback));
            } else {
                let corner = |pos| overlay::screen_from_image(rect, &view.camera, pos);
                let tile = Rect::from_two_pos(corner([0.0; 2]), corner(size.map(|n| n as f32)));
                ui.painter_at(rect).rect_filled(tile, 0.0, ui.visuals().faint_bg_color);
            }
            overlay::pixel_grid(&ui.painter_at(rect), rect, &view.camera, size);
            markers(&ui.painter_at(rect), rect, &view.camera, scene);
            draw_cursor(ui, &response, view, tool);
            return out;
        }
    }
    view.gesture = None;
    CanvasResponse { hovered: response.hovered(), ..CanvasResponse::default() }
}

/// What the pointer does while it rests: two fingers zoom, a double click fits, and it points at something.
fn interact(ui: &Ui, response: &Response, view: &mut ViewState, tool: &Tool, image_size: [u32; 2]) -> CanvasResponse {
    let mut out = CanvasResponse { hovered: response.contains_pointer(), ..CanvasResponse::default() };
    if out.hovered
        && let Some(touch) = ui.input(egui::InputState::multi_touch)
    {
        view.zoom_at(in_view(response.rect, touch.center_pos), touch.zoom_delta);
    }
    if response.double_clicked() && tool.kind == ToolKind::Pan {
        view.camera = Camera::fit(image_size, response.rect.size().into());
        view.fitted_view = Some(response.rect.size().into());
    }
    let pointer = response.hover_pos().map(|pos| view.camera.image_from_view(in_view(response.rect, pos)));
    out.hover_in_image = pointer.filter(|pos| (0..2).all(|i| pos[i] >= 0.0 && pos[i] < image_size[i] as f32));
    out
}

/// A position relative to the view's middle.
pub(super) fn in_view(rect: Rect, pos: Pos2) -> [f32; 2] {
    (pos - rect.center()).into()
}

fn draw_cursor(ui: &Ui, response: &Response, view: &ViewState, tool: &Tool) {
    let mine = view.gesture.filter(|(owner, _)| *owner == response.id).map(|(_, gesture)| gesture);
    let is_panning = matches!(mine, Some(Gesture::Pan { .. }));
    let pos = response.hover_pos().or_else(|| mine.and_then(|_| response.interact_pointer_pos()));
    let Some(pos) = pos else { return };
    let pans = tool.kind == ToolKind::Pan || view.is_space_held;
    ui.ctx().set_cursor_icon(overlay::cursor(tool.kind, pans, is_panning));
    if !pans && !is_panning {
        let at = view.camera.image_from_view(in_view(response.rect, pos));
        overlay::brush_ring(&ui.painter_at(response.rect), response.rect, &view.camera, tool, at);
    }
}

/// Where the view lies on the target, rounded to pixels as egui rounds viewports.
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
