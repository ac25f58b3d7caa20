//! In the window: scenes are offered for cutting, and a recognised dataset is shown for confirmation.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod harness;

use std::path::Path;

use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use harness::{click, step_until};
use image::{GrayImage, Luma, Rgb, RgbImage};
use pointillist::ui::App;
use pointillist::ui::state::action::{Dialog, SplitAction, UiAction};

/// A scene named like LandCover.ai's, with its mask.
fn scene([width, height]: [u32; 2]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for folder in ["images", "masks"] {
        std::fs::create_dir(dir.path().join(folder)).unwrap();
    }
    let name = "M-33-7-A-d-2-3.tif";
    let image = RgbImage::from_fn(width, height, |x, y| Rgb([(x / 8) as u8, (y / 8) as u8, 90]));
    image.save(dir.path().join("images").join(name)).unwrap();
    let mask = GrayImage::from_fn(width, height, |x, y| Luma([(x / 3 + y / 5) as u8 % 5]));
    mask.save(dir.path().join("masks").join(name)).unwrap();
    dir
}

fn window(root: &Path) -> Harness<'static, App> {
    let mut harness = harness::open(Some(root));
    step_until(&mut harness, "the project is open", |app| app.state().project.is_some());
    harness.run_ok();
    harness
}

fn patches(root: &Path) -> usize {
    std::fs::read_dir(root.join("output")).map_or(0, Iterator::count) / 2
}

#[test]
fn scenes_are_cut_and_their_classes_confirmed() {
    let dir = scene([1100, 1030]);
    let mut harness = window(dir.path());
    assert_eq!(harness.state().state().dialog, Some(Dialog::Split));
    harness.get_by_label("1 scene: 4 patches, written to");
    click(&mut harness, "Cut");
    step_until(&mut harness, "the patches are open", |app| {
        app.state().project.as_ref().is_some_and(|open| open.project.layout == "LandCover.ai")
    });
    harness.run_ok();
    assert_eq!((patches(dir.path()), harness.state().state().dialog), (4, Some(Dialog::Recognised)));
    harness.get_by_label("Is this LandCover.ai?");
    harness.get_by_label("value 4");
    click(&mut harness, "Use these classes");
    assert_eq!(harness.state().state().dialog, None);
    let text = std::fs::read_to_string(dir.path().join("pointillist.toml")).unwrap();
    assert!(text.contains("woodland") && text.contains("value = 4"), "{text}");
    harness.get_by_label("Class road");
}

#[test]
fn another_dataset_has_the_values_of_its_masks_as_classes() {
    let dir = scene([600, 600]);
    let mut harness = window(dir.path());
    assert_eq!(harness.state().state().dialog, Some(Dialog::Recognised), "one patch is no reason to cut");
    click(&mut harness, "It is another dataset");
    step_until(&mut harness, "it is open again", |app| {
        app.state().project.as_ref().is_some_and(|open| open.project.recognised.is_none())
    });
    harness.run_ok();
    harness.get_by_label("Class value 4");
    assert_eq!(harness.state().state().dialog, None);
}

#[test]
fn scenes_with_labels_are_not_offered_unasked_and_the_dialog_counts_the_labels() {
    let dir = scene([1100, 1030]);
    std::fs::create_dir(dir.path().join(".pointillist")).unwrap();
    let journal = "{\"pointillist\":\"labels\",\"version\":2}\n\
        {\"op\":\"paint\",\"file\":\"images/M-33-7-A-d-2-3.tif\",\"class\":\"water\",\"radius\":4.0,\"path\":[[40.0,40.0]]}\n";
    std::fs::write(dir.path().join(".pointillist/labels.jsonl"), journal).unwrap();
    let mut harness = window(dir.path());
    assert_eq!(harness.state().state().dialog, Some(Dialog::Recognised));
    let ctx = harness.ctx.clone();
    harness.state_mut().act(&ctx, UiAction::Show(Some(Dialog::Split)));
    harness.run_ok();
    let aside =
        "Afterwards the patches are the tiles, and the scenes are left aside. 1 own label on them will not count.";
    harness.get_by_label(aside);
}

#[test]
fn a_cut_that_is_cancelled_stays_and_is_offered_again() {
    let dir = scene([1030, 12_000]);
    let mut harness = window(dir.path());
    click(&mut harness, "Cut");
    let ctx = harness.ctx.clone();
    harness.state_mut().act(&ctx, UiAction::Split(SplitAction::Cancel));
    step_until(&mut harness, "it has stopped", |app| !app.state().split.is_running());
    harness.run_ok();
    let there = patches(dir.path());
    assert!((2..46).contains(&there), "{there} patches");
    assert_eq!(harness.state().state().split.offer.as_ref().map(|offer| offer.there), Some(there));
    click(&mut harness, "Not now");
    assert_eq!(harness.state().state().dialog, Some(Dialog::Recognised), "the classes are asked for next");
    harness.state_mut().act(&ctx, UiAction::Show(Some(Dialog::Split)));
    harness.run_ok();
    click(&mut harness, "Cut the rest");
    step_until(&mut harness, "all patches are there", |app| app.state().split.offer.is_none());
    assert_eq!(patches(dir.path()), 46);
}

#[test]
fn a_scene_that_cannot_be_read_is_named_in_the_dialog() {
    let dir = scene([600, 1100]);
    let mut harness = window(dir.path());
    let image = dir.path().join("images/M-33-7-A-d-2-3.tif");
    std::fs::OpenOptions::new().write(true).open(&image).unwrap().set_len(600 * 3 * 700).unwrap();
    click(&mut harness, "Cut");
    step_until(&mut harness, "it has failed", |app| app.state().split.fault.is_some());
    harness.run_ok();
    let fault = harness.state().state().split.fault.clone().unwrap();
    assert!(fault.contains("M-33-7-A-d-2-3.tif") && fault.contains("copy or export it again"), "{fault}");
    // The canvas may say the same of its tile: the dialog's line stands above the dialog's button.
    let left = harness.get_by_label("Cut").rect().left();
    assert!(harness.query_all_by_label(&fault).any(|line| (line.rect().left() - left).abs() < 1.0));
    assert_eq!(harness.state().state().dialog, Some(Dialog::Split));
}
