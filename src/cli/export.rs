//! `export`: writes the network of a run for other programs.

use std::process::ExitCode;

use super::args::ExportArgs;
use super::out;
use crate::domain::Choice as _;
use crate::engine::exported::NetworkExport;
use crate::exchange::WeightsFormat;
use crate::exchange::onnx::OnnxOptions;

pub(super) fn run(args: &ExportArgs) -> anyhow::Result<ExitCode> {
    let export = NetworkExport {
        run: args.run.clone(),
        checkpoint: args.checkpoint.unwrap_or_default(),
        format: args.format,
        onnx: onnx_options(args)?,
        out: args.out.clone(),
        overwrite: args.overwrite,
    };
    anyhow::ensure!(
        args.overwrite || !args.out.exists(),
        "{} exists: choose another file, or give --overwrite",
        args.out.display()
    );
    let exported = export.carry_out()?;
    exported.notes.iter().for_each(|note| out::error(&format!("[WARNING] {note}")));
    let (which, tensors) = (exported.checkpoint.name(), exported.tensors);
    out::line(&format!("[INFO] The {which} checkpoint, {tensors} tensors, is in {}", args.out.display()));
    Ok(ExitCode::SUCCESS)
}

fn onnx_options(args: &ExportArgs) -> anyhow::Result<OnnxOptions> {
    let given = args.tile.is_some() || args.resolution.is_some();
    anyhow::ensure!(
        args.format == WeightsFormat::Onnx || !given,
        "--tile and --resolution are for --format onnx: leave them out, or choose it"
    );
    Ok(OnnxOptions { side: args.tile, resolution_cm: args.resolution })
}
