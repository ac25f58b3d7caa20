//! `sample`: writes sampled masks, and the figure every paper shows: full and sampled mask side by side.

use std::path::Path;
use std::process::ExitCode;

use image::{Rgb, RgbImage};

use super::args::SampleArgs;
use super::out;
use crate::data::{DataError, Project, Tile, write};
use crate::domain::{Classes, Mask, Sampling, sampling};

/// Pixels between the two masks.
const GAP: u32 = 16;

pub(super) fn run(args: &SampleArgs) -> anyhow::Result<ExitCode> {
    let default = Sampling::default().strategy;
    let strategy = args.sampling.strategy().unwrap_or(default);
    if let Some(problem) = strategy.problem() {
        anyhow::bail!("{problem}");
    }
    let sampling = Sampling { strategy, seed: args.seed };
    let project = Project::open(&args.data)?;
    project.notes.iter().for_each(|note| out::line(&format!("[INFO] {note}")));
    out::line(&format!("[INFO] Sampling {} with seed {}", strategy.describe(), args.seed));
    out::create_folder(&args.out)?;
    let (mut written, mut failed) = (0, 0);
    for tile in project.tiles.iter().filter(|tile| tile.mask.is_some()) {
        match sample(&project, tile, &sampling, &args.out) {
            Ok(line) => {
                out::line(&line);
                written += 1;
            }
            Err(error) => {
                out::error(&format!("[WARNING] a tile is left out: {error}"));
                failed += 1;
            }
        }
    }
    if written + failed == 0 {
        anyhow::bail!("no tile of this folder has a mask to sample from: {}", args.data.display());
    }
    if failed > 0 {
        anyhow::bail!("{failed} of {} tiles could not be sampled", written + failed);
    }
    Ok(ExitCode::SUCCESS)
}

fn sample(project: &Project, tile: &Tile, sampling: &Sampling, folder: &Path) -> Result<String, DataError> {
    let Some(full) = project.read_mask(tile)? else { return Ok(String::new()) };
    let sampled = sampling::sample(&full.mask, &tile.id, sampling);
    let path = |ending: &str| folder.join(format!("{}_{ending}.png", tile.id));
    let first = path("sampled");
    if let Some(parent) = first.parent() {
        out::create_folder(parent)?;
    }
    write::index_png(&first, &sampled)?;
    write::color_png(&path("sampled_colors"), &sampled, &project.classes, true)?;
    write::rgb_png(&path("full_sampled"), &side_by_side(&full.mask, &sampled, &project.classes))?;
    let counts = sampled.counts(project.classes.len());
    let counts: Vec<String> = project
        .classes
        .iter()
        .zip(counts)
        .filter(|(_, n)| *n > 0)
        .map(|(class, n)| format!("{} {n}", class.name))
        .collect();
    let unmatched: u64 = full.unmatched.iter().map(|(_, n)| n).sum();
    let note = if unmatched > 0 { format!(" ({unmatched} pixels match no class)") } else { String::new() };
    Ok(format!("{}: {}{note}", tile.id, counts.join(", ")))
}

fn side_by_side(full: &Mask, sampled: &Mask, classes: &Classes) -> RgbImage {
    let [width, height] = full.size();
    RgbImage::from_fn(2 * width + GAP, height, |x, y| {
        let index = match x {
            _ if x < width => full.get(x, y),
            _ if x < width + GAP => return Rgb([255; 3]),
            _ => sampled.get(x - width - GAP, y),
        };
        // Unlabelled is a gray that is no class of any dataset known to us, so that black classes stay apart.
        Rgb(classes.get(index).map_or([64; 3], |class| class.color))
    })
}
