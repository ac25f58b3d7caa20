//! Timing of a step, training or inference, on random images. No loader, window or files are involved.

use std::slice;
use std::time::Instant;

use burn::module::Module;
use burn::tensor::{Tensor, TensorData};
use serde::Serialize;

use super::device::Devices;
use super::refusal::Refusal;
use crate::data::feed::batch::Batch;
use crate::domain::config::{DeviceChoice, InputSize, ModelConfig, Precision, TrainConfig};
use crate::domain::hash::Stream;
use crate::domain::{Choice as _, UNLABELLED};
use crate::model::{IN_CHANNELS, Net};
use crate::train::trainer::Trainer;
use crate::train::weighting::ClassTerms;

/// Steps before timing starts: memory is allocated, and a GPU tunes its kernels.
const WARM_UP: usize = 4;
/// One pixel in this many is labelled.
const SPARSITY: usize = 10;

/// What to time.
#[derive(Debug, Clone)]
pub struct BenchConfig {
    /// Inference instead of training.
    pub infer: bool,
    /// The network.
    pub model: ModelConfig,
    /// Number of classes.
    pub classes: usize,
    /// Side of the images, pixels.
    pub size: u32,
    /// Images per step.
    pub batch: usize,
    /// Steps to time.
    pub steps: usize,
    /// What a training step consists of.
    pub training: TrainConfig,
    /// Where to compute.
    pub device: DeviceChoice,
}

/// The timings.
#[derive(Debug, Clone, Serialize)]
pub struct BenchReport {
    /// This program and its version.
    pub engine: String,
    /// Name and backend of the device.
    pub device: String,
    /// In which numbers it computed.
    pub precision: &'static str,
    /// Threads in the compute pool.
    pub threads: usize,
    /// Median time of a step, seconds.
    pub seconds: f64,
    /// Images per second at that rate.
    pub images_per_s: f64,
    /// Time of each step, seconds.
    pub all_seconds: Vec<f64>,
}

/// Times `config.steps` steps after a few to warm up.
///
/// # Errors
/// If the device cannot be opened or the network cannot be built.
pub fn bench(config: &BenchConfig) -> Result<BenchReport, Refusal> {
    if config.batch == 0 || config.steps == 0 || config.classes == 0 {
        return Err(Refusal("A benchmark needs at least one image, one step and one class".into()));
    }
    let mut problems = config.training.problems();
    problems.extend(config.model.problems(InputSize::Crop(config.size)));
    if let Some(problem) = problems.into_iter().next() {
        return Err(Refusal(problem));
    }
    let opened = Devices::default().open(&config.device)?;
    if let Some(problem) = opened.precision_problem(config.training.precision, true) {
        return Err(Refusal(problem));
    }
    let precision = if config.infer { Precision::F32 } else { opened.info_of(&config.training).precision };
    let device = opened.device;
    device.seed(42);
    let batch = random_batch(config);
    let all_seconds = if config.infer {
        let net = Net::new(&config.model, config.classes, &device).valid();
        let side = config.size as usize;
        let images = TensorData::new(batch.images, [config.batch, IN_CHANNELS, side, side]);
        let images = Tensor::<4>::from_data(images, &device);
        timed(config.steps, || {
            // Reading one logit waits for all of them.
            let _: f32 = net.forward(images.clone()).slice([0..1, 0..1, 0..1, 0..1]).into_scalar();
        })
    } else {
        let training = device.autodiff();
        let net = Net::new(&config.model, config.classes, &training);
        let mut trainer = Trainer::new(net, &config.training, training);
        let classes = ClassTerms::equal(config.classes);
        timed(config.steps, || {
            trainer.step(slice::from_ref(&batch), &classes, 1e-3);
        })
    };
    let seconds = median(&all_seconds);
    Ok(BenchReport {
        engine: concat!("pointillist ", env!("CARGO_PKG_VERSION")).to_owned(),
        device: format!("{} ({})", opened.info.name, opened.info.backend),
        precision: precision.name(),
        threads: rayon::current_num_threads(),
        seconds,
        images_per_s: config.batch as f64 / seconds,
        all_seconds,
    })
}

fn random_batch(config: &BenchConfig) -> Batch {
    let mut random = Stream::new(42);
    let pixels = config.batch * config.size as usize * config.size as usize;
    let images = (0..IN_CHANNELS * pixels).map(|_| random.below(1 << 16) as f32 / f32::from(u16::MAX)).collect();
    let mut target = || {
        if random.below(SPARSITY) == 0 { random.below(config.classes) as u8 } else { UNLABELLED }
    };
    let targets = (0..pixels).map(|_| target()).collect();
    Batch::new(images, targets, config.size)
}

fn timed(steps: usize, mut step: impl FnMut()) -> Vec<f64> {
    let mut once = || {
        let began = Instant::now();
        step();
        began.elapsed().as_secs_f64()
    };
    (0..WARM_UP).for_each(|_| {
        once();
    });
    (0..steps).map(|_| once()).collect()
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    (sorted[(sorted.len() - 1) / 2] + sorted[sorted.len() / 2]) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::config::LossWeights;

    fn config(infer: bool, size: u32) -> BenchConfig {
        let model = ModelConfig { base: 2, levels: 3, ..ModelConfig::default() };
        BenchConfig {
            infer,
            model,
            classes: 3,
            size,
            batch: 1,
            steps: 3,
            training: TrainConfig { ema: 0.5, ..TrainConfig::default() },
            device: DeviceChoice::Cpu,
        }
    }

    #[test]
    fn both_kinds_of_step_are_timed() {
        for infer in [false, true] {
            let report = bench(&config(infer, 16)).expect("it runs");
            assert_eq!(report.all_seconds.len(), 3);
            assert!((report.images_per_s * report.seconds - 1.0).abs() < 1e-9);
        }
    }

    #[test]
    fn a_size_the_network_cannot_halve_is_refused() {
        assert!(bench(&config(false, 18)).is_err());
    }

    #[test]
    fn what_a_run_refuses_is_not_timed_either() {
        for ema in [1.0, -0.1, 7.0, f64::NAN] {
            let training = TrainConfig { ema, ..TrainConfig::default() };
            assert!(bench(&BenchConfig { training, ..config(false, 16) }).is_err(), "{ema}");
        }
        let training = TrainConfig { loss: LossWeights::none(), ..TrainConfig::default() };
        assert!(bench(&BenchConfig { training, ..config(false, 16) }).is_err());
    }

    #[test]
    fn the_median_is_the_middle() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), 2.5);
    }
}
