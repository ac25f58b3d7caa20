//! Pictures of a report: a tile, its full mask, the labels that runs learned from, and what they make of the tile.

use std::path::Path;

use image::{ExtendedColorType, RgbImage};

use super::blocks;
use super::window::Window;
use crate::data::export::save::png_bytes;
use crate::data::layout::tile::TileMatch;
use crate::data::raster::images;
use crate::data::{DataError, Journal, Picture, Project, Tile};
use crate::domain::checkpoint::Checkpoint;
use crate::domain::config::{DeviceChoice, InputSize};
use crate::domain::{ClassDef, Classes, LabelBook, Mask, Sampling, Strategy, UNLABELLED};
use crate::engine::device::Devices;
use crate::engine::finished;
use crate::study::compare::{ComparedRun, Comparison};
use crate::train::folder::FinishedRun;
use crate::train::label_counts::labels_of;

/// Side of what is predicted of a tile, where the networks see crops; pixels.
const SIDE: u32 = 512;
/// Longest side of a picture, pixels.
const SHOWN: u32 = 480;
/// Tiles among which one is chosen.
const CANDIDATES: usize = 8;

/// Pictures of one tile.
#[derive(Clone, Debug, Default)]
pub struct Gallery {
    /// Which tile, and which part of it.
    pub about: String,
    /// The classes, for the legend.
    pub classes: Vec<ClassDef>,
    /// The pictures, in their order.
    pub pictures: Vec<Shown>,
    /// What could not be shown, a sentence each.
    pub notes: Vec<String>,
}

/// A picture.
#[derive(Clone, Debug)]
pub struct Shown {
    /// What it is.
    pub caption: String,
    /// A PNG file.
    pub png: Vec<u8>,
}

/// A part of a tile with its mask.
struct Scene {
    project: Project,
    tile: usize,
    window: Window,
    picture: Picture,
    mask: Mask,
    book: LabelBook,
}

impl Gallery {
    /// Reads a tile and predicts it with the first run of each configuration. `progress` receives the name of each before its turn.
    /// Without a run, or without its tiles, there is nothing but a note.
    pub fn gather(comparison: &Comparison, progress: &dyn Fn(&str)) -> Self {
        // The report may be made on another machine than its runs.
        Self::gather_on(comparison, &DeviceChoice::Auto, progress)
    }

    /// The same, predicted on a device.
    pub fn gather_on(comparison: &Comparison, device: &DeviceChoice, progress: &dyn Fn(&str)) -> Self {
        let Some(run) = comparison.runs.first() else { return Self::default() };
        match Scene::of(run, comparison) {
            Ok(Some(scene)) => Self::of(&scene, run, comparison, device, progress),
            Ok(None) => Self::without("no tile of the first run has a mask to show"),
            Err(error) => Self::without(&error.to_string()),
        }
    }

    fn without(why: &str) -> Self {
        Self { notes: vec![format!("There are no pictures: {why}")], ..Self::default() }
    }

    fn of(
        scene: &Scene,
        run: &ComparedRun,
        comparison: &Comparison,
        device: &DeviceChoice,
        progress: &dyn Fn(&str),
    ) -> Self {
        let mut gallery =
            Self { about: scene.about(run), classes: run.classes.iter().cloned().collect(), ..Self::default() };
        gallery.add("tile", rgb_png(&scene.picture.rgb));
        gallery.add("full mask", mask_png(&scene.mask, &run.classes));
        let alike = |other: &&ComparedRun| other.classes == run.classes && other.config.data == run.config.data;
        let mut shown: Vec<Strategy> = Vec::new();
        for other in comparison.runs.iter().filter(alike) {
            let sampling = other.config.label_sampling();
            if sampling.strategy != Strategy::Full && !shown.contains(&sampling.strategy) {
                shown.push(sampling.strategy);
                let labels = scene.labels(&sampling);
                let labels = labels.and_then(|labels| mask_png(&blocks::of(&labels), &run.classes));
                gallery.add(&format!("labels, {}", sampling.strategy.describe()), labels);
            }
        }
        let (mut devices, tile) = (Devices::default(), &scene.project.tiles[scene.tile].id);
        for group in &comparison.groups {
            let Some(other) = comparison.members(group).find(alike) else { continue };
            progress(&other.name);
            match predict(other, &scene.picture, device, &mut devices) {
                Ok(map) => {
                    let part = other_part(run, other, tile);
                    gallery.add(&format!("prediction, {}{part}", group.words), mask_png(&map, &run.classes));
                }
                Err(error) => gallery.notes.push(format!("{} is not shown: {error:#}", group.words)),
            }
        }
        gallery
    }

