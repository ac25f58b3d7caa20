//! The widget: events in, camera moved, picture and cursor drawn, and what was done handed back.

use eframe::egui::{self, Event, Id, Key, MouseWheelUnit, PointerButton, Rect, Response, Role, Sense, Ui, WidgetInfo};
use eframe::egui_wgpu;

use super::frame::{Frame, Lens};
use super::gesture::{self, Button, Context, Gesture, Pointer};
use super::gpu::{CanvasCallback, CanvasGpu};
use super::{CanvasResponse, Scene, Tool, ToolKind, overlay};
use crate::domain::geometry::Camera;

/// Zoom of one notch of the wheel.
const ZOOM_PER_NOTCH: f32 = 1.2;
/// Opacity of one notch.
const OPACITY_PER_NOTCH: f32 = 0.05;
/// What pointing devices that report points call a notch.
const POINTS_PER_NOTCH: f32 = 40.0;

/// What linked views share: the camera, and the drag under way in one of them.
#[derive(Clone, Debug)]
pub struct ViewState {
    /// Where everybody looks.
    pub camera: Camera,
    /// Tile size the camera was made for; `None` asks for a fit.
    fitted_image: Option<[u32; 2]>,
    /// View size of a fit that nobody has moved away from.
    fitted_view: Option<[f32; 2]>,
    gesture: Option<(Id, Gesture)>,
    /// Shift+wheel that is not yet a whole notch.
    radius_notches: f32,
}

impl Default for ViewState {
    fn default() -> Self {
        Self {
            camera: Camera { center_in_image: [0.0; 2], zoom: 1.0 },
            fitted_image: None,
            fitted_view: None,
            gesture: None,
            radius_notches: 0.0,
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
    fn keep_fitted(&mut self, image: [u32; 2], view: [f32; 2]) {
        let is_new = self.fitted_image != Some(image);
        // Linked views may differ by a rounded point; that is no reason to move.
        let is_resized = self.fitted_view.is_some_and(|old| (0..2).any(|i| (old[i] - view[i]).abs() > 2.0));
        if is_new || is_resized {
            self.camera = Camera::fit(image, view);
            self.fitted_image = Some(image);
            self.fitted_view = Some(view);
        }
    }
}

/// Shows a scene in all the room there is and lets `tool` work on it. `label` is its name for assistive technology and
/// tells views apart, e.g. "Canvas left".
pub fn canvas_ui(ui: &mut Ui, label: &str, view: &mut ViewState, scene: &Scene<'_>, tool: &Tool) -> CanvasResponse {
    let (rect, _) = ui.allocate_exact_size(ui.available_size(), Sense::hover());
    let id = Id::unique(("canvas", label));
    let response = ui.interact(rect, id, Sense::click_and_drag());
    response.widget_info(|| WidgetInfo::labeled(Role::Canvas, ui.is_enabled(), label));
    ui.painter_at(rect).rect_filled(rect, 0.0, ui.visuals().extreme_bg_color);
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
            let before = view.camera;
            let mut out = interact(ui, &response, view, tool, size);
            out.camera_changed = view.camera != before;
            out.visible = view.camera.visible(size, rect.size().into());
            if CanvasGpu::is_installed(ui.ctx()) {
                let frame = Frame::new(scene, lens(ui, rect, view.camera));
                let callback = CanvasCallback { view: id.value(), frame };
                ui.painter_at(rect).add(egui_wgpu::Callback::new_paint_callback(rect, callback));
            } else {
                let corner = |pos| overlay::screen_from_image(rect, &view.camera, pos);
                let tile = Rect::from_two_pos(corner([0.0; 2]), corner(size.map(|n| n as f32)));
                ui.painter_at(rect).rect_filled(tile, 0.0, ui.visuals().faint_bg_color);
            }
            overlay::pixel_grid(&ui.painter_at(rect), rect, &view.camera, size);
            draw_cursor(ui, &response, view, tool);
            return out;
        }
    }
    view.gesture = None;
    CanvasResponse { hovered: response.hovered(), ..CanvasResponse::default() }
}

/// Turns the frame's events into strokes, camera moves and steps.
fn interact(ui: &Ui, response: &Response, view: &mut ViewState, tool: &Tool, image_size: [u32; 2]) -> CanvasResponse {
    let mut out = CanvasResponse { hovered: response.contains_pointer(), ..CanvasResponse::default() };
    if out.hovered {
        wheel(ui, response.rect, view, &mut out);
    }
    let moved = view.camera;
    out.strokes = drag(ui, response, view, tool, image_size);
    if response.double_clicked() && tool.kind == ToolKind::Pan {
        view.camera = Camera::fit(image_size, response.rect.size().into());
        view.fitted_view = Some(response.rect.size().into());
    } else if view.camera != moved {
        view.fitted_view = None;
    }
    let pointer = response.hover_pos().map(|pos| view.camera.image_from_view(in_view(response.rect, pos)));
    out.hover_in_image = pointer.filter(|pos| (0..2).all(|i| pos[i] >= 0.0 && pos[i] < image_size[i] as f32));
    out
}

