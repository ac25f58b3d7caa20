//! Early stopping: a run ends when its score has stopped rising.

/// Counts evaluations without a better score (Prechelt, "Early stopping – but when?", 1998).
pub(super) struct EarlyStop {
    /// Evaluations without a better mIoU after which a run ends; 0 if it never ends early.
    patience: u32,
    best: f64,
    /// Evaluations since the best one.
    waited: u32,
}

impl EarlyStop {
    pub(super) fn new(patience: u32) -> Self {
        Self { patience, best: f64::NEG_INFINITY, waited: 0 }
    }

    /// Labels were added or removed: what the network can reach has changed, so the count starts over.
    pub(super) fn labels_changed(&mut self) {
        *self = Self::new(self.patience);
    }

    /// Takes in the score at the end of an epoch. Returns why the run should end, if it should. NaN is no score.
    pub(super) fn rate(&mut self, miou: f64) -> Option<String> {
        if miou > self.best {
            (self.best, self.waited) = (miou, 0);
        } else if !miou.is_nan() {
            self.waited += 1;
        }
        let is_over = self.patience > 0 && self.waited >= self.patience;
        let times = if self.waited == 1 { "evaluation".to_owned() } else { format!("{} evaluations", self.waited) };
        is_over.then(|| format!("the last {times} had no mIoU above {:.4}", self.best))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_ends_after_as_many_evaluations_without_a_better_score() {
        let mut two = EarlyStop::new(2);
        let ends = [0.1, 0.3, 0.3, 0.4, 0.2, 0.4].map(|miou| two.rate(miou));
        assert!(ends[..5].iter().all(Option::is_none), "{ends:?}");
        assert_eq!(ends[5].as_deref(), Some("the last 2 evaluations had no mIoU above 0.4000"));
        let mut one = EarlyStop::new(1);
        assert_eq!(one.rate(0.5), None);
        assert_eq!(one.rate(0.4).as_deref(), Some("the last evaluation had no mIoU above 0.5000"));
    }

    #[test]
    fn without_patience_or_scores_a_run_never_ends_early() {
        let (mut off, mut unscored) = (EarlyStop::new(0), EarlyStop::new(1));
        for _ in 0..9 {
            assert_eq!([off.rate(0.5), unscored.rate(f64::NAN)], [None, None]);
        }
    }

    #[test]
    fn new_labels_start_the_count_over() {
        let mut one = EarlyStop::new(1);
        one.rate(0.5);
        one.labels_changed();
        assert_eq!(one.rate(0.3), None, "it has more to learn than before");
        assert!(one.rate(0.3).is_some());
    }
}
