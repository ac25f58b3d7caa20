//! Formats numbers for reading: with units, aligned, and with no more digits than are significant.

use std::time::{Duration, SystemTime};

/// A count with thin separators: `12 345`.
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push('\u{a0}');
        }
        out.push(digit);
    }
    out
}

/// A count with its noun: `1 label`, `2 labels`.
pub fn counted(n: u64, noun: &str) -> String {
    format!("{} {noun}{}", count(n), if n == 1 { "" } else { "s" })
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

/// A name that sorts by time, UTC: `20261121-140359`.
pub fn timestamp(time: SystemTime) -> String {
    let [year, month, day, hour, minute, second] = civil(time);
    format!("{year:04}{month:02}{day:02}-{hour:02}{minute:02}{second:02}")
}

/// Year, month, day, hour, minute, second in UTC (date from days as in Hinnant's `civil_from_days`).
fn civil(time: SystemTime) -> [u64; 6] {
    let secs = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs();
    let (days, of_day) = (secs / 86400, secs % 86400);
    let shifted = days + 719_468; // Days since 0000-03-01.
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146_096) / 365;
    let day_of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    [year, month, day, of_day / 3600, of_day / 60 % 60, of_day % 60]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_units_and_width() {
        assert_eq!(count(0), "0");
        assert_eq!(count(5_993_704), "5\u{a0}993\u{a0}704");
        assert_eq!(counted(1, "label"), "1 label");
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
    fn leap_days_are_dated_correctly() {
        let at = |secs| SystemTime::UNIX_EPOCH + Duration::from_secs(secs);
        assert_eq!(timestamp(at(0)), "19700101-000000");
        assert_eq!(timestamp(at(951_782_400)), "20000229-000000");
        assert_eq!(timestamp(at(1_795_301_416)), "20261121-225016");
        assert_eq!(clock(at(1_795_301_416)), "22:50:16");
    }
}
