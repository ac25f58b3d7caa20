//! A tile prepared for the quick head.

use std::borrow::Cow;
use std::sync::OnceLock;

use image::RgbImage;
use image::imageops;

use crate::data::Picture;
use crate::domain::geometry::PixelRect;
use crate::domain::{ClassMap, Classes, MapPatch, Stroke, Validity};
use crate::engine::priority;
use crate::infer::WholeMap;
use crate::pretrained;
use crate::quick::head::QuickHead;
use crate::quick::samples::{LabelledPixel, TileSamples};
use crate::quick::strokes::labelled_pixels;
use crate::quick::tile_features::{Kinds, TileFeatures};

/// Limit of the memory that features take, in bytes. A tile that needs more is mapped at half its size, or a quarter, …
pub const LIMIT_BYTES: usize = 400 << 20;

/// Maps tiles with one head; the features of each are computed anew.
pub struct HeadMapper {
    head: QuickHead,
    /// Somebody waits for the map, but not for training. Without it, the threads of the caller's pool do the work.
    pool: Option<rayon::ThreadPool>,
}

impl HeadMapper {
    /// Maps with this head.
    pub fn new(head: QuickHead) -> Self {
        Self { head, pool: priority::answering_pool().ok() }
    }
}

impl WholeMap for HeadMapper {
    fn map(&self, picture: &Picture) -> ClassMap {
        let map = || Prepared::new(picture, &|| true).expect("nothing stops it").whole_map(&self.head);
        self.pool.as_ref().map_or_else(map, |pool| pool.install(map))
    }
}

/// Features of a tile.
pub struct Prepared {
    features: TileFeatures,
    /// Which pixels exist, at the size of the features.
    valid: Option<Validity>,
    /// Size of the tile, pixels.
    size: [u32; 2],
    /// The picture was halved this often.
    halvings: u32,
}

impl Prepared {
    /// Computes the features of a picture. `None` once `go_on` says that they are no longer wanted.
    pub fn new(picture: &Picture, go_on: &dyn Fn() -> bool) -> Option<Self> {
        let size = picture.size();
        let halvings = halvings(size);
        let [width, height] = size.map(|side| side.div_ceil(1 << halvings));
        let image: Cow<'_, RgbImage> = match halvings {
            0 => Cow::Borrowed(&picture.rgb),
            _ => Cow::Owned(imageops::thumbnail(&picture.rgb, width, height)),
        };
        let valid = picture.valid.as_ref().and_then(|valid| valid.resize(width, height));
        let features = TileFeatures::compute_while(&image, Some(pretrained::built_in()), Kinds::ALL, go_on)?;
        Some(Self { features, valid, size, halvings })
    }

    /// Memory that the features of a tile of `[width, height]` pixels take, in bytes.
    pub fn bytes_of(size: [u32; 2]) -> usize {
        features_of(size) >> (2 * halvings(size))
    }

    /// Memory that the features take, in bytes.
    pub fn bytes(&self) -> usize {
        self.features.bytes()
    }

    /// Width and height of the map, pixels.
    pub fn map_size(&self) -> [u32; 2] {
        self.features.size().map(|side| side as u32)
    }

    /// Pixels of the tile that a pixel of the map is wide.
    pub fn pixel(&self) -> u32 {
        1 << self.halvings
    }

    /// The pixels under strokes on the tile, with their features.
    /// Those that `earlier` has are copied.
    pub fn samples<'a>(
        &self,
        strokes: impl Iterator<Item = &'a Stroke> + Clone,
        classes: &Classes,
        earlier: Option<&TileSamples>,
    ) -> TileSamples {
        let mut pixels = labelled_pixels(strokes, self.size, classes);
        pixels.retain(|pixel| self.exists(pixel.x, pixel.y)); // A missing pixel has no colour to learn from.
        for LabelledPixel { x, y, .. } in &mut pixels {
            [*x, *y] = self.in_map(*x, *y);
        }
        TileSamples::renewed(&self.features, &pixels, earlier)
    }

    /// Whether the image has a pixel at this column and row of the tile.
    pub fn exists(&self, x: u32, y: u32) -> bool {
        let ([x, y], [width, _]) = (self.in_map(x, y), self.map_size());
        self.valid.as_ref().is_none_or(|valid| valid.flags()[(y * width + x) as usize])
    }

    /// The pixel of the map that a pixel of the tile belongs to.
    fn in_map(&self, x: u32, y: u32) -> [u32; 2] {
        let [width, height] = self.map_size();
        [(x >> self.halvings).min(width - 1), (y >> self.halvings).min(height - 1)]
    }

    /// The map of the tile.
    pub fn map(&self, head: &QuickHead) -> ClassMap {
        head.predict(&self.features, self.valid.as_ref())
    }

    /// The map at the size of the tile, whatever the size of the features.
    pub fn whole_map(&self, head: &QuickHead) -> ClassMap {
        self.map(head).resized(self.size)
    }

    /// The map of a part of the tile, given in its pixels; `None` if no pixel lies there.
    pub fn map_part(&self, head: &QuickHead, part: PixelRect) -> Option<MapPatch> {
        let size = self.map_size();
        let along = |start: u32, len: u32, size: u32| {
            let first = (start >> self.halvings).min(size);
            (first, (start + len).div_ceil(self.pixel()).clamp(first, size) - first)
        };
        let ((x, width), (y, height)) = (along(part.x, part.width, size[0]), along(part.y, part.height, size[1]));
        let part = PixelRect { x, y, width, height };
        let map = || head.predict_part(&self.features, self.valid.as_ref(), part);
        (width > 0 && height > 0).then(|| MapPatch { corner: [x, y], map: map() })
    }
}

