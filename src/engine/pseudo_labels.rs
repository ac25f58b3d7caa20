//! Pseudo-labels (Lee 2013, "Pseudo-Label"): the quick head learns from the labels of a run and maps its training tiles, and the
//! network learns from these maps beside the labels. The head sees three sizes of the image and the filter bank, the network the
//! whole map at once, turned, scaled and coloured anew (as in Xie et al. 2020, "Self-training with Noisy Student").

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::data::Picture;
use crate::data::feed::pseudo_labels::PseudoMasks;
use crate::data::feed::training_set::{Prepared as Labelled, TrainingSet};
use crate::domain::count::counted;
use crate::domain::hash::{self, Stream};
use crate::domain::{RunConfig, Strategy};
use crate::engine::quick::prepared::{LIMIT_BYTES, Prepared};
use crate::quick::head::QuickHead;
use crate::quick::lessons::Lessons;
use crate::quick::mask_clicks::labelled_pixels;
use crate::quick::method::QuickMethod;
use crate::quick::samples::{LabelledPixel, TileSamples};

/// Pixels that are mapped at most, a byte each, but at least one tile. Two seconds for four million.
const MAPPED: u64 = 64 << 20;
/// Labelled pixels that are learned from, at most.
const PIXELS: usize = 4000;
/// Labelled pixels of a class on a tile that are learned from at least: this limits the number of tiles.
const LEAST: usize = 5;
/// Up to this many tiles each has a head of its own, to which its own labels count more.
const OWN_HEADS: usize = 32;

/// Memory that making them takes beside a training at most, in bytes.
pub(super) const BYTES: u64 = LIMIT_BYTES as u64 + MAPPED;

/// Whether the configuration wants pseudo-labels. Beside full masks there is no room for any.
pub(super) fn are_wanted(config: &RunConfig) -> bool {
    config.train.pseudo_labels > 0.0 && config.label_sampling().strategy != Strategy::Full
}

/// Gives the set's tiles pseudo-labels, if the configuration wants any. `go_on` is asked several times a second, with how much is done
/// of how much. `None` once it says no.
pub(super) fn give(set: &TrainingSet, config: &RunConfig, go_on: &mut dyn FnMut(usize, usize) -> bool) -> Option<()> {
    if are_wanted(config) {
        let tiles = drawn(set, config.seed);
        set.pseudo_labels().replace(Teacher::new(set, tiles.len(), go_on).maps(&tiles)?);
    }
    Some(())
}

/// What a run tells of its pseudo-labels; `None` if it wants none.
pub(super) fn note(set: &TrainingSet, config: &RunConfig) -> Option<String> {
    let (mapped, all) = (set.pseudo_labels().tiles(), set.tiles().len());
    are_wanted(config).then(|| match mapped {
        0 => "No pseudo-labels yet: the quick head that makes them needs labels of two classes".to_owned(),
        _ => format!("Pseudo-labels on {mapped} of {} by the quick head", counted(all as u64, "training tile")),
    })
}

/// Tiles that are mapped, in order.
fn drawn(set: &TrainingSet, seed: u64) -> Vec<usize> {
    let mut tiles: Vec<usize> = set.tiles().into_iter().collect();
    Stream::new(hash::mix(seed)).shuffle(&mut tiles);
    let sizes: Vec<u64> = tiles.iter().map(|tile| set.seen_size(*tile).map(u64::from).iter().product()).collect();
    let most = PIXELS / (LEAST * set.classes()).max(1);
    let mut drawn: Vec<usize> = fitting(&sizes).take(most.max(1)).map(|place| tiles[place]).collect();
    drawn.sort_unstable();
    drawn
}

/// Places of the sizes that fit together, the first one in any case.
fn fitting(sizes: &[u64]) -> impl Iterator<Item = usize> {
    let mut pixels = 0;
    (0..sizes.len()).filter(move |&place| {
        let fits = place == 0 || pixels + sizes[place] <= MAPPED;
        pixels += if fits { sizes[place] } else { 0 };
        fits
    })
}

