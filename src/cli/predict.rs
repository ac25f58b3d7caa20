//! `predict`: segments images with a finished run.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::args::PredictArgs;
use super::choices::Head;
use super::{maps, no_effect, out, predict_quick};
use crate::data::DataError;
use crate::data::export::maps::MapExport;
use crate::data::export::outputs::OutputName;
use crate::data::layout::detect::{self, ImageFile};
use crate::data::raster::images;
use crate::domain::config::DeviceChoice;
use crate::domain::{Choice as _, ClassMap};
use crate::engine::device::Devices;
use crate::engine::{finished, priority, report};
use crate::infer::Predictor;
use crate::quick::method::QuickMethod;
use crate::train::folder::FinishedRun;

pub(super) fn run(args: &PredictArgs) -> anyhow::Result<ExitCode> {
    priority::start_compute_pool();
    let quick = match args.head {
        Head::Network => None,
        Head::Quick => Some(QuickMethod::Linear),
        Head::Forest => Some(QuickMethod::Forest),
    };
    if let Some(method) = quick {
        anyhow::ensure!(args.run.is_none(), "--head {} learns from own labels: leave out --run", args.head.name());
        return predict_quick::run(args, method);
    }
    anyhow::ensure!(args.save_run.is_none(), "--save-run saves a quick head: add --head quick or --head forest");
    let for_quick =
        "--ignore is for quick heads, and a run has its own: leave it out, or add --head quick or --head forest";
    anyhow::ensure!(args.ignore.is_none(), for_quick);
    let Some(folder) = &args.run else {
        anyhow::bail!("--run is missing: give a run folder, or --head quick to learn from own labels");
    };
    let mut run = FinishedRun::open(folder)?;
    if run.is_quick() {
        no_effect::refuse_for_quick_head(args.checkpoint, args.device.as_deref())?;
    }
    run.notes.iter().for_each(|note| out::error(&format!("[WARNING] {note}")));
    if let Some(device) = &args.device {
        run.config.device = DeviceChoice::from(device.clone());
    }
    let images = expand(&args.images)?;
    out::create_folder(&args.out)?;
    let endings: Vec<String> = images.iter().map(|image| ending(&image.path)).collect();
    let names: Vec<OutputName<'_>> =
        images.iter().zip(&endings).map(|(image, ending)| OutputName { short: &image.name, ending }).collect();
    let checkpoint = run.nearest(args.checkpoint.unwrap_or_default());
    let by = report::map_maker(&run.path, run.quick_method(), Some(checkpoint));
    let mut export = MapExport::plan(&args.out, &names, by, args.overwrite)?;
    let (predictor, ..) = finished::load(&run, checkpoint, &mut Devices::default())?;
    let what = run.quick_method().map_or_else(|| format!("{} checkpoint", checkpoint.name()), QuickMethod::head);
    out::line(&format!("[INFO] The {what} predicts"));
    for image in &images {
        maps::tell(&image.path, &export.take(predict(&image.path, &predictor), &run.classes));
    }
    let failed = export.report().faults.len();
    anyhow::ensure!(failed == 0, "{failed} of {} images could not be segmented", images.len());
    Ok(ExitCode::SUCCESS)
}

/// Replaces folders by their images, and drops duplicates.
fn expand(paths: &[PathBuf]) -> anyhow::Result<Vec<ImageFile>> {
    let mut images: Vec<ImageFile> = Vec::new();
    for path in paths {
        let found = if path.is_dir() {
            let (found, notes) = detect::list_images(path)?;
            notes.iter().for_each(|note| out::line(&format!("[INFO] {note}")));
            found
        } else {
            let name = path.file_stem().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
            vec![ImageFile { path: path.clone(), name }]
        };
        images.extend(found);
    }
    let mut seen = BTreeSet::new();
    images.retain(|image| seen.insert(image.path.canonicalize().unwrap_or_else(|_| image.path.clone())));
    Ok(images)
}

fn ending(path: &Path) -> String {
    path.extension().map(|ending| ending.to_string_lossy().into_owned()).unwrap_or_default()
}

fn predict(image: &Path, predictor: &Predictor) -> Result<ClassMap, DataError> {
    let picture = images::decode(image)?;
    images::reading_note(image).iter().for_each(|note| out::line(&format!("[INFO] {note}")));
    Ok(predictor.predict(picture))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_listed_once_and_without_results() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["x.png", "x_classes.png", "x_colors.png", "x_confidence.png", "._x.png", "y.png", "y_mask.png"] {
            image::GrayImage::new(2, 2).save_with_format(dir.path().join(name), image::ImageFormat::Png).unwrap();
        }
        let images = expand(&[dir.path().join("x.png"), dir.path().to_owned()]).unwrap();
        assert_eq!(images.iter().map(|image| image.name.as_str()).collect::<Vec<_>>(), ["x", "y"]);
    }
}
