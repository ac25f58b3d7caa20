//! The settings in which runs differ.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::domain::RunConfig;

/// Tables of fields in a configuration. Every other table is one value.
const SECTIONS: [&str; 3] = ["sampling", "model", "train"];
/// Where the data are is no setting.
const PLACE: &str = "data";

/// A setting that is not the same in all runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Its name in `config.toml`: `train.lr`.
    pub field: String,
    /// Its value in each run, in their order; empty where it is not set.
    pub values: Vec<String>,
}

/// The settings that are not the same in all of these runs, by name.
pub fn differences<'a>(configs: impl Iterator<Item = &'a RunConfig>) -> Vec<Difference> {
    let runs: Vec<BTreeMap<String, String>> = configs.map(settings).collect();
    let fields: BTreeSet<&String> = runs.iter().flat_map(BTreeMap::keys).collect();
    let difference = |field: &String| {
        let values: Vec<String> = runs.iter().map(|run| run.get(field).cloned().unwrap_or_default()).collect();
        let differs = values.windows(2).any(|pair| pair[0] != pair[1]);
        differs.then(|| Difference { field: field.clone(), values })
    };
    fields.into_iter().filter_map(difference).collect()
}

/// All settings of a configuration, as text.
fn settings(config: &RunConfig) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let Ok(Value::Object(fields)) = serde_json::to_value(config) else { return found };
    for (name, value) in fields.into_iter().filter(|(name, _)| name != PLACE) {
        match value {
            Value::Object(inner) if SECTIONS.contains(&name.as_str()) => {
                found.extend(inner.iter().map(|(field, value)| (format!("{name}.{field}"), text(value))));
            }
            value => drop(found.insert(name, text(&value))),
        }
    }
    found
}

/// A value for reading: `on`, `0.001`, `steps 200`.
fn text(value: &Value) -> String {
    let joined = |parts: Vec<String>| parts.join(", ");
    match value {
        Value::Null => String::new(),
        Value::Bool(is_on) => (if *is_on { "on" } else { "off" }).to_owned(),
        Value::Number(number) if number.is_f64() => number.as_f64().map_or_else(String::new, rounded),
        Value::Number(number) => number.to_string(),
        Value::String(name) => name.clone(),
        Value::Array(items) => joined(items.iter().map(text).collect()),
        Value::Object(fields) => {
            let says = |value: &Value| fields.len() == 1 || value.as_f64() != Some(0.0); // Terms that are off say nothing.
            let fields = fields.iter().filter(|(_, value)| says(value));
            joined(fields.map(|(name, value)| format!("{} {}", name.replace('_', " "), text(value))).collect())
        }
    }
}

/// A number without the noise of its binary form.
fn rounded(number: f64) -> String {
    format!("{number:.6e}").parse::<f64>().unwrap_or(number).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Strategy;
    use crate::domain::config::Length;

    #[test]
    fn only_what_differs_is_named_with_its_values() {
        let base = RunConfig::default();
        let mut other = RunConfig { data: "/elsewhere".into(), ..base.clone() };
        (other.train.lr, other.train.length) = (1e-5, Length::Steps(200));
        other.sampling.strategy = Strategy::FractionPerClass(0.05);
        let found = differences([&base, &other].into_iter());
        let names: Vec<&str> = found.iter().map(|difference| difference.field.as_str()).collect();
        assert_eq!(names, ["sampling.strategy", "train.length", "train.lr"], "the place of the data is no setting");
        assert_eq!(found[0].values[1], "fraction per class 0.05");
        assert_eq!((found[1].values[1].as_str(), found[2].values[1].as_str()), ("steps 200", "0.00001"));
        assert!(differences([&base, &base].into_iter()).is_empty() && differences([&base].into_iter()).is_empty());
    }

    #[test]
    fn every_table_is_a_section_or_one_value() {
        let Ok(Value::Object(fields)) = serde_json::to_value(RunConfig::default()) else { panic!("a table") };
        let tables = fields.iter().filter(|(_, value)| value.is_object()).map(|(name, _)| name.as_str());
        let others: Vec<&str> = tables.filter(|name| !SECTIONS.contains(name)).collect();
        assert_eq!(others, ["split"], "a new table of fields belongs to SECTIONS");
    }

    #[test]
    fn single_precision_leaves_no_noise() {
        assert_eq!(rounded(f64::from(0.999_f32)), "0.999");
    }
}
