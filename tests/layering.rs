//! The layers import only what stands below them. A newcomer should be able to rely on it, so it is checked.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

/// Layers from the bottom up; those on one line stand beside each other.
const LAYERS: [&[&str]; 6] =
    [&["domain"], &["data", "kernels"], &["model"], &["train", "infer"], &["engine"], &["cli", "ui"]];

/// Crates only some layers may name.
const GUARDED: [(&str, &[&str]); 4] = [
    ("burn::", &["kernels", "model", "train", "infer", "engine"]),
    ("egui", &["ui"]),
    ("std::fs", &["data", "train", "engine", "cli", "ui"]),
    ("clap::", &["cli"]),
];

fn source(layer: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(layer)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

/// Lines of code: comments may mention what they like.
fn code_lines(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap();
    text.lines().map(|line| line.split("//").next().unwrap_or("").to_owned()).collect()
}

fn allowed(layer: &str) -> Vec<&'static str> {
    let height = LAYERS.iter().position(|row| row.contains(&layer)).expect("the layer is listed");
    let below = LAYERS[..height].iter().flat_map(|row| row.iter().copied());
    // `train` and `infer` may look at each other; the two faces may not.
    let beside = if layer == "train" || layer == "infer" { LAYERS[height] } else { &[] };
    below.chain(beside.iter().copied()).collect()
}

#[test]
fn layers_import_only_what_stands_below() {
    let mut offences = Vec::new();
    for layer in LAYERS.iter().flat_map(|row| row.iter().copied()) {
        let allowed = allowed(layer);
        for file in files(&source(layer)) {
            for (number, line) in code_lines(&file).iter().enumerate() {
                for other in LAYERS.iter().flat_map(|row| row.iter().copied()) {
                    let imports =
                        line.contains(&format!("crate::{other}::")) || line.contains(&format!("crate::{other};"));
                    // The command line opens the window: the one step sideways.
                    let opens_window = layer == "cli" && other == "ui" && line.contains("ui::run");
                    if imports && other != layer && !allowed.contains(&other) && !opens_window {
                        offences.push(format!("{}:{}: {layer} must not know {other}", file.display(), number + 1));
                    }
                }
            }
        }
    }
    assert!(offences.is_empty(), "{}", offences.join("\n"));
}

#[test]
fn guarded_crates_stay_where_they_belong() {
    let mut offences = Vec::new();
    for layer in LAYERS.iter().flat_map(|row| row.iter().copied()) {
        for file in files(&source(layer)) {
            for (number, line) in code_lines(&file).iter().enumerate() {
                for (name, layers) in GUARDED {
                    if line.contains(name) && !layers.contains(&layer) {
                        offences.push(format!("{}:{}: {layer} must not use {name}", file.display(), number + 1));
                    }
                }
            }
        }
    }
    assert!(offences.is_empty(), "{}", offences.join("\n"));
}
