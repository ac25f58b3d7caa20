//! `predict --head quick`: maps from own labels, and the runs saved from them.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod command;

use std::fs;
use std::path::Path;

use command::{label, pointillist, two_halves, two_tiles};
use predicates::prelude::PredicateBooleanExt;
use predicates::str::contains;
use tempfile::TempDir;

#[test]
fn the_quick_head_maps_a_folder_from_own_labels() {
    let dir = TempDir::new().unwrap();
    let (data, out) = (dir.path().join("data"), dir.path().join("maps"));
    two_halves(&data, "a");
    fs::write(
        data.join("pointillist.toml"),
        "[[class]]\nname = \"town\"\ncolor = \"#ff0000\"\n[[class]]\nname = \"lake\"\ncolor = \"#0000ff\"\n\
         [[class]]\nname = \"wood\"\ncolor = \"#00ff00\"\n",
    )
    .unwrap();
    let predict = || {
        let mut command = pointillist();
        command.args(["predict", "--head", "quick"]).arg(&data).arg("--out").arg(&out);
        command
    };
    predict().assert().failure().stderr(contains("own labels of two classes"));
    assert!(!out.exists(), "nothing is written before something was learned");
    label(&data, &[("a", 0, [20.5, 30.5]), ("a", 2, [75.5, 30.5])]);
    predict().assert().success().stdout(contains("town, wood; no other class"));
    let map = image::open(out.join("a_classes.png")).unwrap().to_luma8();
    let right = map.enumerate_pixels().filter(|(x, _, class)| class.0[0] == if *x < 48 { 0 } else { 2 }).count();
    assert!(right > 96 * 64 * 9 / 10, "{right} pixels");
    predict().assert().failure().stderr(contains("--overwrite"));
    let forest = dir.path().join("forest");
    pointillist().args(["predict", "--head", "forest"]).arg(&data).arg("--out").arg(&forest).assert().success();
    let map = image::open(forest.join("a_classes.png")).unwrap().to_luma8();
    let right = map.enumerate_pixels().filter(|(x, _, class)| class.0[0] == if *x < 48 { 0 } else { 2 }).count();
    assert!(right > 96 * 64 * 9 / 10, "{right} pixels");
    let legend = |maps: &Path| fs::read_to_string(maps.join("a_legend.csv")).unwrap();
    assert!(legend(&out).contains(",quick head (linear)\n"), "{}", legend(&out));
    assert!(legend(&forest).contains(",quick head (random forest)\n"), "{}", legend(&forest));
    pointillist().args(["predict", "x.png", "--out"]).arg(&out).assert().failure().stderr(contains("--head quick"));
}

#[test]
fn an_image_is_mapped_from_its_own_labels() {
    let dir = TempDir::new().unwrap();
    let (data, out) = (dir.path().join("data"), dir.path().join("maps"));
    two_halves(dir.path(), "a");
    fs::create_dir(&data).unwrap();
    for name in ["a_sat.png", "b_sat.png"] {
        fs::copy(dir.path().join("images/a.png"), data.join(name)).unwrap();
    }
    label(&data, &[("a", 1, [20.5, 30.5]), ("a", 3, [75.5, 30.5]), ("b", 5, [20.5, 30.5])]);
    let mut predict = pointillist();
    predict.args(["predict", "--head", "quick"]).arg(data.join("a_sat.png")).arg("--out").arg(&out);
    let told = predict.assert().success().stdout(contains("agriculture_land, forest_land; no other class"));
    told.stderr("");
    let files = fs::read_dir(&out).unwrap().count();
    assert_eq!(files, 4, "of the image alone");
    let mut two = pointillist();
    two.args(["predict", "--head", "quick", "--out"]).arg(&out).args([data.join("a_sat.png"), data.join("b_sat.png")]);
    two.assert().failure().stderr(contains("one folder or image"));
}

#[test]
fn a_quick_run_is_scored_on_tiles_it_has_not_learned_from() {
    let (dir, data) = two_tiles();
    let project = pointillist::data::Project::open(&data).unwrap();
    let config = pointillist::domain::RunConfig::default();
    let drawn = pointillist::train::division::Division::of(&project, &config);
    let id = |tiles: &[usize]| project.tiles[tiles[0]].id.clone();
    let save = |run: &Path| {
        let mut predict = pointillist();
        predict
            .args(["predict", "--head", "quick", "--overwrite"])
            .arg(&data)
            .arg("--out")
            .arg(dir.path().join("maps"));
        predict.arg("--save-run").arg(run).assert().success();
    };
    let evaluate = |run: &Path, more: &[&str]| {
        let mut command = pointillist();
        command.arg("evaluate").arg("--run").arg(run).args(more).assert()
    };
    let (first, second) = (dir.path().join("first"), dir.path().join("second"));
    label(&data, &[(&id(&drawn.val), 0, [20.5, 30.5]), (&id(&drawn.val), 1, [75.5, 30.5])]);
    save(&first);
    let scored = evaluate(&first, &[]).success().stderr("");
    scored.stdout(contains("quick head (linear), measured on the tiles with a mask that were not learned from (1)"));
    label(&data, &[(&id(&drawn.train), 0, [20.5, 30.5])]);
    save(&second);
    evaluate(&second, &[])
        .failure()
        .stderr(contains("every tile with a mask was learned from").and(contains("--data")));
    evaluate(&first, &["--checkpoint", "last"]).failure().stderr(contains("a quick head has none: leave it out"));
    evaluate(&first, &["--device", "cpu"]).failure().stderr(contains("a quick head computes on the CPU"));
    let mut export = pointillist();
    export.args(["export", "--format", "onnx", "--run"]).arg(&first).arg(dir.path().join("net.onnx"));
    export.assert().failure().stderr(contains("is no network"));
}

#[test]
fn options_for_networks_are_refused() {
    let dir = TempDir::new().unwrap();
    let refused = |option: &str, value: &str| {
        let mut predict = pointillist();
        predict.args(["predict", "--head", "forest", option, value]).arg(dir.path()).arg("--out").arg(dir.path());
        predict.assert().failure().stderr(contains(option).and(contains("leave it out")));
    };
    refused("--device", "cpu");
    refused("--checkpoint", "last");
}
