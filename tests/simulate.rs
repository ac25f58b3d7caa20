//! `simulate`: clicks, scores, and what it refuses.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod command;

use std::fs;
use std::path::Path;

use command::{pointillist, two_halves, two_tiles};
use predicates::str::contains;
use tempfile::TempDir;

/// The lines of the table that `simulate` writes beside the data, without the seconds.
fn table(data: &Path, arguments: &[&str]) -> Vec<String> {
    let out = data.with_file_name("scores.csv");
    let mut command = pointillist();
    command.args(["simulate", "--overwrite", "--data"]).arg(data).arg("--out").arg(&out).args(arguments);
    command.assert().success();
    let text = fs::read_to_string(out).unwrap();
    text.lines().map(|line| line.rsplit_once(',').unwrap().0.to_owned()).collect()
}

#[test]
fn simulated_clicks_are_scored_and_repeat() {
    let (dir, data) = two_tiles();
    let table = |extra: &[&str]| table(&data, &[["--clicks", "1,3", "--seeds", "2"].as_slice(), extra].concat());
    let rows = table(&[]);
    assert_eq!(rows[0], "mode,tile,placement,method,seed,round,clicks,miou,accuracy");
    assert_eq!(rows.len(), 1 + 2 * 2 * 2, "{rows:?}");
    let miou = |row: &String| row.split(',').nth(7).unwrap().parse::<f64>().unwrap();
    assert!(rows[1..].iter().all(|row| miou(row) > 0.8), "two colours are told apart: {rows:?}");
    assert_eq!(rows, table(&[]), "the same clicks, the same scores");
    let across = table(&["--across", "--val-tile", "b"]);
    assert!(
        across.len() == 5 && across[1..].iter().all(|row| row.starts_with("across,,stratified,quick,")),
        "{across:?}"
    );
    assert!(across[1..].iter().all(|row| miou(row) > 0.8), "{across:?}");
    let answered = table(&["--across", "--val-tile", "b", "--placement", "error"]);
    assert!(
        answered.len() == 5 && answered[1].starts_with("across,,error,quick,0,0,2,"),
        "a click a class: {answered:?}"
    );
    assert!(answered[2].starts_with("across,,error,quick,0,1,"), "{answered:?}");
    let forest = table(&["--method", "forest"]);
    assert!(forest[1..].iter().all(|row| row.contains(",forest,") && miou(row) > 0.8), "{forest:?}");
    let (scores, picture) = (dir.path().join("scores.csv"), dir.path().join("curve.svg"));
    let curve = || {
        let mut command = pointillist();
        command.arg("curve").arg(&scores).arg("--out").arg(&picture);
        command
    };
    curve().assert().success().stdout(contains("1 lines"));
    assert!(fs::read_to_string(&picture).unwrap().contains("Random forest"));
    curve().assert().failure().stderr(contains("--overwrite"));
    let png = dir.path().join("curve.png");
    pointillist().arg("curve").arg(&scores).arg("--out").arg(&png).assert().success();
    assert!(image::open(&png).unwrap().into_rgb8().pixels().any(|pixel| pixel.0 != [255; 3]));
}

