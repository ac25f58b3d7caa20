//! Which network of a run is the best one: by validation mIoU or, where nothing can be scored, by training loss.

use serde::{Deserialize, Serialize};

/// The best network so far.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct BestNetwork {
    best: Option<Best>,
    /// Labels changed since the last evaluation, so the next evaluated network is the best: the one before has not seen
    /// them.
    labels_changed: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Best {
    /// mIoU, or the negative training loss.
    #[serde(with = "crate::domain::bits")]
    rating: f64,
    step: u64,
    #[serde(with = "crate::domain::bits")]
    miou: Option<f64>,
}

impl BestNetwork {
    /// Labels were added or removed: the next evaluation starts over.
    pub(super) fn labels_changed(&mut self) {
        self.labels_changed = true;
    }

    /// The training loss has another term from now on: networks that were rated by it are no longer compared with those to come.
    pub(super) fn loss_changed(&mut self) {
        if let Some(best) = self.best.as_mut().filter(|best| best.miou.is_none()) {
            best.rating = f64::NEG_INFINITY;
        }
    }

    /// Takes in an evaluation. Returns whether it is the best so far; an untrained network never is. A run that was killed and resumed
    /// may repeat the evaluation that was the best one: its network is written again, if it was not on the disk yet.
    pub(super) fn rate(&mut self, step: u64, miou: f64, train_loss: f32) -> bool {
        let miou = (!miou.is_nan()).then_some(miou);
        let rating = miou.unwrap_or(-f64::from(train_loss));
        let is_again = |best: &Best| step == best.step && rating.total_cmp(&best.rating).is_eq();
        let beaten = self.best.as_ref().is_none_or(|best| rating > best.rating || is_again(best));
        let is_best = step > 0 && (beaten || self.labels_changed);
        if is_best {
            self.best = Some(Best { rating, step, miou });
            self.labels_changed = false;
        }
        is_best
    }

    /// The run ends after this step. Returns why the last network is to be the best one as well, if so: without a score, a
    /// network that has not seen the last labels has no claim to be better.
    pub(super) fn end(&mut self, step: u64) -> Option<&'static str> {
        let why = match &self.best {
            None => "Stopped before the first evaluation: the best checkpoint is the last one",
            Some(best) if self.labels_changed && best.miou.is_none() => {
                "Labels changed since the last evaluation: the best checkpoint is the last one"
            }
            Some(_) => return None,
        };
        self.best = Some(Best { rating: f64::NEG_INFINITY, step, miou: None });
        Some(why)
    }

    /// mIoU of the best network; `None` if nothing could be scored.
    pub(super) fn miou(&self) -> Option<f64> {
        self.best.as_ref()?.miou
    }

    /// The step of the best network.
    pub(super) fn step(&self) -> Option<u64> {
        Some(self.best.as_ref()?.step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_higher_score_is_best_and_without_scores_the_lower_loss() {
        let mut scored = BestNetwork::default();
        assert_eq!([scored.rate(1, 0.5, 9.0), scored.rate(2, 0.4, 1.0), scored.rate(3, 0.6, 9.0)], [true, false, true]);
        assert_eq!((scored.step(), scored.miou(), scored.end(4)), (Some(3), Some(0.6), None));
        let mut unscored = BestNetwork::default();
        assert_eq!([unscored.rate(1, f64::NAN, 2.0), unscored.rate(2, f64::NAN, 3.0)], [true, false]);
        assert_eq!((unscored.step(), unscored.miou()), (Some(1), None));
    }

    #[test]
    fn a_loss_of_before_a_term_began_is_beaten_by_any_and_a_score_is_not() {
        let mut unscored = BestNetwork::default();
        unscored.rate(1, f64::NAN, 0.1);
        unscored.loss_changed();
        assert_eq!([(2, 5.0), (3, 6.0)].map(|(step, loss)| unscored.rate(step, f64::NAN, loss)), [true, false]);
        assert_eq!(unscored.step(), Some(2));
        let mut scored = BestNetwork::default();
        scored.rate(1, 0.5, 0.1);
        scored.loss_changed();
        assert!(!scored.rate(2, 0.4, 0.1));
    }

    #[test]
    fn a_network_that_has_not_seen_the_last_labels_is_not_best() {
        for miou in [f64::NAN, 0.4] {
            let mut best = BestNetwork::default();
            best.rate(1, miou, 0.1);
            best.labels_changed();
            assert!(best.rate(2, miou - 0.1, 5.0), "worse, but it has seen the labels");
            assert!(!best.rate(3, miou - 0.2, 6.0), "and from there on the better one again");
            assert_eq!(best.step(), Some(2));
        }
    }

    #[test]
    fn without_scores_the_last_network_is_best_after_new_labels() {
        let mut unscored = BestNetwork::default();
        unscored.rate(1, f64::NAN, 0.1);
        unscored.labels_changed();
        assert!(unscored.end(7).is_some_and(|why| why.contains("Labels changed")));
        assert_eq!(unscored.step(), Some(7));
        let mut scored = BestNetwork::default();
        scored.rate(1, 0.5, 0.1);
        scored.labels_changed();
        assert_eq!((scored.end(7), scored.step()), (None, Some(1)), "what was measured stands");
    }

    #[test]
    fn an_untrained_network_is_never_best() {
        let mut best = BestNetwork::default();
        assert!(!best.rate(0, 0.9, f32::NAN));
        assert!(best.end(3).is_some_and(|why| why.contains("first evaluation")));
        assert_eq!((best.step(), best.miou()), (Some(3), None));
    }
}
