//! Networks of other programs become runs.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod command;
mod networks;
mod python;

use std::fs;
use std::io::Write as _;
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

/// A file of the fixtures. `None` is told on standard error, which no test hides.
fn fixture(name: &str) -> Option<PathBuf> {
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/fixtures")).join(name);
    let found = path.exists().then_some(path);
    if found.is_none() {
        writeln!(std::io::stderr(), "SKIPPED: the fixture {name} is absent").ok();
    }
    found
}

const TENTS: &str = "weights/tent-detection/cli-tent-detector/models/UNet.pth";

/// Logits of PyTorch for `sarpol_001`, at rows and columns 32, 96, 160, … of 512.
const TENT_LOGITS: [[f32; 8]; 8] = [
    [-4.5813, -4.6344, -4.5540, -4.6174, -4.3614, -4.6609, -4.6298, -4.4702],
    [-4.6005, -4.6110, -4.6151, -4.6729, -4.6548, -4.6388, -4.6546, -4.6384],
    [-4.5760, -4.5191, -4.5141, -4.6682, -4.5281, -4.5667, -4.6039, -4.3879],
    [-4.6174, -4.5919, -4.5701, -4.8312, -4.6303, -4.6751, -4.5835, -4.6285],
    [-4.5569, -4.5790, -4.6130, -4.5696, -4.5495, -4.5570, -4.6723, -4.5745],
    [-4.5588, -4.5560, -4.5720, -4.5788, -4.6472, -4.5160, -4.5595, -4.6114],
    [-4.4103, -4.5543, -4.5544, -4.6033, -4.5575, -4.5903, -4.5701, -4.5301],
    [-4.5596, -4.5559, -4.4852, -4.5600, -4.7197, -4.6158, -4.6173, -4.6145],
];

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

/// Decoders of JPEG differ by a level here and there, and PyTorch was given PIL's pixels.
#[test]
fn the_tent_network_gives_its_reference_logits() {
    let (Some(file), Some(image)) = (fixture(TENTS), fixture("sarpol-tents/data/images/sarpol_001.jpg")) else {
        return;
    };
    let imported = import::read(&fs::read(file).unwrap(), Unsaid::default()).unwrap();
    assert_eq!(imported.notes[0], "its one logit z becomes the logits 0 and z of two classes");
    assert!(imported.notes[1].contains("sees colours: unit is assumed") && imported.notes.len() == 2);
    let model = &imported.network.config.model;
    assert_eq!((model.base, model.levels, model.colors), (16, 3, Colors::Unit));
    let logits = logits_of(imported.network, &image);
    let (zeros, ours) = logits.split_at(512 * 512);
    assert!(zeros.iter().all(|logit| *logit == 0.0));
    let at = |row: usize, column: usize| ours[(32 + 64 * row) * 512 + 32 + 64 * column];
    let grid: Vec<f32> = (0..8).flat_map(|row| (0..8).map(move |column| at(row, column))).collect();
    let difference = difference(&grid, TENT_LOGITS.as_flattened());
    assert!(difference < 0.02, "{difference}");
}

/// The tent network in PyTorch, from its file alone.
const TWIN: &str = "
import sys, torch
import torch.nn.functional as F
w = torch.load(sys.argv[1], map_location='cpu', weights_only=True)
mean, std = (torch.tensor(v).view(1, 3, 1, 1) for v in ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]))

def block(x, name):
    for conv, norm in ((0, 1), (3, 4)):
        x = F.conv2d(x, w[f'{name}.{conv}.weight'], w.get(f'{name}.{conv}.bias'), padding=1)
        part = lambda what: w[f'{name}.{norm}.{what}']
        x = F.relu(F.batch_norm(x, part('running_mean'), part('running_var'), part('weight'), part('bias')))
    return x

images = torch.frombuffer(bytearray(open('in.bin', 'rb').read()), dtype=torch.float32).view(1, 3, 64, 96)
x, skips = images * std + mean, []
for level in range(3):
    x = block(F.max_pool2d(x, 2) if level else x, f'encoder.encoder_blocks.{level}.double_conv2d')
    skips.append(x)
skips.pop()
for step in range(2):
    up = F.conv_transpose2d(x, w[f'decoder.up_convs.{step}.weight'], w[f'decoder.up_convs.{step}.bias'], stride=2)
    x = block(torch.cat([up, skips.pop()], 1), f'decoder.decoder_blocks.{step}.double_conv2d')
x = F.conv2d(x, w['head.weight'], w['head.bias'])
open('out.bin', 'wb').write(x.contiguous().numpy().tobytes())
";

