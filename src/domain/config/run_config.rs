//! The configuration of a run and its presets.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::bands::BANDS;
use super::device_choice::DeviceChoice;
use super::earlier;
use super::encoder::Encoder;
use super::extent::{InputSize, Length};
use super::loss_weights::LossWeights;
use super::options::{Arch, Batches, Colors, Norm, Optimizer, Schedule, SplitBy, Supervision, Upsampling};
use crate::domain::checkpoint::Checkpoint;
use crate::domain::split::Split;
use crate::domain::weights::ClassWeights;
use crate::domain::{Choice as _, Classes, Sampling, Strategy, stored};

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

/// Architecture and size of the network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ModelConfig {
    /// U-Net or U-Net++.
    pub arch: Arch,
    /// Random or pretrained.
    pub encoder: Encoder,
    /// Channels at full resolution, 1 to 256; each level below has twice as many. With a pretrained encoder it is the
    /// decoder that has them.
    pub base: usize,
    /// Resolutions, the full one included: 2 to 7. A pretrained encoder has its own.
    pub levels: usize,
    /// In which terms it sees colours. A pretrained encoder has its own.
    pub colors: Colors,
    /// Bands of its input, 1 to 64. A pretrained encoder has three, and so have the images of a project.
    pub in_channels: usize,
    /// What follows a convolution, but for those of a pretrained encoder.
    pub norm: Norm,
    /// What doubles height and width in the decoder.
    pub upsampling: Upsampling,
    /// U-Net++ learns by a head on each node at full resolution, and predicts by the last.
    pub deep_supervision: bool,
}

/// How the network is trained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrainConfig {
    /// Sparse labels or full masks.
    pub supervision: Supervision,
    /// Terms of the loss.
    pub loss: LossWeights,
    /// Share of the target that cross-entropy spreads over all classes, 0 up to but not including 1.
    pub label_smoothing: f64,
    /// Exponent of the focal loss, 0 to 10: the higher, the less well predicted pixels count.
    pub focal_gamma: f64,
    /// How many pixels the gated CRF looks along each axis, 1 to 32.
    pub crf_radius: u32,
    /// Standard deviation of the gated CRF's distances in pixels, above 0.
    pub crf_sigma_xy: f64,
    /// Standard deviation of the gated CRF's colours, in those of ImageNet, above 0.
    pub crf_sigma_rgb: f64,
    /// Weights of the classes in cross-entropy and focal loss.
    pub class_weights: ClassWeights,
    /// How long to train.
    pub length: Length,
    /// Evaluations without a better mIoU after which the run ends; 0 if it always takes all its steps.
    pub patience: u32,
    /// Crops or resized tiles per batch, 1 to 1024.
    pub batch: usize,
    /// Batches whose gradients make up one step, 1 to 1024: as a batch that many times as large, in the memory of one.
    pub accumulate: usize,
    /// What the network sees of a tile.
    #[serde(rename = "frame")]
    pub input: InputSize,
    /// Optimiser.
    pub optimizer: Optimizer,
    /// Learning rate at the start, after the warm-up if there is one; above 0.
    pub lr: f64,
    /// What the learning rate of a pretrained encoder, and of the linear classifier on its features, is multiplied with, 0 or
    /// more; 0 leaves both as they are.
    pub encoder_lr: f64,
    /// A network with a pretrained encoder begins where a linear classifier on the encoder's features is.
    pub head_start: bool,
    /// Weight of pseudo-labels, 0 or more: above 0 the network learns the quick head's map of the training tiles beside the labels.
    pub pseudo_labels: f64,
    /// Weight decay, 0 or more.
    pub weight_decay: f64,
    /// Momentum of SGD, 0 up to but not including 1. Adam and `AdamW` do not use it.
    pub momentum: f64,
    /// Nesterov momentum (Sutskever et al. 2013) for SGD.
    pub nesterov: bool,
    /// The largest norm of all gradients together; larger ones are scaled down to it. 0 turns it off.
    pub clip_norm: f64,
    /// Learning rate schedule.
    pub schedule: Schedule,
    /// Steps in which the learning rate rises to its full height, before the schedule begins; 0 for none.
    pub warm_up: u64,
    /// How often the schedule `step` lowers the rate.
    pub decay_every: Length,
    /// What the schedule `step` multiplies the rate with, above 0 up to 1.
    pub decay_factor: f64,
    /// Exponent of the schedule `polynomial`, above 0 up to 10.
    pub decay_power: f64,
    /// Mirror crops at random.
    pub flips: bool,
    /// Turn crops by random multiples of 90°.
    pub quarter_turns: bool,
    /// Turn half of the crops by any angle up to this many degrees, either way: 0 (none) to 180.
    pub rotation: f64,
    /// Share of the crops that are shifted, zoomed and turned by up to the next three, either way: 0 (none) to 1.
    pub shift_scale_rotate: f64,
    /// Largest shift, as a share of the side, 0 to 1.
    pub shift_limit: f64,
    /// Largest change of size, as a share of it, 0 up to but not including 1.
    pub scale_limit: f64,
    /// Largest turn in degrees, 0 to 180.
    pub rotate_limit: f64,
    /// In a run without validation tiles, keep every fifth click of a class on a tile from the network, to compare it with the
    /// quick head.
    pub keep_aside: bool,
    /// What the crops of a batch are drawn by.
    pub batches: Batches,
    /// Cut half of the crops at full resolution, a quarter each at half and quarter resolution.
    pub scales: bool,
    /// Strength of random changes of brightness, contrast, saturation and hue, 0 (none) to 1.
    pub jitter: f64,
    /// Share that the averaged weights keep at each step, 0 up to but not including 1. Above 0, the average of the weights is
    /// shown, scored and saved instead of the last ones.
    pub ema: f64,
    /// With averaged weights, score the weights themselves as well.
    pub score_raw: bool,
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

