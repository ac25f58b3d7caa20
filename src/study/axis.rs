//! A field of a grid with the values that are ticked.

use serde::Serialize;
use toml::Value;
use toml::ser::ValueSerializer;

/// The line of a plan's grid; `None` if there is nothing to combine.
pub(super) fn line<T: Serialize>(field: &str, values: &[T]) -> Result<Option<String>, String> {
    if values.len() < 2 {
        return Ok(None);
    }
    Ok(Some(format!("\"{field}\" = {}", listed(values)?)))
}

/// The values as TOML. They pass through text because [`Value`] has no numbers of single precision: 0.66 would be 0.6600000262260437.
fn listed<T: Serialize>(values: &[T]) -> Result<Value, String> {
    let mut text = String::new();
    values.serialize(ValueSerializer::new(&mut text)).map_err(|error| error.to_string())?;
    text.parse::<Value>().map_err(|error| error.to_string())
}

/// Sets a field that has a single value.
pub(super) fn set_only<T: Clone>(field: &mut T, values: &[T]) {
    if let [only] = values {
        field.clone_from(only);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Strategy;
    use crate::domain::weights::ClassWeights;

    #[test]
    fn a_line_lists_values_as_they_are_typed() {
        let weights = [ClassWeights::None, ClassWeights::Given(vec![0.66, 1.0])];
        assert_eq!(
            line("train.class_weights", &weights),
            Ok(Some("\"train.class_weights\" = [\"none\", { given = [0.66, 1.0] }]".to_owned()))
        );
        let strategies = [0.01, 0.1].map(Strategy::FractionPerClass);
        assert_eq!(
            line("sampling.strategy", &strategies),
            Ok(Some(
                "\"sampling.strategy\" = [{ fraction_per_class = 0.01 }, { fraction_per_class = 0.1 }]".to_owned()
            ))
        );
        assert_eq!(line("train.lr", &[1e-3]), Ok(None), "a single value is combined with nothing");
    }

    #[test]
    fn a_single_value_is_set_and_several_are_not() {
        let mut rate = 0.1;
        set_only(&mut rate, &[0.2, 0.3]);
        assert_eq!(rate, 0.1);
        set_only(&mut rate, &[0.2]);
        assert_eq!(rate, 0.2);
    }
}
