//! Checks the order of the source tree: layers and rooms import only what lies below them, and no files form a circle.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod house;

use std::fs;
use std::path::{Path, PathBuf};

use house::graph::{Graph, Module};

/// Layers from the bottom up. Those in one row may not import each other.
const LAYERS: [&[&str]; 9] = [
    &["domain"],
    &["data", "kernels", "charts"],
    &["pretrained"],
    &["model", "quick"],
    &["train", "infer"],
    &["exchange"],
    &["engine"],
    &["study"],
    &["cli", "ui"],
];

/// Rooms of a layer from the bottom up. A room imports only the rooms before it.
const ROOMS: [(&str, &[&str]); 2] = [
    (
        "data",
        &[
            "error", "files", "raster", "classes", "mask", "layout", "survey", "cache", "label", "feed", "export",
            "cut", "demo",
        ],
    ),
    ("ui", &["state", "canvas", "panels", "shell"]),
];

/// Crates and modules that only some layers may name.
const GUARDED: [(&str, &[&str]); 4] = [
    ("burn::", &["kernels", "model", "train", "infer", "engine"]),
    ("egui", &["ui"]),
    ("std::fs", &["data", "train", "engine", "study", "cli", "ui"]),
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

/// The lines of a file without their comments.
fn code_lines(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap();
    text.lines().map(|line| line.split("//").next().unwrap_or("").to_owned()).collect()
}

fn allowed(layer: &str) -> Vec<&'static str> {
    let height = LAYERS.iter().position(|row| row.contains(&layer)).expect("the layer is listed");
    let below = LAYERS[..height].iter().flat_map(|row| row.iter().copied());
    // `train` and `infer` may import each other; the command line and the window may not.
    let beside = if layer == "train" || layer == "infer" { LAYERS[height] } else { &[] };
    below.chain(beside.iter().copied()).collect()
}

#[test]
fn layers_import_only_layers_below_them() {
    let mut offences = Vec::new();
    for layer in LAYERS.iter().flat_map(|row| row.iter().copied()) {
        let allowed = allowed(layer);
        for file in files(&source(layer)) {
            for (number, line) in code_lines(&file).iter().enumerate() {
                for other in LAYERS.iter().flat_map(|row| row.iter().copied()) {
                    let imports =
                        line.contains(&format!("crate::{other}::")) || line.contains(&format!("crate::{other};"));
                    // The one exception: the command line opens the window.
                    let opens_window = layer == "cli" && other == "ui" && line.contains("ui::run");
                    if imports && other != layer && !allowed.contains(&other) && !opens_window {
                        offences.push(format!("{}:{}: {layer} must not import {other}", file.display(), number + 1));
                    }
                }
            }
        }
    }
    assert!(offences.is_empty(), "{}", offences.join("\n"));
}

#[test]
fn guarded_crates_are_used_only_by_their_layers() {
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

/// The module that a file is; `None` for the program's entry point and for tests.
fn module_of(file: &Path, source: &Path) -> Option<Module> {
    let inside = file.strip_prefix(source).unwrap().with_extension("");
    let mut names: Module = inside.iter().map(|name| name.to_str().unwrap().to_owned()).collect();
    if names == ["main"] || names.iter().any(|name| name == "tests") {
        return None;
    }
    if names == ["lib"] || names.last().is_some_and(|last| last == "mod") {
        names.pop();
    }
    Some(names)
}

/// The graph of all files under `src`.
fn sources() -> Graph {
    let source = source("");
    let texts: Vec<(Module, String)> = files(&source)
        .into_iter()
        .filter_map(|file| Some((module_of(&file, &source)?, fs::read_to_string(&file).unwrap())))
        .collect();
    Graph::of(texts.iter().map(|(module, text)| (module.clone(), text.as_str())))
}

#[test]
fn no_files_form_a_circle() {
    let circles = sources().circles();
    assert!(circles.is_empty(), "move what is shared into a file of its own\n{}", circles.join("\n"));
}

#[test]
fn rooms_import_only_rooms_before_them() {
    let graph = sources();
    let offences: Vec<String> = ROOMS.iter().flat_map(|(room, order)| graph.upward(room, order)).collect();
    assert!(offences.is_empty(), "{}", offences.join("\n"));
}

#[test]
fn every_room_of_data_has_its_place_in_the_order() {
    let (room, order) = ROOMS[0];
    let missing: Vec<String> = sources()
        .edges
        .into_keys()
        .filter(|module| module.len() > 1 && module[0] == room && !order.contains(&module[1].as_str()))
        .map(|module| module.join("/"))
        .collect();
    assert!(missing.is_empty(), "add to ROOMS: {}", missing.join(", "));
}