    fn add(&mut self, caption: &str, png: Result<Vec<u8>, DataError>) {
        match png {
            Ok(png) => self.pictures.push(Shown { caption: caption.to_owned(), png }),
            Err(error) => self.notes.push(format!("{caption} is not shown: {error}")),
        }
    }
}

impl Scene {
    /// Of the first validation tiles (or training tiles, if none validates) the one whose part shows most classes; `None` if none
    /// has a mask.
    fn of(run: &ComparedRun, comparison: &Comparison) -> Result<Option<Self>, DataError> {
        let project = Project::open(&run.config.data)?.adopt(&run.classes, false)?;
        // A network that sees whole tiles says nothing of a part.
        let is_whole = comparison.runs.iter().any(|run| matches!(run.config.train.input, InputSize::Resize(_)));
        let window = |tile: &Tile| if is_whole { Window::whole(tile.size) } else { Window::middle(tile.size, SIDE) };
        let ids = if run.split.val.is_empty() { &run.split.train } else { &run.split.val };
        let mut best: Option<(usize, usize, Mask)> = None;
        for index in ids.iter().filter_map(|id| found(run, &project, id)).take(CANDIDATES) {
            let tile = &project.tiles[index];
            let Some(read) = project.read_existing_mask(tile)? else { continue };
            let mask = window(tile).of_mask(&read.mask);
            let classes = mask.counts(run.classes.len()).into_iter().filter(|count| *count > 0).count();
            if best.as_ref().is_none_or(|(most, ..)| classes > *most) {
                best = Some((classes, index, mask));
            }
        }
        let Some((_, tile, mask)) = best else { return Ok(None) };
        let window = window(&project.tiles[tile]);
        let picture = window.of_picture(&project.read_picture(&project.tiles[tile])?);
        let (_, replay) = Journal::open_to_follow(&project)?;
        Ok(Some(Self { project, tile, window, picture, mask, book: replay.book }))
    }

    fn about(&self, run: &ComparedRun) -> String {
        let tile = &self.project.tiles[self.tile];
        let part = part_of(run, &tile.id);
        let [width, height] = self.window.size;
        let whole = if self.window == Window::whole(tile.size) { "the whole" } else { "the middle of the" };
        format!(
            "{}: {whole} {part}, {width} × {height} pixels, the one with the most classes among the first {CANDIDATES}",
            tile.id
        )
    }

    /// The labels of this part, as they would be if the tile was learned from.
    fn labels(&self, sampling: &Sampling) -> Result<Mask, DataError> {
        let tile = &self.project.tiles[self.tile];
        let [width, height] = tile.size;
        let full = self.project.read_mask(tile)?.map_or_else(|| Mask::unlabelled(width, height), |read| read.mask);
        let (labels, _) = labels_of(&self.project, tile, full, sampling, &self.book)?;
        Ok(self.window.of_mask(&labels))
    }
}

/// What a tile is to a run.
fn part_of(run: &ComparedRun, tile: &str) -> &'static str {
    let is_learned_from = run.split.train.iter().any(|id| id == tile);
    match run.split.val.iter().any(|id| id == tile) {
        true if is_learned_from => "validation tile that was learned from beside its held-out blocks",
        true => "validation tile",
        false if is_learned_from => "training tile",
        false => "tile that is neither learned from nor scored",
    }
}

