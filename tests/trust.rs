//! Warnings and refusals of the command line that keep labels, results and scores trustworthy.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use image::{GrayImage, Luma, Rgb, RgbImage};
use predicates::prelude::PredicateBooleanExt as _;
use predicates::str::contains;
use tempfile::TempDir;

fn pointillist() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pointillist"));
    command.timeout(std::time::Duration::from_secs(240));
    command
}

const CLASSES: &str =
    "[[class]]\nname = 'low'\ncolor = '#101010'\nvalue = 0\n[[class]]\nname = 'high'\ncolor = '#F0F0F0'\nvalue = 1\n";

/// Four tiles in `images` with masks that have one value in the left half and one in the right.
fn dataset(left: u8, right: u8) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for folder in ["images", "masks"] {
        fs::create_dir(dir.path().join(folder)).unwrap();
    }
    for (i, name) in ["a", "b", "c", "d"].into_iter().enumerate() {
        let shade = |x: u32| if x < 32 { 30 + i as u8 } else { 200 + i as u8 };
        RgbImage::from_fn(64, 64, |x, _| Rgb([shade(x); 3]))
            .save(dir.path().join(format!("images/{name}.png")))
            .unwrap();
        let value = |x: u32| if x < 32 { left } else { right };
        GrayImage::from_fn(64, 64, |x, _| Luma([value(x)])).save(dir.path().join(format!("masks/{name}.png"))).unwrap();
    }
    fs::write(dir.path().join("pointillist.toml"), CLASSES).unwrap();
    dir
}

fn train(data: &Path, out: &Path) -> Command {
    let mut command = pointillist();
    command
        .args([
            "train", "--base", "4", "--levels", "3", "--crop", "32", "--steps", "4", "--batch", "2", "--device", "cpu",
        ])
        .arg("--data")
        .arg(data)
        .arg("--out")
        .arg(out);
    command
}

fn run(data: &Path) -> PathBuf {
    let out = data.join("run");
    train(data, &out).assert().success();
    out
}

#[test]
fn training_without_labels_is_refused_and_names_what_the_masks_contain() {
    let nothing = dataset(255, 255);
    train(nothing.path(), &nothing.path().join("r")).assert().failure().stderr(contains("nothing to learn from"));
    let strangers = dataset(10, 20);
    train(strangers.path(), &strangers.path().join("r"))
        .assert()
        .failure()
        .stderr(contains("nothing to learn from").and(contains("value 10 (")).and(contains("value 20 (")));
    assert!(!strangers.path().join("r").exists(), "no run folder is left behind");
}

#[test]
fn training_starts_with_a_table_of_labels_and_warns_of_unmatched_values() {
    let dir = dataset(0, 1);
    let odd = GrayImage::from_fn(64, 64, |x, _| Luma([if x < 16 { 7 } else { (x / 32) as u8 }]));
    odd.save(dir.path().join("masks/b.png")).unwrap();
    train(dir.path(), &dir.path().join("r"))
        .assert()
        .success()
        .stdout(contains("4 masks by value").and(contains("pixels of")).and(contains("no class")))
        .stderr(contains("of the mask pixels match no class").and(contains("value 7 (")).and(contains("(b)")));
}

#[test]
fn a_check_prints_a_summary_of_the_folder() {
    let dir = dataset(0, 1);
    fs::copy(dir.path().join("images/a.png"), dir.path().join("images/e.png")).unwrap();
    pointillist().arg("check").arg(dir.path()).assert().success().stdout(
        contains("5 tiles, 4 with a mask")
            .and(contains("4 masks by value"))
            .and(contains("the images of a, e are the same file")),
    );
    let output = pointillist().args(["check", "--json"]).arg(dir.path()).output().unwrap();
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let low = |split: &str| json["pixels"][split]["classes"]["low"].as_u64().unwrap();
    assert_eq!((low("train") + low("val"), json["tiles"].as_array().unwrap().len()), (4 * 64 * 32, 5));
}

#[test]
fn results_are_not_overwritten_by_default_and_are_not_images() {
    let dir = dataset(0, 1);
    let run = run(dir.path());
    let images = dir.path().join("images");
    let predict = |extra: &[&str]| {
        let mut command = pointillist();
        command
            .args(["predict", "--device", "cpu", "--run"])
            .arg(&run)
            .arg(&images)
            .arg("--out")
            .arg(&images)
            .args(extra);
        command
    };
    predict(&[]).assert().success();
    assert_eq!(fs::read_dir(&images).unwrap().count(), 4 * 5);
    let written = images.join("a_classes.png");
    fs::write(&written, "mine").unwrap();
    predict(&[]).assert().failure().stderr(contains("--overwrite").and(contains("a_classes.png")));
    assert_eq!(fs::read_to_string(&written).unwrap(), "mine");
    predict(&["--overwrite"]).assert().success();
    assert_eq!(fs::read_dir(&images).unwrap().count(), 4 * 5, "results are not segmented in turn");
    assert_ne!(fs::read(&written).unwrap(), b"mine");
}

