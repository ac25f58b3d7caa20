//! What keeps a network from being trained as configured, each with its remedy.

use super::extent::{InputSize, Length};
use super::loss_weights::LossWeights;
use super::options::{LossTerm, Optimizer, Schedule};
use super::problem_list::Problems;
use super::train_config::TrainConfig;
use crate::domain::{Choice as _, Notice};

/// Epochs between two evaluations at most.
const MOST_EPOCHS: u32 = 10_000;

impl TrainConfig {
    /// What is wrong with optimiser, schedule, loss and recipe.
    pub fn problems(&self) -> Vec<Notice> {
        let mut problems = Problems::default();
        self.check_evaluations(&mut problems);
        self.check_optimizer(&mut problems);
        self.check_schedule(&mut problems);
        self.check_loss(&mut problems);
        self.check_recipe(&mut problems);
        problems.0
    }

    /// What is wrong with the warm-up in a run of `total` steps.
    pub fn warm_up_problem(&self, total: u64) -> Option<Notice> {
        let warm_up = self.warm_up;
        let headline = format!("A warm-up of {warm_up} steps never ends in a run of {total}");
        (warm_up > 0 && warm_up >= total)
            .then(|| Notice::new(headline).remedy("Train for longer, or warm up in fewer steps"))
    }

    fn check_evaluations(&self, problems: &mut Problems) {
        problems.refuse(
            !(1..=MOST_EPOCHS).contains(&self.evaluate_every),
            format!("A run cannot be evaluated every {} epochs", self.evaluate_every),
            format!("Choose 1 to {MOST_EPOCHS}"),
        );
    }

    fn check_optimizer(&self, problems: &mut Problems) {
        problems.refuse(
            !(self.lr.is_finite() && self.lr > 0.0),
            format!("A learning rate of {} cannot be used", self.lr),
            "Choose one above 0, such as 0.001",
        );
        problems.refuse(
            !(self.weight_decay.is_finite() && self.weight_decay >= 0.0),
            format!("A weight decay of {} cannot be used", self.weight_decay),
            "Choose 0 or more",
        );
        problems.refuse(
            !(self.encoder_lr.is_finite() && self.encoder_lr >= 0.0),
            format!("The encoder's learning rate cannot be multiplied with {}", self.encoder_lr),
            "Choose 0 or more, such as 0.1",
        );
        problems.refuse(
            !(self.clip_norm.is_finite() && self.clip_norm >= 0.0),
            format!("Gradients cannot be clipped to a norm of {}", self.clip_norm),
            "Choose 0 (off) or more, such as 1",
        );
        let uses_momentum = self.optimizer == Optimizer::Sgd;
        problems.refuse(
            uses_momentum && !(0.0..1.0).contains(&self.momentum),
            format!("A momentum of {} cannot be used", self.momentum),
            "Choose 0 up to but not including 1, such as 0.9",
        );
        problems.refuse(
            uses_momentum && self.nesterov && self.momentum == 0.0,
            "Nesterov momentum needs a momentum above 0",
            "Choose one such as 0.9, or turn Nesterov off",
        );
    }

    fn check_schedule(&self, problems: &mut Problems) {
        if let Length::Steps(total) = self.length {
            problems.0.extend(self.warm_up_problem(total));
        }
        let is_step = self.schedule == Schedule::Step;
        problems.refuse(
            is_step && matches!(self.decay_every, Length::Epochs(0) | Length::Steps(0)),
            "A learning rate cannot be lowered every 0 epochs or steps",
            "Choose at least 1",
        );
        problems.refuse(
            is_step && !(self.decay_factor > 0.0 && self.decay_factor <= 1.0),
            format!("A learning rate cannot be lowered by the factor {}", self.decay_factor),
            "Choose one above 0 up to 1, such as 0.1",
        );
        problems.refuse(
            self.schedule == Schedule::Polynomial && !(self.decay_power > 0.0 && self.decay_power <= 10.0),
            format!("A polynomial with the exponent {} cannot be used", self.decay_power),
            "Choose one above 0 up to 10, such as 0.9",
        );
    }