/// What a tile is to another run than the first, where that differs.
fn other_part(first: &ComparedRun, other: &ComparedRun, tile: &str) -> String {
    let part = part_of(other, tile);
    if part == part_of(first, tile) { String::new() } else { format!(" (for this run a {part})") }
}

/// The tile that an id of a run's split means, if it has a mask.
fn found(run: &ComparedRun, project: &Project, id: &str) -> Option<usize> {
    match run.split.find(project, id) {
        TileMatch::One(index) => Some(index).filter(|index| project.tiles[*index].mask.is_some()),
        TileMatch::Several | TileMatch::None => None,
    }
}

fn predict(run: &ComparedRun, picture: &Picture, device: &DeviceChoice, devices: &mut Devices) -> anyhow::Result<Mask> {
    let mut opened = FinishedRun::open(&run.folder)?;
    opened.config.device = device.clone();
    let (predictor, ..) = finished::load(&opened, Checkpoint::Best, devices)?;
    let mut map = predictor.predict(picture.clone());
    map.take_out_missing(picture.valid.as_ref());
    Ok(map.classes)
}

fn rgb_png(image: &RgbImage) -> Result<Vec<u8>, DataError> {
    let image = images::shrink(image, SHOWN);
    png_bytes(Path::new("picture"), image.as_raw(), [image.width(), image.height()], ExtendedColorType::Rgb8)
}

/// A mask in class colours; unlabelled pixels are transparent.
fn mask_png(mask: &Mask, classes: &Classes) -> Result<Vec<u8>, DataError> {
    let [width, height] = shown_size(mask.size());
    let mask = mask.resize_nearest(width, height);
    let color = |index: &u8| match classes.get(*index).filter(|_| *index != UNLABELLED) {
        Some(ClassDef { color: [red, green, blue], .. }) => [*red, *green, *blue, 255],
        None => [0; 4],
    };
    let data: Vec<u8> = mask.data().iter().flat_map(color).collect();
    png_bytes(Path::new("picture"), &data, mask.size(), ExtendedColorType::Rgba8)
}

/// Size of a picture that fits the page.
fn shown_size(size: [u32; 2]) -> [u32; 2] {
    let scale = (f64::from(SHOWN) / f64::from(size[0].max(size[1]).max(1))).min(1.0);
    size.map(|length| ((f64::from(length) * scale).round() as u32).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::RunConfig;
    use crate::study::compare::run::tests::run;

    #[test]
    fn pictures_fit_the_page_and_unlabelled_pixels_are_transparent() {
        assert_eq!([shown_size([960, 480]), shown_size([100, 7])], [[480, 240], [100, 7]]);
        let mask = Mask::from_vec(2, 1, vec![4, UNLABELLED]).unwrap();
        let png = mask_png(&mask, &Classes::deepglobe()).unwrap();
        let image = image::load_from_memory(&png).unwrap().into_rgba8();
        assert_eq!(image.into_raw(), [0, 0, 255, 255, 0, 0, 0, 0]);
    }

    #[test]
    fn a_tile_of_which_blocks_are_scored_is_said_to_be_learned_from() {
        let mut run = run("a", RunConfig::demo(), 0.5, &[]);
        (run.split.train, run.split.val) = (vec!["x".to_owned(), "y".to_owned()], vec!["y".to_owned(), "z".to_owned()]);
        assert_eq!([part_of(&run, "x"), part_of(&run, "z")], ["training tile", "validation tile"]);
        assert!(part_of(&run, "y").contains("learned from") && part_of(&run, "w").contains("neither"));
        let mut other = run.clone();
        other.split.val.clear();
        assert_eq!(other_part(&run, &run, "y"), "");
        assert_eq!(other_part(&run, &other, "y"), " (for this run a training tile)");
    }
}
