//! A weighted sum of losses over the labelled pixels, and its gradient.

use rayon::prelude::*;

use super::labels::Labels;
use super::overlap::{Area, Slope};
use super::pixelwise::{Pixelwise, Prediction};
use super::softmax::Place;
use super::terms::{ERROR_EPSILON, ERROR_WEIGHT, Mixture};
use crate::kernels::memory::Buffer;
use crate::kernels::shape::Shape;

/// Returns the loss and its gradient. The loss is 0 if no pixel is labelled. Which pixels and classes count is as in
/// [`super::partial_cross_entropy`]; the gradient of all others is exactly 0. The number of threads changes nothing.
///
/// # Shapes
/// - `logits` and the gradient: `shape`
///
/// # Panics
/// When the sizes do not match.
pub fn mixture(logits: &[f32], shape: Shape, labels: Labels<'_>, terms: &Mixture) -> (f32, Buffer) {
    let (plane, image) = (shape.plane(), shape.channels * shape.plane());
    assert_eq!(labels.indices.len(), shape.batch * plane, "each pixel needs one class index");
    assert_eq!(labels.competes.len(), shape.channels, "each class competes or not");
    let mut gradient = Buffer::new(shape.len());
    let total_weight = labels.total_weight();
    if total_weight == 0.0 {
        gradient.fill(0.0);
        return (0.0, gradient);
    }
    let pass = Pass { plane, labels, pixelwise: pixelwise(labels, terms, total_weight) };
    let images = logits.par_chunks(image).zip(labels.indices.par_chunks(plane));
    let sums: Vec<Sums> = images.clone().map(|(logits, indices)| pass.sums(logits, indices)).collect();
    let sums = sums.into_iter().fold(Sums::new(shape.channels), Sums::plus);
    let slopes = Slopes::new(&sums, terms);
    let of_images = gradient.par_chunks_mut(image).zip(images);
    of_images.for_each(|(gradient, (logits, indices))| pass.gradient(logits, indices, &slopes, gradient));
    ((sums.pixelwise + slopes.loss()) as f32, gradient)
}

fn pixelwise<'a>(labels: Labels<'_>, terms: &'a Mixture, total_weight: f64) -> Pixelwise<'a> {
    let weights = labels.competes.iter().enumerate();
    let class_weights = weights
        .map(|(class, competes)| if *competes { labels.class_weights.get(class).copied().unwrap_or(0.0) } else { 0.0 });
    let classes = labels.competes.iter().filter(|competes| **competes).count();
    Pixelwise { terms, class_weights: class_weights.collect(), classes, total_weight }
}

/// Sums over the labelled pixels.
struct Sums {
    pixelwise: f64,
    areas: Vec<Area>,
    /// The same with wrong pixels counting more.
    error_areas: Vec<Area>,
}

impl Sums {
    fn new(classes: usize) -> Self {
        Self { pixelwise: 0.0, areas: vec![Area::default(); classes], error_areas: vec![Area::default(); classes] }
    }

    fn plus(self, other: Self) -> Self {
        let add = |these: Vec<Area>, those: Vec<Area>| these.into_iter().zip(those).map(|(a, b)| a.plus(b)).collect();
        Self {
            pixelwise: self.pixelwise + other.pixelwise,
            areas: add(self.areas, other.areas),
            error_areas: add(self.error_areas, other.error_areas),
        }
    }
}

/// Losses of the classes by overlap, weighted.
struct Slopes {
    plain: Vec<Slope>,
    error: Vec<Slope>,
}

impl Slopes {
    fn new(sums: &Sums, terms: &Mixture) -> Self {
        let present = sums.areas.iter().filter(|area| area.labelled > 0.0).count().max(1) as f64;
        let by_class = |areas: &[Area], slope: &dyn Fn(Area) -> Slope| -> Vec<Slope> {
            let of =
                |area: &Area| if area.labelled > 0.0 { slope(*area).times(1.0 / present) } else { Slope::default() };
            areas.iter().map(of).collect()
        };
        let plain = |area: Area| area.dice(0.0).times(terms.dice).plus(area.jaccard().times(terms.jaccard));
        let error = |area: Area| area.dice(ERROR_EPSILON).times(terms.error_dice);
        Self { plain: by_class(&sums.areas, &plain), error: by_class(&sums.error_areas, &error) }
    }

    fn loss(&self) -> f64 {
        self.plain.iter().chain(&self.error).map(|slope| slope.loss).sum()
    }
}

/// A pass over the labelled pixels of an image.
struct Pass<'a> {
    plane: usize,
    labels: Labels<'a>,
    pixelwise: Pixelwise<'a>,
}

impl Pass<'_> {
    /// Calls `visit` for each labelled pixel.
    fn each(&self, logits: &[f32], indices: &[u8], mut visit: impl FnMut(&Prediction<'_>)) {
        let Self { plane, labels: Labels { competes, .. }, .. } = *self;
        let mut probabilities = vec![0.0; competes.len()];
        let labelled = indices.iter().enumerate().filter(|(_, index)| self.labels.weight(**index) > 0.0);
        for (pixel, &index) in labelled {
            let (place, class) = (Place { plane, pixel, competes }, usize::from(index));
            let log_sum = place.softmax(logits, &mut probabilities);
            let logit = logits[pixel + class * plane];
            visit(&Prediction { place, class, probabilities: &probabilities, log_sum, logit });
        }
    }

    fn sums(&self, logits: &[f32], indices: &[u8]) -> Sums {
        let mut sums = Sums::new(self.labels.competes.len());
        self.each(logits, indices, |at| {
            sums.pixelwise += self.pixelwise.loss(logits, at);
            let error_weight = error_weight(at);
            for (class, _) in at.place.each() {
                let (probability, is_labelled) = (at.probabilities[class], class == at.class);
                sums.areas[class].add(probability, is_labelled, 1.0);
                sums.error_areas[class].add(probability, is_labelled, error_weight);
            }
        });
        sums
    }

    fn gradient(&self, logits: &[f32], indices: &[u8], slopes: &Slopes, gradient: &mut [f32]) {
        gradient.fill(0.0);
        let class_weights = &self.pixelwise.class_weights;
        let all_weights: f64 = class_weights.iter().map(|&weight| f64::from(weight)).sum();
        self.each(logits, indices, |at| {
            let (own, smooth) = self.pixelwise.slopes(at);
            let error_weight = error_weight(at);
            let by_overlap = |class: usize| {
                let is_labelled = class == at.class;
                slopes.plain[class].at(is_labelled) + error_weight * slopes.error[class].at(is_labelled)
            };
            let probability = |class: usize| f64::from(at.probabilities[class]);
            let mean: f64 = at.place.each().map(|(class, _)| probability(class) * by_overlap(class)).sum();
            for (class, place) in at.place.each() {
                let p = probability(class);
                let onehot = f64::from(u8::from(class == at.class));
                let pixelwise = own * (onehot - p) + smooth * (p * all_weights - f64::from(class_weights[class]));
                gradient[place] = (pixelwise + p * (by_overlap(class) - mean)) as f32;
            }
        });
    }
}

/// How often a pixel counts in the error-weighted Dice.
fn error_weight(at: &Prediction<'_>) -> f64 {
    if at.is_wrong() { ERROR_WEIGHT } else { 1.0 }
}
