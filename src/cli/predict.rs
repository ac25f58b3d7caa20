//! `predict`: segments images with a finished run.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::args::PredictArgs;
use super::out;
use crate::data::{DataError, images, write};
use crate::domain::config::DeviceChoice;
use crate::engine::device::Devices;
use crate::engine::{finished, priority};
use crate::infer::Predictor;
use crate::train::folder::FinishedRun;

pub(super) fn run(args: &PredictArgs) -> anyhow::Result<ExitCode> {
    priority::start_compute_pool();
    let mut run = FinishedRun::open(&args.run)?;
    run.notes.iter().for_each(|note| out::error(&format!("[WARNING] {note}")));
    if let Some(device) = &args.device {
        run.config.device = DeviceChoice::from(device.clone());
    }
    let (predictor, ..) = finished::load(&run, args.checkpoint.into(), &mut Devices::default())?;
    out::create_folder(&args.out)?;
    let mut names = BTreeSet::new();
    let mut failed = 0;
    let images = expand(&args.images)?;
    for image in &images {
        let target = args.out.join(unique_name(image, &mut names));
        if let Err(error) = predict(image, &target, &predictor, &run) {
            out::error(&format!("[WARNING] this image is left out: {error}"));
            failed += 1;
        }
    }
    if failed > 0 {
        anyhow::bail!("{failed} of {} images could not be segmented", images.len());
    }
    Ok(ExitCode::SUCCESS)
}

/// Folders stand for the images in them.
fn expand(paths: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    const ENDINGS: [&str; 6] = ["jpg", "jpeg", "png", "tif", "tiff", "bmp"];
    let is_image = |path: &PathBuf| {
        let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
        ending.is_some_and(|ending| ENDINGS.contains(&ending.as_str()))
    };
    let mut images = Vec::new();
    for path in paths {
        if path.is_dir() {
            let cannot = || DataError::io("cannot read the folder (check that you may)", path);
            let entries = path.read_dir().map_err(cannot())?.collect::<Result<Vec<_>, _>>().map_err(cannot())?;
            let mut found: Vec<PathBuf> = entries.into_iter().map(|entry| entry.path()).filter(is_image).collect();
            anyhow::ensure!(!found.is_empty(), "there is no image in this folder: {}", path.display());
            found.sort();
            images.extend(found);
        } else {
            images.push(path.clone());
        }
    }
    Ok(images)
}

/// The image's name without its extension; images of one name in several folders get a number.
fn unique_name(image: &Path, taken: &mut BTreeSet<PathBuf>) -> PathBuf {
    let stem = PathBuf::from(image.file_stem().unwrap_or(image.as_os_str()));
    let numbered = |n: usize| if n == 1 { stem.clone() } else { with_suffix(&stem, &format!("_{n}")) };
    let name = (1..).map(numbered).find(|name| !taken.contains(name)).unwrap_or(stem.clone());
    taken.insert(name.clone());
    name
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut text = path.as_os_str().to_owned();
    text.push(suffix);
    PathBuf::from(text)
}

fn predict(image: &Path, target: &Path, predictor: &Predictor, run: &FinishedRun) -> Result<(), DataError> {
    let picture = images::decode_rgb(image)?;
    images::reading_note(image).iter().for_each(|note| out::line(&format!("[INFO] {note}")));
    let prediction = predictor.predict(&picture);
    let size = prediction.classes.size();
    write::index_png(&with_suffix(target, "_classes.png"), &prediction.classes)?;
    write::color_png(&with_suffix(target, "_colors.png"), &prediction.classes, &run.classes, false)?;
    write::confidence_png(&with_suffix(target, "_confidence.png"), &prediction.confidence, size)?;
    out::line(&format!("{} -> {}", image.display(), with_suffix(target, "_{classes,colors,confidence}.png").display()));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_of_one_name_do_not_overwrite_each_other() {
        let mut taken = BTreeSet::new();
        let names = ["a/x.jpg", "b/x.jpg", "b/y.png"].map(|path| unique_name(Path::new(path), &mut taken));
        assert_eq!(names, ["x", "x_2", "y"].map(PathBuf::from));
    }
}