/// Features that a pixel of a prepared tile has.
pub fn feature_count() -> usize {
    static COUNT: OnceLock<usize> = OnceLock::new();
    *COUNT.get_or_init(|| TileFeatures::compute(&RgbImage::new(1, 1), Some(pretrained::built_in()), Kinds::ALL).count())
}

/// Memory that features take without halving, in bytes, a little more than measured (364 MB for 2448² pixels). The encoder sees sides
/// that are multiples of 128.
fn features_of(size: [u32; 2]) -> usize {
    const PER_PIXEL: usize = 61;
    size.map(|side| (side as usize).next_multiple_of(128)).iter().product::<usize>() * PER_PIXEL
}

fn halvings(size: [u32; 2]) -> u32 {
    (0..16).find(|halvings| features_of(size) >> (2 * halvings) <= LIMIT_BYTES).unwrap_or(16)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ClassDef;
    use crate::quick::course::Course;

    #[test]
    fn a_tile_is_halved_until_its_features_fit() {
        assert_eq!([halvings([2448, 2448]), halvings([4000, 4000]), halvings([9000, 9500])], [0, 1, 2]);
        for size in [[2448, 2448], [4000, 4000], [9000, 9500], [60_000, 40_000]] {
            assert!(Prepared::bytes_of(size) <= LIMIT_BYTES, "{size:?}");
        }
    }

    fn classes() -> Classes {
        let class = |i: u8| ClassDef { name: format!("c{i}"), color: [i; 3], ignored: false };
        Classes::new((0..2).map(class).collect()).unwrap()
    }

    fn dot(class: u8, x: f32) -> Stroke {
        Stroke { tile: "t".to_owned(), class: Some(class), radius: 2.0, path: vec![[x, 30.0]] }
    }

    /// Left red, right green; the lowest rows are missing.
    fn picture() -> Picture {
        let rgb = RgbImage::from_fn(80, 60, |x, _| image::Rgb(if x < 40 { [220, 30, 20] } else { [20, 200, 30] }));
        let valid = Validity::new([80, 60], (0..80 * 60).map(|i| i < 80 * 50).collect());
        Picture { rgb, valid }
    }

    #[test]
    fn a_halved_tile_is_mapped_at_half_its_size() {
        let (whole, head) = learned(&picture());
        assert_eq!(whole.map(&head).classes.size(), [80, 60]);
        let small = picture().resize(40, 30);
        let features = TileFeatures::compute(&small.rgb, Some(pretrained::built_in()), Kinds::ALL);
        let halved = Prepared { features, valid: small.valid, size: [80, 60], halvings: 1 };
        let strokes = [dot(1, 79.5), dot(0, 5.0)];
        let samples = halved.samples(strokes.iter(), &classes(), None);
        let head = QuickHead::learn(&Course::of(&[&samples]), None).unwrap();
        let map = halved.map(&head);
        assert_eq!((map.classes.size(), halved.pixel()), ([40, 30], 2));
        assert_eq!((map.classes.get(5, 5), map.classes.get(35, 5)), (0, 1));
        let whole = halved.whole_map(&head);
        assert_eq!((whole.classes.size(), whole.confidence.len()), ([80, 60], 80 * 60));
        assert_eq!((whole.classes.get(10, 10), whole.classes.get(70, 10)), (0, 1));
    }

    fn learned(picture: &Picture) -> (Prepared, QuickHead) {
        let prepared = Prepared::new(picture, &|| true).unwrap();
        let strokes = [dot(0, 10.0), dot(1, 70.0)];
        let samples = prepared.samples(strokes.iter(), &classes(), None);
        (prepared, QuickHead::learn(&Course::of(&[&samples]), None).unwrap())
    }

    #[test]
    fn labels_on_missing_pixels_are_not_learned_from() {
        let prepared = Prepared::new(&picture(), &|| true).unwrap();
        let below = Stroke { path: vec![[40.0, 57.0]], ..dot(1, 0.0) };
        assert_eq!(prepared.samples([&below].into_iter(), &classes(), None).clicks(), 0);
    }

    #[test]
    fn what_is_not_wanted_is_not_computed() {
        assert!(Prepared::new(&picture(), &|| false).is_none());
    }
}
