//! From a plan to its runs: variants × grid × seeds.

use std::collections::{BTreeMap, BTreeSet};

use toml::Value;

use super::fields::{self, Setting};
use super::phrases;
use super::plan_file::PlanFile;
use super::settings;
use crate::domain::{Notice, RunConfig};

/// Runs of a plan at most. More are a typing error.
const MAX_RUNS: usize = 10_000;

/// A run of a plan.
#[derive(Clone, Debug, PartialEq)]
pub struct PlannedRun {
    /// Unique in the plan, from what differs: `unet_frac10`, `ce_class_weights-none_seed-0`. Names its folder.
    pub name: String,
    /// The name without the seed.
    pub configuration: String,
    /// The configuration in words: the name of its variant, and what the grid varies.
    pub words: String,
    /// Its whole configuration.
    pub config: RunConfig,
}

/// A configuration on the way to a run: the parts of its name, and what they make of the base.
#[derive(Clone)]
struct Draft {
    parts: Vec<String>,
    /// Name of its variant, as it is typed.
    variant: Option<String>,
    /// Fields that the grid has set.
    fields: Vec<String>,
    config: RunConfig,
}

/// All runs of a plan, in the order in which they are begun.
///
/// # Errors
/// If a field or value does not fit the configuration, or names are not unique.
pub(super) fn expand(file: &PlanFile) -> Result<Vec<PlannedRun>, Notice> {
    let axes = axes(file)?;
    let count = axes.iter().map(|(_, values)| values.len()).fold(file.variant.len().max(1), usize::saturating_mul);
    if count.saturating_mul(file.seeds.len().max(1)) > MAX_RUNS {
        return Err(
            Notice::new(format!("The plan has more than {MAX_RUNS} runs")).remedy("Vary fewer fields at a time")
        );
    }
    let start = variants(file)?;
    let drafts = axes.iter().try_fold(start, |drafts, (field, values)| vary(&drafts, field, values))?;
    let drafts = if file.drop_idle { without_idle(drafts) } else { drafts };
    let runs: Vec<PlannedRun> = drafts.iter().flat_map(|draft| with_seeds(draft, &file.seeds)).collect();
    refuse_doubles(&runs)?;
    Ok(with_distinct_words(runs))
}

/// The fields of the grid with their values.
fn axes(file: &PlanFile) -> Result<Vec<(String, Vec<Value>)>, Notice> {
    let axis = |Setting { field, value }| match value {
        Value::Array(values) if !values.is_empty() => Ok((field, values)),
        other => Err(Notice::new(format!("[grid] {field} = {other} is no list of values"))
            .remedy(format!("Give all values that it takes, such as {field} = [{other}]"))),
    };
    fields::settings(&file.grid).into_iter().map(axis).collect()
}

fn variants(file: &PlanFile) -> Result<Vec<Draft>, Notice> {
    if file.variant.is_empty() {
        let config = file.base.clone();
        return Ok(vec![Draft { parts: Vec::new(), variant: None, fields: Vec::new(), config }]);
    }
    let variant = |table: &toml::Table| {
        let mut table = table.clone();
        let Some(Value::String(name)) = table.remove("name") else {
            return Err(Notice::new("A [[variant]] has no name").remedy("Add name = \"…\", which names its runs"));
        };
        let folder_name = fields::folder_name(&name);
        if !folder_name.contains(char::is_alphanumeric) {
            return Err(Notice::new(format!("A [[variant]] is called \"{name}\", which names no folder"))
                .remedy("Give it letters or digits"));
        }
        let settings = fields::settings(&table);
        let place = format!("[[variant]] {name}:");
        let config = settings.iter().try_fold(file.base.clone(), |config, setting| set(&config, setting, &place))?;
        Ok(Draft { parts: vec![folder_name], variant: Some(name), fields: Vec::new(), config })
    };
    file.variant.iter().map(variant).collect()
}