impl Default for ModelConfig {
    fn default() -> Self {
        Self {
            arch: Arch::UNet,
            encoder: Encoder::None,
            base: 16,
            levels: 5,
            colors: Colors::ImageNet,
            in_channels: BANDS,
            norm: Norm::Batch,
            upsampling: Upsampling::Transposed,
            deep_supervision: false,
        }
    }
}

impl Default for TrainConfig {
    fn default() -> Self {
        Self {
            supervision: Supervision::Sparse,
            loss: LossWeights::default(),
            label_smoothing: 0.0,
            focal_gamma: 2.0,
            crf_radius: 5,
            crf_sigma_xy: 6.0,
            crf_sigma_rgb: 0.1,
            class_weights: ClassWeights::None,
            length: Length::Epochs(20),
            patience: 0,
            batch: 4,
            accumulate: 1,
            input: InputSize::Crop(256),
            optimizer: Optimizer::AdamW,
            lr: 1e-3,
            encoder_lr: 0.1,
            head_start: true,
            pseudo_labels: 0.0,
            weight_decay: 1e-4,
            momentum: 0.9,
            nesterov: false,
            clip_norm: 0.0,
            schedule: Schedule::Cosine,
            warm_up: 0,
            decay_every: Length::Epochs(10),
            decay_factor: 0.1,
            decay_power: 0.9,
            flips: true,
            quarter_turns: true,
            rotation: 0.0,
            shift_scale_rotate: 0.0,
            shift_limit: 0.0625,
            scale_limit: 0.1,
            rotate_limit: 45.0,
            keep_aside: false,
            batches: Batches::Tiles,
            scales: false,
            jitter: 0.0,
            ema: 0.0,
            score_raw: false,
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

impl TrainConfig {
    /// Steps in an epoch of this many crops or tiles, at least 1.
    pub fn steps_per_epoch(&self, epoch: usize) -> u64 {
        (epoch / (self.batch * self.accumulate).max(1)).max(1) as u64
    }

    /// Whether evaluations score the weights without averaging beside their average.
    pub fn scores_raw(&self) -> bool {
        self.score_raw && self.ema > 0.0
    }
}

impl ModelConfig {
    /// The input's side must be a multiple of this: it is halved from level to level.
    pub fn stride(&self) -> u32 {
        1 << self.halvings()
    }

    /// How often the network halves its input.
    pub fn halvings(&self) -> usize {
        match self.encoder {
            Encoder::None => self.levels.clamp(1, 16) - 1,
            Encoder::Lite0 | Encoder::File(_) => 5,
        }
    }

    /// What an architecture and its size do not say about the network, a phrase each; empty if all is as usual.
    pub fn particulars(&self) -> Vec<String> {
        let upsampling = format!("up-sampling {}", self.upsampling.name());
        let bands = format!("{} input channels", self.in_channels);
        let norm = format!("norm {}", self.norm.name());
        let phrases = [
            (self.in_channels != BANDS).then_some(bands),
            (self.norm != Norm::default()).then_some(norm),
            (self.upsampling != Upsampling::default()).then_some(upsampling),
            self.deep_supervision.then(|| "deep supervision".to_owned()),
        ];
        phrases.into_iter().flatten().collect()
    }

    /// Whether it has several nodes at full resolution, which can have heads of their own.
    pub fn is_nested(&self) -> bool {
        self.arch == Arch::UNetPlusPlus && !self.encoder.is_pretrained()
    }

    /// Heads beside the one that predicts.
    pub fn side_heads(&self) -> usize {
        if self.deep_supervision && self.is_nested() { self.levels.saturating_sub(2) } else { 0 }
    }

    /// Channels of a level, 0 being the full resolution.
    pub fn channels(&self, level: usize) -> usize {
        self.base << level
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
