//! The probabilities of a pixel.

/// Where the logits of a pixel are: one in each plane of its image.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    /// Pixels of an image.
    pub(super) plane: usize,
    pub(super) pixel: usize,
    /// Which classes are in the softmax.
    pub(super) competes: &'a [bool],
}

impl Place<'_> {
    /// Class and position of each competing class.
    pub(super) fn each(self) -> impl Iterator<Item = (usize, usize)> {
        let Self { plane, pixel, competes } = self;
        (0..competes.len()).filter(|class| competes[*class]).map(move |class| (class, pixel + class * plane))
    }

    /// Writes the probability of each class, 0 where it does not compete. Returns the logarithm of the sum of the exponentials: the
    /// logarithm of a probability is the logit less this.
    pub(super) fn softmax(self, logits: &[f32], probabilities: &mut [f32]) -> f32 {
        // NaN is kept, so that a diverged run is noticed.
        let larger = |most: f32, value: f32| if value > most || value.is_nan() { value } else { most };
        let largest = self.each().fold(f32::NEG_INFINITY, |most, (_, at)| larger(most, logits[at]));
        let mut sum = 0.0;
        probabilities.fill(0.0);
        for (class, at) in self.each() {
            probabilities[class] = (logits[at] - largest).exp();
            sum += probabilities[class];
        }
        probabilities.iter_mut().for_each(|probability| *probability /= sum);
        sum.ln() + largest
    }
}