fn set(config: &RunConfig, setting: &Setting, place: &str) -> Result<RunConfig, Notice> {
    fields::set(config, setting).map_err(|cause| {
        let Setting { field, value } = setting;
        Notice::new(format!("{place} {field} = {value} cannot be used"))
            .cause(cause)
            .remedy("Fields and values are those of a run's config.toml")
    })
}

/// Every draft with every value of a field.
fn vary(drafts: &[Draft], field: &str, values: &[Value]) -> Result<Vec<Draft>, Notice> {
    let short = field.rsplit('.').next().unwrap_or(field);
    let with = |draft: &Draft, value: &Value| {
        let setting = Setting { field: field.to_owned(), value: value.clone() };
        let config = set(&draft.config, &setting, "[grid]")?;
        let parts = draft.parts.iter().cloned().chain([format!("{short}-{}", fields::label(value))]).collect();
        let fields = draft.fields.iter().cloned().chain([field.to_owned()]).collect();
        Ok(Draft { parts, variant: draft.variant.clone(), fields, config })
    };
    drafts.iter().flat_map(|draft| values.iter().map(move |value| with(draft, value))).collect()
}

/// The drafts without settings that have no effect. Of those that are equal then, one stays: the one that was so from the start.
fn without_idle(drafts: Vec<Draft>) -> Vec<Draft> {
    let mut kept: Vec<Draft> = Vec::new();
    for draft in drafts {
        let before = draft.config.clone();
        let draft = draft.without_idle();
        let was_so = before == draft.config;
        match kept.iter_mut().find(|other| other.config == draft.config) {
            Some(other) if was_so => *other = draft,
            Some(_) => {}
            None => kept.push(draft),
        }
    }
    kept
}

/// The runs of a configuration. A single seed is not part of the name.
fn with_seeds(draft: &Draft, seeds: &[u64]) -> Vec<PlannedRun> {
    let configuration = if draft.parts.is_empty() { "base".to_owned() } else { draft.parts.join("_") };
    let words = draft.words().unwrap_or_else(|| configuration.clone());
    let run = |name: String, config: RunConfig| {
        let (configuration, words) = (configuration.clone(), words.clone());
        PlannedRun { name, configuration, words, config }
    };
    let seeded = |seed: u64| {
        let mut config = draft.config.clone();
        (config.seed, config.sampling.seed) = (seed, seed);
        config
    };
    match seeds {
        [] => vec![run(configuration.clone(), draft.config.clone())],
        [seed] => vec![run(configuration.clone(), seeded(*seed))],
        _ => seeds.iter().map(|seed| run(format!("{configuration}_seed-{seed}"), seeded(*seed))).collect(),
    }
}

impl Draft {
    /// The draft without settings that have no effect. Its name does not say them either.
    fn without_idle(self) -> Self {
        let config = RunConfig { model: self.config.model.clone().without_idle(), ..self.config.clone() };
        let (before, after) = (settings::of(&self.config), settings::of(&config));
        let has_effect = |field: &String| before.get(field) == after.get(field);
        let of_variant = usize::from(self.variant.is_some()); // Its part is the first; the others are those of the fields.
        let of_fields = self.parts[of_variant..].iter().zip(&self.fields);
        let kept = of_fields.filter(|(_, field)| has_effect(field)).map(|(part, _)| part);
        let parts = self.parts[..of_variant].iter().chain(kept).cloned().collect();
        let fields = self.fields.iter().filter(|field| has_effect(field)).cloned().collect();
        Self { parts, fields, config, ..self }
    }

    /// The configuration in words; `None` if it is the base.
    fn words(&self) -> Option<String> {
        let phrases = phrases::of(&self.config);
        let varied = self.fields.iter().filter_map(|field| phrases::of_field(&phrases, field));
        let varied = phrases::joined(varied);
        let words: Vec<String> = self.variant.iter().cloned().chain([varied]).filter(|part| !part.is_empty()).collect();
        (!words.is_empty()).then(|| words.join(" · "))
    }
}

