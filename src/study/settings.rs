//! Settings by name, and which of them differ between runs: in reports and in the window's list of runs.

use std::collections::{BTreeMap, BTreeSet};

use toml::{Table, Value};

use super::fields;
use super::key::BESIDE;
use crate::domain::RunConfig;
use crate::domain::config::Supervision;

/// Where the data are. Of data that are known to be the same, the place is none of a run's settings.
pub const PLACE: &str = "data";
/// Settings in which runs of one configuration may differ.
const SEEDS: [&str; 2] = ["seed", "sampling.seed"];
/// Settings whose values are names from outside, which are shown as they are.
const NAMES: [&str; 6] = [PLACE, "device", "ignore", "init_from", "model.encoder", "split"];
/// The value of a setting without effect.
const NOTHING: &str = "–";

/// Values by dotted name, such as `train.lr`, as a reader wants them.
pub type Settings = BTreeMap<String, String>;

/// All settings of a configuration. Under full supervision nothing is sampled: however it would be, that makes no other runs.
pub fn of(config: &RunConfig) -> Settings {
    let table = Table::try_from(config).unwrap_or_default();
    let mut settings: Settings =
        fields::settings(&table).into_iter().map(|setting| (setting.field, text(&setting.value))).collect();
    if config.train.supervision == Supervision::Full {
        settings.insert("sampling.strategy".to_owned(), NOTHING.to_owned());
    }
    settings
}

/// Names of the settings whose values differ, in alphabetical order.
pub fn differing(all: &[Settings]) -> Vec<String> {
    let names: BTreeSet<&String> = all.iter().flat_map(BTreeMap::keys).collect();
    let differs = |name: &&&String| {
        let values: BTreeSet<Option<&String>> = all.iter().map(|settings| settings.get(**name)).collect();
        values.len() > 1
    };
    names.iter().filter(differs).map(|name| (*name).clone()).collect()
}

/// Names of the settings that are the same everywhere, with their values. Seeds and the folder of tiles are told elsewhere.
pub fn common(all: &[Settings]) -> Vec<(String, String)> {
    let Some(first) = all.first() else { return Vec::new() };
    let is_common = |name: &String, value: &String| all.iter().all(|settings| settings.get(name) == Some(value));
    let told = |name: &String| !is_seed(name) && name != PLACE;
    let pairs = first.iter().filter(|(name, value)| told(name) && is_common(name, value));
    pairs.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// Whether a setting makes another configuration, as in a study's key of a run.
pub(super) fn tells_apart(field: &str) -> bool {
    !BESIDE.contains(&field)
}

/// Whether runs that differ in this setting alone are one configuration.
pub fn is_seed(field: &str) -> bool {
    SEEDS.contains(&field)
}

/// A value of [`Settings`] for readers: without the underscores of names in files.
pub fn shown(field: &str, value: &str) -> String {
    if NAMES.contains(&field) { value.to_owned() } else { value.replace('_', " ") }
}

/// The name of a setting for readers: without its section where that is clear, in words.
pub fn title(field: &str, among: &[String]) -> String {
    let last = |field: &str| field.rsplit('.').next().unwrap_or(field).to_owned();
    let is_clear = among.iter().filter(|other| last(other) == last(field)).count() < 2;
    (if is_clear { last(field) } else { field.to_owned() }).replace('_', " ")
}

/// A value as text: `0.001`, `on`, `fraction_per_class 0.1`. Of several terms those that are 0 are left out.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Boolean(is_on) => (if *is_on { "on" } else { "off" }).to_owned(),
        Value::Float(number) => number_text(*number),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(", "),
        Value::Table(table) => {
            let is_off = |value: &Value| table.len() > 1 && value.as_float() == Some(0.0);
            let terms = table.iter().filter(|(_, value)| !is_off(value));
            terms.map(|(name, value)| format!("{name} {}", text(value))).collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    }
}

/// The shortest text of a number, also if it was one of single precision.
fn number_text(number: f64) -> String {
    let single = number as f32;
    if f64::from(single) == number { single.to_string() } else { number.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Strategy;
    use crate::domain::config::Arch;
    use crate::domain::weights::ClassWeights;

    #[test]
    fn settings_are_named_as_in_the_file_and_read_well() {
        let mut config = RunConfig::reference();
        config.train.class_weights = ClassWeights::Given(vec![0.66, 1.27]);
        let settings = of(&config);
        let value = |name: &str| settings.get(name).map(String::as_str);
        assert_eq!(
            [value("model.arch"), value("train.lr"), value("train.flips")],
            [Some("unet"), Some("0.001"), Some("on")]
        );
        assert_eq!(value("sampling.strategy"), Some("fraction_per_class 0.1"));
        assert_eq!(
            [value("train.class_weights"), value("train.loss")],
            [Some("given 0.66, 1.27"), Some("cross-entropy 1")]
        );
    }

    #[test]
    fn what_differs_is_named_and_seeds_are_known() {
        let (one, mut other) = (RunConfig::demo(), RunConfig::demo());
        (other.seed, other.sampling.seed, other.model.arch) = (7, 7, Arch::UNetPlusPlus);
        other.sampling.strategy = Strategy::FractionPerClass(0.01);
        let all = [of(&one), of(&other)];
        let differ = differing(&all);
        assert_eq!(differ, ["model.arch", "sampling.seed", "sampling.strategy", "seed"]);
        assert_eq!(differ.iter().filter(|field| is_seed(field)).count(), 2);
        let common = common(&all);
        assert!(common.iter().any(|(name, value)| name == "train.batch" && value == "2"), "{common:?}");
        assert!(common.iter().all(|(name, _)| !["seed", "model.arch", "data"].contains(&name.as_str())));
        assert!(differing(&all[..1]).is_empty());
    }

    #[test]
    fn full_supervision_samples_nothing() {
        let [one, other] = [0.1, 0.01].map(|ratio| {
            let mut config = RunConfig::demo();
            (config.train.supervision, config.sampling.strategy) =
                (Supervision::Full, Strategy::FractionPerClass(ratio));
            of(&config)
        });
        assert_eq!((one.get("sampling.strategy").map(String::as_str), one == other), (Some("–"), true));
    }

    #[test]
    fn losses_are_told_apart_by_the_terms_that_are_on() {
        let [plain, mut mixed] = [RunConfig::demo(), RunConfig::demo()];
        mixed.train.loss.dice = 0.5;
        let loss = |config: &RunConfig| of(config)["train.loss"].clone();
        assert_eq!([loss(&plain), loss(&mixed)], ["cross-entropy 1", "cross-entropy 1, dice 0.5"]);
    }

    #[test]
    fn values_are_shown_without_underscores_and_names_as_they_are() {
        assert_eq!(shown("sampling.strategy", "fraction_per_class 0.1"), "fraction per class 0.1");
        assert_eq!(shown("model.encoder", "my_weights.pth"), "my_weights.pth");
    }

    #[test]
    fn titles_are_short_where_they_are_clear() {
        let fields = ["train.class_weights", "seed", "sampling.seed"].map(str::to_owned);
        let titles: Vec<String> = fields.iter().map(|field| title(field, &fields)).collect();
        assert_eq!(titles, ["class weights", "seed", "sampling.seed"]);
    }
}
