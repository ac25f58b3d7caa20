//! `curve`: draws the tables of `simulate` as one picture.

mod lines;
mod picture;

use std::process::ExitCode;

use super::args::CurveArgs;
use super::out;
use crate::charts::raster;
use crate::data::files::write;

pub(super) fn run(args: &CurveArgs) -> anyhow::Result<ExitCode> {
    let path = &args.out;
    anyhow::ensure!(
        !args.tables.contains(path),
        "{} is one of the tables to draw: choose another file for the picture",
        path.display()
    );
    out::create_folder_of(path)?;
    anyhow::ensure!(
        args.overwrite || !path.exists(),
        "{} exists: choose another file, or give --overwrite",
        path.display()
    );
    let lines = lines::read(&args.tables)?;
    let picture = picture::picture(&lines);
    let is_png = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("png"));
    let refused = |why: String| anyhow::anyhow!("{}: {why}; write it as SVG", path.display());
    let bytes = if is_png { raster::png(&picture).map_err(refused)? } else { picture.file().into_bytes() };
    write::atomically(path, &bytes)?;
    out::line(&format!("[INFO] {} lines are drawn in {}", lines.len(), path.display()));
    Ok(ExitCode::SUCCESS)
}
