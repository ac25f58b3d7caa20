//! Pseudo-labels (Lee 2013, "Pseudo-Label"): the quick head learns from the labels of a run and maps its training tiles, and the
//! network learns from these maps beside the labels. The head sees three sizes of the image and the filter bank, the network the
//! whole map at once, turned, scaled and coloured anew (as in Xie et al. 2020, "Self-training with Noisy Student").

use std::collections::BTreeMap;

use crate::data::Picture;
use crate::data::feed::pseudo_labels::PseudoMasks;
use crate::data::feed::training_set::TrainingSet;
use crate::domain::hash::{self, Stream};
use crate::domain::{Mask, RunConfig, Strategy};
use crate::engine::quick::prepared::{LIMIT_BYTES, Prepared};
use crate::quick::course::Course;
use crate::quick::head::QuickHead;
use crate::quick::mask_clicks::labelled_pixels;
use crate::quick::samples::TileSamples;

/// Pixels that are mapped at most, a byte each; of larger sets tiles are drawn. Two seconds for four million.
const MAPPED: u64 = 64 << 20;
/// Labelled pixels that are learned from, about; more where there are many tiles and classes.
const PIXELS: usize = 4000;
/// Labelled pixels of a class on a tile that are learned from, however many tiles and classes there are.
const LEAST: usize = 5;

/// Whether the configuration wants pseudo-labels. Beside full masks there is no room for any.
pub(super) fn are_wanted(config: &RunConfig) -> bool {
    config.train.pseudo_labels > 0.0 && config.label_sampling().strategy != Strategy::Full
}

/// Gives the set's tiles pseudo-labels, if the configuration wants any. `go_on` is asked before each
/// tile, with how much is done of how much. `None` once it says no.
pub(super) fn give(set: &TrainingSet, config: &RunConfig, go_on: &mut dyn FnMut(usize, usize) -> bool) -> Option<()> {
    if are_wanted(config) {
        set.pseudo_labels().replace(make(set, config.seed, go_on)?);
    }
    Some(())
}

/// The maps of a head that has learned from the labels of the same tiles; of none with fewer than two classes.
fn make(set: &TrainingSet, seed: u64, go_on: &mut dyn FnMut(usize, usize) -> bool) -> Option<PseudoMasks> {
    let tiles = drawn(set, seed);
    let most = (PIXELS / (tiles.len() * set.classes()).max(1)).max(LEAST);
    let mut teacher = Teacher { set, most, kept: BTreeMap::new() };
    let mut samples = Vec::new();
    for (done, &tile) in tiles.iter().enumerate() {
        if !go_on(done, 2 * tiles.len()) {
            return None;
        }
        samples.extend(teacher.samples(tile));
    }
    let taught: Vec<&TileSamples> = samples.iter().map(|(_, samples)| samples).collect();
    let course = Course::of(&taught);
    let Some(head) = QuickHead::learn(&course, None) else { return Some(PseudoMasks::new()) };
    let mut masks = PseudoMasks::new();
    for (view, &(tile, _)) in samples.iter().enumerate() {
        if !go_on(tiles.len() + view, 2 * tiles.len()) {
            return None;
        }
        let own = QuickHead::learn(&Course { view: Some(view), ..course }, Some(&head));
        masks.extend(teacher.map(tile, own.as_ref().unwrap_or(&head)).map(|mask| (tile, mask)));
    }
    Some(masks)
}

/// Tiles that are mapped, in order.
fn drawn(set: &TrainingSet, seed: u64) -> Vec<usize> {
    let mut tiles: Vec<usize> = set.tiles().into_iter().collect();
    Stream::new(hash::mix(seed)).shuffle(&mut tiles);
    let mut pixels = 0;
    tiles.retain(|&tile| {
        pixels += set.pixels(tile);
        pixels <= MAPPED
    });
    tiles.sort_unstable();
    tiles
}

/// Computes features of tiles, and keeps those of the first ones as long as there is room.
struct Teacher<'a> {
    set: &'a TrainingSet,
    /// Labelled pixels of a class on a tile, at most.
    most: usize,
    kept: BTreeMap<usize, Prepared>,
}

