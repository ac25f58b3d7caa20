//! The GPU path without a GPU: the same Vulkan kernels on SwiftShader, a driver in software that comes with Chromium.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::slice;
use std::time::Duration;

use assert_cmd::Command;
use burn::Tensor;
use burn::module::{Module as _, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::store::ModuleRecord;
use burn::tensor::{Device, FloatDType, TensorData};
use pointillist::data::feed::batch::Batch;
use pointillist::domain::config::{DeviceChoice, Encoder, ModelConfig, Norm, Precision, TrainConfig, Upsampling};
use pointillist::domain::hash::Stream;
use pointillist::engine::device::{Devices, OpenDevice};
use pointillist::model::Net;
use pointillist::train::loss::{GatedCrf, Mixture, Scene, Targets, gated_crf, mixture};
use pointillist::train::precision;
use pointillist::train::trainer::Trainer;
use pointillist::train::weighting::ClassTerms;

/// What a loss is multiplied with for its gradients, so that small ones do not round to 0 in f16.
const LOSS_SCALE: f64 = 1024.0;
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

#[test]
#[allow(clippy::print_stderr, reason = "a skipped test says so")]
fn mixed_precision_is_refused_on_a_device_that_computes_in_32_bits_alone() {
    if !Path::new(DRIVER).exists() {
        eprintln!("skipped: SwiftShader is not installed ({DRIVER})");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let run = dir.path().join("run");
    let mut train = pointillist();
    train.args(["train", "--device", "swiftshader", "--precision", "mixed", "--preset", "demo"]);
    train.args(["--data", concat!(env!("CARGO_MANIFEST_DIR"), "/data/demo"), "--out"]).arg(&run);
    let told = String::from_utf8(train.assert().failure().get_output().stderr.clone()).unwrap();
    assert!(told.contains("does not compute in 16 bits") && told.contains("--precision f32"), "{told}");
    assert!(!run.exists());
}

/// SwiftShader; `None` if it is not installed, or `test` has passed in another process: the driver is found only if a process starts with
/// its variable.
#[allow(clippy::print_stderr, reason = "a skipped test says so")]
fn swiftshader(test: &str) -> Option<OpenDevice> {
    if !Path::new(DRIVER).exists() {
        eprintln!("skipped: SwiftShader is not installed ({DRIVER})");
        return None;
    }
    if std::env::var("VK_DRIVER_FILES").as_deref() != Ok(DRIVER) {
        let mut again = Command::new(std::env::current_exe().unwrap());
        again.env("VK_DRIVER_FILES", DRIVER).env("CUBECL_AUTOTUNE_LEVEL", "minimal");
        again.args(["--ignored", "--exact", test]).assert().success();
        return None;
    }
    let opened = Devices::default().open(&DeviceChoice::Named("swiftshader".to_owned())).unwrap();
    assert!(opened.info.name.contains("SwiftShader"), "{:?}", opened.info);
    Some(opened)
}

#[test]
#[ignore = "the first step tries kernels for minutes: cargo test --release --test gpu -- --ignored"]
fn every_term_of_the_loss_is_the_same_on_swiftshader_and_on_the_cpu() {
    let Some(opened) = swiftshader("every_term_of_the_loss_is_the_same_on_swiftshader_and_on_the_cpu") else { return };
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

#[test]
#[ignore = "the first step tries kernels for minutes: cargo test --release --test gpu -- --ignored"]
fn group_norm_and_nearest_up_sampling_are_the_same_on_swiftshader_and_on_the_cpu() {
    const NAME: &str = "group_norm_and_nearest_up_sampling_are_the_same_on_swiftshader_and_on_the_cpu";
    let Some(opened) = swiftshader(NAME) else { return };
    let devices = [opened.device, Device::flex()].map(Device::autodiff);
    let small = ModelConfig { base: 4, levels: 2, ..ModelConfig::default() };
    let group = ModelConfig { norm: Norm::Group, ..small.clone() };
    for model in [group, ModelConfig { upsampling: Upsampling::Nearest, ..small }] {
        let [on_gpu, on_cpu] = on_both(&model, &devices);
        let gpu = logits_and_gradients(&on_gpu, &devices[0], FloatDType::F32, [1, 32]);
        let cpu = logits_and_gradients(&on_cpu, &devices[1], FloatDType::F32, [1, 32]);
        assert_eq!(gpu.len(), cpu.len());
        for (at, (gpu, cpu)) in gpu.iter().zip(&cpu).enumerate() {
            let largest = cpu.iter().fold(0.0_f32, |largest, value| largest.max(value.abs()));
            let off = gpu.iter().zip(cpu).fold(0.0_f32, |off, (gpu, cpu)| off.max((gpu - cpu).abs()));
            assert!(largest > 0.0 && off <= 5e-4 * largest + 1e-6, "{model:?}, tensor {at}: off by {off} of {largest}");
        }
    }
}

#[test]
#[ignore = "the first step tries kernels for minutes: cargo test --release --test gpu -- --ignored"]
fn a_step_on_the_pretrained_encoder_is_the_same_on_swiftshader_and_on_the_cpu() {
    const NAME: &str = "a_step_on_the_pretrained_encoder_is_the_same_on_swiftshader_and_on_the_cpu";
    let Some(opened) = swiftshader(NAME) else { return };
    let devices = [opened.device, Device::flex()].map(Device::autodiff);
    let model = ModelConfig { encoder: Encoder::Lite0, base: 4, levels: 5, ..ModelConfig::default() };
    let [on_gpu, on_cpu] = on_both(&model, &devices);
    let [gpu, cpu] = devices;
    let (gpu, cpu) = (first_loss(on_gpu, gpu), first_loss(on_cpu, cpu));
    assert!((gpu - cpu).abs() < 1e-5 * cpu.abs().max(1.0), "{gpu} for {cpu}");
}

/// Numbers in f16 differ in their fourth digit, and some pixels take another way through ReLU and max-pooling: how much that changes the
/// gradients of noise is seen on the CPU.
#[test]
#[ignore = "needs a GPU, and the first steps try kernels for minutes: cargo test --release --test gpu mixed -- --ignored"]
#[allow(clippy::print_stderr, reason = "a skipped test says so")]
fn gradients_of_mixed_precision_on_a_gpu_are_those_of_the_cpu() {
    let gpu = Devices::default().open(&DeviceChoice::Gpu).ok().filter(|gpu| precision::computes_in_f16(&gpu.device));
    let Some(gpu) = gpu else {
        eprintln!("skipped: no GPU here computes in 16 bits");
        return;
    };
    let devices = [gpu.device, Device::flex()].map(Device::autodiff);
    let small = ModelConfig { base: 8, levels: 3, ..ModelConfig::default() };
    let pretrained = ModelConfig { encoder: Encoder::Lite0, base: 8, ..ModelConfig::default() };
    for (model, images) in [(small, [2, 64]), (pretrained, [2, 128])] {
        let [on_gpu, on_cpu] = on_both(&model, &devices);
        let [exact, rounded] = [FloatDType::F32, FloatDType::F16]
            .map(|numbers| logits_and_gradients(&on_cpu, &devices[1], numbers, images));
        let [alike, close] = [FloatDType::F32, FloatDType::F16]
            .map(|numbers| logits_and_gradients(&on_gpu, &devices[0], numbers, images));
        let on_cpu = off(&rounded, &exact);
        for (at, (alike, close)) in off(&alike, &exact).into_iter().zip(off(&close, &exact)).enumerate() {
            assert!(alike < 1e-3, "{model:?} in f32, tensor {at}: {alike}");
            assert!(
                close < 1.5 * on_cpu[at] + 0.02,
                "{model:?} in f16, tensor {at}: {close}, on the CPU {}",
                on_cpu[at]
            );
        }
    }
}

/// How far each tensor is from the exact one, as a share of its length. Gradients that are nothing but rounding are measured against the
/// others.
fn off(found: &[Vec<f32>], exact: &[Vec<f32>]) -> Vec<f64> {
    assert_eq!(found.len(), exact.len());
    let longest = exact[1..].iter().fold(0.0, |longest: f64, gradient| longest.max(length(gradient)));
    let share = |(found, exact): (&Vec<f32>, &Vec<f32>)| distance(found, exact) / (length(exact) + 0.01 * longest);
    found.iter().zip(exact).map(share).collect()
}

fn length(values: &[f32]) -> f64 {
    values.iter().map(|value| f64::from(*value).powi(2)).sum::<f64>().sqrt()
}

fn distance(a: &[f32], b: &[f32]) -> f64 {
    assert_eq!(a.len(), b.len());
    length(&a.iter().zip(b).map(|(a, b)| a - b).collect::<Vec<_>>())
}

/// A network on each of two devices, with the same weights.
fn on_both(model: &ModelConfig, [gpu, cpu]: &[Device; 2]) -> [Net; 2] {
    cpu.seed(11);
    let on_cpu = Net::new(model, 3, cpu);
    let weights = on_cpu.valid().into_record().into_bytes().unwrap();
    let on_gpu = Net::new(model, 3, gpu).try_load_record(ModuleRecord::from_bytes(weights).unwrap()).unwrap();
    [on_gpu, on_cpu]
}

/// Images of noise, `[count, 3, side, side]`, and a label for each pixel.
fn noise(count: usize, side: usize) -> (Vec<f32>, Vec<u8>) {
    let mut random = Stream::new(13);
    let images = (0..count * 3 * side * side).map(|_| 2.0 * random.unit() - 1.0).collect();
    (images, (0..count * side * side).map(|_| random.below(3) as u8).collect())
}

/// The logits of images of noise, then the gradient of the loss for each parameter. Convolutions compute in `numbers`.
fn logits_and_gradients(net: &Net, device: &Device, numbers: FloatDType, [count, side]: [usize; 2]) -> Vec<Vec<f32>> {
    let (images, labels) = noise(count, side);
    let images = Tensor::<4>::from_data(TensorData::new(images, [count, 3, side, side]), device);
    let logits = net.forward(images.cast(numbers)).cast(FloatDType::F32);
    let targets = Targets { indices: &labels, class_weights: &[1.0; 3], competes: &[true; 3] };
    let loss = mixture(logits.clone(), targets, &Mixture { cross_entropy: 1.0, ..Mixture::NONE });
    let gradients = GradientsParams::from_grads((loss * LOSS_SCALE).backward(), net);
    let mut collect = Collect { gradients: &gradients, found: vec![logits.into_data().try_to_vec().unwrap()] };
    net.visit(&mut collect);
    collect.found
}

/// The gradient of each parameter.
struct Collect<'a> {
    gradients: &'a GradientsParams,
    found: Vec<Vec<f32>>,
}

impl ModuleVisitor for Collect<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if param.is_require_grad() {
            let gradient = self.gradients.get::<D>(param.id).expect("every parameter has a gradient") / LOSS_SCALE;
            self.found.push(gradient.into_data().try_to_vec().unwrap());
        }
    }
}

/// The loss of a whole training step on two images.
fn first_loss(net: Net, device: Device) -> f32 {
    let (images, labels) = noise(2, 128);
    let batch = Batch::new(images, labels, 128);
    let config = TrainConfig { precision: Precision::F32, ..TrainConfig::default() };
    Trainer::new(net, &config, device).step(slice::from_ref(&batch), &ClassTerms::equal(3), 1e-3)
}
