//! `bench`: how long one step takes.

use std::process::ExitCode;

use super::args::{ArchArg, BenchArgs};
use super::out;
use crate::domain::config::{Arch, DeviceChoice, ModelConfig};
use crate::engine::bench::{BenchConfig, BenchReport, bench};
use crate::engine::priority;

pub(super) fn run(args: &BenchArgs) -> anyhow::Result<ExitCode> {
    priority::start_compute_pool();
    let report = bench(&config(args)).map_err(anyhow::Error::msg)?;
    out::line(&if args.json { as_json(args, &report)? } else { as_table(args, &report) });
    Ok(ExitCode::SUCCESS)
}

fn config(args: &BenchArgs) -> BenchConfig {
    let arch = match args.arch {
        ArchArg::Unet => Arch::UNet,
        ArchArg::UnetPlusPlus => Arch::UNetPlusPlus,
    };
    BenchConfig {
        infer: args.infer,
        model: ModelConfig { arch, base: args.base, levels: args.levels },
        classes: args.classes,
        size: args.size,
        batch: args.batch,
        steps: args.steps,
        device: DeviceChoice::from(args.device.clone()),
    }
}

fn arch_name(arch: ArchArg) -> &'static str {
    match arch {
        ArchArg::Unet => "unet",
        ArchArg::UnetPlusPlus => "unet++",
    }
}

/// One line: what was asked, and what came out.
fn as_json(args: &BenchArgs, report: &BenchReport) -> anyhow::Result<String> {
    let mut value = serde_json::to_value(report)?;
    let asked = serde_json::json!({
        "arch": arch_name(args.arch), "base": args.base, "levels": args.levels, "classes": args.classes,
        "size": args.size, "batch": args.batch, "steps": args.steps, "infer": args.infer,
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
        "{what} {arch}, base {base}, {levels} levels, {batch}×3×{size}²\n\
         device      {device}, {threads} threads\n\
         a step      {median:.4} s (median of {steps}; {least:.4} to {most:.4})\n\
         pictures/s  {rate:.2}",
        what = if args.infer { "inference" } else { "training" },
        arch = arch_name(args.arch),
        base = args.base,
        levels = args.levels,
        batch = args.batch,
        size = args.size,
        device = report.device,
        threads = report.threads,
        median = report.seconds,
        steps = args.steps,
        rate = report.images_per_s,
    )
}
