//! NaN in JSON. JSON has no NaN: it is written as null, and null is read back as NaN.
//!
//! For `#[serde(with = "…")]` on numbers, lists of numbers and lists of named numbers.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// NaN for null.
fn number(value: Option<f64>) -> f64 {
    value.unwrap_or(f64::NAN)
}

/// Writes a number. serde_json writes NaN as null by itself; TOML has its own NaN.
///
/// # Errors
/// If the serialiser fails.
pub fn serialize<T: Serialize, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    value.serialize(serializer)
}

/// Reads a number or null.
///
/// # Errors
/// If the deserialiser fails.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    Option::deserialize(deserializer).map(number)
}

/// Single-precision numbers.
pub mod single {
    pub use super::serialize;
    use super::{Deserialize, Deserializer};

    /// Reads a number or null.
    ///
    /// # Errors
    /// If the deserialiser fails.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f32, D::Error> {
        Option::deserialize(deserializer).map(|value| value.unwrap_or(f32::NAN))
    }
}

/// Lists of numbers.
pub mod list {
    pub use super::serialize;
    use super::{Deserialize, Deserializer, number};

    /// Reads a list of numbers and nulls.
    ///
    /// # Errors
    /// If the deserialiser fails.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<f64>, D::Error> {
        Vec::deserialize(deserializer).map(|list: Vec<Option<f64>>| list.into_iter().map(number).collect())
    }
}

/// Lists of named numbers.
pub mod named {
    pub use super::serialize;
    use super::{Deserialize, Deserializer, number};

    /// Reads a list of names with numbers or nulls.
    ///
    /// # Errors
    /// If the deserialiser fails.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<(String, f64)>, D::Error> {
        let list = Vec::<(String, Option<f64>)>::deserialize(deserializer)?;
        Ok(list.into_iter().map(|(name, value)| (name, number(value))).collect())
    }
}
