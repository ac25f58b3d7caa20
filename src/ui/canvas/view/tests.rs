//! The views as a person uses them: events in, strokes and a camera out.

use std::sync::Arc;

use eframe::egui::{Color32, Event, Modifiers, MouseWheelUnit, PointerButton, Pos2, TouchPhase, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use image::RgbImage;

use super::*;
use crate::domain::Classes;
use crate::ui::canvas::input::canvas_input::{CanvasEvent, OPACITY_PER_NOTCH, ZOOM_PER_NOTCH};
use crate::ui::canvas::input::gesture::StrokeEvent;
use crate::ui::state::image_pyramid::ImagePyramid;
use crate::ui::state::layer::LayerSet;
use crate::ui::state::palette::Palette;
use crate::ui::state::tile_view::TileView;

/// A window of two linked views, and what they handed back.
struct Window {
    tile: Arc<TileView>,
    palette: Palette,
    camera: ViewCamera,
    input: CanvasInput,
    tool: Tool,
    left: Vec<CanvasResponse>,
    canvas_events: Vec<CanvasEvent>,
}

fn tile(size: [u32; 2]) -> Arc<TileView> {
    Arc::new(TileView {
        tile: "a".to_owned(),
        size,
        image: ImagePyramid::new(&RgbImage::new(size[0], size[1])),
        mask: None,
        mask_counts: Vec::new(),
        short_id: String::new(),
    })
}

/// As the window does it: events first, then the picture.
fn follow(ctx: &egui::Context, window: &mut Window) {
    let size = Some(window.tile.size);
    for event in ctx.input(|input| input.events.clone()) {
        let done = window.input.handle(&mut window.camera, ctx, &event, &window.tool, size, true);
        window.canvas_events.extend(done.into_iter().flat_map(|(_, canvas_events)| canvas_events));
    }
    window.canvas_events.extend(window.input.end_frame(ctx).into_iter().flat_map(|(_, canvas_events)| canvas_events));
}

fn show(ui: &mut Ui, window: &mut Window) {
    follow(&ui.ctx().clone(), window);
    let layers = LayerSet::default();
    let tile = TileScene {
        view: &window.tile,
        sampled: None,
        labels: None,
        book: None,
        prediction: None,
        palette: &window.palette,
        scored: &window.palette,
        layers: &layers,
    };
    ui.columns(2, |columns| {
        let scene = Scene::Tile(tile);
        window.left.push(canvas_ui(
            &mut columns[0],
            "Canvas left",
            &mut window.camera,
            &mut window.input,
            &scene,
            &window.tool,
        ));
        canvas_ui(&mut columns[1], "Canvas right", &mut window.camera, &mut window.input, &scene, &window.tool);
    });
}

fn window(kind: ToolKind) -> Harness<'static, Window> {
    let tool = Tool { kind, color: Color32::YELLOW, radius_px: 2.0 };
    let palette = Palette::of(&Classes::deepglobe());
    let window = Window {
        tile: tile([100, 100]),
        palette,
        camera: ViewCamera::default(),
        input: CanvasInput::default(),
        tool,
        left: Vec::new(),
        canvas_events: Vec::new(),
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
    let canvas_events = harness.state().canvas_events.iter();
    canvas_events
        .filter_map(
            |canvas_event| if let CanvasEvent::Stroke(stroke) = canvas_event { Some(stroke.clone()) } else { None },
        )
        .collect()
}

#[test]
fn a_click_marks_what_is_under_the_pointer_and_moves_nothing() {
    let mut harness = window(ToolKind::Brush);
    let at = middle(&harness, "Canvas left");
    let camera = harness.state().camera.camera;
    harness.hover_at(at);
    harness.run_steps(1);
    button(&harness, at, true);
    button(&harness, at, false);
    harness.run_steps(2);
    assert_eq!(strokes(&harness), [StrokeEvent::Begin([50.0, 50.0]), StrokeEvent::End]);
    assert_eq!(harness.state().camera.camera, camera);
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
    assert!(matches!(&strokes[..], [StrokeEvent::Begin(_), StrokeEvent::Extend(_), StrokeEvent::End]), "{strokes:?}");
}

#[test]
fn the_wheel_zooms_at_the_cursor_in_both_views() {
    let mut harness = window(ToolKind::Brush);
    let at = middle(&harness, "Canvas right") + vec2(40.0, -30.0);
    harness.hover_at(at);
    harness.run_steps(1);
    let before = harness.state().camera.camera;
    wheel(&mut harness, Modifiers::NONE);
    let after = harness.state().camera.camera;
    assert!((after.zoom / before.zoom - ZOOM_PER_NOTCH).abs() < 1e-4);
    let (was, is) = (before.image_from_view([40.0, -30.0]), after.image_from_view([40.0, -30.0]));
    assert!((was[0] - is[0]).abs() < 0.01 && (was[1] - is[1]).abs() < 0.01);
}

#[test]
fn with_shift_the_wheel_steps_the_radius_and_with_ctrl_the_opacity() {
    let mut harness = window(ToolKind::Brush);
    harness.hover_at(middle(&harness, "Canvas left"));
    harness.run_steps(1);
    let camera = harness.state().camera.camera;
    wheel(&mut harness, Modifiers::SHIFT);
    wheel(&mut harness, Modifiers::CTRL);
    assert_eq!(
        harness.state().canvas_events,
        [CanvasEvent::StepRadius(1), CanvasEvent::StepOpacity(OPACITY_PER_NOTCH)]
    );
    assert_eq!(harness.state().camera.camera, camera);
}

#[test]
fn the_camera_stays_when_a_tile_of_the_same_size_comes_and_fits_another_size() {
    let mut harness = window(ToolKind::Pan);
    harness.hover_at(middle(&harness, "Canvas left"));
    harness.run_steps(1);
    wheel(&mut harness, Modifiers::NONE);
    let camera = harness.state().camera.camera;
    harness.state_mut().tile = tile([100, 100]);
    harness.run_steps(2);
    assert_eq!(harness.state().camera.camera, camera);
    harness.set_size(vec2(700.0, 500.0));
    harness.run_steps(2);
    assert_eq!(harness.state().camera.camera, camera, "a moved camera stays when the window is resized");
    harness.state_mut().tile = tile([400, 300]);
    harness.run_steps(2);
    assert_eq!(harness.state().camera.camera.center_in_image, [200.0, 150.0]);
}

#[test]
fn a_whole_tile_stays_whole_when_the_window_is_resized() {
    let mut harness = window(ToolKind::Pan);
    let before = harness.state().camera.camera.zoom;
    harness.set_size(vec2(400.0, 300.0));
    harness.run_steps(2);
    assert!(harness.state().camera.camera.zoom < before * 0.7);
}

#[test]
fn panning_follows_the_pointer_exactly() {
    let mut harness = window(ToolKind::Pan);
    let at = middle(&harness, "Canvas left");
    let zoom = harness.state().camera.camera.zoom;
    harness.hover_at(at);
    harness.run_steps(1);
    button(&harness, at, true);
    harness.hover_at(at + vec2(30.0, 0.0));
    button(&harness, at + vec2(30.0, 0.0), false);
    harness.run_steps(2);
    let [x, y] = harness.state().camera.camera.center_in_image;
    assert!((x - (50.0 - 30.0 / zoom)).abs() < 0.01 && (y - 50.0).abs() < 0.01, "{x} {y}");
    assert_eq!(strokes(&harness), []);
}