/// Follows presses, moves and releases.
fn drag(
    ui: &Ui,
    response: &Response,
    view: &mut ViewState,
    tool: &Tool,
    image_size: [u32; 2],
) -> Vec<gesture::StrokeEvent> {
    if view.gesture.is_some_and(|(owner, _)| owner != response.id) {
        return Vec::new();
    }
    // A click that closes a menu is not a label.
    let may_begin = response.contains_pointer() && ui.is_enabled() && !egui::Popup::is_any_open(ui.ctx());
    let context = Context { tool: *tool, is_space_held: is_space_held(ui), image_size };
    let events = ui.input(|input| pointer_events(&input.events, response.rect, may_begin));
    let mut current = view.gesture.map(|(_, gesture)| gesture);
    let mut strokes = gesture::follow(&mut current, &mut view.camera, &context, &events);
    if !ui.input(|input| input.pointer.any_down()) {
        gesture::finish(&mut current, &mut strokes);
    }
    view.gesture = current.map(|gesture| (response.id, gesture));
    strokes
}

/// The events that gestures are made of.
fn pointer_events(events: &[Event], rect: Rect, may_begin: bool) -> Vec<Pointer> {
    let pointer = |event: &Event| match *event {
        Event::PointerMoved(pos) => Some(Pointer::Move(in_view(rect, pos))),
        Event::PointerButton { pos, button, pressed, .. } => {
            let button = match button {
                PointerButton::Primary => Button::Primary,
                PointerButton::Middle => Button::Middle,
                _ => return None,
            };
            match pressed {
                true => (may_begin && rect.contains(pos)).then(|| Pointer::Press(button, in_view(rect, pos))),
                false => Some(Pointer::Release(button, in_view(rect, pos))),
            }
        }
        _ => None,
    };
    events.iter().filter_map(pointer).collect()
}

/// Zooms at the cursor; with Shift steps the radius, with Ctrl the opacity.
fn wheel(ui: &Ui, rect: Rect, view: &mut ViewState, out: &mut CanvasResponse) {
    let Some(pos) = ui.input(|input| input.pointer.latest_pos()) else { return };
    let mut zoom = ui.input(egui::InputState::multi_touch).map_or(1.0, |touch| touch.zoom_delta);
    ui.input(|input| {
        for event in &input.events {
            match *event {
                Event::Zoom(factor) => zoom *= factor,
                Event::MouseWheel { unit, delta, modifiers, .. } => {
                    // With Shift some systems turn the wheel sideways.
                    let notches = notches(unit, if delta.y == 0.0 && modifiers.shift { delta.x } else { delta.y });
                    if modifiers.command || modifiers.ctrl {
                        out.opacity_step += notches * OPACITY_PER_NOTCH;
                    } else if modifiers.shift {
                        view.radius_notches += notches;
                    } else {
                        zoom *= ZOOM_PER_NOTCH.powf(notches);
                    }
                }
                _ => {}
            }
        }
    });
    out.radius_step = view.radius_notches.trunc() as i32;
    view.radius_notches = view.radius_notches.fract();
    if zoom != 1.0 {
        view.camera.zoom_at(in_view(rect, pos), zoom);
        view.fitted_view = None;
    }
}

fn notches(unit: MouseWheelUnit, delta: f32) -> f32 {
    match unit {
        MouseWheelUnit::Line => delta,
        MouseWheelUnit::Point => delta / POINTS_PER_NOTCH,
        MouseWheelUnit::Page => delta * 4.0,
    }
}

/// A position relative to the view's middle.
fn in_view(rect: Rect, pos: egui::Pos2) -> [f32; 2] {
    (pos - rect.center()).into()
}

/// Space pans, unless it is being typed somewhere.
fn is_space_held(ui: &Ui) -> bool {
    !ui.ctx().egui_wants_keyboard_input() && ui.input(|input| input.key_down(Key::Space))
}

fn draw_cursor(ui: &Ui, response: &Response, view: &ViewState, tool: &Tool) {
    let mine = view.gesture.filter(|(owner, _)| *owner == response.id).map(|(_, gesture)| gesture);
    let is_panning = matches!(mine, Some(Gesture::Pan { .. }));
    let pos = response.hover_pos().or_else(|| mine.and_then(|_| response.interact_pointer_pos()));
    let Some(pos) = pos else { return };
    let pans = tool.kind == ToolKind::Pan || is_space_held(ui);
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
