//! Spatial blocks: parts of scenes that validate as a whole, with a margin around them that is not learned from either, since near pixels
//! look alike (Roberts et al. 2017, "Cross-validation strategies for data with temporal, spatial, hierarchical, or phylogenetic
//! structure").

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Mask;
use super::geometry::PixelRect;

/// How many margins are as wide as a block. A block of fewer pixels has none.
pub const MARGINS: u32 = 16;

/// Width in pixels of the margin around held-out blocks of this side.
pub fn margin(side: u32) -> u32 {
    side / MARGINS
}

/// A scene divided into square blocks, row by row. What is left over at the right and at the bottom belongs to the last ones, so no block
/// is smaller unless the scene is.
#[derive(Clone, Copy, Debug)]
pub struct BlockGrid {
    scene: PixelRect,
    side: u32,
}

impl BlockGrid {
    /// Blocks of `side` pixels, at least 1.
    pub fn new(scene: PixelRect, side: u32) -> Self {
        Self { scene, side: side.max(1) }
    }

    /// The blocks that share pixels with a part of the scene.
    pub fn meeting(self, part: PixelRect) -> Vec<PixelRect> {
        let Some(part) = part.meet(self.scene) else { return Vec::new() };
        let columns = self.spans([self.scene.x, self.scene.width], [part.x, part.width]);
        let row = |(y, height): (u32, u32)| {
            columns.iter().map(move |&(x, width)| PixelRect { x, y, width, height }).collect::<Vec<_>>()
        };
        let rows = self.spans([self.scene.y, self.scene.height], [part.y, part.height]);
        rows.into_iter().flat_map(row).collect()
    }

    /// First pixels and lengths of the blocks along one side of the scene that share pixels with a part of it.
    fn spans(self, [start, length]: [u32; 2], [first, part]: [u32; 2]) -> Vec<(u32, u32)> {
        let last = (length / self.side).max(1) - 1;
        let place = |at: u32| ((at - start) / self.side).min(last);
        let span = |place: u32| {
            let offset = place * self.side;
            (start + offset, if place == last { length - offset } else { self.side })
        };
        (place(first)..=place(first + part - 1)).map(span).collect()
    }
}

/// What becomes of the pixels of a tile that blocks are held out of, or that lies beside one. Rectangles are in pixels of the tile.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldOut {
    /// The only pixels of the tile that are scored, by name of their block.
    pub scored: BTreeMap<String, PixelRect>,
    /// Pixels that a network does not see while it learns: those of held-out blocks, and the margin around these.
    pub hidden: Vec<PixelRect>,
}

impl HeldOut {
    /// What is held out of a tile; all rectangles are in pixels of its scene. `None` if the tile is learned from as a whole.
    pub fn of(tile: PixelRect, scored: &[(String, PixelRect)], hidden: &[PixelRect]) -> Option<Self> {
        let part = |rect: PixelRect| rect.meet(tile).map(|part| part.within(tile));
        let scored = scored.iter().filter_map(|(name, rect)| Some((name.clone(), part(*rect)?))).collect();
        let hidden: Vec<PixelRect> = hidden.iter().filter_map(|rect| part(*rect)).collect();
        (!hidden.is_empty()).then_some(Self { scored, hidden })
    }

    /// What a network sees while it learns of a tile of `[width, height]` pixels; rectangles that do not overlap.
    pub fn visible(&self, [width, height]: [u32; 2]) -> Vec<PixelRect> {
        let whole = vec![PixelRect { x: 0, y: 0, width, height }];
        let without = |parts: Vec<PixelRect>, hidden: &PixelRect| {
            parts.into_iter().flat_map(|part| part.without(*hidden)).collect()
        };
        self.hidden.iter().fold(whole, without)
    }

    /// The share of a tile that a network sees while it learns, 0 to 1.
    pub fn visible_share(&self, size: [u32; 2]) -> f64 {
        let seen: u64 = self.visible(size).into_iter().map(PixelRect::area).sum();
        seen as f64 / (f64::from(size[0]) * f64::from(size[1])).max(1.0)
    }

    /// Takes the labels out of a tile's mask that are not learned from.
    pub fn hide(&self, mask: &mut Mask) {
        self.hidden.iter().for_each(|rect| mask.clear(*rect));
    }

    /// Leaves those labels in a tile's mask that are scored.
    pub fn keep_scored(&self, mask: &mut Mask) {
        let [width, height] = mask.size();
        let mut others = vec![PixelRect { x: 0, y: 0, width, height }];
        for scored in self.scored.values() {
            others = others.into_iter().flat_map(|part| part.without(*scored)).collect();
        }
        others.into_iter().for_each(|rect| mask.clear(rect));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rect(x: u32, y: u32, width: u32, height: u32) -> PixelRect {
        PixelRect { x, y, width, height }
    }

    #[test]
    fn blocks_cover_a_scene_once_and_the_last_ones_take_what_is_left() {
        let scene = rect(5, 0, 11, 9);
        let blocks = |part| BlockGrid::new(scene, 4).meeting(part);
        let all = blocks(scene);
        assert_eq!(all, [rect(5, 0, 4, 4), rect(9, 0, 7, 4), rect(5, 4, 4, 5), rect(9, 4, 7, 5)]);
        assert_eq!(all.iter().map(|block| block.area()).sum::<u64>(), 99);
        assert_eq!(blocks(rect(14, 0, 9, 4)), [all[1]]);
        assert_eq!(blocks(rect(8, 3, 2, 1)), all[..2]);
        assert_eq!(blocks(rect(0, 0, 5, 9)), []);
        let small = rect(0, 0, 3, 2);
        assert_eq!(BlockGrid::new(small, 4).meeting(small), [small], "a scene smaller than a block is one");
    }

    #[test]
    fn no_pixel_of_a_tile_is_learned_from_and_scored() {
        let (tile, block) = (rect(4, 4, 8, 8), rect(8, 4, 4, 4));
        let held = HeldOut::of(tile, &[("b".to_owned(), block)], &[block.grown(1)]).unwrap();
        assert_eq!(held.scored, [("b".to_owned(), rect(4, 0, 4, 4))].into());
        let full = Mask::from_vec(8, 8, vec![1; 64]).unwrap();
        let (mut learned, mut scored) = (full.clone(), full);
        held.hide(&mut learned);
        held.keep_scored(&mut scored);
        let both =
            |learned: &[u8], scored: &[u8]| learned.iter().zip(scored).filter(|(a, b)| **a == 1 && **b == 1).count();
        assert_eq!((both(learned.data(), scored.data()), scored.labelled(), learned.labelled()), (0, 16, 64 - 25));
        assert!((held.visible_share([8, 8]) - 39.0 / 64.0).abs() < 1e-12);
        assert_eq!(HeldOut::of(rect(20, 4, 8, 8), &[("b".to_owned(), block)], &[block.grown(1)]), None);
    }

    #[test]
    fn a_tile_beside_a_block_loses_the_margin_and_is_not_scored() {
        let (tile, block) = (rect(0, 0, 8, 8), rect(8, 0, 8, 8));
        let held = HeldOut::of(tile, &[("b".to_owned(), block)], &[block.grown(2)]).unwrap();
        assert_eq!((held.scored.len(), held.visible([8, 8])), (0, vec![rect(0, 0, 6, 8)]));
    }
}
