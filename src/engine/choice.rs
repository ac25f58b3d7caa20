//! Which network of a run is its best one: by its score or, where nothing can be scored, by the training loss.

/// The best network so far.
#[derive(Default)]
pub(super) struct Choice {
    best: Option<Best>,
    /// Labels are new since the last evaluation: a network that knows nothing of them is best no longer than that.
    anew: bool,
}

struct Best {
    rating: f64,
    step: u64,
    miou: Option<f64>,
}

impl Choice {
    /// Labels were given or taken back: from the next evaluation on, what was best before does not count.
    pub(super) fn labels_changed(&mut self) {
        self.anew = true;
    }

    /// Whether the network just evaluated is the best so far. One that has not taken a step is nobody's best.
    pub(super) fn rate(&mut self, step: u64, miou: f64, train_loss: f32) -> bool {
        let miou = (!miou.is_nan()).then_some(miou);
        let rating = miou.unwrap_or(-f64::from(train_loss));
        let beaten = self.best.as_ref().is_none_or(|best| rating > best.rating);
        let is_best = step > 0 && (beaten || self.anew);
        if is_best {
            self.best = Some(Best { rating, step, miou });
            self.anew = false;
        }
        is_best
    }

    /// The run ends after this step. Why its last network is to be the best one as well, if so: where nothing was scored,
    /// nothing speaks for a network from before the last labels.
    pub(super) fn end(&mut self, step: u64) -> Option<&'static str> {
        let why = match &self.best {
            None => "Stopped before the first evaluation: the best checkpoint is the last one",
            Some(best) if self.anew && best.miou.is_none() => {
                "Labels were added since the last evaluation: the best checkpoint is the last one"
            }
            Some(_) => return None,
        };
        self.best = Some(Best { rating: f64::NEG_INFINITY, step, miou: None });
        Some(why)
    }

    /// The best score; `None` if nothing could be scored.
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
    fn the_better_score_is_best_and_the_lower_loss_where_there_is_none() {
        let mut scored = Choice::default();
        assert_eq!([scored.rate(1, 0.5, 9.0), scored.rate(2, 0.4, 1.0), scored.rate(3, 0.6, 9.0)], [true, false, true]);
        assert_eq!((scored.step(), scored.miou(), scored.end(4)), (Some(3), Some(0.6), None));
        let mut unscored = Choice::default();
        assert_eq!([unscored.rate(1, f64::NAN, 2.0), unscored.rate(2, f64::NAN, 3.0)], [true, false]);
        assert_eq!((unscored.step(), unscored.miou()), (Some(1), None));
    }

    #[test]
    fn a_network_from_before_the_last_labels_is_not_best() {
        for miou in [f64::NAN, 0.4] {
            let mut choice = Choice::default();
            choice.rate(1, miou, 0.1);
            choice.labels_changed();
            assert!(choice.rate(2, miou - 0.1, 5.0), "worse, but it has seen the labels");
            assert!(!choice.rate(3, miou - 0.2, 6.0), "and from there on the better one again");
            assert_eq!(choice.step(), Some(2));
        }
    }

    #[test]
    fn stopped_after_new_labels_the_last_network_is_best_where_nothing_was_scored() {
        let mut unscored = Choice::default();
        unscored.rate(1, f64::NAN, 0.1);
        unscored.labels_changed();
        assert!(unscored.end(7).is_some_and(|why| why.contains("Labels were added")));
        assert_eq!(unscored.step(), Some(7));
        let mut scored = Choice::default();
        scored.rate(1, 0.5, 0.1);
        scored.labels_changed();
        assert_eq!((scored.end(7), scored.step()), (None, Some(1)), "what was measured stands");
    }

    #[test]
    fn a_network_without_a_step_is_nobodys_best() {
        let mut choice = Choice::default();
        assert!(!choice.rate(0, 0.9, f32::NAN));
        assert!(choice.end(3).is_some_and(|why| why.contains("first evaluation")));
        assert_eq!((choice.step(), choice.miou()), (Some(3), None));
    }
}
