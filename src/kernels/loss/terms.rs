//! The terms of a loss.

/// How often a wrong pixel counts in the error-weighted Dice.
pub const ERROR_WEIGHT: f64 = 5.0;
/// Added to both sides of the quotient of the error-weighted Dice.
pub const ERROR_EPSILON: f64 = 1.0;

/// What a loss is made of: a weight for each term, 0 or more.
///
/// p is the softmax of the competing classes, y the label, w the weight of a class, Ω the labelled pixels, and C the classes
/// that have a label in the batch. Class weights concern the first two terms only.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mixture {
    /// `Σ_Ω ((1 − s)·w_y·(−ln p_y) + s/K·Σ_c w_c·(−ln p_c)) / Σ_Ω w_y` over K competing classes (Szegedy et al., CVPR 2016).
    pub cross_entropy: f64,
    /// The s above, 0 up to but not including 1.
    pub label_smoothing: f64,
    /// `Σ_Ω w_y·(1 − p_y)^γ·(−ln p_y) / Σ_Ω w_y` (Lin et al., ICCV 2017).
    pub focal: f64,
    /// The γ above, 0 or more.
    pub focal_gamma: f64,
    /// Mean over C of `1 − 2·Σ p_c·[y = c] / (Σ p_c + Σ [y = c])`, sums over Ω (Milletari et al., 3DV 2016, without squares).
    pub dice: f64,
    /// Mean over C of `1 − Σ p_c·[y = c] / (Σ p_c + Σ [y = c] − Σ p_c·[y = c])`, sums over Ω (Rahman, Wang, ISVC 2016).
    pub jaccard: f64,
    /// Dice in which a pixel counts [`ERROR_WEIGHT`] times while another class is more probable there than its label, with
    /// [`ERROR_EPSILON`] added to numerator and denominator.
    pub error_dice: f64,
}

impl Mixture {
    /// No term at all.
    pub const NONE: Self = Self {
        cross_entropy: 0.0,
        label_smoothing: 0.0,
        focal: 0.0,
        focal_gamma: 2.0,
        dice: 0.0,
        jaccard: 0.0,
        error_dice: 0.0,
    };

    /// Whether it is cross-entropy and nothing else, without smoothing.
    pub fn is_plain_cross_entropy(&self) -> bool {
        let others = [self.label_smoothing, self.focal, self.dice, self.jaccard, self.error_dice];
        others.iter().all(|weight| *weight == 0.0)
    }
}