impl Teacher<'_> {
    /// The labels of a tile with their features; `None` if it cannot be read, which the loader reports.
    fn samples(&mut self, tile: usize) -> Option<(usize, TileSamples)> {
        let labelled = self.set.prepare(tile).ok()?;
        let pixels = {
            let target = labelled.target();
            labelled_pixels(target.mask().data(), target.mask().width(), self.most)
        };
        let features = features(&labelled.picture);
        let samples = features.samples_of(pixels, None);
        let room = LIMIT_BYTES.saturating_sub(self.kept.values().map(Prepared::bytes).sum());
        if features.bytes() <= room {
            self.kept.insert(tile, features);
        }
        Some((tile, samples))
    }

    fn map(&mut self, tile: usize, head: &QuickHead) -> Option<Mask> {
        let kept = self.kept.remove(&tile);
        let features = kept.map_or_else(|| Some(features(&self.set.prepare(tile).ok()?.picture)), Some);
        Some(features?.whole_map(head).classes)
    }
}

fn features(picture: &Picture) -> Prepared {
    Prepared::new(picture, &|| true).expect("nothing stops it")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use image::{Rgb, RgbImage};

    use super::*;
    use crate::data::Project;
    use crate::domain::config::{InputSize, Supervision};
    use crate::domain::{Edit, LabelBook, Sampling, Stroke};

    /// Tiles of 96×64 pixels, left red, right green: `a` with clicks of class 1 on the left and of class 0 on the right, `b`
    /// without.
    fn set(folder: &std::path::Path, classes: &[u8]) -> TrainingSet {
        for tile in ["a", "b"] {
            let image = RgbImage::from_fn(96, 64, |x, _| if x < 48 { Rgb([200, 40, 30]) } else { Rgb([40, 180, 30]) });
            image.save(folder.join(format!("{tile}.png"))).unwrap();
        }
        let project = Arc::new(Project::open(folder).unwrap());
        let mut book = LabelBook::default();
        for (&class, x) in classes.iter().zip([20.0, 80.0]) {
            let tile = project.tiles[0].id.clone();
            book.apply(Edit::Begin(Stroke { tile, class: Some(class), radius: 2.0, path: vec![[x, 30.0]] }));
        }
        let sampling = Sampling { strategy: Strategy::OwnLabelsOnly, seed: 1 };
        TrainingSet::new(project, vec![0, 1], InputSize::Crop(64), sampling, book)
    }

    fn masks(classes: &[u8]) -> PseudoMasks {
        let folder = tempfile::tempdir().unwrap();
        make(&set(folder.path(), classes), 1, &mut |_, _| true).unwrap()
    }

    #[test]
    fn tiles_with_labels_are_mapped_from_them() {
        let masks = masks(&[1, 0]);
        assert_eq!(masks.keys().collect::<Vec<_>>(), [&0], "b has no labels, so it is not learned from");
        assert_eq!([4, 40, 56, 90].map(|x| masks[&0].get(x, 5)), [1, 1, 0, 0]);
        assert!(self::masks(&[1, 1]).is_empty(), "one class says nothing");
    }

    #[test]
    fn they_reach_the_set_unless_they_are_off_masks_are_full_or_a_stop_is_heard() {
        let folder = tempfile::tempdir().unwrap();
        let set = set(folder.path(), &[1, 0]);
        let has_any = || !set.pseudo_labels().is_empty();
        let mut config = RunConfig::default().own_labels_only();
        assert!(give(&set, &config, &mut |_, _| true).is_some() && !has_any());
        config.train.pseudo_labels = 1.0;
        assert!(give(&set, &config, &mut |_, _| false).is_none() && !has_any());
        config.train.supervision = Supervision::Full;
        assert!(give(&set, &config, &mut |_, _| true).is_some() && !has_any());
        config.train.supervision = Supervision::Sparse;
        assert!(give(&set, &config, &mut |done, all| done < all && all == 2).is_some() && has_any());
    }
}
