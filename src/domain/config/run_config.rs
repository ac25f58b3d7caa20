//! The configuration of a run and its presets.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::device_choice::DeviceChoice;
use super::earlier;
use super::encoder::Encoder;
use super::extent::{InputSize, Length};
use super::model_config::ModelConfig;
use super::options::{Batches, SplitBy, Supervision};
use super::train_config::TrainConfig;
use crate::domain::checkpoint::Checkpoint;
use crate::domain::split::Split;
use crate::domain::weights::ClassWeights;
use crate::domain::{Classes, Sampling, Strategy, stored};

/// Everything that determines a run. `config.toml` in a run folder is this, and `--config` reads it back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RunConfig {
    /// The project folder.
    pub data: PathBuf,
    /// Share of the training tiles that validate, 0 up to but not including 1. Used when the dataset names no validation
    /// tiles.
    pub val_ratio: f64,
    /// Parts of a cross-validation, 2 or more: one of them validates, instead of the dataset's validation tiles or a share. 0: none.
    pub folds: u32,
    /// Which of them validates, from 1.
    pub fold: u32,
    /// What stays together where a share or a part is drawn.
    pub split_by: SplitBy,
    /// Side of a block in pixels, where blocks are drawn; not less than that of a crop.
    pub block: u32,
    /// Names of the classes kept out of loss and score (see [`RunConfig::ignored_names`]); if absent, those that the
    /// dataset ignores.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ignore: Option<Vec<String>>,
    /// Seed of split, initial weights, order, crops and flips; sampling has a seed of its own.
    pub seed: u64,
    /// Where to train: `auto`, `gpu`, `cpu`, or part of an adapter's name.
    pub device: DeviceChoice,
    /// Write losses and scores to an event file for `TensorBoard` as well.
    pub tensorboard: bool,
    /// The folder of a run whose weights the network begins with; if absent, it begins as `model` says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub init_from: Option<PathBuf>,
    /// Which checkpoint of that run.
    pub init_checkpoint: Checkpoint,
    /// How sparse labels are drawn from the masks.
    pub sampling: Sampling,
    /// The network.
    pub model: ModelConfig,
    /// Loss, optimiser, length and input.
    pub train: TrainConfig,
    /// Splits chosen by hand, by file or id of the tile. They override those of the dataset and the draw; `test` tiles are
    /// not used at all.
    pub split: BTreeMap<String, Split>,
}

impl Default for RunConfig {
    fn default() -> Self {
        Self {
            data: PathBuf::new(),
            val_ratio: 0.1,
            folds: 0,
            fold: 1,
            split_by: SplitBy::Scene,
            block: 512,
            ignore: None,
            seed: 42,
            device: DeviceChoice::Auto,
            tensorboard: false,
            init_from: None,
            init_checkpoint: Checkpoint::Best,
            sampling: Sampling::default(),
            model: ModelConfig::default(),
            train: TrainConfig::default(),
            split: BTreeMap::new(),
        }
    }
}

impl RunConfig {
    /// A run that shows something within seconds on two CPU cores: a small network on small crops.
    pub fn demo() -> Self {
        let mut config =
            Self { model: ModelConfig { base: 8, levels: 3, ..ModelConfig::default() }, ..Self::default() };
        config.train.input = InputSize::Crop(96);
        config.train.batch = 2;
        config.train.lr = 3e-3;
        config.train.length = Length::Epochs(20);
        config
    }

    /// Settings for a handful of labels: whatever helps where there are few of them (`docs/few-clicks.md`).
    pub fn few_clicks() -> Self {
        let model = ModelConfig { encoder: Encoder::Lite0, ..ModelConfig::default() };
        let mut config = Self { model, ..Self::default() };
        config.train.length = Length::Steps(600);
        config.train.batches = Batches::Classes;
        config.train.scales = true;
        config.train.jitter = 0.3;
        config.train.ema = 0.99;
        config.train.pseudo_labels = 1.0;
        config.train.keep_aside = true;
        config
    }

    /// The reference study's settings on DeepGlobe (AdamW 1e-3, cosine, batch 8, 512², 10 % of each class).
    pub fn reference() -> Self {
        let mut config = Self { model: ModelConfig { base: 64, ..ModelConfig::default() }, ..Self::default() };
        config.train.input = InputSize::Resize(512);
        config.train.batch = 8;
        config.train.class_weights = ClassWeights::Inverse;
        config
    }

    /// The same with absolute paths of the data, of the run to begin with and of the encoder's file, so that they stay true in another
    /// working folder. Relative ones begin at `base`; an empty `base` is the working folder.
    #[must_use]
    pub fn with_absolute_paths(mut self, base: &Path) -> Self {
        let encoder = match &mut self.model.encoder {
            Encoder::File(path) => Some(path),
            Encoder::None | Encoder::Lite0 => None,
        };
        let paths = [Some(&mut self.data), self.init_from.as_mut(), encoder];
        for path in paths.into_iter().flatten().filter(|path| !path.as_os_str().is_empty()) {
            let joined = base.join(&*path);
            *path = std::path::absolute(&joined).unwrap_or(joined);
        }
        self
    }

