//! How good the quick head is, as far as that can be told, and what it is compared with the network by.

use std::collections::BTreeMap;

use crate::domain::kept_aside::kept_aside;
use crate::domain::{Classes, Confusion, Mask, Stroke};
use crate::quick::batch::ClickPixels;
use crate::quick::course::Course;
use crate::quick::head::QuickHead;
use crate::quick::leave_out::leave_out;
use crate::quick::strokes::labelled_pixels;

/// What is known of the quick head's quality.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Judgement {
    /// Whether it is of the present labels. One of earlier labels only says which map to show until the present ones are judged, or
    /// maps would alternate at every click.
    pub is_current: bool,
    /// Clicks that were each predicted by a head that has not seen them.
    pub left_out: Tally,
    /// Clicks on the tile in view that neither the network nor a head of the same kind has learned from.
    pub kept_aside: Vec<KeptAside>,
    /// Mean IoU on validation tiles, by id, of a head that has not seen clicks on them.
    pub tiles: BTreeMap<String, f64>,
}

/// Right predictions among all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Right ones.
    pub right: usize,
    /// All.
    pub of: usize,
}

/// A click that is kept aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptAside {
    /// Its class.
    pub class: u8,
    /// Some of its pixels, `[column, row]`.
    pub pixels: Vec<[u32; 2]>,
    /// Whether the quick head gets it right.
    pub is_right: bool,
}

impl KeptAside {
    /// Whether most of its pixels have its class on a map, which may be smaller than the tile of `[width, height]` pixels.
    pub fn is_right_on(&self, map: &Mask, [width, height]: [u32; 2]) -> bool {
        let class_at = |&[x, y]: &[u32; 2]| map.get(x * map.width() / width.max(1), y * map.height() / height.max(1));
        let right = self.pixels.iter().filter(|pixel| class_at(pixel) == self.class).count();
        2 * right > self.pixels.len()
    }
}

/// What is judged: samples of tiles with their labels, in the same order.
pub(super) struct Judged<'a> {
    pub(super) course: Course<'a>,
    pub(super) labels: Vec<&'a [Stroke]>,
    pub(super) classes: &'a Classes,
}

/// The tile in view.
pub(super) struct JudgedView<'a> {
    /// Its place among the tiles that are judged.
    pub(super) tile: usize,
    /// Its size, pixels.
    pub(super) size: [u32; 2],
    /// Whether the image has a pixel at a column and row.
    pub(super) exists: &'a dyn Fn(u32, u32) -> bool,
}

impl Judged<'_> {
    /// Each click predicted by a head for any tile that has not seen it.
    pub(super) fn left_out(&self, go_on: &dyn Fn() -> bool) -> Option<Tally> {
        let votes = leave_out(&Course { view: None, ..self.course }, go_on)?;
        let right = votes.iter().filter(|vote| vote.class == vote.predicted).count();
        Some(Tally { right, of: votes.len() })
    }

    /// The clicks that are kept aside on the tile in view, each predicted by a head that has seen none of any tile. Empty as long as
    /// there is nothing to compare.
    pub(super) fn kept_aside(&self, view: &JudgedView<'_>) -> Vec<KeptAside> {
        let flags: Vec<Vec<bool>> = self.labels.iter().map(|strokes| kept_aside(strokes.iter())).collect();
        let is_kept = |click: &ClickPixels| flags[click.tile][click.click as usize];
        let (kept, seen): (Vec<_>, Vec<_>) = self.course.clicks().into_iter().partition(is_kept);
        let on_tile = kept.into_iter().filter(|click| click.tile == view.tile);
        let Some(head) = QuickHead::learn_from(&self.course, &seen, None) else { return Vec::new() };
        let mut pixels = labelled_pixels(self.labels[view.tile].iter(), view.size, self.classes);
        pixels.retain(|pixel| (view.exists)(pixel.x, pixel.y)); // No map has a class there.
        let of_click = |click: &ClickPixels| {
            pixels.iter().filter(|pixel| pixel.click == click.click).map(|pixel| [pixel.x, pixel.y]).collect()
        };
        let judged = |click: ClickPixels| {
            let is_right = head.vote(self.course.tiles, &click) == click.class;
            KeptAside { class: click.class, pixels: of_click(&click), is_right }
        };
        on_tile.map(judged).collect()
    }

    /// A head that has not seen the clicks on some of the tiles.
    pub(super) fn head_without(&self, is_out: impl Fn(usize) -> bool) -> Option<QuickHead> {
        let seen: Vec<_> = self.course.clicks().into_iter().filter(|click| !is_out(click.tile)).collect();
        QuickHead::learn_from(&Course { view: None, ..self.course }, &seen, None)
    }
}

