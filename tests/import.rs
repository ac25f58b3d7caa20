//! Networks of other programs become runs.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod command;
mod networks;

use std::fs;
use std::path::{Path, PathBuf};

use burn::tensor::{Device, Tensor, TensorData};
use command::pointillist;
use networks::{difference, input, logits};
use pointillist::data::feed::normalize;
use pointillist::domain::checkpoint::Checkpoint;
use pointillist::domain::config::Colors;
use pointillist::engine::{exported, imported};
use pointillist::exchange::import::{self, Unsaid};
use pointillist::exchange::{Network, safetensors_file};
use pointillist::model::Net;
use pointillist::train::folder::FinishedRun;
use predicates::prelude::PredicateBooleanExt as _;
use predicates::str::contains;

/// A file of the fixtures; `None` with a printed note if it is absent.
#[allow(clippy::print_stderr, reason = "a skipped test says so")]
fn fixture(name: &str) -> Option<PathBuf> {
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/fixtures")).join(name);
    let found = path.exists().then_some(path);
    if found.is_none() {
        eprintln!("skipped: fixtures absent");
    }
    found
}

const TENTS: &str = "weights/tent-detection/cli-tent-detector/models/UNet.pth";

/// The array `logits` of a `.npz`, which stores it uncompressed: `[512, 512]`.
fn reference_logits(file: &Path) -> Vec<f32> {
    let bytes = fs::read(file).unwrap();
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    let mut array = Vec::new();
    std::io::Read::read_to_end(&mut archive.by_name("logits.npy").unwrap(), &mut array).unwrap();
    let header = u16::from_le_bytes([array[8], array[9]]) as usize;
    array[10 + header..].chunks_exact(4).map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap())).collect()
}

/// Our logits of an image file.
fn logits_of(network: Network, image: &Path) -> Vec<f32> {
    let (picture, table) = (image::open(image).unwrap().to_rgb8(), normalize::table());
    let (width, height) = picture.dimensions();
    let band = |band: usize| picture.pixels().map(move |pixel| table[band][usize::from(pixel[band])]);
    let values: Vec<f32> = (0..3).flat_map(band).collect();
    let device = Device::flex();
    let net = Net::new(&network.config.model, network.classes.len(), &device).with_tensors(network.tensors).unwrap();
    let images = Tensor::from_data(TensorData::new(values, [1, 3, height as usize, width as usize]), &device);
    net.forward(images).into_data().try_to_vec().unwrap()
}

/// Decoders of JPEG differ by a level here and there; PyTorch's were given PIL's pixels.
#[test]
fn the_tent_network_gives_its_reference_logits() {
    let (Some(file), Some(image)) = (fixture(TENTS), fixture("sarpol-tents/data/images/sarpol_001.jpg")) else {
        return;
    };
    let reference = fixture("weights/tent-detection/ref_logits_sarpol_001.npz").unwrap();
    let imported = import::read(&fs::read(file).unwrap(), Unsaid::default()).unwrap();
    assert_eq!(imported.notes, ["its one logit z becomes the logits 0 and z of two classes"]);
    let model = &imported.network.config.model;
    assert_eq!((model.base, model.levels, model.colors), (16, 3, Colors::Unit));
    let (ours, theirs) = (logits_of(imported.network, &image), reference_logits(&reference));
    let (zeros, ours) = ours.split_at(theirs.len());
    assert!(zeros.iter().all(|logit| *logit == 0.0));
    let mean = ours.iter().zip(&theirs).map(|(a, b)| f64::from((a - b).abs())).sum::<f64>() / theirs.len() as f64;
    let largest = difference(ours, &theirs);
    assert!(mean < 2e-3 && largest < 0.25, "mean {mean}, largest {largest}");
}

#[test]
fn a_network_of_another_shape_is_refused_by_its_layer() {
    let Some(file) = fixture("weights/sentinel_cloud_coverage/outputs/unet.pth") else { return };
    let refused = import::read(&fs::read(&file).unwrap(), Unsaid::default()).unwrap_err();
    assert!(refused.contains("conv1.0.weight has windows of 7×7 pixels"), "{refused}");
    assert!(refused.contains("upconv1.0.weight up-samples with windows of 3×3 pixels"), "{refused}");
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("run");
    let mut command = pointillist();
    command.arg("import").arg(&file).arg("--out").arg(&out);
    command.assert().failure().stderr(contains("conv1.0.weight").and(contains("unet.pth")));
    assert!(!out.exists(), "nothing is left behind");
}

#[test]
fn an_own_export_comes_back_as_the_same_network() {
    let dir = tempfile::tempdir().unwrap();
    for (index, network) in networks::all().into_iter().enumerate() {
        let bytes = safetensors_file::write(&network).unwrap();
        let imported = import::read(&bytes, Unsaid::default()).unwrap();
        assert!(imported.says_all && imported.notes.is_empty());
        let out = dir.path().join(index.to_string());
        imported::save(imported.network, Path::new("net.safetensors"), &out).unwrap();
        let run = FinishedRun::open(&out).unwrap();
        let again = exported::network(&run, run.nearest(Checkpoint::Best)).unwrap();
        assert_eq!((&again.classes, &again.predicts), (&network.classes, &network.predicts));
        assert_eq!(again.config.model, network.config.model);
        let (values, size) = (input([32, 64]), [32, 64]);
        assert_eq!(logits(&again, &values, size), logits(&network, &values, size));
        assert_eq!(safetensors_file::write(&again).unwrap(), bytes, "and exports to the same file");
    }
}

#[test]
fn the_command_line_imports_predicts_and_exports() {
    let Some(file) = fixture(TENTS) else { return };
    let image = fixture("sarpol-tents/data/images/sarpol_119.jpg").unwrap();
    let dir = tempfile::tempdir().unwrap();
    let (run, maps) = (dir.path().join("tents"), dir.path().join("maps"));
    let import = || {
        let mut command = pointillist();
        command.arg("import").arg(&file).arg("--out").arg(&run);
        command
    };
    import().args(["--classes", "a,b,c"]).assert().failure().stderr(contains("2 classes apart, and 3 are given"));
    let done = import().args(["--classes", "ground,tent"]).assert().success();
    done.stdout(contains("one logit z").and(contains("16 base channels, classes ground, tent")));
    import().assert().failure().stderr(contains("not empty"));
    let mut predict = pointillist();
    predict.arg("predict").arg("--run").arg(&run).arg(&image).arg("--out").arg(&maps).args(["--device", "cpu"]);
    predict.assert().success();
    let map = image::open(maps.join("sarpol_119_classes.png")).unwrap().to_luma8();
    let tents = map.pixels().filter(|pixel| pixel[0] == 1).count();
    assert!((6200..6800).contains(&tents), "PyTorch finds 6474 pixels of tents in the whole image, {tents} here");
    let mut export = pointillist();
    export.args(["export", "--format", "safetensors", "--run"]).arg(&run).arg(dir.path().join("net.safetensors"));
    export.assert().success().stdout(contains("The last checkpoint"));
    export.assert().failure().stderr(contains("--overwrite"));
    let mut again = pointillist();
    again.arg("import").arg(dir.path().join("net.safetensors")).arg("--out").arg(dir.path().join("again"));
    again.assert().success().stdout(contains("classes ground, tent"));
}
