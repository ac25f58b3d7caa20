//! Overhead of the engine over a bare training loop, and its share of waiting for the loader: `cargo bench --bench overhead`.
//!
//! Both train the same model, kernels included, on the same crop size, in turn (A B A B …).
#![allow(clippy::print_stdout, reason = "a bench prints its figures")]
#![allow(clippy::unwrap_used, reason = "a bench may panic")]

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use burn::Tensor;
use burn::optim::{AdamWConfig, GradientsParams};
use burn::tensor::{Device, Distribution, Int, activation};
use pointillist::domain::RunConfig;
use pointillist::domain::config::{DeviceChoice, InputSize, Length, ModelConfig};
use pointillist::engine::{Command, EngineHandle, EventKind, priority};
use pointillist::model::Net;

const ROUNDS: usize = 4;
const STEPS: usize = 8;
const BATCH: usize = 4;

fn main() {
    priority::start_compute_pool();
    for (base, crop) in [(8, 96), (16, 128)] {
        let model = ModelConfig { base, levels: 4, ..ModelConfig::default() };
        let (mut plain, mut ours, mut waiting) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            plain.extend(bare_loop(&model, crop));
            let (secs, waits) = engine(&model, crop);
            ours.extend(secs);
            waiting.extend(waits);
        }
        let (plain, ours, waiting) = (median(plain), median(ours), median(waiting));
        println!(
            "U-Net base {base}, 4 levels, batch {BATCH}×3×{crop}²: bare loop {plain:.3} s, engine {ours:.3} s, ratio {:.3}; \
             waiting for the loader {:.2} %",
            ours / plain,
            waiting * 100.0
        );
    }
}

/// Seconds a step of a bare loop: forward, cross-entropy over every pixel, backward, AdamW.
fn bare_loop(model: &ModelConfig, crop: usize) -> Vec<f64> {
    let device = Device::flex().autodiff();
    let mut net = Net::new(model, 7, &device);
    let mut optimizer = AdamWConfig::new().init();
    let images = Tensor::<4>::random([BATCH, 3, crop, crop], Distribution::Default, &device);
    let classes = Tensor::<4, Int>::zeros([BATCH, 1, crop, crop], &device);
    let mut step = || {
        let began = Instant::now();
        let loss = activation::log_softmax(net.forward(images.clone()), 1).gather(1, classes.clone()).mean().neg();
        let gradients = GradientsParams::from_grads(loss.backward(), &net);
        net = optimizer.step(1e-3, net.clone(), gradients);
        let _: f32 = loss.into_scalar();
        began.elapsed().as_secs_f64()
    };
    step(); // warm-up
    (0..STEPS).map(|_| step()).collect()
}

/// Seconds a step, and the share of waiting, as the engine reports them on the demo scenes.
fn engine(model: &ModelConfig, crop: usize) -> (Vec<f64>, Vec<f64>) {
    let out = tempfile::tempdir().unwrap();
    let mut config = RunConfig { device: DeviceChoice::Cpu, model: model.clone(), ..RunConfig::demo() };
    config.data = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/demo");
    config.train.input = InputSize::Crop(crop as u32);
    config.train.batch = BATCH;
    config.train.length = Length::Steps(STEPS as u64 + 1);
    config.val_ratio = 0.0;
    let engine = EngineHandle::start(Arc::new(|| {})).unwrap();
    engine.send(Command::Start { run: 1, config: Box::new(config), out: out.path().join("run") });
    let (mut secs, mut waiting) = (Vec::new(), Vec::new());
    while let Some(event) = engine.wait_event() {
        match event.kind {
            EventKind::Step(step) if step.step > 1 => {
                secs.push(f64::from(step.step_secs));
                waiting.push(f64::from(step.waiting));
            }
            EventKind::Finished(_) => break,
            EventKind::Failed(why) => panic!("{why}"),
            _ => {}
        }
    }
    (secs, waiting)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