    /// Reads a configuration that a person may have written, in the form of this version or an earlier one.
    ///
    /// # Errors
    /// If the text is not TOML, or has an unknown field or value.
    pub fn read_strict(text: &str) -> Result<Self, String> {
        let mut value: serde_json::Value = toml::from_str(text).map_err(|error| error.to_string())?;
        if earlier::upgrade(&mut value) {
            return serde_json::from_value(value).map_err(|error| error.to_string());
        }
        toml::from_str(text).map_err(|error| error.to_string()) // This error names the line.
    }

    /// Reads a configuration that any version of this program wrote. Fields that are not understood keep their default;
    /// a phrase is returned for each.
    ///
    /// # Errors
    /// If the text is not TOML.
    pub fn read_stored(text: &str) -> Result<(Self, Vec<String>), String> {
        let mut stored: serde_json::Value = toml::from_str(text).map_err(|error| error.to_string())?;
        earlier::upgrade(&mut stored);
        stored::read(&Self::default(), &Self::every_field(), &stored).map_err(|error| error.to_string())
    }

    /// The defaults with every optional field present, so that [`stored::read`] knows all fields.
    pub fn every_field() -> Self {
        Self { ignore: Some(Vec::new()), init_from: Some(PathBuf::new()), ..Self::default() }
    }

    /// The names of the classes to ignore, if the configuration says which. An entry that is the name of a class counts as
    /// a whole; any other is a list separated by commas, because a name may contain a comma itself.
    pub fn ignored_names(&self, classes: &Classes) -> Option<Vec<String>> {
        let is_class = |name: &str| classes.iter().any(|class| class.name == name);
        let names = |given: &String| -> Vec<String> {
            if is_class(given) {
                return vec![given.clone()];
            }
            given.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect()
        };
        Some(self.ignore.as_ref()?.iter().flat_map(names).collect())
    }

    /// Marks the classes to ignore, if the configuration says which. Unknown names have no effect here:
    /// [`RunConfig::problems`] refuses them.
    pub fn mark_ignored(&self, classes: &mut Classes) {
        if let Some(ignore) = self.ignored_names(classes) {
            classes.ignore_only(&ignore);
        }
    }

    /// This configuration, learning from own labels only. For projects in which no training tile has a mask.
    #[must_use]
    pub fn own_labels_only(mut self) -> Self {
        self.sampling.strategy = Strategy::OwnLabelsOnly;
        self.train.supervision = Supervision::Sparse;
        self
    }

    /// Whether the masks are not learned from.
    pub fn is_own_labels_only(&self) -> bool {
        self.label_sampling().strategy == Strategy::OwnLabelsOnly
    }

