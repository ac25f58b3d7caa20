//! From values to places, and the values that an axis names.

/// Decades over which 2 and 5 are named between the powers of ten.
const FEW_DECADES: f64 = 3.0;
/// Steps that a linear axis is divided into, about.
const STEPS: f64 = 5.0;
/// Named values of a logarithmic axis, at least: fewer tell no scale.
const LEAST_TICKS: usize = 2;
/// What rounding may add to a value that is named.
const SLACK: f64 = 1e-9;
/// As wide as a plus, other than a hyphen.
const MINUS: &str = "−";

/// An axis of values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    from: f64,
    to: f64,
    /// Between named values; `None` of a logarithmic scale.
    step: Option<f64>,
}

impl Scale {
    /// A linear scale that holds these values, from one round value to another.
    pub fn linear(values: impl IntoIterator<Item = f64>) -> Self {
        let (low, high) = range(values);
        let (low, high) = if high > low { (low, high) } else { (low, low + 1.0) };
        let step = round_step((high - low) / STEPS);
        let from = (low / step + 1e-9).floor() * step;
        Self { from, to: (high / step - 1e-9).ceil() * step, step: Some(step) }
    }

    /// A logarithmic scale that holds these values above 0, from the least to the largest, or to the round values around them if hardly
    /// any lies between.
    pub fn log(values: impl IntoIterator<Item = f64>) -> Self {
        let (low, high) = range(values.into_iter().filter(|value| *value > 0.0));
        let low = if low > 0.0 { low } else { 1.0 };
        let exact = Self { from: low, to: high.max(2.0 * low), step: None };
        if exact.ticks().len() < LEAST_TICKS { exact.widened() } else { exact }
    }

    /// The scale from the round value below to the one above.
    fn widened(self) -> Self {
        let below = round_values(self.from).filter(|tick| *tick <= self.from * (1.0 + SLACK));
        let above = round_values(self.to).filter(|tick| *tick >= self.to * (1.0 - SLACK));
        Self { from: below.fold(f64::MIN_POSITIVE, f64::max), to: above.fold(f64::INFINITY, f64::min), step: None }
    }

    /// Both ends.
    pub fn ends(&self) -> [f64; 2] {
        [self.from, self.to]
    }

    /// Where a value lies, 0 to 1; values beyond are drawn at the end.
    pub fn share(&self, value: f64) -> f64 {
        let place = |value: f64| if self.step.is_some() { value } else { value.max(f64::MIN_POSITIVE).ln() };
        let [from, to] = self.ends().map(place);
        ((place(value) - from) / (to - from)).clamp(0.0, 1.0)
    }

    /// The values to name, in order.
    pub fn ticks(&self) -> Vec<f64> {
        match self.step {
            Some(step) => {
                let count = ((self.to - self.from) / step).round() as i64;
                let first = (self.from / step).round() as i64;
                (first..=first + count).map(|number| number as f64 * step).collect()
            }
            None => self.log_ticks(),
        }
    }

    fn log_ticks(&self) -> Vec<f64> {
        let [low, high] = [self.from.log10().floor() as i32, self.to.log10().ceil() as i32];
        let is_long = (self.to / self.from).log10() > FEW_DECADES;
        let digits: &[f64] = if is_long { &[1.0] } else { &[1.0, 2.0, 5.0] };
        let all = (low..=high).flat_map(|power| digits.iter().map(move |digit| digit * 10_f64.powi(power)));
        all.filter(|tick| (self.from * (1.0 - SLACK)..=self.to * (1.0 + SLACK)).contains(tick)).collect()
    }
}

/// 1, 2 and 5 times the powers of ten around a value.
fn round_values(value: f64) -> impl Iterator<Item = f64> {
    let power = value.log10().floor() as i32;
    (power - 1..=power + 1).flat_map(|power| [1.0, 2.0, 5.0].map(|digit: f64| digit * 10_f64.powi(power)))
}

/// The least and the largest finite value; 0 and 0 without one.
fn range(values: impl IntoIterator<Item = f64>) -> (f64, f64) {
    let finite = values.into_iter().filter(|value| value.is_finite());
    let (low, high) =
        finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
    if low > high { (0.0, 0.0) } else { (low, high) }
}