/// Computes features of tiles, and keeps those of the first ones as long as there is room.
struct Teacher<'a> {
    set: &'a TrainingSet,
    /// Labelled pixels of a class on a tile, at most.
    most: usize,
    kept: BTreeMap<usize, Prepared>,
    done: Cell<usize>,
    all: usize,
    go_on: RefCell<&'a mut dyn FnMut(usize, usize) -> bool>,
}

impl<'a> Teacher<'a> {
    fn new(set: &'a TrainingSet, tiles: usize, go_on: &'a mut dyn FnMut(usize, usize) -> bool) -> Self {
        let most = (PIXELS / (tiles * set.classes()).max(1)).max(LEAST);
        Self { set, most, kept: BTreeMap::new(), done: Cell::new(0), all: 2 * tiles, go_on: RefCell::new(go_on) }
    }

    /// The maps of a head that has learned from the labels of the tiles; none with fewer than two classes.
    fn maps(mut self, tiles: &[usize]) -> Option<PseudoMasks> {
        let mut taught = Vec::new();
        for (place, &tile) in tiles.iter().enumerate() {
            if let Ok(labelled) = self.set.prepare(tile) {
                let samples = self.samples(tile, &labelled, tiles.get(place + 1))?;
                taught.push((tile, samples));
            } // The loader reports what cannot be read.
            self.done.set(place + 1);
        }
        let by_id = taught.iter().map(|(tile, samples)| (self.set.id(*tile).to_owned(), Arc::clone(samples)));
        let lessons = Lessons::new(by_id.collect(), QuickMethod::Linear);
        let Some(head) = lessons.learn(None, None) else { return Some(PseudoMasks::default()) };
        let mut maps = PseudoMasks { classes: head.classes().to_vec(), ..PseudoMasks::default() };
        for (tile, _) in &taught {
            let own = (taught.len() <= OWN_HEADS).then(|| lessons.own_head(self.set.id(*tile), &head)).flatten();
            self.map(*tile, own.as_ref().unwrap_or(&head), &mut maps)?;
            self.done.set(self.done.get() + 1);
        }
        Some(maps)
    }

    /// Features of a picture; `None` once they are no longer wanted.
    fn features(&self, picture: &Picture) -> Option<Prepared> {
        let go_on = || (self.go_on.borrow_mut())(self.done.get(), self.all);
        if go_on() { Prepared::new(picture, &go_on) } else { None }
    }

    /// The labels of a tile with their features, which are kept if there is room for those of the next tile beside them.
    fn samples(&mut self, tile: usize, labelled: &Labelled, next: Option<&usize>) -> Option<Arc<TileSamples>> {
        let features = self.features(&labelled.picture)?;
        let samples = features.samples_of(self.pixels(labelled), None);
        let coming = next.map_or(0, |next| Prepared::bytes_of(self.set.seen_size(*next)));
        let bytes = self.kept.values().map(Prepared::bytes).sum::<usize>() + features.bytes();
        if bytes + coming <= LIMIT_BYTES {
            self.kept.insert(tile, features);
        }
        Some(Arc::new(samples))
    }

    fn pixels(&self, labelled: &Labelled) -> Vec<LabelledPixel> {
        let target = labelled.target();
        labelled_pixels(target.mask().data(), target.mask().width(), self.most)
    }

