//! Short names for things that are compared.

/// `A` for the first, `B` for the second; numbers after `Z`.
pub fn letter(place: usize) -> String {
    match u8::try_from(place) {
        Ok(place @ 0..26) => char::from(b'A' + place).to_string(),
        _ => (place + 1).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_alphabet_is_followed_by_numbers() {
        assert_eq!([0, 25, 26, 999].map(letter), ["A", "Z", "27", "1000"]);
    }
}
