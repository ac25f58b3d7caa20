//! The quick head: tells classes apart by the features of labelled pixels, and maps tiles.

use rayon::prelude::*;

use super::batch::ClickPixels;
use super::course::Course;
use super::method::QuickMethod;
use super::model::Model;
use super::samples::TileSamples;
use super::tile_features::TileFeatures;
use crate::domain::geometry::PixelRect;
use crate::domain::{ClassMap, UNLABELLED, Validity};

/// A head that has learned.
#[derive(Clone, Debug, PartialEq)]
pub struct QuickHead {
    /// The class each output stands for, ascending.
    pub(super) classes: Vec<u8>,
    pub(super) model: Model,
}

impl QuickHead {
    /// Learns from all clicks, starting from `before` where that knows the same classes and features. `None` with fewer than two
    /// classes: there is nothing to tell apart.
    pub fn learn(course: &Course<'_>, before: Option<&Self>) -> Option<Self> {
        Self::learn_from(course, &course.clicks(), before)
    }

    /// The same from some of the clicks.
    pub fn learn_from(course: &Course<'_>, clicks: &[ClickPixels], before: Option<&Self>) -> Option<Self> {
        let mut classes: Vec<u8> = clicks.iter().map(|click| click.class).collect();
        classes.sort_unstable();
        classes.dedup();
        if classes.len() < 2 {
            return None;
        }
        let before = before.filter(|head| head.classes == classes).map(|head| &head.model);
        let model = Model::learn(course, clicks, &classes, before);
        Some(Self { classes, model })
    }

    /// The most probable class over the pixels of a click.
    pub fn vote(&self, tiles: &[&TileSamples], click: &ClickPixels) -> u8 {
        let mut sums = vec![0.0; self.classes.len()];
        for probabilities in self.model.probabilities(tiles, click, &self.classes).chunks(sums.len()) {
            sums.iter_mut().zip(probabilities).for_each(|(sum, probability)| *sum += probability);
        }
        let best = (1..sums.len()).fold(0, |best, place| if sums[place] > sums[best] { place } else { best });
        self.classes[best]
    }

    /// What learned.
    pub fn method(&self) -> QuickMethod {
        match self.model {
            Model::Linear { .. } => QuickMethod::Linear,
            Model::Forest(_) => QuickMethod::Forest,
        }
    }

    /// The classes it tells apart.
    pub fn classes(&self) -> &[u8] {
        &self.classes
    }

    /// The head as a linear map of unscaled features: weights `[classes, features]` and an intercept for each class.
    /// `None` of a forest.
    pub fn linear_map(&self) -> Option<(Vec<f32>, Vec<f32>)> {
        let Model::Linear { linear, scaling } = &self.model else { return None };
        let (mut weights, mut intercepts) = (Vec::new(), linear.intercepts().to_vec());
        for (row, intercept) in linear.weights().chunks(linear.features()).zip(&mut intercepts) {
            for (weight, scaling) in row.iter().zip(scaling) {
                weights.push(weight * scaling.factor);
                *intercept -= weight * scaling.factor * scaling.mean;
            }
        }
        Some((weights, intercepts))
    }

    /// The map of a tile whose features have the kinds of those it learned from. Its classes are always ones that have a label.
    pub fn predict(&self, features: &TileFeatures, valid: Option<&Validity>) -> ClassMap {
        let [width, height] = features.size().map(|side| side as u32);
        self.predict_part(features, valid, PixelRect { x: 0, y: 0, width, height })
    }

    /// The same of a part of the tile, as large as the part.
    pub fn predict_part(&self, features: &TileFeatures, valid: Option<&Validity>, part: PixelRect) -> ClassMap {
        let (width, columns) = (features.size()[0], part.x as usize..(part.x + part.width) as usize);
        let levels = self.model.levels(features, self.classes.len(), part);
        let mut map = ClassMap::unpredicted([part.width, part.height]);
        let classes = map.classes.data_mut().par_chunks_mut(columns.len());
        let rows = part.y as usize..(part.y + part.height) as usize;
        classes.zip(map.confidence.par_chunks_mut(columns.len())).zip(rows).for_each_init(
            || vec![0.0; self.classes.len() * columns.len()],
            |logits, ((classes, confidence), y)| {
                levels.row(y, logits);
                self.decide(logits, classes, confidence);
                if let Some(valid) = valid {
                    take_out(&valid.flags()[y * width..][columns.clone()], classes, confidence);
                }
            },
        );
        map
    }

    /// The most probable class of each pixel of a row, and its probability. `logits`: `[classes, width]`.
    fn decide(&self, logits: &[f32], classes: &mut [u8], confidence: &mut [u8]) {
        let width = classes.len();
        for (x, (class, confidence)) in classes.iter_mut().zip(confidence).enumerate() {
            let of = |place: usize| logits[place * width + x];
            let best = (1..self.classes.len()).fold(0, |best, place| if of(place) > of(best) { place } else { best });
            let sum: f32 = (0..self.classes.len()).map(|place| (of(place) - of(best)).exp()).sum();
            *class = self.classes[best];
            *confidence = (255.0 / sum).round() as u8;
        }
    }
}

