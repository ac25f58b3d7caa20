//! Terms that are a mean over labelled pixels: cross-entropy with label smoothing, and focal loss.

use super::softmax::Place;
use super::terms::Mixture;

/// What the terms need to know of all pixels.
pub(super) struct Pixelwise<'a> {
    pub(super) terms: &'a Mixture,
    /// The weight of each class, 0 where it does not compete.
    pub(super) class_weights: Vec<f32>,
    /// Classes that compete.
    pub(super) classes: usize,
    /// Weights of all labelled pixels together, above 0.
    pub(super) total_weight: f64,
}

/// A labelled pixel and what is predicted there.
pub(super) struct Prediction<'a> {
    pub(super) place: Place<'a>,
    pub(super) class: usize,
    pub(super) probabilities: &'a [f32],
    /// The logarithm of the sum of the exponentials.
    pub(super) log_sum: f32,
    /// The logit of `class`.
    pub(super) logit: f32,
}

impl Prediction<'_> {
    fn log_likelihood(&self) -> f64 {
        f64::from(self.logit - self.log_sum)
    }

    /// The probability of all other classes. Summed, because 1 − p rounds to 0 where p is near 1.
    fn of_others(&self) -> f64 {
        let others = self.probabilities.iter().enumerate().filter(|(class, _)| *class != self.class);
        others.map(|(_, probability)| f64::from(*probability)).sum()
    }

    /// Whether another class is more probable than that of the label.
    pub(super) fn is_wrong(&self) -> bool {
        let own = self.probabilities[self.class];
        self.probabilities
            .iter()
            .enumerate()
            .any(|(class, other)| *other > own || (*other == own && class < self.class))
    }
}

impl Pixelwise<'_> {
    fn weight(&self, class: usize) -> f64 {
        f64::from(self.class_weights[class]) / self.total_weight
    }

    /// The part of label smoothing that each competing class has.
    fn smoothed(&self) -> f64 {
        self.terms.label_smoothing / (self.classes as f64 * self.total_weight)
    }

    /// The contribution of a pixel to the loss.
    pub(super) fn loss(&self, logits: &[f32], at: &Prediction<'_>) -> f64 {
        let Mixture { cross_entropy, label_smoothing, focal, focal_gamma, .. } = *self.terms;
        let own = -at.log_likelihood() * self.weight(at.class);
        let mut loss = (1.0 - label_smoothing) * cross_entropy * own;
        if cross_entropy * label_smoothing > 0.0 {
            let all = at.place.each().map(|(class, place)| self.class_weights[class] * (at.log_sum - logits[place]));
            loss += cross_entropy * self.smoothed() * f64::from(all.sum::<f32>());
        }
        if focal > 0.0 {
            loss += focal * own * at.of_others().powf(focal_gamma);
        }
        loss
    }

    /// The derivative of [`Self::loss`] by the logit of each class is `own · (onehot − p) + smooth · (p · Σ w − w)`. Returns `own`
    /// and `smooth`.
    pub(super) fn slopes(&self, at: &Prediction<'_>) -> (f64, f64) {
        let Mixture { cross_entropy, label_smoothing, focal, focal_gamma, .. } = *self.terms;
        let mut own = -(1.0 - label_smoothing) * cross_entropy;
        if focal > 0.0 {
            own += focal * focal_slope(at.log_likelihood(), at.of_others(), focal_gamma);
        }
        (own * self.weight(at.class), cross_entropy * self.smoothed())
    }
}

/// The derivative of `−(1 − p)^γ·ln p` by `ln p`, with `others` = 1 − p.
fn focal_slope(log_likelihood: f64, others: f64, gamma: f64) -> f64 {
    let plain = -others.powf(gamma);
    // Where p is 1 its logarithm is 0, whatever the power of 0 would be.
    if others > 0.0 { plain + gamma * log_likelihood.exp() * others.powf(gamma - 1.0) * log_likelihood } else { plain }
}