/// Mean IoU of a map, resized to its mask.
pub(super) fn miou(map: &Mask, truth: &Mask, classes: &Classes) -> f64 {
    let mut confusion = Confusion::new(classes.len());
    match map.size() == truth.size() {
        true => confusion.add(truth, map),
        false => confusion.add(truth, &map.resize_nearest(truth.width(), truth.height())),
    }
    confusion.scores(classes).miou
}

#[cfg(test)]
mod tests {
    use image::{Rgb, RgbImage};

    use super::*;
    use crate::data::Picture;
    use crate::domain::{ClassDef, Validity};
    use crate::engine::quick::prepared::Prepared;

    #[test]
    fn missing_pixels_are_not_kept_aside() {
        let rgb = RgbImage::from_fn(64, 32, |x, _| Rgb(if x < 32 { [220, 30, 20] } else { [20, 200, 30] }));
        let valid = Validity::new([64, 32], (0..64 * 32).map(|i| i % 64 != 9).collect());
        let prepared = Prepared::new(&Picture { rgb, valid }, &|| true).unwrap();
        let class = |i: u8| ClassDef { name: format!("c{i}"), color: [i; 3], ignored: false };
        let classes = Classes::new((0..2).map(class).collect()).unwrap();
        let dot = |class, x, y| Stroke { tile: String::new(), class: Some(class), radius: 2.0, path: vec![[x, y]] };
        let strokes: Vec<Stroke> =
            (0..5).map(|i| dot(0, 9.5, 3.0 + 6.0 * i as f32)).chain([dot(1, 50.0, 9.0)]).collect();
        let samples = prepared.samples(strokes.iter(), &classes, None);
        let tiles = [&samples];
        let judged = Judged { course: Course::of(&tiles), labels: vec![&strokes], classes: &classes };
        let exists = |x, y| prepared.exists(x, y);
        let kept = judged.kept_aside(&JudgedView { tile: 0, size: [64, 32], exists: &exists });
        assert_eq!((kept.len(), kept[0].class, kept[0].is_right), (1, 0, true), "the fifth of class a");
        let columns: Vec<u32> = kept[0].pixels.iter().map(|[x, _]| *x).collect();
        assert!(columns.contains(&8) && columns.contains(&10) && !columns.contains(&9), "{columns:?}");
    }

    #[test]
    fn clicks_that_are_left_out_count_alike_whatever_is_in_view() {
        let rgb = RgbImage::from_fn(64, 32, |x, _| Rgb(if x < 32 { [220, 30, 20] } else { [20, 200, 30] }));
        let prepared = Prepared::new(&Picture { rgb, valid: None }, &|| true).unwrap();
        let class = |i: u8| ClassDef { name: format!("c{i}"), color: [i; 3], ignored: false };
        let classes = Classes::new((0..2).map(class).collect()).unwrap();
        let dot = |class, x, i: u8| Stroke {
            tile: String::new(),
            class: Some(class),
            radius: 1.0,
            path: vec![[x, 3.0 + 5.0 * f32::from(i)]],
        };
        let of = |clicks: u8, left: u8| {
            let strokes: Vec<Stroke> = (0..clicks).flat_map(|i| [dot(left, 9.5, i), dot(1 - left, 50.5, i)]).collect();
            prepared.samples(strokes.iter(), &classes, None)
        };
        let (few, many) = (of(2, 0), of(5, 1)); // They contradict each other, so what counts more decides.
        let tiles = [&few, &many];
        let left_out = |view| {
            let course = Course { view, ..Course::of(&tiles) };
            Judged { course, labels: Vec::new(), classes: &classes }.left_out(&|| true)
        };
        assert_eq!(left_out(Some(0)), left_out(None));
    }

    #[test]
    fn a_click_is_right_if_most_of_its_pixels_are() {
        let map = Mask::from_vec(2, 1, vec![3, 4]).unwrap();
        let click = |pixels: &[[u32; 2]]| KeptAside { class: 3, pixels: pixels.to_vec(), is_right: false };
        assert!(click(&[[0, 0], [9, 7], [12, 0]]).is_right_on(&map, [20, 10]));
        assert!(!click(&[[0, 0], [12, 0]]).is_right_on(&map, [20, 10]));
    }
}