/// Removes what is predicted where no pixel exists.
fn take_out(exists: &[bool], classes: &mut [u8], confidence: &mut [u8]) {
    for (place, _) in exists.iter().enumerate().filter(|(_, exists)| !**exists) {
        (classes[place], confidence[place]) = (UNLABELLED, 0);
    }
}

#[cfg(test)]
mod tests {
    use image::{Rgb, RgbImage};

    use super::*;
    use crate::pretrained;
    use crate::quick::samples::LabelledPixel;
    use crate::quick::tile_features::Kinds;

    /// Left red, right green, with a little texture.
    fn picture() -> RgbImage {
        RgbImage::from_fn(70, 40, |x, y| {
            let noise = ((x * 31 + y * 17) % 13) as u8;
            if x < 35 { Rgb([200 + noise, 40, 30]) } else { Rgb([40, 180 + noise, 30]) }
        })
    }

    fn features() -> TileFeatures {
        TileFeatures::compute(&picture(), None, Kinds::BANK)
    }

    fn pixel(x: u32, class: u8) -> LabelledPixel {
        LabelledPixel { x, y: 20, class, click: x, weight: 1.0 }
    }

    #[test]
    fn two_clicks_tell_two_colours_apart_and_no_other_class_appears() {
        let features = features();
        let pixels = [pixel(10, 7), pixel(60, 2)];
        let head = QuickHead::learn(&Course::of(&[&TileSamples::new(&features, &pixels)]), None).unwrap();
        assert_eq!(head.classes(), [2, 7]);
        let map = head.predict(&features, None);
        for (i, &class) in map.classes.data().iter().enumerate() {
            let x = i % 70;
            let want = if x < 35 { 7 } else { 2 };
            assert!(class == want || (30..40).contains(&x), "{x}: {class}");
        }
        assert!(map.confidence.iter().all(|&confidence| confidence >= 127));
    }

    #[test]
    fn one_class_alone_is_nothing_to_tell_apart() {
        let features = features();
        let samples = |pixels: &[LabelledPixel]| {
            QuickHead::learn(&Course::of(&[&TileSamples::new(&features, pixels)]), None).is_none()
        };
        assert!(samples(&[]) && samples(&[pixel(3, 1), pixel(9, 1)]));
    }

    #[test]
    fn pixels_that_do_not_exist_get_no_class() {
        let features = features();
        let pixels = [pixel(10, 0), pixel(60, 1)];
        let head = QuickHead::learn(&Course::of(&[&TileSamples::new(&features, &pixels)]), None).unwrap();
        let valid = Validity::new([70, 40], (0..70 * 40).map(|i| i % 70 != 5).collect()).unwrap();
        let map = head.predict(&features, Some(&valid));
        for (i, (&class, &confidence)) in map.classes.data().iter().zip(&map.confidence).enumerate() {
            assert_eq!((class == UNLABELLED, confidence == 0), (i % 70 == 5, i % 70 == 5));
        }
    }

    #[test]
    fn a_part_is_that_of_the_whole_map() {
        let features = TileFeatures::compute(&picture(), Some(pretrained::built_in()), Kinds::ALL);
        let pixels = [pixel(10, 0), pixel(20, 0), pixel(50, 1), pixel(60, 1)];
        let head = QuickHead::learn(&Course::of(&[&TileSamples::new(&features, &pixels)]), None).unwrap();
        let (whole, rect) = (head.predict(&features, None), PixelRect { x: 21, y: 13, width: 40, height: 16 });
        let part = head.predict_part(&features, None, rect);
        assert_eq!(part.size(), [40, 16]);
        for (x, y) in (0..16).flat_map(|y| (0..40).map(move |x| (x, y))) {
            let (found, want) = (part.at(x, y).unwrap(), whole.at(21 + x, 13 + y).unwrap());
            assert!(found.0 == want.0 && found.1.abs_diff(want.1) <= 1, "row {y}, column {x}: {found:?}, {want:?}");
        }
    }

    #[test]
    fn an_earlier_head_shortens_the_way_to_the_same_map() {
        let features = features();
        let few = [pixel(10, 0), pixel(60, 1)];
        let more = [pixel(10, 0), pixel(60, 1), pixel(20, 0), pixel(50, 1)];
        let learn = |pixels: &[LabelledPixel], before: Option<&QuickHead>| {
            QuickHead::learn(&Course::of(&[&TileSamples::new(&features, pixels)]), before).unwrap()
        };
        let warm = learn(&more, Some(&learn(&few, None)));
        let cold = learn(&more, None);
        let differ = warm
            .predict(&features, None)
            .classes
            .data()
            .iter()
            .zip(cold.predict(&features, None).classes.data())
            .filter(|(a, b)| a != b)
            .count();
        assert!(differ < 30, "{differ} of 2800 pixels");
    }
}
