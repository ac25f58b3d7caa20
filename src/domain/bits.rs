//! Numbers in JSON, bit for bit: each is written as the whole number with the same bits. Decimal digits may lose the last bit when
//! they are read, and JSON has no infinity.
//!
//! For `#[serde(with = "…")]` on numbers, and on numbers that may be absent.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What can be written by its bits.
pub trait Bits: Copy {
    /// The whole numbers.
    type Whole: Serialize + for<'de> Deserialize<'de>;

    /// The whole number with the same bits.
    fn to_whole(self) -> Self::Whole;

    /// The number with these bits.
    fn from_whole(whole: Self::Whole) -> Self;
}

impl Bits for f64 {
    type Whole = u64;

    fn to_whole(self) -> u64 {
        self.to_bits()
    }

    fn from_whole(whole: u64) -> Self {
        Self::from_bits(whole)
    }
}

impl Bits for Option<f64> {
    type Whole = Option<u64>;

    fn to_whole(self) -> Option<u64> {
        self.map(f64::to_bits)
    }

    fn from_whole(whole: Option<u64>) -> Self {
        whole.map(f64::from_bits)
    }
}

/// Writes the bits of a number.
///
/// # Errors
/// If the serialiser fails.
pub fn serialize<T: Bits, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    value.to_whole().serialize(serializer)
}

/// Reads a number by its bits.
///
/// # Errors
/// If the deserialiser fails, or finds no whole number.
pub fn deserialize<'de, T: Bits, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    T::Whole::deserialize(deserializer).map(T::from_whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize, Deserialize)]
    struct Numbers {
        #[serde(with = "super")]
        one: f64,
        #[serde(with = "super")]
        maybe: Option<f64>,
    }

    #[test]
    fn every_bit_survives() {
        for value in [0.1 + 0.2, -0.0, f64::NEG_INFINITY, f64::NAN, 5e-324, f64::MAX] {
            let text = serde_json::to_string(&Numbers { one: value, maybe: Some(value) }).unwrap();
            let back: Numbers = serde_json::from_str(&text).unwrap();
            assert_eq!([back.one.to_bits(), back.maybe.unwrap().to_bits()], [value.to_bits(); 2], "{text}");
        }
        assert_eq!(serde_json::from_str::<Numbers>(r#"{"one":0,"maybe":null}"#).unwrap().maybe, None);
    }
}