/// Without a JPEG in between both compute the same.
#[test]
fn the_tent_network_gives_pytorch_s_logits() {
    let Some(python) = python::with("torch, numpy", "the tent network in PyTorch") else { return };
    let Some(file) = fixture(TENTS) else { return };
    let dir = tempfile::tempdir().unwrap();
    let network = import::read(&fs::read(&file).unwrap(), Unsaid::default()).unwrap().network;
    let (values, size) = (input(&network, [64, 96]), [64, 96]);
    python::write_floats(&dir.path().join("in.bin"), &values);
    python::run(&python, TWIN, &[&fs::canonicalize(&file).unwrap().display().to_string()], dir.path());
    let ours = logits(&network, &values, size);
    let difference = difference(&ours[64 * 96..], &python::read_floats(&dir.path().join("out.bin")));
    assert!(difference < 1e-4, "{difference}");
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
        assert!(fs::read_to_string(out.join("summary.json")).unwrap().contains("\"imported\""));
        let (values, size) = (input(&network, [32, 64]), [32, 64]);
        assert_eq!(logits(&again, &values, size), logits(&network, &values, size));
        assert_eq!(safetensors_file::write(&again).unwrap(), bytes, "and exports to the same file");
    }
}

#[test]
fn a_network_of_other_bands_is_kept_and_not_shown_any_data() {
    let dir = tempfile::tempdir().unwrap();
    let (run, image) = (dir.path().join("run"), dir.path().join("x.png"));
    let network = networks::all().into_iter().find(|network| network.config.model.in_channels == 4).unwrap();
    imported::save(network, Path::new("net.safetensors"), &run).unwrap();
    image::RgbImage::new(32, 32).save(&image).unwrap();
    let mut predict = pointillist();
    predict
        .args(["predict", "--device", "cpu", "--run"])
        .arg(&run)
        .arg(&image)
        .arg("--out")
        .arg(dir.path().join("maps"));
    predict.assert().failure().stderr(contains("deliver 3 bands, and the network takes 4"));
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
    let mut evaluate = pointillist();
    evaluate.args(["evaluate", "--run"]).arg(&run).assert().failure().stderr(contains("name one with --data"));
    let map = image::open(maps.join("sarpol_119_classes.png")).unwrap().to_luma8();
    let tents = map.pixels().filter(|pixel| pixel[0] == 1).count();
    assert!((6200..6800).contains(&tents), "PyTorch finds 6474 pixels of tents in the whole image, {tents} here");
    let mut export = pointillist();
    export.args(["export", "--format", "safetensors", "--run"]).arg(&run).arg(dir.path().join("net.safetensors"));
    export.assert().success().stdout(contains("The last checkpoint"));
    export.assert().failure().stderr(contains("--overwrite"));
    let onnx = |more: &[&str]| {
        let mut command = pointillist();
        command.args(["export", "--run"]).arg(&run).arg(dir.path().join("net.onnx")).args(more);
        command.assert()
    };
    onnx(&["--format", "onnx", "--tile", "510"]).failure().stderr(contains("multiple of 4"));
    onnx(&["--format", "safetensors", "--tile", "512"]).failure().stderr(contains("--format onnx"));
    onnx(&["--format", "onnx", "--resolution", "0"]).failure().stderr(contains("above 0"));
    assert!(!dir.path().join("net.onnx").exists());
    onnx(&["--format", "onnx", "--tile", "512", "--resolution", "15"]).success();
    let mut again = pointillist();
    again.arg("import").arg(dir.path().join("net.safetensors")).arg("--out").arg(dir.path().join("again"));
    again.assert().success().stdout(contains("classes ground, tent"));
}

/// Two tiles without masks, whose folder names two classes.
fn project(root: &Path) {
    fs::create_dir(root).unwrap();
    for name in ["a.png", "b.png"] {
        image::RgbImage::from_pixel(32, 32, image::Rgb([90, 120, 60])).save(root.join(name)).unwrap();
    }
    let classes =
        "[[class]]\nname = \"ground\"\ncolor = \"#102030\"\n[[class]]\nname = \"tent\"\ncolor = \"#405060\"\n";
    fs::write(root.join("pointillist.toml"), classes).unwrap();
}

#[test]
fn the_folder_of_a_run_must_exist_and_have_its_classes() {
    let Some(file) = fixture(TENTS) else { return };
    let dir = tempfile::tempdir().unwrap();
    let (tiles, run) = (dir.path().join("tiles"), dir.path().join("run"));
    project(&tiles);
    let import = |data: &Path, more: &[&str]| {
        let mut command = pointillist();
        command.arg("import").arg(&file).arg("--out").arg(&run).arg("--data").arg(data).args(more);
        command.assert()
    };
    import(&dir.path().join("tlies"), &[]).failure().stderr(contains("tlies"));
    import(&tiles, &["--classes", "ground,tree"]).failure().stderr(contains("'tree' is missing"));
    assert!(!run.exists(), "nothing is left behind");
    import(&tiles, &["--classes", "tent,ground"]).success();
    let imported = FinishedRun::open(&run).unwrap();
    let shown: Vec<_> = imported.classes.iter().map(|class| (class.name.as_str(), class.color)).collect();
    assert_eq!(shown, [("tent", [0x40, 0x50, 0x60]), ("ground", [0x10, 0x20, 0x30])], "as the project shows them");
    assert_eq!(imported.config.data, std::path::absolute(&tiles).unwrap());
}

#[test]
fn an_export_makes_no_folder_in_vain() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("results/net.onnx");
    let mut export = pointillist();
    export.args(["export", "--format", "onnx", "--run"]).arg(dir.path().join("no run")).arg(&out);
    export.assert().failure().stderr(contains("no run"));
    assert!(!dir.path().join("results").exists());
}
