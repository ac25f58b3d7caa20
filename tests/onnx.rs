//! Networks as ONNX give in ONNX Runtime what they give here, and say what QGIS's plugin Deepness asks for.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod networks;
mod python;

use std::fs;
use std::path::Path;

use networks::{CLASSES, difference, input, logits};
use pointillist::exchange::Network;
use pointillist::exchange::onnx::{OnnxOptions, write};

/// What probabilities may differ by.
const TOLERANCE: f32 = 1e-4;

const SCRIPT: &str = "
import json, sys
import numpy, onnxruntime
height, width = map(int, sys.argv[1:])
session = onnxruntime.InferenceSession('net.onnx')
image, = session.get_inputs()
images = numpy.fromfile('in.bin', numpy.float32).reshape(1, -1, height, width)
probabilities, = session.run(None, {image.name: images})
probabilities.tofile('out.bin')
meta = session.get_modelmeta().custom_metadata_map
print(json.dumps({'input': image.shape, 'meta': {key: json.loads(value) for key, value in meta.items()}}))
";

/// Softmax over the classes that may be predicted: `[classes, height, width]`.
fn probabilities(network: &Network, values: &[f32], size: [usize; 2]) -> Vec<f32> {
    let logits = logits(network, values, size);
    let pixels = size[0] * size[1];
    let raw: Vec<f32> = logits
        .iter()
        .enumerate()
        .map(|(at, logit)| if network.predicts[at / pixels] { logit.exp() } else { 0.0 })
        .collect();
    let sum = |pixel: usize| (0..CLASSES.len()).map(|class| raw[class * pixels + pixel]).sum::<f32>();
    raw.iter().enumerate().map(|(at, value)| value / sum(at % pixels)).collect()
}

/// What ONNX Runtime makes of an input, and what it says about the file.
fn run(python: &str, folder: &Path, values: &[f32], [height, width]: [usize; 2]) -> (Vec<f32>, serde_json::Value) {
    python::write_floats(&folder.join("in.bin"), values);
    let said = python::run(python, SCRIPT, &[&height.to_string(), &width.to_string()], folder);
    (python::read_floats(&folder.join("out.bin")), serde_json::from_str(&said).unwrap())
}

#[test]
fn onnx_runtime_gives_our_probabilities_at_any_size() {
    let Some(python) = python::with("numpy, onnxruntime", "probabilities in ONNX Runtime") else { return };
    let dir = tempfile::tempdir().unwrap();
    for network in networks::all() {
        fs::write(dir.path().join("net.onnx"), write(&network, OnnxOptions::default()).unwrap()).unwrap();
        for size in [[64, 64], [96, 160]] {
            let values = input(&network, size);
            let (theirs, _) = run(&python, dir.path(), &values, size);
            let ours = probabilities(&network, &values, size);
            let difference = difference(&ours, &theirs);
            let first = &ours[..size[0] * size[1]];
            let spread = first.iter().copied().fold(0.0, f32::max) - first.iter().copied().fold(1.0, f32::min);
            assert!(difference < TOLERANCE && spread > 0.02, "{size:?} {:?}: {difference}", network.config.model);
            let second = &theirs[size[0] * size[1]..2 * size[0] * size[1]];
            assert!(second.iter().all(|p| *p == 0.0), "a class that may not be predicted has probability 0");
        }
    }
}

#[test]
fn the_metadata_is_what_deepness_reads() {
    let Some(python) = python::with("numpy, onnxruntime", "metadata in ONNX Runtime") else { return };
    let dir = tempfile::tempdir().unwrap();
    let network = &networks::all()[0];
    let said = |options: OnnxOptions| {
        fs::write(dir.path().join("net.onnx"), write(network, options).unwrap()).unwrap();
        run(&python, dir.path(), &input(network, [128, 128]), [128, 128]).1
    };
    let free = said(OnnxOptions::default());
    assert_eq!(free["input"], serde_json::json!(["batch", 3, "height", "width"]));
    let meta = &free["meta"];
    assert_eq!(meta["model_type"], "Segmentor");
    assert_eq!(meta["class_names"], serde_json::json!({ "0": CLASSES[0], "1": CLASSES[1], "2": CLASSES[2] }));
    assert_eq!((&meta["tile_size"], &meta["tiles_size"]), (&256.into(), &256.into()), "as this program predicts");
    assert_eq!((&meta["tiles_overlap"], &meta["seg_thresh"]), (&25.into(), &0.0.into()));
    assert_eq!(meta["seg_small_segment"], 0);
    assert_eq!(meta["pointillist"]["mean"], serde_json::json!([0.485, 0.456, 0.406]));
    assert_eq!(meta["standardization_mean"], serde_json::json!([0.485, 0.456, 0.406]));
    assert_eq!(meta["standardization_std"], serde_json::json!([0.229, 0.224, 0.225]));
    assert_eq!(meta["pointillist"]["predicts"], serde_json::json!([CLASSES[0], CLASSES[2]]));
    assert!(meta.get("resolution").is_none());
    let fixed = said(OnnxOptions { side: Some(128), resolution_cm: Some(50.0) });
    assert_eq!(fixed["input"], serde_json::json!(["batch", 3, 128, 128]));
    assert_eq!((&fixed["meta"]["tile_size"], &fixed["meta"]["resolution"]), (&128.into(), &50.0.into()));
}

#[test]
fn the_file_passes_onnx_s_own_check() {
    let Some(python) = python::with("onnx", "the check of ONNX") else { return };
    let dir = tempfile::tempdir().unwrap();
    let check = "
import onnx
model = onnx.load('net.onnx')
onnx.checker.check_model(model, full_check=True)
print(model.opset_import[0].version, model.graph.node[-1].op_type)
";
    for network in networks::all() {
        fs::write(dir.path().join("net.onnx"), write(&network, OnnxOptions::default()).unwrap()).unwrap();
        assert_eq!(python::run(&python, check, &[], dir.path()), "18 Softmax\n");
    }
}

#[test]
fn what_cannot_be_exported_is_refused_with_the_remedy() {
    let mut network = networks::all().remove(0);
    let odd = write(&network, OnnxOptions { side: Some(100), resolution_cm: None }).unwrap_err();
    assert!(odd.contains("multiple of 8"), "{odd}");
    network.predicts.fill(false);
    assert!(write(&network, OnnxOptions::default()).unwrap_err().contains("no class"));
}
