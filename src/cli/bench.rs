//! `bench`: times a training step or an inference.

use std::process::ExitCode;

use super::args::BenchArgs;
use super::out;
use crate::domain::Choice as _;
use crate::domain::config::{DeviceChoice, LossWeights, ModelConfig, TrainConfig};
use crate::engine::bench::{BenchConfig, BenchReport, bench};
use crate::engine::priority;

pub(super) fn run(args: &BenchArgs) -> anyhow::Result<ExitCode> {
    priority::start_compute_pool();
    let report = bench(&config(args))?;
    out::line(&if args.json { as_json(args, &report)? } else { as_table(args, &report) });
    Ok(ExitCode::SUCCESS)
}

fn config(args: &BenchArgs) -> BenchConfig {
    BenchConfig {
        infer: args.infer,
        model: ModelConfig {
            arch: args.arch,
            encoder: args.encoder.clone(),
            base: args.base,
            levels: args.levels,
            norm: args.norm,
            upsampling: args.upsampling,
            ..ModelConfig::default()
        },
        classes: args.classes,
        size: args.size,
        batch: args.batch,
        steps: args.steps,
        training: TrainConfig { ema: args.ema, precision: args.precision, loss: loss(args), ..TrainConfig::default() },
        device: DeviceChoice::from(args.device.clone()),
    }
}

fn loss(args: &BenchArgs) -> LossWeights {
    args.loss.map_or_else(LossWeights::default, |loss| loss.weights)
}

/// One line: the settings and the timings.
fn as_json(args: &BenchArgs, report: &BenchReport) -> anyhow::Result<String> {
    let mut value = serde_json::to_value(report)?;
    let asked = serde_json::json!({
        "arch": args.arch.name(), "encoder": args.encoder.name(), "base": args.base, "levels": args.levels, "classes": args.classes,
        "norm": args.norm.name(), "upsampling": args.upsampling.name(),
        "size": args.size, "batch": args.batch, "steps": args.steps, "infer": args.infer,
        "ema": args.ema, "loss": loss(args),
    });
    if let (Some(value), Some(asked)) = (value.as_object_mut(), asked.as_object()) {
        value.extend(asked.clone());
    }
    Ok(value.to_string())
}

fn as_table(args: &BenchArgs, report: &BenchReport) -> String {
    let (least, most) = report
        .all_seconds
        .iter()
        .fold((f64::INFINITY, 0.0_f64), |(least, most), &seconds| (least.min(seconds), most.max(seconds)));
    format!(
        "{what} {arch}, encoder {encoder}, base {base}, {levels} levels, {batch}×3×{size}²\n\
         device      {device}\n\
         {unit:11} {median:.4} s (median of {steps}; {least:.4} to {most:.4})\n\
         images/s    {rate:.2}",
        unit = if args.infer { "inference" } else { "a step" },
        what = if args.infer { "inference" } else { "training" },
        arch = args.arch.name(),
        encoder = args.encoder.name(),
        base = args.base,
        levels = args.levels,
        batch = args.batch,
        size = args.size,
        device = report.device,
        median = report.seconds,
        steps = args.steps,
        rate = report.images_per_s,
    )
}