    fn check_loss(&self, problems: &mut Problems) {
        for term in LossTerm::ALL {
            let (name, weight) = (term.name(), self.loss.of(*term));
            problems.refuse(
                !(0.0..=100.0).contains(&weight),
                format!("The loss {name} cannot have a weight of {weight}"),
                "Choose 0 (off) to 100, such as 1",
            );
        }
        problems.refuse(
            self.loss == LossWeights::none(),
            "A loss without any term teaches nothing",
            "Give one a weight above 0, such as cross-entropy a weight of 1",
        );
        problems.refuse(
            self.loss.gated_crf > 0.0 && !self.loss.has_labels(),
            "A gated CRF alone teaches no class: it says which pixels are alike, not what they are",
            "Give a term over labels a weight beside it, such as cross-entropy a weight of 1",
        );
        self.check_crf(problems);
        problems.refuse(
            self.loss.cross_entropy > 0.0 && !(0.0..1.0).contains(&self.label_smoothing),
            format!("Labels cannot be smoothed by {}", self.label_smoothing),
            "Choose 0 (off) up to but not including 1, such as 0.1",
        );
        problems.refuse(
            self.loss.focal > 0.0 && !(0.0..=10.0).contains(&self.focal_gamma),
            format!("A focal loss with the exponent {} cannot be used", self.focal_gamma),
            "Choose 0 (as cross-entropy) to 10, such as 2",
        );
    }

    fn check_crf(&self, problems: &mut Problems) {
        let is_on = self.loss.gated_crf > 0.0;
        problems.refuse(
            is_on && !(1..=32).contains(&self.crf_radius),
            format!("A gated CRF cannot look {} pixels far", self.crf_radius),
            "Choose 1 to 32, such as 5",
        );
        for (what, sigma, usual) in [("distances", self.crf_sigma_xy, 6.0), ("colours", self.crf_sigma_rgb, 0.1)] {
            problems.refuse(
                is_on && !(sigma.is_finite() && sigma >= 1e-3),
                format!("A gated CRF with a deviation of {sigma} for {what} cannot be used"),
                format!("Choose 0.001 or more, such as {usual}"),
            );
        }
    }

    fn check_recipe(&self, problems: &mut Problems) {
        problems.refuse(
            !(0.0..1.0).contains(&self.ema),
            format!("An average that keeps {} of its weights cannot be used", self.ema),
            "Choose 0 (off) up to but not including 1, such as 0.99",
        );
        problems.refuse(
            !(0.0..=1.0).contains(&self.jitter),
            format!("Colour changes of strength {} cannot be used", self.jitter),
            "Choose 0 (off) to 1, such as 0.3",
        );
        self.check_turns(problems);
        problems.refuse(
            !(0.0..=100.0).contains(&self.pseudo_labels),
            format!("Pseudo-labels with a weight of {} cannot be used", self.pseudo_labels),
            "Choose 0 (off) to 100, such as 1",
        );
        problems.refuse(
            self.scales && matches!(self.input, InputSize::Resize(_)),
            "Whole tiles are not cut at several resolutions",
            "Train on crops, or turn the resolutions off",
        );
    }

