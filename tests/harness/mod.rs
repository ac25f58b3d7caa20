//! Drives the window without a screen.

#![allow(dead_code, reason = "each test needs some of it")]

use std::path::Path;
use std::time::{Duration, Instant};

use eframe::egui::vec2;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use pointillist::data::label::journal::DiskState;
use pointillist::ui::{App, StartOptions};

/// The window over a project folder, at its first frame.
pub(crate) fn open(project: Option<&Path>) -> Harness<'static, App> {
    let options = StartOptions { path: project.map(Path::to_path_buf), empty: project.is_none() };
    Harness::builder()
        .with_size(vec2(1600.0, 1000.0))
        .with_max_steps(64)
        .build_eframe(move |cc| App::new(cc, &options).expect("the window's threads start"))
}

/// Runs frames until a condition holds, for at most three minutes.
pub(crate) fn step_until(harness: &mut Harness<'_, App>, what: &str, so: impl Fn(&App) -> bool) {
    let start = Instant::now();
    while !so(harness.state()) {
        let messages = harness.state().state().messages.all();
        assert!(start.elapsed() < Duration::from_secs(180), "timed out waiting until {what}; messages: {messages:?}");
        std::thread::sleep(Duration::from_millis(5));
        harness.step();
    }
}

/// Runs frames until the status bar says that these labels are saved.
pub(crate) fn saved(harness: &mut Harness<'_, App>, labels: &str) {
    step_until(harness, "the labels are on the disk", |app| {
        app.state().project.as_ref().is_some_and(|project| project.disk.state() == DiskState::Synced)
    });
    harness.run_ok();
    harness.get_by_label_contains(&format!("saved · {labels}"));
}

/// Scrolls to the node with this label and clicks it.
pub(crate) fn click(harness: &mut Harness<'_, App>, label: &str) {
    harness.get_by_label(label).scroll_to_me();
    harness.run_ok();
    harness.get_by_label(label).click();
    harness.run_ok();
}

/// Labels the centre of the left view with the selected class.
pub(crate) fn click_canvas(harness: &mut Harness<'_, App>) {
    let middle = harness.get_by_label("Canvas left").rect().center();
    harness.drag_at(middle);
    harness.step();
    harness.drop_at(middle);
    harness.run_ok();
}
