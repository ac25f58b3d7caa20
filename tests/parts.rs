//! The part of a tile in a run: known before the start, chosen by hand, and explained where it makes labels useless.

mod harness;

use std::path::Path;

use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use harness::{click_canvas, step_until};
use pointillist::data::export::save;
use pointillist::data::write_classes;
use pointillist::domain::config::SplitBy;
use pointillist::domain::split::Split;
use pointillist::domain::{Classes, Mask};
use pointillist::train::division::DividedProject;
use pointillist::ui::App;
use pointillist::ui::state::action::UiAction;
use pointillist::ui::state::tile_role::TileRole;

const IDS: [&str; 4] = ["a", "b", "c", "d"];

/// Four masked tiles and one without a mask.
fn project() -> tempfile::TempDir {
    let root = tempfile::tempdir().expect("a temporary folder");
    let classes = Classes::deepglobe();
    write_classes(root.path(), &classes).expect("the classes");
    for id in IDS.into_iter().chain(["e"]) {
        save::rgb_png(&root.path().join(format!("{id}.png")), &image::RgbImage::new(32, 32)).expect("an image");
    }
    for id in IDS {
        let mask = Mask::from_vec(32, 32, (0..32 * 32).map(|i| (i % 2) as u8).collect()).expect("whole rows");
        save::color_png(&root.path().join(format!("{id}_mask.png")), &mask, &classes, false).expect("a mask");
    }
    root
}

fn window(root: &Path) -> Harness<'static, App> {
    let mut harness = harness::open(Some(root));
    step_until(&mut harness, "the tile is in view", |app| app.state().view.tile.is_some());
    harness.run_ok();
    harness
}

fn parts(app: &App) -> Vec<TileRole> {
    let tiles = &app.state().project.as_ref().expect("a project").project.tiles;
    tiles.iter().map(|tile| app.state().role(tile)).collect()
}

/// The roles that the engine would assign.
fn planned(app: &App) -> Vec<TileRole> {
    let project = &app.state().project.as_ref().expect("a project").project;
    let plan = DividedProject::new((**project).clone(), &app.state().config());
    let part = |index: usize| match (plan.train.contains(&index), plan.val.contains(&index)) {
        (true, true) => TileRole::Divided,
        (true, false) => TileRole::Training,
        (false, true) => TileRole::Validation,
        (false, false) => TileRole::Unused,
    };
    (0..project.tiles.len()).map(part).collect()
}

fn choose(harness: &mut Harness<'_, App>, tile: &str, entry: &str) {
    harness.get_by_label(&format!("Tile {tile}")).click_secondary();
    harness.run_ok();
    harness.get_by_label(entry).click();
    harness.run_ok();
}

#[test]
fn badges_before_the_start_match_the_run() {
    let root = project();
    let mut harness = window(root.path());
    let validating = |app: &App| parts(app).iter().filter(|part| **part == TileRole::Validation).count();
    assert_eq!((validating(harness.state()), parts(harness.state())), (1, planned(harness.state())));
    let mut form = harness.state().state().settings.form.clone();
    (form.val_ratio, form.seed) = (0.5, 7);
    let ctx = harness.ctx.clone();
    harness.state_mut().act(&ctx, UiAction::SetForm(Box::new(form)));
    assert_eq!((validating(harness.state()), parts(harness.state())), (2, planned(harness.state())));
    let mut form = harness.state().state().settings.form.clone();
    (form.split_by, form.block) = (SplitBy::Block, 16);
    harness.state_mut().act(&ctx, UiAction::SetForm(Box::new(form)));
    assert_eq!(parts(harness.state()), planned(harness.state()));
}

#[test]
fn the_part_of_a_tile_can_be_chosen() {
    let root = project();
    let mut harness = window(root.path());
    let drawn = parts(harness.state());
    let val = drawn.iter().position(|part| *part == TileRole::Validation).expect("one validates");
    let other = (val + 1) % IDS.len();
    choose(&mut harness, IDS[val], "Do not use it");
    choose(&mut harness, IDS[other], "Validate on it");
    let now = parts(harness.state());
    assert_eq!((now[val], now[other]), (TileRole::Unused, TileRole::Validation));
    assert_eq!(now, planned(harness.state()));
    assert_eq!(harness.state().state().config().split.get(&format!("{}.png", IDS[val])), Some(&Split::Test));
    choose(&mut harness, IDS[val], "Automatic: as in the dataset, or random");
    choose(&mut harness, IDS[other], "Automatic: as in the dataset, or random");
    assert_eq!(parts(harness.state()), drawn);
}

#[test]
fn labels_on_a_validation_tile_show_a_warning() {
    let root = project();
    let mut harness = window(root.path());
    let warns = |harness: &Harness<'_, App>| {
        harness.query_by_label_contains("only the quick map learns from its labels").is_some()
    };
    choose(&mut harness, "a", "Validate on it");
    assert!(!warns(&harness), "there are none yet");
    click_canvas(&mut harness);
    assert!(warns(&harness));
    choose(&mut harness, "a", "Train on it");
    assert!(!warns(&harness));
}
