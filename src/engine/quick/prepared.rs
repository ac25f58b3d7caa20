//! A tile prepared for the quick head.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

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
    /// Which pixels of the tile exist.
    valid: Option<Arc<Validity>>,
    /// Which pixels of the map have any that exists.
    valid_in_map: Option<Arc<Validity>>,
    /// Size of the tile, pixels.
    size: [u32; 2],
    /// The picture was halved this often.
    halvings: u32,
}

impl Prepared {
    /// Computes the features of a picture. `None` once `go_on` says that they are no longer wanted.
    pub fn new(picture: &Picture, go_on: &dyn Fn() -> bool) -> Option<Self> {
        Self::halved(picture, halvings(picture.size()), go_on)
    }

    /// The same, halved this often.
    fn halved(picture: &Picture, halvings: u32, go_on: &dyn Fn() -> bool) -> Option<Self> {
        let size = picture.size();
        let [width, height] = size.map(|side| side.div_ceil(1 << halvings));
        let image: Cow<'_, RgbImage> = match halvings {
            0 => Cow::Borrowed(&picture.rgb),
            _ => Cow::Owned(imageops::thumbnail(&picture.rgb, width, height)),
        };
        let valid = picture.valid.clone().map(Arc::new);
        let valid_in_map = match halvings {
            0 => valid.clone(),
            _ => valid.as_ref().and_then(|valid| valid.cells([width, height])).map(Arc::new),
        };
        let features = TileFeatures::compute_while(&image, Some(pretrained::built_in()), Kinds::ALL, go_on)?;
        Some(Self { features, valid, valid_in_map, size, halvings })
    }

    /// Memory that the features of a tile of `[width, height]` pixels take, in bytes.
    pub fn bytes_of(size: [u32; 2]) -> usize {
        features_of(size) >> (2 * halvings(size))
    }

    /// Memory that it takes, in bytes.
    pub fn bytes(&self) -> usize {
        self.features.bytes() + self.valid.as_ref().map_or(0, |valid| valid.flags().len())
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
        self.samples_of(labelled_pixels(strokes, self.size, classes), earlier)
    }

    /// Labelled pixels of the tile with their features. Those that `earlier` has are copied.
    pub fn samples_of(&self, mut pixels: Vec<LabelledPixel>, earlier: Option<&TileSamples>) -> TileSamples {
        pixels.retain(|pixel| self.exists(pixel.x, pixel.y)); // A missing pixel has no colour to learn from.
        for LabelledPixel { x, y, .. } in &mut pixels {
            [*x, *y] = self.in_map(*x, *y);
        }
        TileSamples::renewed(&self.features, &pixels, earlier)
    }

    /// Whether the image has a pixel at this column and row of the tile.
    pub fn exists(&self, x: u32, y: u32) -> bool {
        let place = y as usize * self.size[0] as usize + x as usize;
        self.valid.as_ref().is_none_or(|valid| valid.flags().get(place) == Some(&true))
    }

    /// The pixel of the map that a pixel of the tile belongs to.
    fn in_map(&self, x: u32, y: u32) -> [u32; 2] {
        let [width, height] = self.map_size();
        [(x >> self.halvings).min(width - 1), (y >> self.halvings).min(height - 1)]
    }

    /// The map of the tile.
    pub fn map(&self, head: &QuickHead) -> ClassMap {
        head.predict(&self.features, self.valid_in_map.as_deref())
    }

    /// The map at the size of the tile, whatever the size of the features. Exactly the missing pixels are unlabelled.
    pub fn whole_map(&self, head: &QuickHead) -> ClassMap {
        let mut map = head.predict(&self.features, None).resized(self.size);
        map.take_out_missing(self.valid.as_deref());
        map
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
        let map = || head.predict_part(&self.features, self.valid_in_map.as_deref(), part);
        (width > 0 && height > 0).then(|| MapPatch::new([x, y], map()))
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
    use crate::domain::{ClassDef, UNLABELLED};
    use crate::infer::Predictor;
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
        let halved = Prepared::halved(&picture(), 1, &|| true).unwrap();
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

    /// Maps at half the size.
    struct Halved(QuickHead);

    impl WholeMap for Halved {
        fn map(&self, picture: &Picture) -> ClassMap {
            Prepared::halved(picture, 1, &|| true).unwrap().whole_map(&self.0)
        }
    }

    #[test]
    fn of_a_halved_tile_exactly_the_missing_pixels_have_no_class() {
        // A single missing pixel that nearest neighbour would lose, one that it would meet, and a slanted border.
        let is_missing = |x: u32, y: u32| [(40, 20), (31, 31)].contains(&(x, y)) || 3 * x + 2 * y < 35;
        let exists = (0..79 * 59).map(|i| !is_missing(i % 79, i / 79)).collect();
        let rgb = RgbImage::from_fn(79, 59, |x, _| image::Rgb(if x < 40 { [220, 30, 20] } else { [20, 200, 30] }));
        let picture = Picture { rgb, valid: Validity::new([79, 59], exists) };
        let (_, head) = learned(&picture);
        let halved = Prepared::halved(&picture, 1, &|| true).unwrap();
        let map = halved.whole_map(&head);
        for (x, y) in (0..59).flat_map(|y| (0..79).map(move |x| (x, y))) {
            let (class, confidence) = map.at(x, y).unwrap();
            let none = (class == UNLABELLED, confidence == 0, !halved.exists(x, y));
            assert_eq!(none, (is_missing(x, y), is_missing(x, y), is_missing(x, y)), "column {x}, row {y}");
        }
        let small = halved.map(&head).classes;
        assert_eq!([small.get(20, 10), small.get(2, 2)].map(|class| class == UNLABELLED), [false, true]);
        assert!(Predictor::whole(Arc::new(Halved(head))).predict(picture) == map, "a saved head maps the same");
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