    /// Adds the map of a tile. `None` once it is no longer wanted.
    fn map(&mut self, tile: usize, head: &QuickHead, maps: &mut PseudoMasks) -> Option<()> {
        let kept = self.kept.remove(&tile);
        let Ok(labelled) = self.set.prepare(tile) else { return Some(()) };
        let features = if let Some(kept) = kept { kept } else { self.features(&labelled.picture)? };
        let mut map = features.whole_map(head).classes;
        labelled.picture.valid.iter().for_each(|valid| valid.take_out_of(&mut map));
        maps.masks.insert(tile, map);
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use image::{Rgb, RgbImage};

    use super::*;
    use crate::data::Project;
    use crate::domain::config::{InputSize, Supervision};
    use crate::domain::{Edit, LabelBook, Sampling, Stroke};

    /// Tiles of 96×64 pixels, left red, right green, with clicks of these classes at these columns.
    fn set(folder: &std::path::Path, clicks: &[(usize, u8, f32)]) -> TrainingSet {
        for tile in ["a", "b"] {
            let image = RgbImage::from_fn(96, 64, |x, _| if x < 48 { Rgb([200, 40, 30]) } else { Rgb([40, 180, 30]) });
            image.save(folder.join(format!("{tile}.png"))).unwrap();
        }
        let project = Arc::new(Project::open(folder).unwrap());
        let mut book = LabelBook::default();
        for &(tile, class, x) in clicks {
            let (tile, path) = (project.tiles[tile].id.clone(), vec![[x, 30.0]]);
            book.apply(Edit::Begin(Stroke { tile, class: Some(class), radius: 2.0, path }));
        }
        let sampling = Sampling { strategy: Strategy::OwnLabelsOnly, seed: 1 };
        TrainingSet::new(project, vec![0, 1], InputSize::Crop(64), sampling, book)
    }

    fn maps(clicks: &[(usize, u8, f32)]) -> PseudoMasks {
        let folder = tempfile::tempdir().unwrap();
        let set = set(folder.path(), clicks);
        let tiles = drawn(&set, 1);
        Teacher::new(&set, tiles.len(), &mut |_, _| true).maps(&tiles).unwrap()
    }

    #[test]
    fn tiles_with_labels_are_mapped_from_them() {
        let PseudoMasks { masks, classes } = maps(&[(0, 1, 20.0), (0, 0, 80.0)]);
        assert_eq!(masks.keys().collect::<Vec<_>>(), [&0], "b has no labels, so it is not learned from");
        assert_eq!([4, 40, 56, 90].map(|x| masks[&0].get(x, 5)), [1, 1, 0, 0]);
        assert_eq!(classes, [0, 1]);
        assert!(maps(&[(0, 1, 20.0), (0, 1, 80.0)]).masks.is_empty(), "one class says nothing");
    }

    #[test]
    fn where_tiles_disagree_each_is_mapped_as_its_own_labels_say() {
        let maps = maps(&[(0, 1, 20.0), (0, 0, 80.0), (1, 0, 20.0), (1, 1, 80.0)]);
        assert_eq!([0, 1].map(|tile| [4, 90].map(|x| maps.masks[&tile].get(x, 5))), [[1, 0], [0, 1]]);
    }

    #[test]
    fn a_tile_that_is_too_large_is_mapped_alone_or_left_out() {
        let places = |sizes: &[u64]| fitting(sizes).collect::<Vec<_>>();
        assert_eq!(places(&[MAPPED + 1, 5]), [0], "a large orthophoto alone");
        assert_eq!(places(&[5, MAPPED, 6, MAPPED - 11, 1]), [0, 2, 3]);
    }

    #[test]
    fn they_reach_the_set_unless_they_are_off_masks_are_full_or_a_stop_is_heard() {
        let folder = tempfile::tempdir().unwrap();
        let set = set(folder.path(), &[(0, 1, 20.0), (0, 0, 80.0)]);
        let renewals = || set.pseudo_labels().renewals();
        let mut config = RunConfig::default().own_labels_only();
        assert!(give(&set, &config, &mut |_, _| true).is_some() && renewals() == 0 && note(&set, &config).is_none());
        config.train.pseudo_labels = 1.0;
        for asked in 0..6 {
            let mut left = asked;
            let mut go_on = |_: usize, _: usize| {
                left -= 1;
                left >= 0
            };
            assert!(
                give(&set, &config, &mut go_on).is_none() && renewals() == 0,
                "stopped when asked again after {asked}"
            );
        }
        config.train.supervision = Supervision::Full;
        assert!(give(&set, &config, &mut |_, _| true).is_some() && renewals() == 0);
        config.train.supervision = Supervision::Sparse;
        assert!(give(&set, &config, &mut |done, all| done < all && all == 2).is_some() && renewals() == 1);
        assert_eq!(note(&set, &config).unwrap(), "Pseudo-labels on 1 of 1 training tile by the quick head");
    }
}
