//! Runs side by side: tables, figures, and a report that needs nothing else.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod command;

use std::fs;
use std::path::{Path, PathBuf};

use command::{pointillist, two_tiles};
use predicates::prelude::PredicateBooleanExt;
use predicates::str::contains;

/// A name that would be a script if anybody forgot to escape it.
const EVIL: &str = "a<script src=http:x>&'\"";

/// Trains in no time. Returns the run folder.
fn train(dir: &Path, data: &Path, name: &str, more: &[&str]) -> PathBuf {
    let out = dir.join("runs").join(name);
    let mut command = pointillist();
    command.arg("train").arg("--data").arg(data).arg("--out").arg(&out).args(["--val-tile", "b", "--device", "cpu"]);
    command.args(["--base", "2", "--levels", "2", "--crop", "32", "--batch", "2", "--steps", "6", "--quiet"]);
    command.args(more).assert().success();
    out
}

/// What would make a browser load something.
fn assert_self_contained(page: &str) {
    for loads in ["src=\"http", "src='", "href=", "url(", "@import", "<script", "<link", "<iframe", "<object", "xmlns"]
    {
        assert!(!page.contains(loads), "{loads}");
    }
    let pictures = page.matches("src=\"").count();
    assert_eq!(pictures, page.matches("src=\"data:image/png;base64,").count());
    assert!(page.contains("default-src 'none'"));
}

#[test]
fn a_report_of_two_runs_stands_by_itself() {
    let (dir, data) = two_tiles();
    let evil = train(dir.path(), &data, EVIL, &["--keep", "0.1"]);
    let full = train(dir.path(), &data, "full", &["--supervision", "full"]);
    let (html, figures) = (dir.path().join("out/report.html"), dir.path().join("figures"));
    let compare = || {
        let mut command = pointillist();
        command.arg("compare").args([&evil, &full]).arg("--html").arg(&html).arg("--figures").arg(&figures);
        command.args(["--figure-format", "both", "--title", "<b>Two & more"]);
        command
    };
    compare().assert().success().stdout(contains("| configuration |").and(contains("IoU after the last step")));
    let page = fs::read_to_string(&html).unwrap();
    assert_self_contained(&page);
    assert!(!page.contains("<b>Two") && page.contains("<h1>&lt;b&gt;Two &amp; more</h1>"));
    assert!(page.contains("a&lt;script src=http:x&gt;&amp;&#39;&quot;"));
    // Tile, mask, labels of the sparse run, and a map of each.
    assert_eq!(page.matches("<img ").count(), 5, "{page}");
    for part in [
        "class #00FFFF",
        "train.batch",
        "Confusion and calibration",
        "What these data cannot show",
        "on one tile",
        "10.026 %", // 308 of the 3072 pixels of each class: a share is rounded up.
    ] {
        assert!(page.contains(part), "{part}");
    }
    for name in ["loss", "miou", "labels", "classes", "confusion-full-rows", "reliability-full"] {
        let svg = fs::read_to_string(figures.join(format!("{name}.svg"))).unwrap();
        assert!(svg.starts_with("<svg xmlns=") && svg.ends_with("</svg>\n") && !svg.contains("NaN"), "{name}: {svg}");
        let png = image::open(figures.join(format!("{name}.png"))).unwrap();
        assert!(png.width() >= 400 && png.to_rgb8().pixels().any(|pixel| pixel.0 != [255; 3]), "{name}");
    }
    compare().assert().failure().stderr(contains("--overwrite"));
    let mut other_form = pointillist();
    other_form.arg("compare").args([&evil, &full]).arg("--figures").arg(&figures).args(["--figure-format", "png"]);
    fs::remove_file(figures.join("loss.png")).unwrap();
    other_form.assert().failure().stderr(contains("--overwrite"));
    other_form
        .arg("--overwrite")
        .assert()
        .success()
        .stderr(contains("has other figures as well").and(contains("loss.svg")));
    compare().arg("--overwrite").arg("--no-pictures").assert().success();
    let again = fs::read_to_string(&html).unwrap();
    assert!(!again.contains("<img ") && again.len() < page.len());
}

#[test]
fn tables_have_every_setting_that_differs() {
    let (dir, data) = two_tiles();
    let runs = [
        train(dir.path(), &data, "one", &["--seed", "1"]),
        train(dir.path(), &data, "two", &["--seed", "2"]),
        train(dir.path(), &data, "weighted", &["--seed", "1", "--class-weights", "inverse"]),
    ];
    let compare = |more: &[&str]| pointillist().arg("compare").args(&runs).args(more).assert();
    let csv = compare(&["--format", "csv"]).success().get_output().stdout.clone();
    let csv = String::from_utf8(csv).unwrap();
    let lines: Vec<&str> = csv.lines().collect();
    assert!(lines[0].ends_with(",labels,train.class_weights"), "{csv}");
    assert!(lines.len() == 3 && lines[1].contains(",ours,2,") && lines[2].contains(",ours,1,"), "{csv}");
    compare(&["--format", "latex", "--reference", "weighted"]).success().stdout(
        contains("\\begin{tabular}").and(contains("against inverse frequency weights")).and(contains("$\\pm$")),
    );
    let again = runs[0].join("../one").display().to_string();
    let twice =
        compare(&["--format", "csv", again.as_str()]).success().stderr(contains("is given twice: it counts once"));
    assert_eq!(String::from_utf8_lossy(&twice.get_output().stdout), csv);
    compare(&["--format", "csv", "--reference", "weighted"]).failure().stderr(contains("which CSV has not"));
    compare(&["--reference", "three"]).failure().stderr(contains("nothing is called 'three': choose among"));
    pointillist().arg("compare").arg(&data).assert().failure().stderr(contains("not a run folder"));
}

#[test]
fn published_rows_stand_in_a_report_before_anything_is_made() {
    let dir = tempfile::tempdir().unwrap();
    let html = dir.path().join("report.html");
    let mut command = pointillist();
    command.current_dir(dir.path()).args(["study", "report", "landcover-ai", "--data", "no-such-tiles", "--html"]);
    command
        .arg(&html)
        .assert()
        .success()
        .stdout(contains("| unetplusplus_frac10 (A100, mixed precision) | published | 0.5054 |"));
    let page = fs::read_to_string(&html).unwrap();
    assert_self_contained(&page);
    assert_eq!(page.matches("<tr class=\"published\">").count(), 4);
    for figure in
        ["0.5054", "0.8680", "0.4902", "0.4764", "0.8605", "0.4887", "0.4775", "0.8640", "0.4705", "0.4630", "0.8398"]
    {
        assert!(page.contains(figure), "{figure}");
    }
    assert!(page.contains("4 of 4 planned runs are missing") && page.contains("unet++"));
}