    /// The sampling in effect: full supervision uses the full masks whatever the strategy.
    pub fn label_sampling(&self) -> Sampling {
        match self.train.supervision {
            Supervision::Sparse => self.sampling,
            Supervision::Full => Sampling { strategy: Strategy::Full, ..self.sampling },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ClassDef;
    use crate::domain::config::{Arch, LossWeights};

    #[test]
    fn a_configuration_survives_its_file() {
        let mut config = RunConfig::reference();
        config.train.class_weights = ClassWeights::Given(vec![0.5, 1.5]);
        config.ignore = Some(vec!["unknown".to_owned()]);
        config.device = DeviceChoice::Named("SwiftShader".to_owned());
        let text = toml::to_string(&config).expect("a configuration is plain data");
        assert_eq!(RunConfig::read_strict(&text).expect("what was written reads back"), config, "{text}");
    }

    #[test]
    fn the_documented_example_holds_the_defaults() {
        let documented = include_str!("../../../docs/formats.md");
        let section = documented.split("## Configuration: `config.toml`").nth(1).expect("the section");
        let example = section.split("```toml").nth(1).and_then(|rest| rest.split("```").next()).expect("the example");
        let mut want = RunConfig { data: "/data/deepglobe".into(), ..RunConfig::default() };
        want.ignore = Some(vec!["unknown".to_owned()]);
        want.init_from = Some("/data/deepglobe/.pointillist/runs/20260101-120000-unet".into());
        want.split.insert("images/a.png".to_owned(), Split::Val);
        assert_eq!(RunConfig::read_strict(example), Ok(want.clone()));
        let written = toml::Table::try_from(&want).expect("plain data");
        let shown: toml::Table = toml::from_str(example).expect("TOML");
        let keys = |table: &toml::Table| table.keys().cloned().collect::<Vec<_>>();
        assert_eq!(keys(&shown), keys(&written), "every field is documented");
        for name in ["sampling", "model", "train"] {
            let fields = |table: &toml::Table| keys(table[name].as_table().expect("a table"));
            assert_eq!(fields(&shown), fields(&written), "every field of {name} is documented");
        }
    }

    #[test]
    fn a_short_file_is_enough_and_a_misspelt_one_is_an_error() {
        let config = RunConfig::read_strict("seed = 7\n[train]\nlength = { steps = 100 }").expect("short");
        assert_eq!((config.seed, config.train.length), (7, Length::Steps(100)));
        assert!(RunConfig::read_strict("sede = 7").is_err_and(|error| error.contains("line 1")));
        assert!(RunConfig::read_strict("[sampling]\nsede = 7").is_err());
    }

    #[test]
    fn a_configuration_of_another_version_keeps_what_is_understood() {
        let text = "seed = 7\nfancy = true\nignore = [\"water\"]\n[model]\narch = \"transformer\"\nbase = 32\n\
                    [train]\nlength = { fortnights = 2 }\nbatch = 3\ncool_down = 5\n[sampling]\nseed = 9";
        let (config, lost) = RunConfig::read_stored(text).expect("TOML");
        assert_eq!((config.seed, config.model.base, config.train.batch, config.sampling.seed), (7, 32, 3, 9));
        assert_eq!((config.model.arch, config.train.length), (Arch::UNet, TrainConfig::default().length));
        assert_eq!(config.ignore, Some(vec!["water".to_owned()]));
        for told in ["fancy is not", "train.cool_down is not", "model.arch = \"transformer\" is", "fortnights"] {
            assert!(lost.iter().any(|phrase| phrase.contains(told)), "{told} in {lost:?}");
        }
        assert_eq!(lost.len(), 4, "{lost:?}");
        assert!(RunConfig::read_stored("no [ toml").is_err());
    }

    #[test]
    fn a_configuration_of_an_earlier_version_means_the_same() {
        let file = |loss: &str, strategy: &str| {
            format!(
                "[train]\nloss = \"{loss}\"\nframe = {{ crop = 96 }}\n[sampling]\nstrategy = {strategy}\nseed = 1\n"
            )
        };
        let cases = [
            (file("cross-entropy", "\"own_labels_only\""), Supervision::Sparse, Strategy::OwnLabelsOnly),
            (file("pce", "{ points_per_class = 3 }"), Supervision::Sparse, Strategy::PointsPerClass(3)),
            (file("ce", "{ fraction_per_class = 0.5 }"), Supervision::Full, Strategy::FractionPerClass(0.5)),
            (file("pce", "\"nothing\""), Supervision::Sparse, Strategy::OwnLabelsOnly),
        ];
        for (text, supervision, strategy) in cases {
            let strict = RunConfig::read_strict(&text).expect("every field is known");
            assert_eq!(RunConfig::read_stored(&text), Ok((strict.clone(), Vec::new())), "{text}");
            assert_eq!((strict.train.supervision, strict.sampling.strategy), (supervision, strategy), "{text}");
            assert_eq!(
                (strict.train.loss, strict.train.input),
                (LossWeights::default(), InputSize::Crop(96)),
                "{text}"
            );
        }
        let misspelt = "[train]\nloss = \"ce\"\nsede = 1";
        assert!(RunConfig::read_strict(misspelt).is_err(), "an earlier file is read strictly as well");
    }

    #[test]
    fn what_was_written_reads_back_whole() {
        let mut config = RunConfig::reference();
        config.train.class_weights = ClassWeights::Given(vec![0.1, 1.5]);
        config.train.length = Length::Steps(9);
        config.sampling.strategy = Strategy::PointsPerClass(3);
        config.device = DeviceChoice::Named("Adapter".to_owned());
        let text = toml::to_string(&config).expect("plain data");
        assert_eq!(RunConfig::read_stored(&text), Ok((config, Vec::new())), "{text}");
    }

    #[test]
    fn a_class_with_a_comma_in_its_name_can_be_ignored() {
        let class = |name: &str, color| ClassDef { name: name.to_owned(), color: [color; 3], ignored: false };
        let classes = vec![class("water, deep", 1), class("a", 2), class("b", 3), class("c", 4)];
        let classes = Classes::new(classes).expect("four classes");
        let names = |given: &[&str]| {
            let ignore = Some(given.iter().map(|&name| name.to_owned()).collect());
            RunConfig { ignore, ..RunConfig::default() }.ignored_names(&classes)
        };
        assert_eq!(names(&["water, deep", "a, b"]), Some(vec!["water, deep".into(), "a".into(), "b".into()]));
        assert_eq!(names(&[""]), Some(Vec::new()), "nothing is ignored");
        assert_eq!(RunConfig::default().ignored_names(&classes), None);
        let config = RunConfig { ignore: names(&["water, deep"]), ..RunConfig::default() };
        assert_eq!(config.problems(&classes), []);
    }
}
