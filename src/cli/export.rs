//! `export`: writes the network of a run, or its figures, for other programs.

use std::process::ExitCode;

use super::args::ExportArgs;
use super::choices::ExportFormat;
use super::out;
use crate::domain::Choice as _;
use crate::engine::exported::NetworkExport;
use crate::engine::exported_figures::FiguresExport;
use crate::exchange::WeightsFormat;
use crate::exchange::onnx::OnnxOptions;

pub(super) fn run(args: &ExportArgs) -> anyhow::Result<ExitCode> {
    let onnx = onnx_options(args)?;
    let told = match args.format {
        ExportFormat::Network(format) => network(args, format, onnx)?,
        ExportFormat::TensorBoard => figures(args)?,
    };
    out::line(&format!("[INFO] {told}"));
    Ok(ExitCode::SUCCESS)
}

/// Writes the network.
fn network(args: &ExportArgs, format: WeightsFormat, onnx: OnnxOptions) -> anyhow::Result<String> {
    let export = NetworkExport {
        run: args.run.clone(),
        checkpoint: args.checkpoint.unwrap_or_default(),
        format,
        onnx,
        out: args.out.clone(),
        overwrite: args.overwrite,
    };
    anyhow::ensure!(
        args.overwrite || !args.out.exists(),
        "{} exists: choose another file, or give --overwrite",
        args.out.display()
    );
    let exported = export.carry_out()?;
    warn(&exported.notes);
    let (which, tensors) = (exported.checkpoint.name(), exported.tensors);
    Ok(format!("The {which} checkpoint, {tensors} tensors, is in {}", args.out.display()))
}

/// Writes the figures.
fn figures(args: &ExportArgs) -> anyhow::Result<String> {
    let is_given = args.checkpoint.is_some();
    anyhow::ensure!(!is_given, "--checkpoint is for networks: leave it out, or choose another --format");
    let export = FiguresExport { run: args.run.clone(), out: args.out.clone(), overwrite: args.overwrite };
    let exported = export.carry_out()?;
    warn(&exported.notes);
    Ok(format!("The figures, {} rows, are in {}", exported.rows, exported.file.display()))
}

fn warn(notes: &[String]) {
    notes.iter().for_each(|note| out::error(&format!("[WARNING] {note}")));
}

fn onnx_options(args: &ExportArgs) -> anyhow::Result<OnnxOptions> {
    let given = args.tile.is_some() || args.resolution.is_some();
    anyhow::ensure!(
        args.format == ExportFormat::Network(WeightsFormat::Onnx) || !given,
        "--tile and --resolution are for --format onnx: leave them out, or choose it"
    );
    Ok(OnnxOptions { side: args.tile, resolution_cm: args.resolution })
}
