//! Counts for reading.

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_have_separators_and_nouns_their_plural() {
        assert_eq!(count(0), "0");
        assert_eq!(count(5_993_704), "5\u{a0}993\u{a0}704");
        assert_eq!(counted(1, "label"), "1 label");
        assert_eq!(counted(1200, "label"), "1\u{a0}200 labels");
    }
}
