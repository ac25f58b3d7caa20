//! How well the predicted area of a class overlaps its labelled one: Dice and Jaccard, made soft.

/// Sums over the labelled pixels, for one class.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Area {
    /// Probability of the class where it is labelled: the soft intersection.
    pub(super) common: f64,
    /// Probability of the class on all labelled pixels.
    pub(super) predicted: f64,
    /// Pixels that are labelled with it.
    pub(super) labelled: f64,
}

/// A loss of a class, and its derivative by the probability of that class at a pixel.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Slope {
    pub(super) loss: f64,
    /// Where the pixel is labelled with the class.
    pub(super) inside: f64,
    /// Where it is labelled with another.
    pub(super) outside: f64,
}

impl Area {
    /// Adds a pixel that counts `weight` times.
    pub(super) fn add(&mut self, probability: f32, is_labelled: bool, weight: f64) {
        let predicted = weight * f64::from(probability);
        self.predicted += predicted;
        if is_labelled {
            self.common += predicted;
            self.labelled += weight;
        }
    }

    pub(super) fn plus(self, other: Self) -> Self {
        Self {
            common: self.common + other.common,
            predicted: self.predicted + other.predicted,
            labelled: self.labelled + other.labelled,
        }
    }

    /// `1 − (2·common + ε) / (predicted + labelled + ε)`.
    pub(super) fn dice(self, epsilon: f64) -> Slope {
        let sum = self.predicted + self.labelled + epsilon;
        let share = (2.0 * self.common + epsilon) / sum;
        Slope { loss: 1.0 - share, inside: (share - 2.0) / sum, outside: share / sum }
    }

    /// `1 − common / (predicted + labelled − common)`.
    pub(super) fn jaccard(self) -> Slope {
        let union = self.predicted + self.labelled - self.common;
        let share = self.common / union;
        Slope { loss: 1.0 - share, inside: -1.0 / union, outside: share / union }
    }
}

impl Slope {
    pub(super) fn times(self, factor: f64) -> Self {
        Self { loss: factor * self.loss, inside: factor * self.inside, outside: factor * self.outside }
    }

    pub(super) fn plus(self, other: Self) -> Self {
        Self { loss: self.loss + other.loss, inside: self.inside + other.inside, outside: self.outside + other.outside }
    }

    /// The derivative at a pixel.
    pub(super) fn at(self, is_labelled: bool) -> f64 {
        if is_labelled { self.inside } else { self.outside }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlaps_are_those_of_sets_where_probabilities_are_0_and_1() {
        // Four pixels have the class, three are predicted to, two are both.
        let area = Area { common: 2.0, predicted: 3.0, labelled: 4.0 };
        assert!((area.dice(0.0).loss - (1.0 - 4.0 / 7.0)).abs() < 1e-12);
        assert!((area.jaccard().loss - (1.0 - 2.0 / 5.0)).abs() < 1e-12);
        let all = Area { common: 4.0, predicted: 4.0, labelled: 4.0 };
        assert_eq!([all.dice(0.0).loss, all.dice(1.0).loss, all.jaccard().loss], [0.0; 3]);
    }

    #[test]
    fn slopes_are_finite_differences() {
        let area = Area { common: 1.3, predicted: 2.1, labelled: 4.0 };
        let step = 1e-6;
        let inside = Area { common: area.common + step, predicted: area.predicted + step, ..area };
        let outside = Area { predicted: area.predicted + step, ..area };
        for of in [|area: Area| area.dice(0.0), |area: Area| area.dice(1.0), |area: Area| area.jaccard()] {
            let slope = of(area);
            for (moved, is_labelled) in [(inside, true), (outside, false)] {
                let difference = (of(moved).loss - slope.loss) / step;
                assert!((difference - slope.at(is_labelled)).abs() < 1e-5, "{difference} for {slope:?}");
            }
        }
    }
}
