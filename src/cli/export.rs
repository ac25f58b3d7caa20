//! `export`: writes the network of a finished run for other programs.

use std::process::ExitCode;

use super::args::{ExportArgs, WeightsFormat};
use super::out;
use crate::data::DataError;
use crate::data::files::write;
use crate::domain::Choice as _;
use crate::engine::exported;
use crate::exchange::onnx::{self, OnnxOptions};
use crate::exchange::safetensors_file;
use crate::train::folder::FinishedRun;

pub(super) fn run(args: &ExportArgs) -> anyhow::Result<ExitCode> {
    let (path, options) = (&args.out, onnx_options(args)?);
    out::create_folder_of(path)?;
    anyhow::ensure!(
        args.overwrite || !path.exists(),
        "{} exists: choose another file, or give --overwrite",
        path.display()
    );
    let run = FinishedRun::open(&args.run)?;
    run.notes.iter().for_each(|note| out::error(&format!("[WARNING] {note}")));
    let checkpoint = run.nearest(args.checkpoint.unwrap_or_default());
    let network = exported::network(&run, checkpoint)?;
    let written = match args.format {
        WeightsFormat::Safetensors => safetensors_file::write(&network),
        WeightsFormat::Onnx => onnx::write(&network, options),
    };
    write::atomically(path, &written.map_err(|why| DataError::content(why, path))?)?;
    let (which, tensors) = (checkpoint.name(), network.tensors.len());
    out::line(&format!("[INFO] The {which} checkpoint, {tensors} tensors, is in {}", path.display()));
    Ok(ExitCode::SUCCESS)
}

fn onnx_options(args: &ExportArgs) -> anyhow::Result<OnnxOptions> {
    let given = args.tile.is_some() || args.resolution.is_some();
    anyhow::ensure!(
        args.format == WeightsFormat::Onnx || !given,
        "--tile and --resolution are for --format onnx: leave them out, or choose it"
    );
    let is_length = args.resolution.is_none_or(|cm| cm.is_finite() && cm > 0.0);
    anyhow::ensure!(is_length, "--resolution gives centimetres a pixel: choose a number above 0");
    Ok(OnnxOptions { side: args.tile, resolution_cm: args.resolution })
}
