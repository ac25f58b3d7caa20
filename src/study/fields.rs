//! Fields of a configuration by their dotted names, such as `train.lr`, so that a plan can vary every one of them.

use std::sync::LazyLock;

use toml::{Table, Value};

use crate::domain::RunConfig;

/// A configuration with every field, which tells tables of fields from values.
static KNOWN: LazyLock<Value> =
    LazyLock::new(|| Value::try_from(RunConfig::every_field()).unwrap_or_else(|_| Value::Table(Table::new())));

/// A field and the value that it gets.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Setting {
    /// Its dotted name, such as `train.lr`.
    pub(super) field: String,
    pub(super) value: Value,
}

/// The fields that a table sets. `"train.lr" = 1`, `train.lr = 1` and `train = { lr = 1 }` mean the same.
pub(super) fn settings(table: &Table) -> Vec<Setting> {
    let mut found = Vec::new();
    collect("", table, &KNOWN, &mut found);
    found
}

fn collect(section: &str, table: &Table, known: &Value, found: &mut Vec<Setting>) {
    for (key, value) in table {
        let field = if section.is_empty() { key.clone() } else { format!("{section}.{key}") };
        match value {
            Value::Table(inner) if is_section(known, &field) => collect(&field, inner, known, found),
            _ => found.push(Setting { field, value: value.clone() }),
        }
    }
}

/// Whether a name is that of a table of fields: `train`, but not `train.length` or `train.loss`, whose tables are values as a whole.
fn is_section(known: &Value, field: &str) -> bool {
    known.get(field).and_then(Value::as_table).is_some_and(|table| table.len() > 1)
}

/// The configuration with one field set.
///
/// # Errors
/// If there is no such field, or the value does not fit it.
pub(super) fn set(config: &RunConfig, setting: &Setting) -> Result<RunConfig, String> {
    let mut tree = Value::try_from(config).map_err(|error| error.to_string())?;
    let (section, name) = setting.field.rsplit_once('.').unwrap_or(("", &setting.field));
    let mut sections = section.split('.').filter(|part| !part.is_empty());
    let place = sections.try_fold(&mut tree, |place, part| {
        place.get_mut(part).filter(|inner| inner.is_table()).ok_or_else(|| format!("there is no table '{part}'"))
    })?;
    if let Value::Table(table) = place {
        table.insert(name.to_owned(), setting.value.clone());
    }
    tree.try_into().map_err(|error: toml::de::Error| error.message().trim().to_owned())
}

/// A value as part of the name of a folder: `on`, `0.1`, `fraction_per_class-0.1`.
pub(super) fn label(value: &Value) -> String {
    let joined = |parts: Vec<String>| parts.join("-");
    match value {
        Value::String(text) => folder_name(text),
        Value::Boolean(is_on) => (if *is_on { "on" } else { "off" }).to_owned(),
        Value::Array(items) => joined(items.iter().map(label).collect()),
        Value::Table(table) => joined(table.iter().map(|(key, value)| format!("{key}-{}", label(value))).collect()),
        other => folder_name(&other.to_string()),
    }
}

/// A text with only what every file system takes in the name of a folder: letters and digits of any script, and `+-_.`.
pub(super) fn folder_name(text: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || ['+', '-', '_', '.'].contains(&c);
    let plain: String = text.chars().map(|c| if is_plain(c) { c } else { '-' }).collect();
    plain.trim_start_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Strategy;
    use crate::domain::config::{InputSize, Length};

    fn table(text: &str) -> Table {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn all_spellings_of_a_field_mean_the_same() {
        let want = [Setting { field: "train.lr".to_owned(), value: Value::Float(0.5) }];
        for text in ["'train.lr' = 0.5", "train.lr = 0.5", "train = { lr = 0.5 }", "[train]\nlr = 0.5"] {
            assert_eq!(settings(&table(text)), want, "{text}");
        }
    }

    #[test]
    fn a_value_with_content_replaces_the_former_one() {
        let given =
            settings(&table("train.length = { steps = 7 }\ntrain.frame.resize = 384\nsampling.strategy = 'full'"));
        let config = given.iter().try_fold(RunConfig::default(), |config, setting| set(&config, setting)).unwrap();
        assert_eq!((config.train.length, config.train.input), (Length::Steps(7), InputSize::Resize(384)));
        assert_eq!(config.sampling.strategy, Strategy::Full);
        let split = settings(&table("split = { 'images/a.png' = 'val' }"));
        assert_eq!(set(&config, &split[0]).unwrap().split.len(), 1);
    }

    #[test]
    fn terms_of_the_loss_that_are_not_named_are_off_unless_one_is_set_alone() {
        let with = |text: &str| set(&RunConfig::default(), &settings(&table(text))[0]).unwrap().train.loss;
        for text in ["train.loss = { dice = 0.5 }", "train.loss.dice = 0.5", "'train.loss' = { dice = 0.5 }"] {
            assert_eq!((with(text).cross_entropy, with(text).dice), (0.0, 0.5), "{text}");
        }
        let beside = with("'train.loss.dice' = 0.5");
        assert_eq!((beside.cross_entropy, beside.dice), (1.0, 0.5));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let refusal = |text: &str| set(&RunConfig::default(), &settings(&table(text))[0]).unwrap_err();
        assert!(refusal("train.sede = 1").contains("unknown field `sede`"));
        assert!(refusal("'training.lr' = 1").contains("no table 'training'"));
        assert!(refusal("train.batch = 'four'").contains("invalid type"));
        assert!(refusal("model.arch = 'transformer'").contains("unknown variant"));
    }

    #[test]
    fn every_field_of_a_configuration_can_be_set() {
        let whole = Table::try_from(RunConfig::every_field()).unwrap();
        let all = settings(&whole);
        assert!(all.len() > 25 && all.iter().any(|setting| setting.field == "train.class_weights"), "{all:?}");
        for setting in &all {
            assert!(set(&RunConfig::default(), setting).is_ok(), "{setting:?}");
        }
    }

    #[test]
    fn labels_are_names_of_folders() {
        let labelled = |text: &str| label(&table(text)["v"]);
        assert_eq!(labelled("v = { fraction_per_class = 0.1 }"), "fraction_per_class-0.1");
        assert_eq!(labelled("v = true"), "on");
        assert_eq!(labelled("v = '../a b'"), "-a-b");
        assert_eq!(labelled("v = [1.5, 2]"), "1.5-2");
        assert_eq!(labelled("v = 'unet++'"), "unet++");
        assert_eq!(["森林", "Wälder/1"].map(folder_name), ["森林", "Wälder-1"]);
    }
}
