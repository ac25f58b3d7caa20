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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use eframe::egui::{Color32, Modifiers, Pos2, TouchPhase, vec2};
    use egui_kittest::Harness;
    use egui_kittest::kittest::Queryable as _;
    use image::RgbImage;

    use super::super::{Palette, StrokeEvent, TileScene};
    use super::*;
    use crate::domain::Classes;
    use crate::ui::canvas::pyramid::ImagePyramid;
    use crate::ui::layers::LayerSet;
    use crate::ui::tiles::TileView;

    /// A window of two linked views, and what they handed back.
    struct Window {
        tile: Arc<TileView>,
        palette: Palette,
        view: ViewState,
        tool: Tool,
        left: Vec<CanvasResponse>,
    }

    fn tile(size: [u32; 2]) -> Arc<TileView> {
        Arc::new(TileView {
            tile: "a".to_owned(),
            size,
            image: ImagePyramid::new(&RgbImage::new(size[0], size[1])),
            mask: None,
            mask_counts: Vec::new(),
            unmatched: Vec::new(),
        })
    }

    fn show(ui: &mut Ui, window: &mut Window) {
        let layers = LayerSet::image();
        let tile = TileScene {
            view: &window.tile,
            sampled: None,
            labels: None,
            prediction: None,
            palette: &window.palette,
            layers: &layers,
        };
        ui.columns(2, |columns| {
            let scene = Scene::Tile(tile);
            window.left.push(canvas_ui(&mut columns[0], "Canvas left", &mut window.view, &scene, &window.tool));
            canvas_ui(&mut columns[1], "Canvas right", &mut window.view, &scene, &window.tool);
        });
    }

    fn window(kind: ToolKind) -> Harness<'static, Window> {
        let tool = Tool { kind, color: Color32::YELLOW, radius_px: 2.0 };
        let palette = Palette::of(&Classes::deepglobe());
        let window = Window { tile: tile([100, 100]), palette, view: ViewState::default(), tool, left: Vec::new() };
        let mut harness = Harness::new_ui_state(show, window);
        harness.run_steps(3);
        harness.state_mut().left.clear();
        harness
    }

    /// The middle of a view.
    fn middle(harness: &Harness<'_, Window>, label: &str) -> Pos2 {
        harness.get_by_label(label).rect().center()
    }

    fn button(harness: &Harness<'_, Window>, pos: Pos2, pressed: bool) {
        let modifiers = Modifiers::NONE;
        harness.event(Event::PointerButton { pos, button: PointerButton::Primary, pressed, modifiers });
    }

    fn wheel(harness: &mut Harness<'_, Window>, modifiers: Modifiers) {
        let (unit, phase) = (MouseWheelUnit::Line, TouchPhase::Move);
        let source = egui::MouseWheelSource::Unknown;
        harness.event(Event::MouseWheel { unit, delta: vec2(0.0, 1.0), phase, source, modifiers });
        harness.run_steps(1);
    }

    fn strokes(harness: &Harness<'_, Window>) -> Vec<StrokeEvent> {
        harness.state().left.iter().flat_map(|out| out.strokes.clone()).collect()
    }

    #[test]
    fn a_click_marks_what_is_under_the_pointer_and_moves_nothing() {
        let mut harness = window(ToolKind::Brush);
        let at = middle(&harness, "Canvas left");
        let camera = harness.state().view.camera;
        harness.hover_at(at);
        harness.run_steps(1);
        button(&harness, at, true);
        button(&harness, at, false);
        harness.run_steps(2);
        assert_eq!(strokes(&harness), [StrokeEvent::Begin([50.0, 50.0]), StrokeEvent::End]);
        assert_eq!(harness.state().view.camera, camera);
        assert!(harness.state().left.iter().all(|out| !out.camera_changed));
    }

    #[test]
    fn a_drag_that_leaves_the_view_belongs_to_it_until_the_release() {
        let mut harness = window(ToolKind::Brush);
        let (left, right) = (middle(&harness, "Canvas left"), middle(&harness, "Canvas right"));
        harness.hover_at(left);
        harness.run_steps(1);
        button(&harness, left, true);
        harness.run_steps(1);
        harness.hover_at(right);
        harness.run_steps(1);
        button(&harness, right, false);
        harness.run_steps(1);
        let strokes = strokes(&harness);
        assert!(
            matches!(&strokes[..], [StrokeEvent::Begin(_), StrokeEvent::Extend(_), StrokeEvent::End]),
            "{strokes:?}"
        );
    }

    #[test]
    fn the_wheel_zooms_at_the_cursor_in_both_views() {
        let mut harness = window(ToolKind::Brush);
        let at = middle(&harness, "Canvas right") + vec2(40.0, -30.0);
        harness.hover_at(at);
        harness.run_steps(1);
        let before = harness.state().view.camera;
        wheel(&mut harness, Modifiers::NONE);
        let after = harness.state().view.camera;
        assert!((after.zoom / before.zoom - ZOOM_PER_NOTCH).abs() < 1e-4);
        let (was, is) = (before.image_from_view([40.0, -30.0]), after.image_from_view([40.0, -30.0]));
        assert!((was[0] - is[0]).abs() < 0.01 && (was[1] - is[1]).abs() < 0.01);
    }

    #[test]
    fn with_shift_the_wheel_steps_the_radius_and_with_ctrl_the_opacity() {
        let mut harness = window(ToolKind::Brush);
        harness.hover_at(middle(&harness, "Canvas left"));
        harness.run_steps(1);
        let camera = harness.state().view.camera;
        wheel(&mut harness, Modifiers::SHIFT);
        wheel(&mut harness, Modifiers::CTRL);
        let steps: i32 = harness.state().left.iter().map(|out| out.radius_step).sum();
        let opacity: f32 = harness.state().left.iter().map(|out| out.opacity_step).sum();
        assert_eq!((steps, opacity), (1, OPACITY_PER_NOTCH));
        assert_eq!(harness.state().view.camera, camera);
    }

    #[test]
    fn the_camera_stays_when_a_tile_of_the_same_size_comes_and_fits_another_size() {
        let mut harness = window(ToolKind::Pan);
        harness.hover_at(middle(&harness, "Canvas left"));
        harness.run_steps(1);
        wheel(&mut harness, Modifiers::NONE);
        let camera = harness.state().view.camera;
        harness.state_mut().tile = tile([100, 100]);
        harness.run_steps(2);
        assert_eq!(harness.state().view.camera, camera);
        harness.set_size(vec2(700.0, 500.0));
        harness.run_steps(2);
        assert_eq!(harness.state().view.camera, camera, "a moved camera stays when the window is resized");
        harness.state_mut().tile = tile([400, 300]);
        harness.run_steps(2);
        assert_eq!(harness.state().view.camera.center_in_image, [200.0, 150.0]);
    }

    #[test]
    fn a_whole_tile_stays_whole_when_the_window_is_resized() {
        let mut harness = window(ToolKind::Pan);
        let before = harness.state().view.camera.zoom;
        harness.set_size(vec2(400.0, 300.0));
        harness.run_steps(2);
        assert!(harness.state().view.camera.zoom < before * 0.7);
    }

    #[test]
    fn panning_follows_the_pointer_exactly() {
        let mut harness = window(ToolKind::Pan);
        let at = middle(&harness, "Canvas left");
        let zoom = harness.state().view.camera.zoom;
        harness.hover_at(at);
        harness.run_steps(1);
        button(&harness, at, true);
        harness.hover_at(at + vec2(30.0, 0.0));
        button(&harness, at + vec2(30.0, 0.0), false);
        harness.run_steps(2);
        let [x, y] = harness.state().view.camera.center_in_image;
        assert!((x - (50.0 - 30.0 / zoom)).abs() < 0.01 && (y - 50.0).abs() < 0.01, "{x} {y}");
        assert_eq!(strokes(&harness), []);
    }

    #[test]
    fn empty_views_say_what_to_do() {
        for (scene, words) in [
            (Scene::Empty, "No project is open"),
            (Scene::Decoding { tile: "172307" }, "Reading 172307 …"),
            (Scene::Faulty { tile: "a", message: "it ends too early: a.jpg" }, "it ends too early: a.jpg"),
        ] {
            let tool = Tool { kind: ToolKind::Brush, color: Color32::RED, radius_px: 1.0 };
            let mut view = ViewState::default();
            let show = move |ui: &mut Ui| {
                assert_eq!(canvas_ui(ui, "Canvas left", &mut view, &scene, &tool).strokes, []);
            };
            let mut harness = Harness::builder().with_context_setup(crate::ui::theme::install).build_ui(show);
            harness.run_steps(2);
            assert!(harness.query_by_label("Canvas left").is_some());
            assert!(harness.query_by_label(words).is_some(), "{words}");
        }
    }
}