/// 1, 2 or 5 times a power of ten, near `step`.
fn round_step(step: f64) -> f64 {
    let power = 10_f64.powf(step.log10().floor());
    let digit = match step / power {
        ..1.5 => 1.0,
        ..3.5 => 2.0,
        ..7.5 => 5.0,
        _ => 10.0,
    };
    digit * power
}

/// A value of an axis in few characters: `0.25`, `200`, `15k`, `2M`.
pub fn short(value: f64) -> String {
    let (scaled, unit) = match value.abs() {
        1e9.. => (value / 1e9, "G"),
        1e6.. => (value / 1e6, "M"),
        1e4.. => (value / 1e3, "k"),
        _ => (value, ""),
    };
    let text = format!("{scaled:.4}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    format!("{}{unit}", if text == "-0" { "0" } else { text }).replace('-', MINUS)
}

/// A count in three figures: `999`, `36.7k`, `69.5M`.
pub fn brief(count: u64) -> String {
    let digits = count.checked_ilog10().unwrap_or(0) as i32;
    let step = 10_f64.powi((digits - 2).max(0));
    short((count as f64 / step).round() * step)
}

/// A difference with its sign, to so many digits.
pub fn signed(value: f64, digits: usize) -> String {
    format!("{value:+.digits$}").replace('-', MINUS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn linear_axes_end_at_round_values() {
        let scale = Scale::linear([0.0, 0.55]);
        assert!((scale.ends()[1] - 0.6).abs() < 1e-12 && scale.ends()[0].abs() < 1e-12, "{scale:?}");
        assert_eq!(scale.ticks().len(), 7);
        assert_eq!(Scale::linear([0.0, 0.3]).ticks().last().map(|tick| short(*tick)).as_deref(), Some("0.3"));
        let signed = Scale::linear([-0.03, 0.11]);
        assert!(signed.ticks().iter().any(|tick| tick.abs() < 1e-12), "zero is named: {signed:?}");
        assert!((signed.share(0.0) - 2.0 / 8.0).abs() < 1e-9, "from -0.04 to 0.12: {signed:?}");
    }

    #[test]
    fn nothing_and_one_value_have_an_axis_all_the_same() {
        for values in [vec![], vec![f64::NAN], vec![0.5]] {
            for scale in [Scale::linear(values.clone()), Scale::log(values)] {
                assert!(scale.ends()[1] > scale.ends()[0] && !scale.share(0.5).is_nan() && !scale.ticks().is_empty());
            }
        }
    }

    #[test]
    fn logarithmic_axes_name_round_values() {
        assert_eq!(Scale::log([4.0, 40.0]).ticks(), [5.0, 10.0, 20.0]);
        assert!((Scale::log([4.0, 40.0]).share(4.0 * 10_f64.sqrt()) - 0.5).abs() < 1e-9);
        assert_eq!(Scale::log([100.0, 1e6]).ticks(), [100.0, 1e3, 1e4, 1e5, 1e6]);
    }

    #[test]
    fn close_values_have_named_ones_around_them() {
        assert_eq!(Scale::log([2100.0, 3150.0]).ticks(), [2000.0, 5000.0]);
        assert_eq!(Scale::log([251_658.0, 377_487.0]).ticks(), [2e5, 5e5, 1e6]);
        for low in (1..400).map(|number| f64::from(number) * 37.0) {
            for factor in [1.0, 1.5, 2.4, 9.0, 1001.0] {
                let scale = Scale::log([low, low * factor]);
                assert!(scale.ticks().len() >= LEAST_TICKS, "{low} {factor}: {scale:?}");
                assert!(scale.share(low) < scale.share(low * 1.01), "{scale:?} cuts {low} off");
            }
        }
    }

    #[test]
    fn values_are_short() {
        assert_eq!([0.25, 200.0, 15e3, 2e6, -0.05, 0.0].map(short), ["0.25", "200", "15k", "2M", "−0.05", "0"]);
        assert_eq!([0, 999, 36_693, 937_946, 69_453_300].map(brief), ["0", "999", "36.7k", "938k", "69.5M"]);
        assert_eq!([1234, 9996].map(brief), ["1230", "10k"]);
        assert_eq!([0.01, -0.02, 0.0].map(|value| signed(value, 3)), ["+0.010", "−0.020", "+0.000"]);
    }
}
