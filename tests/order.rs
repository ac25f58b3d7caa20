//! Input events within one slow frame take effect in order.

mod harness;

use std::path::Path;

use eframe::egui::{Event, Key, Modifiers, PointerButton, Pos2, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use harness::step_until;
use pointillist::data::export::save;
use pointillist::data::write_classes;
use pointillist::domain::{Classes, Stroke};
use pointillist::ui::App;

/// The window over two tiles without masks, the first one in view.
fn window(root: &Path) -> Harness<'static, App> {
    write_classes(root, &Classes::deepglobe()).expect("the classes");
    for id in ["a", "b"] {
        save::rgb_png(&root.join(format!("{id}.png")), &image::RgbImage::new(64, 48)).expect("an image");
    }
    let mut harness = harness::open(Some(root));
    step_until(&mut harness, "the tile is in view", |app| app.state().view.tile.is_some());
    harness.run_ok();
    harness
}

/// Adds an event to the next frame; the harness's own events get a frame each.
fn now(harness: &mut Harness<'_, App>, event: Event) {
    harness.input_mut().events.push(event);
}

fn key(harness: &mut Harness<'_, App>, key: Key, modifiers: Modifiers) {
    for pressed in [true, false] {
        now(harness, Event::Key { key, physical_key: None, pressed, repeat: false, modifiers });
    }
}

fn button(harness: &mut Harness<'_, App>, pos: Pos2, pressed: bool) {
    let (button, modifiers) = (PointerButton::Primary, Modifiers::NONE);
    now(harness, Event::PointerMoved(pos));
    now(harness, Event::PointerButton { pos, button, pressed, modifiers });
}

fn click(harness: &mut Harness<'_, App>, pos: Pos2) {
    button(harness, pos, true);
    button(harness, pos, false);
}

fn canvas(harness: &Harness<'_, App>) -> Pos2 {
    harness.get_by_label("Canvas left").rect().center()
}

fn strokes(harness: &Harness<'_, App>) -> Vec<Stroke> {
    harness.state().state().project.as_ref().expect("a project").book.standing().to_vec()
}

#[test]
fn a_key_and_a_click_in_one_frame_paint_with_the_class_of_the_key() {
    let root = tempfile::tempdir().expect("a temporary folder");
    let mut harness = window(root.path());
    let at = canvas(&harness);
    click(&mut harness, at);
    key(&mut harness, Key::Num5, Modifiers::NONE);
    click(&mut harness, at + vec2(40.0, 0.0));
    key(&mut harness, Key::E, Modifiers::NONE);
    click(&mut harness, at + vec2(80.0, 0.0));
    key(&mut harness, Key::Num2, Modifiers::NONE);
    click(&mut harness, at + vec2(120.0, 0.0));
    harness.step();
    let classes: Vec<_> = strokes(&harness).iter().map(|stroke| stroke.class).collect();
    assert_eq!(classes, [Some(0), Some(4), None, Some(1)]);
}

#[test]
fn undo_affects_only_strokes_before_it() {
    let root = tempfile::tempdir().expect("a temporary folder");
    let mut harness = window(root.path());
    let at = canvas(&harness);
    click(&mut harness, at);
    key(&mut harness, Key::Z, Modifiers::COMMAND);
    key(&mut harness, Key::Num3, Modifiers::NONE);
    click(&mut harness, at);
    harness.step();
    let classes: Vec<_> = strokes(&harness).iter().map(|stroke| stroke.class).collect();
    assert_eq!(classes, [Some(2)]);
}

#[test]
fn a_click_uses_the_camera_at_its_time_in_the_frame() {
    let root = tempfile::tempdir().expect("a temporary folder");
    let mut harness = window(root.path());
    let at = canvas(&harness) + vec2(20.0, 12.0);
    let before = harness.state().state().camera.camera;
    click(&mut harness, at);
    key(&mut harness, Key::Num0, Modifiers::COMMAND); // 100 %
    click(&mut harness, at);
    harness.step();
    let painted = strokes(&harness);
    let after = harness.state().state().camera.camera;
    assert!((after.zoom - 1.0).abs() < 1e-6 && before.zoom > 2.0);
    for (stroke, camera) in painted.iter().zip([before, after]) {
        let [x, y] = camera.image_from_view([20.0, 12.0]);
        let [px, py] = stroke.path[0];
        assert!((px - x).abs() < 0.01 && (py - y).abs() < 0.01, "{stroke:?} at {x} {y}");
    }
    assert_eq!(painted.len(), 2);
}

#[test]
fn a_click_after_a_key_changed_the_tile_labels_nothing() {
    let root = tempfile::tempdir().expect("a temporary folder");
    let mut harness = window(root.path());
    let at = canvas(&harness);
    key(&mut harness, Key::D, Modifiers::NONE);
    click(&mut harness, at);
    harness.step();
    assert_eq!((harness.state().state().selected, strokes(&harness)), (1, Vec::new()));
}

#[test]
fn a_key_after_a_click_on_a_panel_wins() {
    let root = tempfile::tempdir().expect("a temporary folder");
    let mut harness = window(root.path());
    let row = harness.get_by_label("Class water").rect().center();
    let at = canvas(&harness);
    harness.hover_at(row);
    harness.step();
    click(&mut harness, row);
    key(&mut harness, Key::Num2, Modifiers::NONE);
    harness.step();
    assert_eq!(harness.state().state().class, 1);
    click(&mut harness, row);
    harness.step();
    assert_eq!(harness.state().state().class, 4);
    click(&mut harness, at);
    harness.step();
    assert_eq!(strokes(&harness)[0].class, Some(4));
}

#[test]
fn a_drag_within_one_frame_is_one_line_of_the_journal() {
    let root = tempfile::tempdir().expect("a temporary folder");
    let mut harness = window(root.path());
    let at = canvas(&harness);
    button(&mut harness, at, true);
    for step in 1..30 {
        now(&mut harness, Event::PointerMoved(at + vec2(5.0 * step as f32, 0.0)));
    }
    button(&mut harness, at + vec2(150.0, 0.0), false);
    harness.step();
    assert_eq!(strokes(&harness).len(), 1);
    assert!(strokes(&harness)[0].path.len() > 20);
    let text = std::fs::read_to_string(root.path().join(".pointillist/labels.jsonl")).expect("a journal");
    assert_eq!(text.lines().count(), 3, "header, the press, the rest: {text}");
}
