//! `export`: writes the network of a finished run for other programs.

use std::process::ExitCode;

use super::args::{ExportArgs, WeightsFormat};
use super::out;
use crate::data::DataError;
use crate::data::files::write;
use crate::domain::Choice as _;
use crate::engine::exported;
use crate::exchange::safetensors_file;
use crate::train::folder::FinishedRun;

pub(super) fn run(args: &ExportArgs) -> anyhow::Result<ExitCode> {
    let path = &args.out;
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
    };
    write::atomically(path, &written.map_err(|why| DataError::content(why, path))?)?;
    let (which, tensors) = (checkpoint.name(), network.tensors.len());
    out::line(&format!("[INFO] The {which} checkpoint, {tensors} tensors, is in {}", path.display()));
    Ok(ExitCode::SUCCESS)
}
