//! `sample`: writes sampled masks, and figures of the full and the sampled mask side by side.

use std::path::PathBuf;
use std::process::ExitCode;

use image::{Rgb, RgbImage};

use super::args::SampleArgs;
use super::out;
use crate::data::export::outputs::{OutputName, Outputs};
use crate::data::export::save;
use crate::data::{DataError, Project, Tile};
use crate::domain::{Classes, Mask, Sampling, sampling};

/// Endings of the files written for each tile.
const ENDINGS: [&str; 3] = ["_sampled.png", "_sampled_colors.png", "_full_sampled.png"];

/// Values without a class that are named per tile.
const NAMED: usize = 3;

/// Pixels between the two masks of a figure.
const GAP: u32 = 16;

pub(super) fn run(args: &SampleArgs) -> anyhow::Result<ExitCode> {
    let default = Sampling::default().strategy;
    let strategy = args.sampling.strategy().unwrap_or(default);
    if let Some(problem) = strategy.problem() {
        anyhow::bail!("{problem}");
    }
    let sampling = Sampling { strategy, seed: args.seed };
    let project = Project::open(&args.data)?;
    project.told().for_each(|note| out::line(&format!("[INFO] {note}")));
    project.doubt().iter().for_each(|doubt| out::error(&format!("[WARNING] {doubt}")));
    out::line(&format!("[INFO] Sampling {} with seed {}", strategy.describe(), args.seed));
    let tiles: Vec<&Tile> = project.tiles.iter().filter(|tile| tile.mask.is_some()).collect();
    let name = |tile: &&Tile| -> (String, String) {
        let ending = tile.file.rsplit_once('.').map_or("", |(_, ending)| ending);
        (tile.short_id.clone(), ending.to_owned())
    };
    let names: Vec<(String, String)> = tiles.iter().map(name).collect();
    let names: Vec<OutputName<'_>> = names.iter().map(|(short, ending)| OutputName { short, ending }).collect();
    let outputs = Outputs::plan(&args.out, &names, &ENDINGS, args.overwrite)?;
    if let Err(error) = project.keep_class_order() {
        log::debug!("{error}"); // In a read-only folder the order stays the same as long as no mask is added.
    }
    out::create_folder(&args.out)?;
    let (mut written, mut failed) = (0, 0);
    for (tile, targets) in tiles.into_iter().zip(&outputs.paths) {
        match sample(&project, tile, &sampling, targets) {
            Ok(line) => {
                out::line(&line);
                written += 1;
            }
            Err(error) => {
                out::error(&format!("[WARNING] A tile is skipped: {error}"));
                failed += 1;
            }
        }
    }
    if written + failed == 0 {
        anyhow::bail!("no tile in {} has a mask to sample from", args.data.display());
    }
    if failed > 0 {
        anyhow::bail!("{failed} of {} tiles could not be sampled", written + failed);
    }
    Ok(ExitCode::SUCCESS)
}

fn sample(project: &Project, tile: &Tile, sampling: &Sampling, targets: &[PathBuf]) -> Result<String, DataError> {
    let (Some(full), [index, colors, picture]) = (project.read_mask(tile)?, targets) else { return Ok(String::new()) };
    let sampled = sampling::sample(&full.mask, &tile.short_id, sampling);
    if let Some(parent) = index.parent() {
        out::create_folder(parent)?;
    }
    save::index_png(index, &sampled)?;
    save::color_png(colors, &sampled, &project.classes_in_masks(), true)?;
    save::rgb_png(picture, &side_by_side(&full.mask, &sampled, &project.classes))?;
    let counts = sampled.counts(project.classes.len());
    let counts: Vec<String> = project
        .classes
        .iter()
        .zip(counts)
        .filter(|(_, n)| *n > 0)
        .map(|(class, n)| format!("{} {n}", class.name))
        .collect();
    let strangers: Vec<String> = full.unmatched.iter().take(NAMED).map(|(code, _)| code.to_string()).collect();
    let more = if full.unmatched.len() > NAMED { ", …" } else { "" };
    let note = match full.unmatched_pixels() {
        0 => String::new(),
        pixels => format!(" ({pixels} pixels match no class: {}{more})", strangers.join(", ")),
    };
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
        // Unlabelled pixels are a gray that no known dataset uses, which tells them from black classes.
        Rgb(classes.get(index).map_or([64; 3], |class| class.color))
    })
}
