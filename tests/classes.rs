//! Editing classes in the window: the dialog keeps its size and rows, and labels and masks follow the classes.

mod harness;

use std::path::Path;

use eframe::egui::{Key, Rect, accesskit::Role, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use harness::{click, click_canvas, step_until};
use pointillist::data::export::save;
use pointillist::data::write_classes;
use pointillist::domain::{Classes, Mask};
use pointillist::ui::App;

/// One masked tile: half forest (3), half water (4).
fn project() -> tempfile::TempDir {
    let root = tempfile::tempdir().expect("a temporary folder");
    let classes = Classes::deepglobe();
    write_classes(root.path(), &classes).expect("the classes");
    save::rgb_png(&root.path().join("a_sat.png"), &image::RgbImage::new(64, 48)).expect("an image");
    let half = (0..64 * 48).map(|i| if i % 64 < 32 { 3 } else { 4 }).collect();
    let mask = Mask::from_vec(64, 48, half).expect("whole rows");
    save::color_png(&root.path().join("a_mask.png"), &mask, &classes, false).expect("a mask");
    root
}

fn window(root: &Path) -> Harness<'static, App> {
    let mut harness = harness::open(Some(root));
    step_until(&mut harness, "the tile is in view", |app| app.state().view.tile.is_some());
    harness.run_ok();
    harness
}

fn rect(harness: &Harness<'_, App>, label: &str) -> Rect {
    harness.get_by_label(label).rect()
}

/// Opens the menu of a row and chooses these entries in turn.
fn choose(harness: &mut Harness<'_, App>, class: &str, entries: &[&str]) {
    harness.get_by_label(&format!("Merge or delete {class}")).click();
    harness.run_ok();
    for entry in entries {
        let exact = harness.query_by_role_and_label(Role::Button, entry).is_some();
        if exact {
            harness.get_by_role_and_label(Role::Button, entry).click();
        } else {
            harness.get_by_label_contains(entry).click();
        }
        harness.run_ok();
    }
}

/// Whether the window shows exactly these classes.
fn has_classes(app: &App, names: &[&str]) -> bool {
    let list = app.state().class_list();
    app.state().opening.is_none() && list.iter().map(|class| class.name.as_str()).eq(names.iter().copied())
}

#[test]
fn the_dialog_keeps_its_size_over_a_hundred_repaints() {
    for size in [vec2(1600.0, 1000.0), vec2(512.0, 320.0)] {
        let root = project();
        let mut harness = window(root.path());
        click(&mut harness, "Edit classes…");
        harness.set_size(size);
        harness.run_steps(3);
        let places = ["Name of class 1", "Save", "Cancel"];
        let before = places.map(|label| rect(&harness, label));
        for step in 0..100 {
            harness.hover_at(before[0].center() + vec2(step as f32, 0.0));
            harness.step();
        }
        assert_eq!(places.map(|label| rect(&harness, label)), before);
        let window = Rect::from_min_size(eframe::egui::Pos2::ZERO, size);
        assert!(before.iter().all(|place| window.contains_rect(*place)), "{before:?}");
    }
}

#[test]
fn rows_stay_in_place_while_typing() {
    let root = project();
    let mut harness = window(root.path());
    click(&mut harness, "Edit classes…");
    let before = rect(&harness, "Name of class 3");
    harness.get_by_label("Name of class 2").focus();
    harness.run_ok();
    harness.get_by_label("Name of class 2").type_text("water");
    harness.run_ok();
    harness.key_press_modifiers(eframe::egui::Modifiers::COMMAND, Key::A);
    harness.get_by_label("Name of class 2").type_text("water");
    harness.run_ok();
    harness.get_by_label_contains("share a name");
    assert!(harness.get_by_role_and_label(Role::Button, "Save").accesskit_node().is_disabled());
    assert_eq!(rect(&harness, "Name of class 3"), before);
}

#[test]
fn a_merged_class_keeps_its_labels_and_mask_pixels() {
    let root = project();
    let mut harness = window(root.path());
    harness.key_press(Key::Num4);
    harness.run_ok();
    click_canvas(&mut harness);
    click(&mut harness, "Edit classes…");
    choose(&mut harness, "forest_land", &["Merge into", "rangeland"]);
    harness.get_by_label_contains("1 label of 'forest_land' and its pixels in masks count as 'rangeland'.");
    click(&mut harness, "Save");
    let left = ["urban_land", "agriculture_land", "rangeland", "water", "barren_land", "unknown"];
    step_until(&mut harness, "the classes are read anew", |app| has_classes(app, &left));
    step_until(&mut harness, "the tile is in view", |app| app.state().view.tile.is_some());
    harness.run_ok();
    let state = harness.state().state();
    assert_eq!(state.view.counts(), Some(&[0, 0, 1536, 1536, 0, 0][..]));
    assert_eq!(state.view.own_counts(), [0, 0, 1]);
    assert_eq!(state.class, 2, "the selected class follows the merge");
    drop(harness);
    let harness = window(root.path());
    assert_eq!(harness.state().state().view.own_counts(), [0, 0, 1], "also after reopening");
}

#[test]
fn an_unlabelled_class_leaves_unlabelled_pixels_and_unused_labels() {
    let root = project();
    let mut harness = window(root.path());
    harness.key_press(Key::Num5);
    harness.run_ok();
    click_canvas(&mut harness);
    click(&mut harness, "Edit classes…");
    choose(&mut harness, "water", &["Make unlabelled"]);
    harness.get_by_label_contains("its 1 label stay in the file, unused");
    click(&mut harness, "Keep class water");
    assert!(harness.query_by_label_contains("stay in the file").is_none());
    choose(&mut harness, "water", &["Make unlabelled"]);
    click(&mut harness, "Save");
    let left = ["urban_land", "agriculture_land", "rangeland", "forest_land", "barren_land", "unknown"];
    step_until(&mut harness, "the classes are read anew", |app| has_classes(app, &left));
    step_until(&mut harness, "the tile is in view", |app| app.state().view.tile.is_some());
    let state = harness.state().state();
    assert_eq!(state.view.counts(), Some(&[0, 0, 0, 1536, 0, 0][..]));
    let project = &state.project.as_ref().expect("a project").project;
    let read = state.tile().and_then(|tile| project.read_mask(tile).expect("it is readable")).expect("it has a mask");
    assert!(read.unmatched.is_empty(), "its colour is not reported as unmatched");
    assert!(state.messages.text().contains("There is no class 'water'"), "{}", state.messages.text());
    let journal = std::fs::read_to_string(root.path().join(".pointillist/labels.jsonl")).expect("the journal");
    assert!(journal.contains("water"));
}
