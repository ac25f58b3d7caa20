//! The widget: events in, camera moved, picture and cursor drawn, and what was done handed back.

use eframe::egui::{self, Id, Pos2, Rect, Response, Role, Sense, Ui, WidgetInfo};
use eframe::egui_wgpu;

use super::frame::{Frame, Lens};
use super::gesture::Gesture;
use super::gpu::{CanvasCallback, CanvasGpu};
use super::input::Place;
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
mod tests {
    use std::sync::Arc;

    use eframe::egui::{Color32, Event, Modifiers, MouseWheelUnit, PointerButton, Pos2, TouchPhase, vec2};
    use egui_kittest::Harness;
    use egui_kittest::kittest::Queryable as _;
    use image::RgbImage;

    use super::super::input::{OPACITY_PER_NOTCH, ZOOM_PER_NOTCH};
    use super::super::{Deed, Palette, StrokeEvent, TileScene};
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
        deeds: Vec<Deed>,
    }

    fn tile(size: [u32; 2]) -> Arc<TileView> {
        Arc::new(TileView {
            tile: "a".to_owned(),
            size,
            image: ImagePyramid::new(&RgbImage::new(size[0], size[1])),
            mask: None,
            mask_counts: Vec::new(),
            short_id: String::new(),
            unmatched: Vec::new(),
        })
    }

    /// As the window does it: events first, then the picture.
    fn follow(ctx: &egui::Context, window: &mut Window) {
        let size = Some(window.tile.size);
        for event in ctx.input(|input| input.events.clone()) {
            let done = window.view.follow(ctx, &event, &window.tool, size, true);
            window.deeds.extend(done.into_iter().flat_map(|(_, deeds)| deeds));
        }
        window.deeds.extend(window.view.end_of_events(ctx).into_iter().flat_map(|(_, deeds)| deeds));
    }

    fn show(ui: &mut Ui, window: &mut Window) {
        follow(&ui.ctx().clone(), window);
        let layers = LayerSet::image();
        let tile = TileScene {
            view: &window.tile,
            sampled: None,
            labels: None,
            book: None,
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
        let window = Window {
            tile: tile([100, 100]),
            palette,
            view: ViewState::default(),
            tool,
            left: Vec::new(),
            deeds: Vec::new(),
        };
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
        let deeds = harness.state().deeds.iter();
        deeds.filter_map(|deed| if let Deed::Stroke(stroke) = deed { Some(stroke.clone()) } else { None }).collect()
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
        assert_eq!(harness.state().deeds, [Deed::StepRadius(1), Deed::StepOpacity(OPACITY_PER_NOTCH)]);
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
                assert!(canvas_ui(ui, "Canvas left", &mut view, &scene, &tool).visible.is_none());
                assert!(!view.holds(ui.ctx(), ui.max_rect().center()), "there is nothing to draw on");
            };
            let mut harness = Harness::builder().with_context_setup(crate::ui::theme::install).build_ui(show);
            harness.run_steps(2);
            assert!(harness.query_by_label("Canvas left").is_some());
            assert!(harness.query_by_label(words).is_some(), "{words}");
        }
    }
}