#[test]
fn ignored_classes_are_neither_clicked_nor_scored() {
    let dir = TempDir::new().unwrap();
    let data = dir.path().join("data");
    let colors = [[0, 255, 255], [0, 255, 0], [255, 255, 0]];
    let column = |x: u32| (x / 48) as usize;
    let image = image::RgbImage::from_fn(144, 64, |x, y| {
        let noise = ((x * 31 + y * 17) % 13) as u8;
        image::Rgb([[200 + noise, 40, 30], [40, 180 + noise, 30], [40, 40, 180 + noise]][column(x)])
    });
    let mask = image::RgbImage::from_fn(144, 64, |x, _| image::Rgb(colors[column(x)]));
    for (kind, picture) in [("images", image), ("masks", mask)] {
        fs::create_dir_all(data.join(kind)).unwrap();
        picture.save(data.join(kind).join("a.png")).unwrap();
    }
    let out = dir.path().join("scores.csv");
    let simulate = |ignore: &str| {
        let mut command = pointillist();
        command.args(["simulate", "--clicks", "2", "--seeds", "1", "--overwrite", "--ignore", ignore, "--data"]);
        command.arg(&data).arg("--out").arg(&out);
        command
    };
    let scores = |ignore: &str| {
        simulate(ignore).assert().success();
        let text = fs::read_to_string(&out).unwrap();
        let row: Vec<String> = text.lines().nth(1).unwrap().split(',').map(str::to_owned).collect();
        (row[6].parse::<u32>().unwrap(), row[7].parse::<f64>().unwrap())
    };
    let (clicks, miou) = scores("");
    assert!(clicks == 6 && miou > 0.8, "{clicks} {miou}");
    let (clicks, miou) = scores("class #FFFF00");
    assert!(clicks == 4 && miou > 0.8, "{clicks} {miou}: pixels of the third class are no errors");
    simulate("class #FFFF00,class #00FF00").assert().failure().stderr(contains("1 classes are left"));
    simulate("swamp").assert().failure().stderr(contains("There is no class 'swamp' to ignore"));
}

#[test]
fn the_quick_head_can_be_measured_on_part_of_its_features() {
    let (_dir, data) = two_tiles();
    let of = |features: &str| table(&data, &["--clicks", "1", "--seeds", "1", "--features", features]);
    assert_eq!(of("all"), table(&data, &["--clicks", "1", "--seeds", "1"]));
    assert_ne!(of("bank"), of("encoder"), "both learned from the same features");
}

#[test]
fn networks_learn_from_simulated_clicks_and_repeat() {
    let (_dir, data) = two_tiles();
    let scores = |extra: &[&str]| {
        let few = ["--clicks", "2", "--seeds", "1", "--steps", "2"];
        table(&data, &[few.as_slice(), extra].concat()).split_off(1)
    };
    let rows = scores(&["--method", "preset"]);
    assert!(rows.len() == 2 && rows[0].starts_with("tile,a,stratified,preset,0,0,4,"), "{rows:?}");
    assert_eq!(rows, scores(&["--method", "preset"]), "the same clicks, the same steps, the same scores");
    let rows = scores(&["--method", "encoder", "--across", "--val-tile", "b"]);
    assert!(rows.len() == 1 && rows[0].starts_with("across,,stratified,encoder,0,0,4,"), "{rows:?}");
    let rows = scores(&["--method", "unet", "--across", "--val-tile", "b"]);
    assert!(rows.len() == 1 && rows[0].starts_with("across,,stratified,unet,0,0,4,"), "{rows:?}");
}

#[test]
fn simulate_refuses_what_it_cannot_score() {
    let dir = TempDir::new().unwrap();
    two_halves(dir.path(), "a");
    let out = dir.path().join("scores.csv");
    let simulate = |extra: &[&str]| {
        let mut command = pointillist();
        command.args(["simulate", "--data"]).arg(dir.path()).arg("--out").arg(&out).args(extra);
        command
    };
    simulate(&["--clicks", "0"]).assert().failure().stderr(contains("give numbers from 1"));
    simulate(&["--across"]).assert().failure().stderr(contains("--val-tile"));
    for idle in [&["--steps", "5"], &["--device", "cpu"]] {
        simulate(idle).assert().failure().stderr(contains(format!("{} is for networks", idle[0])));
    }
    simulate(&["--method", "forest", "--features", "bank"]).assert().failure().stderr(contains("--features is for"));
    fs::write(&out, "mine").unwrap();
    simulate(&[]).assert().failure().stderr(contains("--overwrite"));
    assert_eq!(fs::read_to_string(&out).unwrap(), "mine");
}
