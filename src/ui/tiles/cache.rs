//! The tiles shown last, so that going back to one is instant.

use std::sync::Arc;

use super::TileView;

/// Memory for tiles that are not in view.
pub(super) const BUDGET_BYTES: usize = 256 << 20;

/// Tiles, the one used last at the end.
pub(super) struct Cache {
    budget: usize,
    tiles: Vec<Arc<TileView>>,
}

impl Cache {
    pub(super) fn new(budget: usize) -> Self {
        Self { budget, tiles: Vec::new() }
    }

    /// The tile, if it is still here.
    pub(super) fn get(&mut self, tile: &str) -> Option<Arc<TileView>> {
        let at = self.tiles.iter().position(|view| view.tile == tile)?;
        let view = self.tiles.remove(at);
        self.tiles.push(Arc::clone(&view));
        Some(view)
    }

    /// Whether the tile is here.
    pub(super) fn holds(&self, tile: &str) -> bool {
        self.tiles.iter().any(|view| view.tile == tile)
    }

    /// Keeps a tile, dropping those not used for longest.
    pub(super) fn put(&mut self, view: Arc<TileView>) {
        self.tiles.retain(|other| other.tile != view.tile);
        self.tiles.push(view);
        while self.tiles.len() > 1 && self.bytes() > self.budget {
            self.tiles.remove(0);
        }
    }

    fn bytes(&self) -> usize {
        self.tiles.iter().map(|view| view.bytes()).sum()
    }
}

impl TileView {
    /// Memory it takes.
    fn bytes(&self) -> usize {
        self.image.bytes() + self.mask.as_ref().map_or(0, |mask| mask.data().len())
    }
}

#[cfg(test)]
mod tests {
    use image::RgbImage;

    use super::*;
    use crate::ui::canvas::pyramid::ImagePyramid;

    fn view(tile: &str) -> Arc<TileView> {
        Arc::new(TileView {
            tile: tile.to_owned(),
            size: [8, 8],
            image: ImagePyramid::new(&RgbImage::new(8, 8)),
            mask: None,
            mask_counts: Vec::new(),
            short_id: String::new(),
            unmatched: Vec::new(),
        })
    }

    #[test]
    fn the_tile_not_used_for_longest_goes_first() {
        let each = view("a").bytes();
        let mut cache = Cache::new(2 * each);
        cache.put(view("a"));
        cache.put(view("b"));
        assert!(cache.get("a").is_some());
        cache.put(view("c"));
        assert!(cache.holds("a") && !cache.holds("b") && cache.holds("c"));
    }

    #[test]
    fn a_tile_larger_than_the_budget_is_still_kept_while_in_view() {
        let mut cache = Cache::new(1);
        cache.put(view("a"));
        cache.put(view("b"));
        assert!(cache.holds("b") && !cache.holds("a"));
    }
}
