//! One description of a run, for the window, the command line and the run folder alike.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::split::Split;
use super::weights::ClassWeights;
use super::{ClassDef, Classes, Sampling, Strategy};

/// Largest batch and largest frame: beyond these no machine of today holds a step.
const MAX_BATCH: usize = 1024;
const MAX_FRAME: u32 = 8192;

/// Everything that determines a run. `config.toml` in a run folder is this, and `--config` reads it back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RunConfig {
    /// The project folder.
    pub data: PathBuf,
    /// Share of the training tiles that validate, when the dataset names no validation tiles.
    pub val_ratio: f64,
    /// Names of the classes kept out of loss and score; as the dataset says if absent.
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
    /// The part of single tiles, by id, where it is not to be the one that the dataset or the draw gives them; `test` tiles
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

    /// Everything wrong with the numbers, each with its remedy; empty if the run can start.
    pub fn problems(&self, classes: &Classes) -> Vec<String> {
        let train = &self.train;
        let mut problems = self.model.problems(train.frame);
        let mut refuse = |wrong: bool, why: String| {
            if wrong {
                problems.push(why);
            }
        };
        refuse(train.batch == 0, "a batch of 0 trains nothing: choose at least 1".to_owned());
        refuse(
            train.batch > MAX_BATCH,
            format!("a batch of {} is more than the {MAX_BATCH} that fit: choose less", train.batch),
        );
        for name in self.ignore.iter().flatten().filter(|name| !classes.iter().any(|class| class.name == **name)) {
            let names: Vec<&str> = classes.iter().map(|class| class.name.as_str()).collect();
            refuse(true, format!("there is no class '{name}' to ignore: the classes are {}", names.join(", ")));
        }
        let scored = classes.iter().filter(|class| !self.ignores(class)).count();
        refuse(scored < 2, format!("{scored} classes are left to tell apart: ignore fewer"));
        let nothing = matches!(train.length, Length::Epochs(0) | Length::Steps(0));
        refuse(nothing, "0 epochs or steps train nothing: choose at least 1".to_owned());
        let lr_fits = train.lr.is_finite() && train.lr > 0.0;
        refuse(!lr_fits, format!("a learning rate of {} cannot be used: choose one above 0, such as 0.001", train.lr));
        let decay_fits = train.weight_decay.is_finite() && train.weight_decay >= 0.0;
        refuse(!decay_fits, format!("a weight decay of {} cannot be used: choose 0 or more", train.weight_decay));
        let ratio_fits = (0.0..1.0).contains(&self.val_ratio);
        refuse(
            !ratio_fits,
            format!("a validation ratio of {} leaves nothing to train on: choose 0 to 0.9", self.val_ratio),
        );
        if let ClassWeights::Given(weights) = &train.class_weights {
            let (given, needed) = (weights.len(), classes.len());
            refuse(given != needed, format!("{given} class weights for {needed} classes: give one per class"));
            let usable = weights.iter().all(|w| w.is_finite() && *w >= 0.0) && weights.iter().any(|w| *w > 0.0);
            refuse(!usable, "class weights must be 0 or more, and not all 0".to_owned());
            let teaches = classes.iter().zip(weights).any(|(class, w)| *w > 0.0 && !self.ignores(class));
            refuse(
                !teaches,
                "only ignored classes have a weight: give one above 0 to a class that is scored".to_owned(),
            );
        }
        if train.loss == Loss::Pce {
            problems.extend(self.sampling.strategy.problem());
        }
        problems
    }

    /// Whether a class stays out of loss and score.
    fn ignores(&self, class: &ClassDef) -> bool {
        self.ignore.as_ref().map_or(class.ignored, |names| names.contains(&class.name))
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

    /// What keeps this network from being built for a frame, a sentence each.
    pub fn problems(&self, frame: Frame) -> Vec<String> {
        let mut problems = Vec::new();
        if !(2..=7).contains(&self.levels) {
            problems.push(format!("{} levels cannot be built: choose 2 to 7", self.levels));
            return problems;
        }
        if !(1..=256).contains(&self.base) {
            problems.push(format!("{} base channels cannot be built: choose 1 to 256", self.base));
        }
        let (size, stride) = (frame.size(), self.stride());
        if size > MAX_FRAME {
            problems.push(format!("{size} pixels a side are more than the {MAX_FRAME} that fit: choose less"));
            return problems;
        }
        if size == 0 || size % stride != 0 {
            let below = size / stride * stride;
            let near = if below == 0 { stride.to_string() } else { format!("{below} or {}", below + stride) };
            problems.push(format!(
                "{} of {size} cannot be halved {} times for {} levels: choose {near}",
                if matches!(frame, Frame::Crop(_)) { "a crop" } else { "a size" },
                self.levels - 1,
                self.levels,
            ));
        }
        problems
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

    #[test]
    fn presets_can_start() {
        for config in [RunConfig::default(), RunConfig::demo(), RunConfig::reference()] {
            assert_eq!(config.problems(&Classes::deepglobe()), Vec::<String>::new());
        }
    }

    #[test]
    fn what_cannot_be_used_is_refused_with_a_remedy() {
        let refusal = |change: fn(&mut RunConfig)| {
            let mut config = RunConfig::default();
            change(&mut config);
            config.problems(&Classes::deepglobe()).join("; ")
        };
        assert!(refusal(|c| c.train.batch = 0).contains("choose at least 1"));
        assert!(refusal(|c| c.train.frame = Frame::Crop(250)).contains("choose 240 or 256"));
        assert!(refusal(|c| c.train.frame = Frame::Resize(7)).contains("choose 16"));
        assert!(refusal(|c| c.train.frame = Frame::Crop(0)).contains("choose 16"));
        assert!(refusal(|c| c.train.lr = f64::NAN).contains("learning rate"));
        assert!(refusal(|c| c.model.levels = 0).contains("2 to 7"));
        assert!(refusal(|c| c.model.base = 0).contains("1 to 256"));
        assert!(refusal(|c| c.val_ratio = 1.0).contains("validation ratio"));
        assert!(refusal(|c| c.train.length = Length::Steps(0)).contains("at least 1"));
        assert!(
            refusal(|c| c.train.class_weights = ClassWeights::Given(vec![1.0; 5])).contains("5 class weights for 7")
        );
        assert!(refusal(|c| c.sampling.strategy = Strategy::FractionPerClass(2.0)).contains("keep ratio"));
    }

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
    }
}