    fn check_turns(&self, problems: &mut Problems) {
        problems.refuse(
            !(0.0..=180.0).contains(&self.rotation),
            format!("Crops cannot be turned by up to {}°", self.rotation),
            "Choose 0 (off) to 180, such as 90",
        );
        let share = self.shift_scale_rotate;
        problems.refuse(
            !(0.0..=1.0).contains(&share),
            format!("A share of {share} of the crops cannot be shifted, zoomed and turned"),
            "Choose 0 (off) to 1, such as 0.5",
        );
        let is_on = share > 0.0;
        problems.refuse(
            is_on && !(0.0..=1.0).contains(&self.shift_limit),
            format!("Crops cannot be shifted by up to {} of their side", self.shift_limit),
            "Choose 0 to 1, such as 0.0625",
        );
        problems.refuse(
            is_on && !(0.0..1.0).contains(&self.scale_limit),
            format!("The size of crops cannot change by up to {} of it", self.scale_limit),
            "Choose 0 up to but not including 1, such as 0.1",
        );
        problems.refuse(
            is_on && !(0.0..=180.0).contains(&self.rotate_limit),
            format!("Crops that are shifted cannot be turned by up to {}°", self.rotate_limit),
            "Choose 0 to 180, such as 45",
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(change: fn(&mut TrainConfig)) -> String {
        let mut config = TrainConfig::default();
        change(&mut config);
        config.problems().iter().map(Notice::to_string).collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn a_schedule_is_refused_for_its_own_numbers_only() {
        assert_eq!(problems(|t| (t.decay_factor, t.decay_power) = (0.0, 0.0)), "", "a cosine uses neither");
        assert!(problems(|t| (t.schedule, t.decay_factor) = (Schedule::Step, 1.5)).contains("such as 0.1"));
        assert!(problems(|t| (t.schedule, t.decay_factor) = (Schedule::Step, f64::NAN)).contains("such as 0.1"));
        let never = problems(|t| (t.schedule, t.decay_every) = (Schedule::Step, Length::Steps(0)));
        assert!(never.contains("at least 1"), "{never}");
        assert!(problems(|t| (t.schedule, t.decay_power) = (Schedule::Polynomial, -1.0)).contains("such as 0.9"));
        let long = problems(|t| (t.length, t.warm_up) = (Length::Steps(10), 10));
        assert!(
            long.contains("A warm-up of 10 steps never ends in a run of 10") && long.contains("fewer steps"),
            "{long}"
        );
        assert_eq!(problems(|t| (t.length, t.warm_up) = (Length::Steps(10), 9)), "");
    }

    #[test]
    fn a_loss_needs_terms_with_usable_numbers() {
        assert!(problems(|t| t.loss.cross_entropy = 0.0).contains("without any term"));
        assert!(problems(|t| t.loss.dice = -1.0).contains("The loss dice cannot have a weight of -1"));
        assert!(problems(|t| t.loss.error_dice = f64::NAN).contains("0 (off) to 100"));
        assert!(problems(|t| t.label_smoothing = 1.0).contains("such as 0.1"));
        assert_eq!(problems(|t| t.focal_gamma = -1.0), "", "there is no focal loss");
        assert!(problems(|t| (t.loss.focal, t.focal_gamma) = (1.0, -1.0)).contains("such as 2"));
        assert_eq!(problems(|t| (t.loss.cross_entropy, t.loss.jaccard, t.label_smoothing) = (0.0, 1.0, 7.0)), "");
        assert!(problems(|t| (t.loss.cross_entropy, t.loss.gated_crf) = (0.0, 0.1)).contains("alone teaches no class"));
        assert!(problems(|t| (t.loss.gated_crf, t.crf_radius) = (0.1, 0)).contains("1 to 32"));
        assert!(problems(|t| (t.loss.gated_crf, t.crf_sigma_xy) = (0.1, 0.0)).contains("such as 6"));
        assert!(problems(|t| (t.loss.gated_crf, t.crf_sigma_rgb) = (0.1, f64::NAN)).contains("such as 0.1"));
        assert_eq!(problems(|t| t.crf_radius = 0), "", "there is no gated CRF");
    }

    #[test]
    fn turns_shifts_and_zooms_have_limits_of_their_own() {
        assert!(problems(|t| t.rotation = 181.0).contains("by up to 181°. Choose 0 (off) to 180"));
        assert!(problems(|t| t.rotation = f64::NAN).contains("such as 90"));
        assert!(problems(|t| t.shift_scale_rotate = 1.5).contains("such as 0.5"));
        assert_eq!(problems(|t| t.scale_limit = 7.0), "", "nothing is zoomed");
        assert!(problems(|t| (t.shift_scale_rotate, t.scale_limit) = (0.5, 1.0)).contains("such as 0.1"));
        assert!(problems(|t| (t.shift_scale_rotate, t.shift_limit) = (0.5, -0.1)).contains("such as 0.0625"));
        assert!(problems(|t| (t.shift_scale_rotate, t.rotate_limit) = (0.5, 200.0)).contains("such as 45"));
    }

    #[test]
    fn momentum_matters_for_sgd_only() {
        let problems = |optimizer, momentum, nesterov| {
            TrainConfig { optimizer, momentum, nesterov, ..TrainConfig::default() }.problems().len()
        };
        assert_eq!(problems(Optimizer::AdamW, 7.0, true), 0);
        assert_eq!(problems(Optimizer::Sgd, 0.0, false), 0);
        assert_eq!(problems(Optimizer::Sgd, 1.0, false), 1);
        assert_eq!(problems(Optimizer::Sgd, f64::NAN, true), 1);
        assert_eq!(problems(Optimizer::Sgd, 0.0, true), 1);
    }
}
