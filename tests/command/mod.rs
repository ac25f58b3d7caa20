//! Runs the command line, on small tiles.

#![allow(dead_code, reason = "each test needs some of it")]

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use pointillist::data::{Journal, Project};
use pointillist::domain::{Edit, Stroke};
use tempfile::TempDir;

/// The program, which is killed after four minutes.
pub(crate) fn pointillist() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pointillist"));
    command.timeout(std::time::Duration::from_secs(240));
    command
}

/// A tile of 96 × 64 pixels, red and green halves, with its mask in DeepGlobe's colours.
pub(crate) fn two_halves(folder: &Path, name: &str) {
    let image = image::RgbImage::from_fn(96, 64, |x, y| {
        let noise = ((x * 31 + y * 17) % 23) as u8;
        if x < 48 { image::Rgb([190 + noise, 60, 40]) } else { image::Rgb([50, 170 + noise, 60]) }
    });
    let mask = image::RgbImage::from_fn(96, 64, |x, _| image::Rgb(if x < 48 { [0, 255, 255] } else { [0, 255, 0] }));
    for (kind, picture) in [("images", image), ("masks", mask)] {
        fs::create_dir_all(folder.join(kind)).unwrap();
        picture.save(folder.join(kind).join(format!("{name}.png"))).unwrap();
    }
}

/// A temporary folder, and in it one of two tiles in halves, `a` and `b`.
pub(crate) fn two_tiles() -> (TempDir, PathBuf) {
    let dir = TempDir::new().unwrap();
    let data = dir.path().join("data");
    ["a", "b"].iter().for_each(|name| two_halves(&data, name));
    (dir, data)
}

/// Clicks on tiles of a folder, as in the window: tile id, class, position.
pub(crate) fn label(folder: &Path, clicks: &[(&str, u8, [f32; 2])]) {
    let project = Project::open(folder).unwrap();
    let (mut journal, _) = Journal::open(&project).unwrap();
    for (tile, class, at) in clicks {
        let stroke = Stroke { tile: (*tile).to_owned(), class: Some(*class), radius: 3.0, path: vec![*at] };
        journal.append(&Edit::Begin(stroke)).unwrap();
    }
}
