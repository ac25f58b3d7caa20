//! `predict --head quick`: maps the tiles of a project from own labels, without a run.

use std::path::Path;
use std::process::ExitCode;

use super::args::PredictArgs;
use super::{maps, out};
use crate::data::export::maps::{MapExport, TileMap};
use crate::data::export::outputs::OutputName;
use crate::data::{DataError, Journal, Picture, Project, Tile};
use crate::domain::{LabelBook, Validity};
use crate::quick::encoder;
use crate::quick::head::{QuickHead, QuickMap};
use crate::quick::samples::TileSamples;
use crate::quick::strokes::labelled_pixels;
use crate::quick::tile_features::{Kinds, TileFeatures};

pub(super) fn run(args: &PredictArgs) -> anyhow::Result<ExitCode> {
    let [folder] = args.images.as_slice() else {
        anyhow::bail!("--head quick learns from the labels of one folder: give that folder");
    };
    let project = Project::open(folder)?;
    project.notes.iter().for_each(|note| out::line(&format!("[INFO] {note}")));
    let (_journal, replay) = Journal::open_to_follow(&project)?;
    replay.notes.iter().for_each(|note| out::error(&format!("[WARNING] {note}")));
    let tiles: Vec<&Tile> = project.tiles.iter().filter(|tile| tile.fault.is_none()).collect();
    let names: Vec<OutputName<'_>> = tiles.iter().copied().map(OutputName::of).collect();
    let mut export = MapExport::plan(&args.out, &names, args.overwrite)?;
    let mut features = LastFeatures::default();
    let head = learn(&project, &replay.book, folder, &mut features)?;
    let learned: Vec<&str> =
        head.classes().iter().filter_map(|class| project.classes.get(*class)).map(|c| c.name.as_str()).collect();
    out::line(&format!("[INFO] The quick head tells apart {}; no other class is predicted", learned.join(", ")));
    out::create_folder(&args.out)?;
    for tile in &tiles {
        let map = features.of(&project, tile).map(|(features, valid)| {
            let QuickMap { classes, confidence } = head.predict(features, valid);
            TileMap { classes, confidence }
        });
        maps::tell(&tile.image, &export.take(map, &project.classes));
    }
    let failed = export.report().faults.len();
    anyhow::ensure!(failed == 0, "{failed} of {} tiles could not be mapped", tiles.len());
    Ok(ExitCode::SUCCESS)
}

/// Learns from the own labels of all tiles.
fn learn(project: &Project, book: &LabelBook, folder: &Path, features: &mut LastFeatures) -> anyhow::Result<QuickHead> {
    let mut samples = Vec::new();
    for tile in project.tiles.iter().filter(|tile| tile.fault.is_none() && book.carries(&tile.id)) {
        let (mut pixels, strokes) = labelled_pixels(book, &tile.id, tile.size, &project.classes);
        let (features, valid) = features.of(project, tile)?;
        if let Some(valid) = valid {
            pixels.retain(|pixel| valid.flags()[(pixel.y * tile.size[0] + pixel.x) as usize]);
        }
        samples.push(TileSamples::new(features, &pixels, strokes));
    }
    QuickHead::learn(&samples, None).ok_or_else(|| {
        let folder = folder.display();
        anyhow::anyhow!(
            "the quick head needs own labels of two classes: label some in the window (pointillist {folder})"
        )
    })
}

/// The features of the tile that was asked for last: with a single tile they are learned from and mapped.
#[derive(Default)]
struct LastFeatures(Option<(String, TileFeatures, Option<Validity>)>);

impl LastFeatures {
    /// Features of a tile, and which of its pixels exist.
    fn of(&mut self, project: &Project, tile: &Tile) -> Result<(&TileFeatures, Option<&Validity>), DataError> {
        if self.0.as_ref().is_none_or(|(file, ..)| *file != tile.file) {
            self.0 = None; // Two large tiles need not be in memory together.
            let Picture { rgb, valid, .. } = project.read_picture(tile)?;
            let features = TileFeatures::compute(&rgb, Some(encoder::built_in()), Kinds::ALL);
            self.0 = Some((tile.file.clone(), features, valid));
        }
        let (_, features, valid) = self.0.as_ref().expect("it was just computed");
        Ok((features, valid.as_ref()))
    }
}
