//! One description of a run, for the window, the command line and the run folder alike.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::split::Split;
use super::weights::ClassWeights;
use super::{Classes, Sampling, Strategy, stored};

/// Everything that determines a run. `config.toml` in a run folder is this, and `--config` reads it back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RunConfig {
    /// The project folder.
    pub data: PathBuf,
    /// Share of the training tiles that validate, when the dataset names no validation tiles.
    pub val_ratio: f64,
    /// Names of the classes kept out of loss and score (see [`RunConfig::ignored_names`]); as the dataset says if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ignore: Option<Vec<String>>,
    /// Seed of everything random but sampling: split, initial weights, order, crops, flips.
    pub seed: u64,
    /// Where to train: `auto`, `gpu`, `cpu`, or part of an adapter's name.
    pub device: DeviceChoice,
    /// Which labels are learned from.
    pub sampling: Sampling,
    /// The network.
    pub model: ModelConfig,
    /// How it is trained.
    pub train: TrainConfig,
    /// The part of single tiles, by file or id, where it is not to be the one that the dataset or the draw gives them; `test` tiles
    /// are not used at all.
    pub split: BTreeMap<String, Split>,
}

/// The network's shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ModelConfig {
    /// U-Net or U-Net++.
    pub arch: Arch,
    /// Channels of the first level; each level below has twice as many.
    pub base: usize,
    /// Resolutions, the full one included.
    pub levels: usize,
}

/// Network architecture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Arch {
    /// U-Net (Ronneberger et al. 2015) with batch normalisation.
    #[serde(rename = "unet")]
    UNet,
    /// U-Net++ (Zhou et al. 2018): nested dense skip connections.
    #[serde(rename = "unet++")]
    UNetPlusPlus,
}

/// How the network is trained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrainConfig {
    /// Sampled labels and clicks, or full masks.
    pub loss: Loss,
    /// Weights of the classes in the loss.
    pub class_weights: ClassWeights,
    /// How long.
    pub length: Length,
    /// Crops or tiles a step.
    pub batch: usize,
    /// What the network sees of a tile.
    pub frame: Frame,
    /// Optimiser.
    pub optimizer: Optimizer,
    /// Learning rate at the start.
    pub lr: f64,
    /// Weight decay.
    pub weight_decay: f64,
    /// Course of the learning rate.
    pub schedule: Schedule,
    /// Random mirror images.
    pub flips: bool,
    /// Random quarter-turns.
    pub quarter_turns: bool,
}

/// Where labels come from, and so what the cross-entropy is taken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Loss {
    /// Partial cross-entropy over sampled and clicked pixels.
    Pce,
    /// Cross-entropy over the full masks: full supervision, to compare with.
    Ce,
}

/// How long a run lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Length {
    /// Passes over the training tiles.
    Epochs(u32),
    /// Optimiser steps.
    Steps(u64),
}

/// What the network sees of a tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Frame {
    /// The whole tile, resized to this many pixels squared.
    Resize(u32),
    /// Square crops of this size at native resolution.
    Crop(u32),
}

impl Frame {
    /// Side of the square the network sees.
    pub fn size(self) -> u32 {
        match self {
            Self::Resize(size) | Self::Crop(size) => size,
        }
    }
}

/// Optimiser.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Optimizer {
    /// Adam with decoupled weight decay (Loshchilov, Hutter 2019).
    AdamW,
    /// Adam (Kingma, Ba 2015), weight decay added to the gradient.
    Adam,
}

/// Course of the learning rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Schedule {
    /// Half a cosine from the learning rate down to 0.
    Cosine,
    /// No change.
    Constant,
}

/// Where to train.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum DeviceChoice {
    /// A real GPU if there is one, else the CPU.
    Auto,
    /// A real GPU or an error.
    Gpu,
    /// The CPU.
    Cpu,
    /// The first adapter whose name contains this text, software renderers included.
    Named(String),
}

impl From<String> for DeviceChoice {
    fn from(text: String) -> Self {
        match text.to_lowercase().as_str() {
            "auto" | "" => Self::Auto,
            "gpu" => Self::Gpu,
            "cpu" => Self::Cpu,
            _ => Self::Named(text),
        }
    }
}

impl From<DeviceChoice> for String {
    fn from(choice: DeviceChoice) -> Self {
        match choice {
            DeviceChoice::Auto => "auto".to_owned(),
            DeviceChoice::Gpu => "gpu".to_owned(),
            DeviceChoice::Cpu => "cpu".to_owned(),
            DeviceChoice::Named(name) => name,
        }
    }
}

impl Default for RunConfig {
    fn default() -> Self {
        Self {
            data: PathBuf::new(),
            val_ratio: 0.1,
            ignore: None,
            seed: 42,
            device: DeviceChoice::Auto,
            sampling: Sampling::default(),
            model: ModelConfig::default(),
            train: TrainConfig::default(),
            split: BTreeMap::new(),
        }
    }
}

impl Default for ModelConfig {
    fn default() -> Self {
        Self { arch: Arch::UNet, base: 16, levels: 5 }
    }
}

impl Default for TrainConfig {
    fn default() -> Self {
        Self {
            loss: Loss::Pce,
            class_weights: ClassWeights::None,
            length: Length::Epochs(20),
            batch: 4,
            frame: Frame::Crop(256),
            optimizer: Optimizer::AdamW,
            lr: 1e-3,
            weight_decay: 1e-4,
            schedule: Schedule::Cosine,
            flips: true,
            quarter_turns: true,
        }
    }
}

