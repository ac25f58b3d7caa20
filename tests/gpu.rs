//! The GPU path without a GPU: the same Vulkan kernels on SwiftShader, a driver in software that comes with Chromium.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::time::Duration;

use assert_cmd::Command;
use burn::Tensor;
use burn::tensor::{Device, TensorData};
use pointillist::domain::config::DeviceChoice;
use pointillist::domain::hash::Stream;
use pointillist::engine::device::Devices;
use pointillist::train::loss::{GatedCrf, Mixture, Scene, Targets, gated_crf, mixture};

/// Where Debian's `chromium` has the driver's description.
const DRIVER: &str = "/usr/lib/chromium/vk_swiftshader_icd.json";

fn pointillist() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pointillist"));
    command.timeout(Duration::from_secs(1200)).env("VK_DRIVER_FILES", DRIVER);
    command
}

#[test]
#[ignore = "the first step tries kernels for minutes: cargo test --release --test gpu -- --ignored"]
#[allow(clippy::print_stderr, reason = "a skipped test says so")]
fn a_run_on_swiftshader_trains_and_its_checkpoint_scores_alike_on_the_cpu() {
    if !Path::new(DRIVER).exists() {
        eprintln!("skipped: SwiftShader is not installed ({DRIVER})");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let run = dir.path().join("run");
    pointillist()
        .args(["train", "--device", "swiftshader", "--base", "4", "--levels", "2", "--crop", "32", "--batch", "1"])
        .args(["--steps", "2", "--data", concat!(env!("CARGO_MANIFEST_DIR"), "/data/demo"), "--out"])
        .arg(&run)
        .assert()
        .success();
    let summary: serde_json::Value = serde_json::from_slice(&std::fs::read(run.join("summary.json")).unwrap()).unwrap();
    assert_eq!((&summary["outcome"], &summary["steps"]), (&"completed".into(), &2.into()), "{summary}");
    assert_eq!(summary["device"]["is_gpu"], true, "{summary}");
    assert!(summary["device"]["name"].as_str().unwrap().contains("SwiftShader"), "{summary}");

    let on_cpu = pointillist().args(["evaluate", "--json", "--device", "cpu", "--run"]).arg(&run).output().unwrap();
    let scores: serde_json::Value = serde_json::from_slice(&on_cpu.stdout).unwrap();
    let (gpu, cpu) = (summary["best_miou"].as_f64().unwrap(), scores["miou"].as_f64().unwrap());
    assert!((gpu - cpu).abs() < 1e-3, "one network, two devices: {gpu} and {cpu}");
}

const LOSSES: &str = "every_term_of_the_loss_is_the_same_on_swiftshader_and_on_the_cpu";

/// The driver is found only if the process starts with its variable: the test starts itself again with that.
#[test]
#[ignore = "the first step tries kernels for minutes: cargo test --release --test gpu -- --ignored"]
#[allow(clippy::print_stderr, reason = "a skipped test says so")]
fn every_term_of_the_loss_is_the_same_on_swiftshader_and_on_the_cpu() {
    if !Path::new(DRIVER).exists() {
        eprintln!("skipped: SwiftShader is not installed ({DRIVER})");
        return;
    }
    if std::env::var("VK_DRIVER_FILES").as_deref() != Ok(DRIVER) {
        let mut again = Command::new(std::env::current_exe().unwrap());
        again.env("VK_DRIVER_FILES", DRIVER).args(["--ignored", "--exact", LOSSES]).assert().success();
        return;
    }
    let opened = Devices::default().open(&DeviceChoice::Named("swiftshader".to_owned())).unwrap();
    assert!(opened.info.name.contains("SwiftShader"), "{:?}", opened.info);
    for terms in each_term() {
        let [gpu, cpu] =
            [opened.device.clone(), Device::flex()].map(|device| loss_and_gradient(&terms, &device.autodiff()));
        for (at, (gpu, cpu)) in gpu.iter().zip(&cpu).enumerate() {
            assert!((gpu - cpu).abs() < 1e-5, "{terms:?} at {at}: {gpu} for {cpu}");
        }
    }
    let [gpu, cpu] = [opened.device, Device::flex()].map(|device| crf_and_gradient(&device.autodiff()));
    for (at, (gpu, cpu)) in gpu.iter().zip(&cpu).enumerate() {
        assert!((gpu - cpu).abs() < 1e-5 * cpu.abs().max(1.0), "gated CRF at {at}: {gpu} for {cpu}");
    }
}

fn each_term() -> [Mixture; 6] {
    [
        Mixture { cross_entropy: 1.0, ..Mixture::NONE },
        Mixture { cross_entropy: 1.0, label_smoothing: 0.1, ..Mixture::NONE },
        Mixture { focal: 1.0, ..Mixture::NONE },
        Mixture { dice: 1.0, ..Mixture::NONE },
        Mixture { jaccard: 1.0, ..Mixture::NONE },
        Mixture { error_dice: 1.0, ..Mixture::NONE },
    ]
}

/// The gated CRF of a batch of which not all exists, followed by the gradient of its logits.
fn crf_and_gradient(device: &Device) -> Vec<f32> {
    let shape = [2, 4, 16, 24];
    let mut random = Stream::new(12);
    let logits: Vec<f32> = (0..shape.iter().product()).map(|_| 6.0 * random.unit() - 3.0).collect();
    let colours: Vec<f32> = (0..2 * 3 * 16 * 24).map(|_| 0.3 * random.unit()).collect();
    let exists: Vec<bool> = (0..2 * 16 * 24).map(|_| random.below(9) > 0).collect();
    let scene = Scene { colours: &colours, exists: &exists, competes: &[true, true, true, false] };
    let logits = Tensor::<4>::from_data(TensorData::new(logits, shape), device).require_grad();
    let loss = gated_crf(logits.clone(), scene, &GatedCrf { radius: 5, sigma_xy: 6.0, sigma_rgb: 0.1, grid: 2 });
    let gradient = logits.grad(&loss.backward()).unwrap().into_data().try_to_vec::<f32>().unwrap();
    [vec![loss.into_scalar::<f32>()], gradient].concat()
}

/// The loss of a sparsely labelled batch, followed by the gradient of its logits.
fn loss_and_gradient(terms: &Mixture, device: &Device) -> Vec<f32> {
    let shape = [2, 4, 16, 24];
    let mut random = Stream::new(11);
    let logits: Vec<f32> = (0..shape.iter().product()).map(|_| random.below(600) as f32 / 100.0 - 3.0).collect();
    let label = |random: &mut Stream| if random.below(5) == 0 { random.below(3) as u8 } else { 255 };
    let indices: Vec<u8> = (0..2 * 16 * 24).map(|_| label(&mut random)).collect();
    let targets =
        Targets { indices: &indices, class_weights: &[0.5, 1.0, 2.0, 3.0], competes: &[true, true, true, false] };
    let logits = Tensor::<4>::from_data(TensorData::new(logits, shape), device).require_grad();
    let loss = mixture(logits.clone(), targets, terms);
    let gradient = logits.grad(&loss.backward()).unwrap().into_data().try_to_vec::<f32>().unwrap();
    [vec![loss.into_scalar::<f32>()], gradient].concat()
}