/// Where words do not tell configurations apart, their names do.
fn with_distinct_words(mut runs: Vec<PlannedRun>) -> Vec<PlannedRun> {
    let mut names: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for run in runs.iter() {
        names.entry(run.words.clone()).or_default().insert(run.configuration.clone());
    }
    for run in runs.iter_mut().filter(|run| names[&run.words].len() > 1) {
        run.words.clone_from(&run.configuration);
    }
    runs
}

fn refuse_doubles(runs: &[PlannedRun]) -> Result<(), Notice> {
    let mut names: BTreeMap<String, &PlannedRun> = BTreeMap::new();
    for run in runs {
        if names.insert(run.name.to_lowercase(), run).is_some() {
            return Err(Notice::new(format!("Two runs are called {}", run.name))
                .remedy("Give variants other names, and each value and seed once"));
        }
    }
    let same = runs.iter().enumerate().find_map(|(index, run)| {
        runs[..index].iter().find(|other| other.config == run.config).map(|other| (other, run))
    });
    same.map_or(Ok(()), |(one, other)| {
        Err(Notice::new(format!("{} and {} are the same run", one.name, other.name)).remedy("Leave one of them out"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::config::{Arch, Colors, Length, Supervision};

    fn runs(text: &str) -> Result<Vec<PlannedRun>, String> {
        expand(&toml::from_str::<PlanFile>(text).unwrap()).map_err(|notice| notice.to_string())
    }

    fn names(text: &str) -> Vec<String> {
        runs(text).unwrap().into_iter().map(|run| run.name).collect()
    }

    #[test]
    fn variants_grid_and_seeds_are_combined() {
        let text = "seeds = [0, 1]\n[base]\nval_ratio = 0.2\n[grid]\ntrain.class_weights = ['none', 'inverse']\n\
                    [[variant]]\nname = 'pce-5'\nsampling.strategy = { fraction_per_class = 0.05 }\n\
                    [[variant]]\nname = 'ce'\ntrain.supervision = 'full'\n";
        let found = runs(text).unwrap();
        assert_eq!(found.len(), 8);
        assert_eq!(found[0].name, "pce-5_class_weights-none_seed-0");
        assert_eq!(found[7].name, "ce_class_weights-inverse_seed-1");
        assert_eq!(found[7].configuration, "ce_class_weights-inverse");
        let config = &found[7].config;
        assert_eq!((config.seed, config.sampling.seed, config.train.supervision), (1, 1, Supervision::Full));
        assert!((config.val_ratio - 0.2).abs() < 1e-12);
    }

    #[test]
    fn names_say_only_what_differs() {
        assert_eq!(names("seeds = [42]"), ["base"]);
        assert_eq!(names("[[variant]]\nname = 'unet_frac10'"), ["unet_frac10"]);
        let text = "[grid]\n'model.arch' = ['unet', 'unet++']\ntrain.length = [{ steps = 4 }, { epochs = 1 }]";
        assert_eq!(
            names(text),
            [
                "arch-unet_length-steps-4",
                "arch-unet_length-epochs-1",
                "arch-unet++_length-steps-4",
                "arch-unet++_length-epochs-1"
            ]
        );
        let last = runs(text).unwrap().pop().unwrap().config;
        assert_eq!((last.model.arch, last.train.length), (Arch::UNetPlusPlus, Length::Epochs(1)));
    }

    #[test]
    fn what_has_no_effect_on_a_network_is_left_out_there() {
        let text = "drop_idle = true\n[base]\nmodel.colors = 'unit'\n[grid]\n'model.arch' = ['unet', 'unet++']\n\
                    'model.deep_supervision' = [true, false]";
        let found = runs(text).unwrap();
        let told: Vec<_> = found.iter().map(|run| (run.name.as_str(), run.config.model.deep_supervision)).collect();
        let (deep, plain) = ("arch-unet++_deep_supervision-on", "arch-unet++_deep_supervision-off");
        assert_eq!(told, [("arch-unet_deep_supervision-off", false), (deep, true), (plain, false)]);
        assert!(found.iter().all(|run| run.config.model.colors == Colors::Unit), "which has an effect");
        let single = runs(&text.replace("[true, false]", "[true]")).unwrap();
        let told: Vec<_> = single.iter().map(|run| (run.configuration.as_str(), run.words.as_str())).collect();
        assert_eq!(told[0], ("arch-unet", "U-Net"), "it says nothing of deep supervision");
        assert_eq!(told[1], (deep, "U-Net++ · deep supervision on"));
        let pretrained = "drop_idle = true\n[grid]\n'model.encoder' = ['none', 'lite0']\n'model.colors' = ['unit']";
        let names: Vec<String> = runs(pretrained).unwrap().into_iter().map(|run| run.name).collect();
        assert_eq!(names, ["colors-unit_encoder-none", "encoder-lite0"]);
        let as_written = runs(&text.replace("drop_idle = true", "")).unwrap();
        assert_eq!(as_written.iter().filter(|run| run.config.model.deep_supervision).count(), 2);
    }

    #[test]
    fn what_cannot_be_planned_is_refused_with_the_remedy() {
        for (text, told) in [
            ("[grid]\ntrain.lr = 0.1", "[grid] train.lr = 0.1 is no list of values. Give all values"),
            ("[grid]\ntrain.lr = []", "no list of values"),
            ("[grid]\ntrain.learning = [1]", "[grid] train.learning = 1 cannot be used: unknown field"),
            ("[[variant]]\nname = 'x'\ntrain.batch = 'y'", "[[variant]] x: train.batch = \"y\" cannot be used"),
            ("[[variant]]\nseed = 1", "A [[variant]] has no name"),
            ("[[variant]]\nname = ''", "A [[variant]] is called \"\", which names no folder. Give it letters"),
            ("[[variant]]\nname = '..'", "names no folder"),
            ("[[variant]]\nname = '?!'", "names no folder"),
            ("seeds = [1, 1]", "Two runs are called base_seed-1"),
            ("[[variant]]\nname = 'a'\n[[variant]]\nname = 'A'", "Two runs are called A"),
            ("[[variant]]\nname = 'a'\n[[variant]]\nname = 'b'", "a and b are the same run"),
        ] {
            let refusal = runs(text).unwrap_err();
            assert!(refusal.contains(told), "{text}: {refusal}");
        }
    }

    #[test]
    fn a_grid_that_explodes_is_refused_before_it_is_built() {
        let values: Vec<String> = (1..=300).map(|n| n.to_string()).collect();
        let list = values.join(",");
        let text = format!("[grid]\nseed = [{list}]\nsampling.seed = [{list}]\ntrain.batch = [{list}]");
        assert!(runs(&text).unwrap_err().contains("more than 10000 runs"));
    }

    #[test]
    fn words_say_what_the_grid_varies_and_variants_keep_their_names() {
        let words = |text: &str| -> Vec<String> { runs(text).unwrap().into_iter().map(|run| run.words).collect() };
        let grid = "seeds = [0, 1]\n[grid]\nsampling.strategy = [{ fraction_per_class = 0.01 }]\n\
                    train.class_weights = ['none', 'inverse']";
        let want = ["1 % of each class · no class weights", "1 % of each class · inverse frequency weights"];
        assert_eq!(words(grid), [want[0], want[0], want[1], want[1]]);
        let variant = "[grid]\nmodel.arch = ['unet', 'unet++']\n[[variant]]\nname = 'PCE 10 %'";
        assert_eq!(words(variant), ["PCE 10 % · U-Net", "PCE 10 % · U-Net++"]);
        assert_eq!(words(""), ["base"]);
        let full = "[base]\ntrain.supervision = 'full'\n[grid]\n\
                    sampling.strategy = [{ fraction_per_class = 0.01 }, { fraction_per_class = 0.1 }]";
        assert_eq!(words(full)[1], "strategy-fraction_per_class-0.1", "words do not tell them apart");
    }
}