#[test]
fn a_name_too_long_for_results_is_refused_before_anything_is_written() {
    let dir = dataset(0, 1);
    let long = "x".repeat(242);
    for folder in ["images", "masks"] {
        fs::rename(dir.path().join(format!("{folder}/a.png")), dir.path().join(format!("{folder}/{long}.png")))
            .unwrap();
    }
    let out = dir.path().join("out");
    pointillist()
        .args(["sample", "--data"])
        .arg(dir.path())
        .arg("--out")
        .arg(&out)
        .assert()
        .failure()
        .stderr(contains("too long"));
    assert!(!out.exists());
}

#[test]
fn ids_of_a_table_cannot_lead_out_of_the_folder() {
    let dir = dataset(0, 1);
    let root = dir.path().join("root");
    fs::create_dir(&root).unwrap();
    for folder in ["images", "masks", "pointillist.toml"] {
        fs::rename(dir.path().join(folder), root.join(folder)).unwrap();
    }
    let table = "id,split,image,mask\n../../up,train,images/a.png,masks/a.png\n/abs,train,images/b.png,masks/b.png\n";
    fs::write(root.join("metadata.csv"), table).unwrap();
    pointillist().args(["sample", "--data"]).arg(&root).arg("--out").arg(root.join("out")).assert().success();
    assert!(root.join("out/up_sampled.png").is_file() && root.join("out/abs_sampled.png").is_file());
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "nothing was written outside the root");
}

#[test]
fn another_folder_is_scored_with_the_classes_of_the_run() {
    let dir = dataset(0, 1);
    let run = run(dir.path());
    let evaluate = |data: &Path| {
        let mut command = pointillist();
        command.args(["evaluate", "--device", "cpu", "--run"]).arg(&run).arg("--data").arg(data);
        command
    };
    // The same classes in another order, and one that the run does not have.
    let other = dataset(5, 3);
    let classes = "[[class]]\nname = 'high'\ncolor = '#F0F0F0'\nvalue = 3\n[[class]]\nname = 'low'\ncolor = '#101010'\nvalue = 5\n\
                   [[class]]\nname = 'lava'\ncolor = '#FF0000'\nvalue = 9\n";
    fs::write(other.path().join("pointillist.toml"), classes).unwrap();
    let output = evaluate(other.path()).arg("--json").output().unwrap();
    assert!(String::from_utf8_lossy(&output.stderr).contains("lava"), "{output:?}");
    let there: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let here: serde_json::Value =
        serde_json::from_slice(&evaluate(dir.path()).arg("--json").output().unwrap().stdout).unwrap();
    assert_eq!(there["miou"], here["miou"], "the same images and labels in another coding");
    fs::write(other.path().join("pointillist.toml"), classes.replace("'low'", "'deep'").replace("#F0F0F0", "#EEEEEE"))
        .unwrap();
    evaluate(other.path())
        .assert()
        .failure()
        .stderr(contains("'low' is missing").and(contains("'high' is #F0F0F0 in the run and #EEEEEE here")));
}

#[test]
fn labels_without_a_tile_are_listed_and_can_be_assigned() {
    let dir = dataset(0, 1);
    fs::create_dir(dir.path().join(".pointillist")).unwrap();
    let journal = "{\"pointillist\":\"labels\",\"version\":1}\n\
                   {\"op\":\"paint\",\"tile\":\"gone\",\"class\":\"low\",\"radius\":1,\"path\":[[5,5]]}\n";
    fs::write(dir.path().join(".pointillist/labels.jsonl"), journal).unwrap();
    let labels = |extra: &[&str]| {
        let mut command = pointillist();
        command.arg("labels").arg(dir.path()).args(extra);
        command
    };
    labels(&[]).assert().success().stdout(contains("gone: 1 stroke, on no tile"));
    labels(&["--relink", "nobody", "a"]).assert().failure().stderr(contains("nobody"));
    labels(&["--relink", "gone", "a"]).assert().success().stdout(contains("a: 1 stroke (images/a.png)"));
    labels(&[]).assert().success().stdout(contains("on no tile").not());
}

#[test]
fn classes_merged_since_a_run_cannot_score_it() {
    let dir = dataset(0, 1);
    let run = run(dir.path());
    let merged = "[[class]]\nname = 'high'\ncolor = '#F0F0F0'\nvalue = 1\nalso_values = [0]\nwas = ['low']\n\
                  [[class]]\nname = 'new'\ncolor = '#00FF00'\nvalue = 5\n";
    fs::write(dir.path().join("pointillist.toml"), merged).unwrap();
    pointillist()
        .args(["evaluate", "--device", "cpu", "--run"])
        .arg(&run)
        .assert()
        .failure()
        .stderr(contains("'low' and 'high' are one class here"));
}
