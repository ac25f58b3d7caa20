//! How good the quick head is, as far as that can be told, and what it is compared with the network by.

use std::collections::BTreeMap;

use crate::domain::kept_aside::kept_aside;
use crate::domain::{Classes, Confusion, Mask, Stroke};
use crate::quick::batch::{ClickPixels, clicks_on};
use crate::quick::head::QuickHead;
use crate::quick::leave_out::leave_out;
use crate::quick::samples::TileSamples;
use crate::quick::strokes::labelled_pixels;

/// What is known of the quick head's quality.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Judgement {
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
    pub(super) tiles: Vec<&'a TileSamples>,
    pub(super) labels: Vec<&'a [Stroke]>,
    pub(super) classes: &'a Classes,
}

impl Judged<'_> {
    /// Each click predicted by a head that has not seen it.
    pub(super) fn left_out(&self, go_on: &dyn Fn() -> bool) -> Option<Tally> {
        let votes = leave_out(&self.tiles, go_on)?;
        let right = votes.iter().filter(|vote| vote.class == vote.predicted).count();
        Some(Tally { right, of: votes.len() })
    }

    /// The clicks that are kept aside on one of the tiles, `size` pixels large, each predicted by a head that has seen none of any
    /// tile. Empty as long as there is nothing to compare.
    pub(super) fn kept_aside(&self, tile: usize, size: [u32; 2]) -> Vec<KeptAside> {
        let flags: Vec<Vec<bool>> = self.labels.iter().map(|strokes| kept_aside(strokes.iter())).collect();
        let is_kept = |click: &ClickPixels| flags[click.tile][click.click as usize];
        let (kept, seen): (Vec<_>, Vec<_>) = clicks_on(&self.tiles).into_iter().partition(is_kept);
        let on_tile = kept.into_iter().filter(|click| click.tile == tile);
        let Some(head) = QuickHead::learn_from(&self.tiles, &seen, None) else { return Vec::new() };
        let pixels = labelled_pixels(self.labels[tile].iter(), size, self.classes);
        let of_click = |click: &ClickPixels| {
            pixels.iter().filter(|pixel| pixel.click == click.click).map(|pixel| [pixel.x, pixel.y]).collect()
        };
        let judged = |click: ClickPixels| {
            let is_right = head.vote(&self.tiles, &click) == click.class;
            KeptAside { class: click.class, pixels: of_click(&click), is_right }
        };
        on_tile.map(judged).collect()
    }

    /// A head that has not seen the clicks on some of the tiles.
    pub(super) fn head_without(&self, is_out: impl Fn(usize) -> bool) -> Option<QuickHead> {
        let seen: Vec<_> = clicks_on(&self.tiles).into_iter().filter(|click| !is_out(click.tile)).collect();
        QuickHead::learn_from(&self.tiles, &seen, None)
    }
}

/// Mean IoU of a map, resized to its mask.
pub(super) fn miou(map: &Mask, truth: &Mask, classes: &Classes) -> f64 {
    let mut confusion = Confusion::new(classes.len());
    match map.size() == truth.size() {
        true => confusion.add(truth, map, classes),
        false => confusion.add(truth, &map.resize_nearest(truth.width(), truth.height()), classes),
    }
    confusion.scores(classes).miou
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_click_is_right_if_most_of_its_pixels_are() {
        let map = Mask::from_vec(2, 1, vec![3, 4]).unwrap();
        let click = |pixels: &[[u32; 2]]| KeptAside { class: 3, pixels: pixels.to_vec(), is_right: false };
        assert!(click(&[[0, 0], [9, 7], [12, 0]]).is_right_on(&map, [20, 10]));
        assert!(!click(&[[0, 0], [12, 0]]).is_right_on(&map, [20, 10]));
    }
}
