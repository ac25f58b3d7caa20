//! How long one step takes: training or inference on made-up pictures, without loader, window or files.

use std::time::Instant;

use burn::module::Module;
use burn::tensor::{Tensor, TensorData};
use serde::Serialize;

use super::device::Devices;
use crate::data::feed::loader::Batch;
use crate::domain::UNLABELLED;
use crate::domain::config::{DeviceChoice, Frame, ModelConfig, TrainConfig};
use crate::domain::hash::Stream;
use crate::model::{IN_CHANNELS, Net};
use crate::train::trainer::Trainer;

/// Steps before the clock counts: memory is taken, and a GPU chooses its kernels.
const WARM_UP: usize = 4;
/// One pixel in this many is labelled.
const SPARSITY: usize = 10;

/// What is timed.
#[derive(Debug, Clone)]
pub struct BenchConfig {
    /// Inference instead of training.
    pub infer: bool,
    /// The network.
    pub model: ModelConfig,
    /// Classes it tells apart.
    pub classes: usize,
    /// Side of the pictures.
    pub size: u32,
    /// Pictures a step.
    pub batch: usize,
    /// Steps timed.
    pub steps: usize,
    /// Where.
    pub device: DeviceChoice,
}

/// What came out.
#[derive(Debug, Clone, Serialize)]
pub struct BenchReport {
    /// `pointillist` and its version.
    pub engine: String,
    /// Where it ran.
    pub device: String,
    /// Threads of the compute pool.
    pub threads: usize,
    /// Median seconds a step.
    pub seconds: f64,
    /// Pictures a second at that rate.
    pub images_per_s: f64,
    /// Every step timed.
    pub all_seconds: Vec<f64>,
}

/// Times `config.steps` steps after a few to warm up.
///
/// # Errors
/// A sentence for the user: the device cannot be opened, or the figures make no step.
pub fn bench(config: &BenchConfig) -> Result<BenchReport, String> {
    if config.batch == 0 || config.steps == 0 || config.classes == 0 {
        return Err("a bench needs at least one picture, one step and one class".to_owned());
    }
    if let Some(problem) = config.model.problems(Frame::Crop(config.size)).into_iter().next() {
        return Err(problem);
    }
    let chosen = Devices::default().open(&config.device)?;
    let device = chosen.device;
    device.seed(42);
    let batch = made_up(config);
    let all_seconds = if config.infer {
        let net = Net::new(&config.model, config.classes, &device).valid();
        let side = config.size as usize;
        let pictures = TensorData::new(batch.images, [config.batch, IN_CHANNELS, side, side]);
        let pictures = Tensor::<4>::from_data(pictures, &device);
        timed(config.steps, || {
            // Reading one logit waits for all of them.
            let _: f32 = net.forward(pictures.clone()).slice([0..1, 0..1, 0..1, 0..1]).into_scalar();
        })
    } else {
        let training = device.autodiff();
        let net = Net::new(&config.model, config.classes, &training);
        let mut trainer = Trainer::new(net, &TrainConfig::default(), training);
        let weights = vec![1.0; config.classes];
        timed(config.steps, || {
            trainer.step(&batch, &weights, 1e-3);
        })
    };
    let seconds = median(&all_seconds);
    Ok(BenchReport {
        engine: concat!("pointillist ", env!("CARGO_PKG_VERSION")).to_owned(),
        device: format!("{} ({})", chosen.info.name, chosen.info.backend),
        threads: rayon::current_num_threads(),
        seconds,
        images_per_s: config.batch as f64 / seconds,
        all_seconds,
    })
}

fn made_up(config: &BenchConfig) -> Batch {
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
    use crate::domain::config::Arch;

    fn config(infer: bool, size: u32) -> BenchConfig {
        let model = ModelConfig { arch: Arch::UNet, base: 2, levels: 3 };
        BenchConfig { infer, model, classes: 3, size, batch: 1, steps: 3, device: DeviceChoice::Cpu }
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
    fn the_median_is_the_middle() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), 2.5);
    }
}
