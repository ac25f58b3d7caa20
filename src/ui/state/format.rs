//! Formats numbers for reading: with units, aligned, and with no more digits than are significant.

use std::time::SystemTime;

pub use crate::domain::count::{count, counted};
use crate::domain::time::civil;

/// A count of classes.
pub fn counted_classes(n: usize) -> String {
    format!("{n} {}", if n == 1 { "class" } else { "classes" })
}

/// A fraction in per cent, in fixed width; a dash for NaN.
pub fn percent(fraction: f64) -> String {
    if fraction.is_nan() { format!("{:>7}", "–") } else { format!("{:>5.1} %", fraction * 100.0) }
}

/// A score between 0 and 1; a dash for NaN.
pub fn score(value: f64) -> String {
    if value.is_nan() { "–".to_owned() } else { format!("{value:.3}") }
}

/// A learning rate: `0.001`, `3.2e-5`.
pub fn rate(value: f64) -> String {
    if value == 0.0 || value >= 1e-3 { format!("{value:.4}") } else { format!("{value:.1e}") }
}

/// Steps per second, or seconds per step if it takes longer than a second. Empty for no or infinite time.
pub fn speed(step_secs: f32) -> String {
    if step_secs <= 0.0 || !step_secs.is_finite() {
        String::new()
    } else if step_secs <= 1.0 {
        format!("{:.1} it/s", 1.0 / step_secs)
    } else {
        format!("{step_secs:.1} s/it")
    }
}

/// A duration: `42 s`, `3 min`, `2 h 5 min`.
pub fn duration(secs: f64) -> String {
    let secs = secs.max(0.0).round() as u64;
    match secs {
        0..=89 => format!("{secs} s"),
        90..=5399 => format!("{} min", (secs + 30) / 60),
        _ => format!("{} h {} min", secs / 3600, secs % 3600 / 60),
    }
}

/// Time of day, UTC: `14:03:59`.
pub fn clock(time: SystemTime) -> String {
    let [.., hour, minute, second] = civil(time);
    format!("{hour:02}:{minute:02}:{second:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_units_and_width() {
        assert_eq!(percent(0.034).chars().count(), percent(1.0).chars().count());
        assert_eq!(percent(f64::NAN).chars().count(), percent(1.0).chars().count());
        assert_eq!(score(f64::NAN), "–");
        assert_eq!(rate(0.001), "0.0010");
        assert_eq!(rate(3.21e-5), "3.2e-5");
        assert_eq!(speed(0.5), "2.0 it/s");
        assert_eq!(speed(2.0), "2.0 s/it");
        assert_eq!(speed(0.0), "");
    }

    #[test]
    fn durations_are_rounded() {
        assert_eq!(duration(42.4), "42 s");
        assert_eq!(duration(170.0), "3 min");
        assert_eq!(duration(7500.0), "2 h 5 min");
    }

    #[test]
    fn a_clock_has_two_digits_each() {
        assert_eq!(clock(SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_795_301_416)), "22:50:16");
    }
}
