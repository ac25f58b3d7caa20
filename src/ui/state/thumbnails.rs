//! Thumbnail textures of recently visible tiles, up to a limit. The others are on disk and load quickly.

use std::collections::HashMap;

use eframe::egui::TextureHandle;

/// Textures kept. At 96×96 pixels they take 64 MB.
const KEPT: usize = 1700;

/// Rows before and after the visible ones whose thumbnails are prefetched.
const AHEAD: usize = 100;

/// Thumbnail textures by tile id.
#[derive(Default)]
pub struct Thumbnails {
    textures: HashMap<String, (TextureHandle, u64)>,
    clock: u64,
}

impl Thumbnails {
    /// The thumbnail of a tile, if loaded.
    pub fn get(&self, tile: &str) -> Option<&TextureHandle> {
        self.textures.get(tile).map(|(texture, _)| texture)
    }

    /// Drops all thumbnails, for another project.
    pub fn clear(&mut self) {
        self.textures.clear();
    }

    /// Adds a thumbnail. Above the limit, those visible longest ago are dropped.
    pub fn insert(&mut self, tile: String, texture: TextureHandle) {
        self.textures.insert(tile, (texture, self.clock));
        if self.textures.len() > KEPT {
            // Drops a tenth at once, so that this is rare.
            let mut seen: Vec<u64> = self.textures.values().map(|(_, seen)| *seen).collect();
            let place = seen.len() / 10;
            let (_, bound, _) = seen.select_nth_unstable(place);
            let bound = *bound;
            self.textures.retain(|_, (_, seen)| *seen > bound || *seen == self.clock);
        }
    }

    /// Records which tiles are visible, by id.
    pub fn note_seen<'a>(&mut self, tiles: impl Iterator<Item = &'a str>) {
        self.clock += 1;
        for tile in tiles {
            if let Some((_, seen)) = self.textures.get_mut(tile) {
                *seen = self.clock;
            }
        }
    }
}

/// Order in which to load thumbnails: the visible rows, then their neighbours, nearest first.
pub fn order(visible_rows: &[usize], tiles: usize) -> impl Iterator<Item = usize> {
    let (first, last) =
        (visible_rows.iter().min().copied().unwrap_or(0), visible_rows.iter().max().copied().unwrap_or(0));
    let around = (1..=AHEAD).flat_map(move |n| [last.checked_add(n), first.checked_sub(n)]);
    visible_rows.iter().copied().chain(around.flatten().filter(move |index| *index < tiles))
}

#[cfg(test)]
mod tests {
    use eframe::egui::{Color32, ColorImage, Context, TextureOptions};

    use super::*;

    #[test]
    fn visible_rows_come_first_and_then_their_neighbours() {
        let around: Vec<usize> = order(&[3, 4], 8).collect();
        assert_eq!(around, [3, 4, 5, 2, 6, 1, 7, 0]);
        assert_eq!(order(&[5000], 10_000).count(), 2 * AHEAD + 1, "not the whole folder");
    }

    #[test]
    fn scrolling_keeps_visible_and_recent_thumbnails() {
        let (ctx, mut thumbnails) = (Context::default(), Thumbnails::default());
        let texture = |name: usize| {
            ctx.load_texture(name.to_string(), ColorImage::filled([1, 1], Color32::RED), TextureOptions::LINEAR)
        };
        for row in 0..5000 {
            thumbnails.insert(row.to_string(), texture(row));
            let visible_rows: Vec<String> = (row.saturating_sub(10)..=row).map(|row| row.to_string()).collect();
            thumbnails.note_seen(visible_rows.iter().map(String::as_str));
            assert!(visible_rows.iter().all(|row| thumbnails.get(row).is_some()), "row {row}");
        }
        assert!(thumbnails.textures.len() <= KEPT);
        assert!(thumbnails.get("4000").is_some() && thumbnails.get("0").is_none());
    }
}
