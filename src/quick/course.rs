//! What a head learns from, and how.

use super::batch::{ClickPixels, clicks_on};
use super::method::QuickMethod;
use super::samples::TileSamples;

/// How much more a click on the mapped tile counts than one on another tile: a guess, not measured yet.
const IN_VIEW: f32 = 3.0;

/// Labelled pixels of some tiles, and what learns from them.
#[derive(Clone, Copy, Debug)]
pub struct Course<'a> {
    /// The tiles.
    pub tiles: &'a [&'a TileSamples],
    /// Place of the tile that is mapped, if it has labels: its clicks count more.
    pub view: Option<usize>,
    /// What learns.
    pub method: QuickMethod,
}

impl<'a> Course<'a> {
    /// A linear head for any tile.
    pub fn of(tiles: &'a [&'a TileSamples]) -> Self {
        Self { tiles, view: None, method: QuickMethod::Linear }
    }

    /// The clicks on all tiles, in order.
    pub fn clicks(&self) -> Vec<ClickPixels> {
        clicks_on(self.tiles)
    }

    /// How much the pixels of each tile count. Their sum over the pixels of `clicks` is what it is without a tile in view, and
    /// so is the meaning of the penalty.
    pub(super) fn shares(&self, clicks: &[ClickPixels]) -> Vec<f32> {
        let plain = |tile: usize| if self.view == Some(tile) { IN_VIEW } else { 1.0 };
        let pixels = |weight: &dyn Fn(usize) -> f32| -> f32 {
            clicks.iter().map(|click| weight(click.tile) * click.pixels.len() as f32).sum()
        };
        let scale = pixels(&|_| 1.0) / pixels(&plain).max(f32::MIN_POSITIVE);
        (0..self.tiles.len()).map(|tile| scale * plain(tile)).collect()
    }
}

#[cfg(test)]
mod tests {
    use image::RgbImage;

    use super::*;
    use crate::quick::head::QuickHead;
    use crate::quick::samples::LabelledPixel;
    use crate::quick::tile_features::{Kinds, TileFeatures};

    fn tile(pixels: &[(u32, u8)]) -> (TileFeatures, TileSamples) {
        let image = RgbImage::from_fn(64, 32, |x, y| image::Rgb([(x * 4) as u8, 90 + (y % 3) as u8, 30]));
        let features = TileFeatures::compute(&image, None, Kinds::BANK);
        let pixel = |(click, &(x, class)): (u32, &(u32, u8))| LabelledPixel { x, y: 9, class, click, weight: 9.0 };
        let samples = TileSamples::new(&features, &(0..).zip(pixels).map(pixel).collect::<Vec<_>>());
        (features, samples)
    }

    #[test]
    fn clicks_in_view_count_more_and_the_sum_stays() {
        let (one, other) = (tile(&[(3, 0), (50, 1)]).1, tile(&[(3, 0), (20, 0), (40, 1), (50, 1)]).1);
        let tiles = [&one, &other];
        let course = Course { view: Some(0), ..Course::of(&tiles) };
        let [view, others] = course.shares(&course.clicks())[..] else { panic!("two tiles") };
        assert!((view / others - IN_VIEW).abs() < 1e-4 && (2.0 * view + 4.0 * others - 6.0).abs() < 1e-4);
        let alone = [&one];
        let alone = Course { view: Some(0), ..Course::of(&alone) };
        assert_eq!(alone.shares(&alone.clicks()), [1.0], "a tile alone is as without a view");
    }

    #[test]
    fn where_tiles_disagree_the_one_in_view_has_its_way() {
        let ((features, one), (_, other)) = (tile(&[(5, 0), (30, 1), (58, 1)]), tile(&[(5, 0), (30, 0), (58, 1)]));
        let tiles = [&one, &other];
        for method in [QuickMethod::Linear, QuickMethod::Forest] {
            let class_of = |view| {
                let head = QuickHead::learn(&Course { view: Some(view), method, ..Course::of(&tiles) }, None).unwrap();
                head.predict(&features, None).classes.get(30, 9)
            };
            assert_eq!([class_of(0), class_of(1)], [1, 0], "{method:?}");
        }
    }
}