impl RunConfig {
    /// A run that shows something within seconds on two CPU cores: a small network on small crops.
    pub fn demo() -> Self {
        let mut config = Self { model: ModelConfig { arch: Arch::UNet, base: 8, levels: 3 }, ..Self::default() };
        config.train.frame = Frame::Crop(96);
        config.train.batch = 2;
        config.train.lr = 3e-3;
        config.train.length = Length::Epochs(20);
        config
    }

    /// The reference study's settings on DeepGlobe (AdamW 1e-3, cosine, batch 8, 512², 10 % of each class).
    pub fn reference() -> Self {
        let mut config = Self { model: ModelConfig { base: 64, ..ModelConfig::default() }, ..Self::default() };
        config.train.frame = Frame::Resize(512);
        config.train.batch = 8;
        config.train.class_weights = ClassWeights::Inverse;
        config
    }

    /// Reads a configuration that this program wrote, in whatever version: what is understood is kept, and a phrase told
    /// for each field that is not.
    ///
    /// # Errors
    /// If the text is no TOML at all.
    pub fn read_stored(text: &str) -> Result<(Self, Vec<String>), String> {
        let stored: serde_json::Value = toml::from_str(text).map_err(|error| error.to_string())?;
        stored::read(&Self::default(), &Self::every_field(), &stored).map_err(|error| error.to_string())
    }

    /// A configuration in which every optional field is there.
    pub fn every_field() -> Self {
        Self { ignore: Some(Vec::new()), ..Self::default() }
    }

    /// The names of the classes to ignore, if the configuration says which. What is the name of a class is taken whole;
    /// anything else is a list with commas, for a name may hold a comma itself.
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

    /// This configuration for tiles of which none has a mask: it is learned from own labels alone, and says so.
    pub fn without_masks(mut self) -> Self {
        self.sampling.strategy = Strategy::Nothing;
        self.train.loss = Loss::Pce;
        self
    }

    /// Whether own labels alone are learned from.
    pub fn is_without_masks(&self) -> bool {
        self.label_sampling().strategy == Strategy::Nothing
    }

    /// The sampling that is learned from: full supervision uses the full masks whatever the strategy.
    pub fn label_sampling(&self) -> Sampling {
        match self.train.loss {
            Loss::Pce => self.sampling,
            Loss::Ce => Sampling { strategy: Strategy::Full, ..self.sampling },
        }
    }
}

impl ModelConfig {
    /// The input's side must be a multiple of this: each level below the first halves it.
    pub fn stride(&self) -> u32 {
        1 << (self.levels.clamp(1, 16) - 1)
    }

    /// Channels of a level, 0 being the full resolution.
    pub fn channels(&self, level: usize) -> usize {
        self.base << level
    }
}

impl Arch {
    /// The name as written in configurations.
    pub fn name(self) -> &'static str {
        match self {
            Self::UNet => "unet",
            Self::UNetPlusPlus => "unet++",
        }
    }

    /// The name as written in papers.
    pub fn title(self) -> &'static str {
        match self {
            Self::UNet => "U-Net",
            Self::UNetPlusPlus => "U-Net++",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ClassDef;

    #[test]
    fn a_configuration_survives_its_file() {
        let mut config = RunConfig::reference();
        config.train.class_weights = ClassWeights::Given(vec![0.5, 1.5]);
        config.ignore = Some(vec!["unknown".to_owned()]);
        config.device = DeviceChoice::Named("SwiftShader".to_owned());
        let text = toml::to_string(&config).expect("a configuration is plain data");
        assert_eq!(toml::from_str::<RunConfig>(&text).expect("what was written reads back"), config, "{text}");
    }

    #[test]
    fn a_short_file_is_enough_and_a_misspelt_one_is_an_error() {
        let config: RunConfig = toml::from_str("seed = 7\n[train]\nlength = { steps = 100 }").expect("short");
        assert_eq!((config.seed, config.train.length), (7, Length::Steps(100)));
        assert!(toml::from_str::<RunConfig>("sede = 7").is_err());
        assert!(toml::from_str::<RunConfig>("[sampling]\nsede = 7").is_err());
    }

    #[test]
    fn a_configuration_of_another_version_keeps_what_is_understood() {
        let text = "seed = 7\nfancy = true\nignore = [\"water\"]\n[model]\narch = \"transformer\"\nbase = 32\n\
                    [train]\nlength = { fortnights = 2 }\nbatch = 3\nmomentum = 0.9\n[sampling]\nseed = 9";
        let (config, lost) = RunConfig::read_stored(text).expect("TOML");
        assert_eq!((config.seed, config.model.base, config.train.batch, config.sampling.seed), (7, 32, 3, 9));
        assert_eq!((config.model.arch, config.train.length), (Arch::UNet, TrainConfig::default().length));
        assert_eq!(config.ignore, Some(vec!["water".to_owned()]));
        for told in ["fancy is not", "train.momentum is not", "model.arch = \"transformer\" is", "fortnights"] {
            assert!(lost.iter().any(|phrase| phrase.contains(told)), "{told} in {lost:?}");
        }
        assert_eq!(lost.len(), 4, "{lost:?}");
        assert!(RunConfig::read_stored("no [ toml").is_err());
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
        assert_eq!(config.problems(&classes), Vec::<String>::new());
    }
}
