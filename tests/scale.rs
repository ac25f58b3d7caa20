//! Labels land under the pointer at any interface scale and on any monitor, even if the pointer has not moved since.

mod harness;

use eframe::App as _;
use eframe::egui::{Event, Key, Modifiers, PointerButton, Pos2, ViewportId, pos2, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use harness::step_until;
use pointillist::data::export::save;
use pointillist::data::write_classes;
use pointillist::domain::Classes;
use pointillist::ui::App;
use pointillist::ui::state::action::UiAction;

/// The window over one tile, on a monitor with this scale.
fn window(root: &std::path::Path, monitor: f32) -> Harness<'static, App> {
    write_classes(root, &Classes::deepglobe()).expect("the classes");
    save::rgb_png(&root.join("a.png"), &image::RgbImage::new(400, 300)).expect("an image");
    let mut harness = harness::open(Some(root));
    on_monitor(&mut harness, monitor);
    step_until(&mut harness, "the tile is in view", |app| app.state().view.tile.is_some());
    let ctx = harness.ctx.clone();
    harness.state_mut().act(&ctx, UiAction::DismissHelp); // The first-steps card would cover more and more of the picture.
    harness.run_ok();
    harness
}

fn on_monitor(harness: &mut Harness<'_, App>, scale: f32) {
    let viewport = harness.input_mut().viewports.entry(ViewportId::ROOT).or_default();
    viewport.native_pixels_per_point = Some(scale);
}

/// A frame with events as the windowing layer reports them.
fn frame(harness: &mut Harness<'_, App>, events: Vec<Event>) {
    let mut input = std::mem::take(harness.input_mut());
    input.events = events;
    let ctx = harness.ctx.clone();
    harness.state_mut().raw_input_hook(&ctx, &mut input);
    *harness.input_mut() = input;
    harness.step();
}

fn zoom_key(harness: &mut Harness<'_, App>, key: Key) {
    let event = |pressed| Event::Key { key, physical_key: None, pressed, repeat: false, modifiers: Modifiers::COMMAND };
    frame(harness, vec![event(true), event(false)]);
}

/// A click without a move, reported at the last pointer position in the points of that time.
fn click(harness: &mut Harness<'_, App>, reported: Pos2) {
    let (button, modifiers) = (PointerButton::Primary, Modifiers::NONE);
    let event = |pressed| Event::PointerButton { pos: reported, button, pressed, modifiers };
    frame(harness, vec![event(true), event(false)]);
}

/// The image pixel drawn at a physical position.
fn shown_at(harness: &Harness<'_, App>, px: Pos2) -> [u32; 2] {
    let rect = harness.get_by_label("Canvas left").rect();
    let at = px / harness.ctx.pixels_per_point() - rect.center();
    harness.state().state().camera.camera.image_from_view(at.into()).map(|v| v as u32)
}

fn last_label(harness: &Harness<'_, App>) -> (usize, [u32; 2]) {
    let book = &harness.state().state().project.as_ref().expect("a project").book;
    (book.standing().len(), book.standing().last().expect("a label").path[0].map(|v| v as u32))
}

#[test]
fn a_click_after_a_change_of_scale_lands_under_the_pointer() {
    for monitor in [1.0, 1.5, 2.0] {
        let root = tempfile::tempdir().expect("a temporary folder");
        let mut harness = window(root.path(), monitor);
        let middle = harness.get_by_label("Canvas left").rect().center() + vec2(-37.0, 21.0);
        frame(&mut harness, vec![Event::PointerMoved(middle)]);
        let px = middle * harness.ctx.pixels_per_point();
        // Up to 140 % and down to 60 %, with a click at each step and a pointer that rests.
        let up = [Key::Plus, Key::Equals, Key::Plus, Key::Plus];
        let keys = up.into_iter().chain([Key::Minus; 8]);
        for (i, key) in keys.enumerate() {
            zoom_key(&mut harness, key);
            let want = shown_at(&harness, px);
            click(&mut harness, middle);
            assert_eq!(last_label(&harness), (i + 1, want), "{} on {monitor}", harness.ctx.zoom_factor());
        }
        assert!((harness.ctx.zoom_factor() - 0.6).abs() < 1e-5);
    }
}

#[test]
fn a_click_after_a_change_of_monitor_lands_under_the_pointer() {
    let root = tempfile::tempdir().expect("a temporary folder");
    let mut harness = window(root.path(), 2.0);
    let at = harness.get_by_label("Canvas left").rect().center();
    frame(&mut harness, vec![Event::PointerMoved(at)]);
    let px = at * harness.ctx.pixels_per_point();
    on_monitor(&mut harness, 1.5);
    frame(&mut harness, Vec::new());
    assert!((harness.ctx.pixels_per_point() - 1.5).abs() < 1e-5);
    let want = shown_at(&harness, px);
    click(&mut harness, at);
    assert_eq!(last_label(&harness), (1, want));
    assert_ne!(px / 1.5, pos2(at.x, at.y));
}
