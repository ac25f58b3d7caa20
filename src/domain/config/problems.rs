//! What keeps a configuration from being run, each with its remedy.

use std::path::PathBuf;

use super::bands::BANDS;
use super::encoder::Encoder;
use super::extent::{InputSize, Length};
use super::model_config::ModelConfig;
use super::options::{Arch, Colors, SplitBy, Supervision};
use super::problem_list::Problems;
use super::run_config::RunConfig;
use super::step_size::MAX_BATCH;
use crate::domain::blocks;
use crate::domain::weights::ClassWeights;
use crate::domain::{Choice as _, ClassDef, Classes, Notice};

/// Bands of an input.
const MAX_BANDS: usize = 64;
/// Side of the input, pixels. A larger one does not fit in any machine of today.
const MAX_SIDE: u32 = 8192;

impl RunConfig {
    /// Everything wrong with the configuration. The run can start if this is empty.
    pub fn problems(&self, classes: &Classes) -> Vec<Notice> {
        let mut problems = Problems(self.model.problems(self.train.input));
        problems.0.extend(self.model.bands_problem());
        self.check_numbers(&mut problems);
        problems.0.extend(self.train.problems());
        self.check_classes(classes, &mut problems);
        self.check_weights(classes, &mut problems);
        if self.train.supervision == Supervision::Sparse {
            problems.0.extend(self.sampling.strategy.problem());
        }
        problems.0
    }

    fn check_numbers(&self, problems: &mut Problems) {
        let train = &self.train;
        problems.refuse(train.batch == 0, "A batch of 0 trains nothing", "Choose at least 1");
        problems.refuse(
            train.batch > MAX_BATCH,
            format!("A batch of {} is too large", train.batch),
            format!("Choose at most {MAX_BATCH}"),
        );
        problems.refuse(
            !(1..=MAX_BATCH).contains(&train.accumulate),
            format!("A step cannot accumulate the gradients of {} batches", train.accumulate),
            format!("Choose 1 (a batch a step) to {MAX_BATCH}"),
        );
        let is_nothing = matches!(train.length, Length::Epochs(0) | Length::Steps(0));
        problems.refuse(is_nothing, "0 epochs or steps train nothing", "Choose at least 1");
        problems.refuse(
            !(0.0..1.0).contains(&self.val_ratio),
            format!("A validation ratio of {} leaves no tile to train on", self.val_ratio),
            "Choose 0 to 0.9",
        );
        problems.refuse(self.folds == 1, "A single fold leaves no tile to train on", "Choose 2 or more, or 0 for none");
        problems.refuse(
            self.folds > 1 && !(1..=self.folds).contains(&self.fold),
            format!("There is no fold {} of {}", self.fold, self.folds),
            format!("Choose 1 to {}", self.folds),
        );
        let seen = if let InputSize::Crop(side) = train.input { side } else { 0 };
        let least = seen.max(blocks::MARGINS); // Smaller ones have no margin.
        problems.refuse(
            self.split_by == SplitBy::Block && self.block < least,
            format!(
                "Blocks of {} px are too small: they have to hold what the network sees of them, and a margin",
                self.block
            ),
            format!("Choose at least {least}"),
        );
    }

    fn check_classes(&self, classes: &Classes, problems: &mut Problems) {
        let names: Vec<&str> = classes.iter().map(|class| class.name.as_str()).collect();
        for name in self.ignored_names(classes).iter().flatten().filter(|name| !names.contains(&name.as_str())) {
            let remedy = format!("The classes are {}", names.join(", "));
            problems.refuse(true, format!("There is no class '{name}' to ignore"), remedy);
        }
        let ignores = self.ignores(classes);
        let scored = classes.iter().filter(|class| !ignores(class)).count();
        problems.refuse(scored < 2, format!("{scored} classes are left to tell apart"), "Ignore fewer classes");
    }

    fn check_weights(&self, classes: &Classes, problems: &mut Problems) {
        let remedy = self.train.class_weights.remedy();
        if let ClassWeights::Effective(beta) = self.train.class_weights {
            let headline = format!("Class weights with a beta of {beta} cannot be used");
            problems.refuse(!(0.0..1.0).contains(&beta), headline, remedy);
        }
        let ClassWeights::Given(weights) = &self.train.class_weights else { return };
        let (given, needed) = (weights.len(), classes.len());
        problems.refuse(given != needed, format!("{given} class weights for {needed} classes"), remedy);
        let are_usable = weights.iter().all(|w| w.is_finite() && *w >= 0.0) && weights.iter().any(|w| *w > 0.0);
        problems.refuse(!are_usable, "Class weights must be 0 or more, and not all 0", remedy);
        let ignores = self.ignores(classes);
        let teaches = classes.iter().zip(weights).any(|(class, w)| *w > 0.0 && !ignores(class));
        problems.refuse(!teaches, "Only ignored classes have a weight above 0", remedy);
    }

    /// Whether a class is kept out of loss and score.
    fn ignores(&self, classes: &Classes) -> impl Fn(&ClassDef) -> bool {
        let ignored = self.ignored_names(classes);
        move |class| ignored.as_ref().map_or(class.ignored, |names| names.contains(&class.name))
    }
}

impl ModelConfig {
    /// What keeps this network from being built for an input.
    pub fn problems(&self, input: InputSize) -> Vec<Notice> {
        let mut problems = Problems::default();
        if !(2..=7).contains(&self.levels) {
            problems.refuse(true, format!("{} levels cannot be built", self.levels), "Choose 2 to 7");
            return problems.0;
        }
        problems.refuse(
            self.encoder.is_pretrained() && self.arch != Arch::UNet,
            format!("The network {} has no encoder {}", self.arch.name(), self.encoder.name()),
            self.encoder.remedy(),
        );
        problems.refuse(
            self.encoder == Encoder::File(PathBuf::new()),
            "The file with the encoder's weights is not named",
            "Give the path of a .pth or .safetensors file",
        );
        problems.refuse(
            self.encoder.is_pretrained() && self.colors != Colors::ImageNet,
            format!("The encoder {} does not see colours as {}", self.encoder.name(), self.colors.name()),
            self.colors.remedy(),
        );
        self.check_bands(&mut problems);
        self.check_heads(&mut problems);
        problems.refuse(
            !(1..=256).contains(&self.base),
            format!("{} base channels cannot be built", self.base),
            "Choose 1 to 256",
        );
        let (side, stride) = (input.side(), self.stride());
        if side > MAX_SIDE {
            let headline = format!("An input of {side} pixels a side is too large");
            problems.refuse(true, headline, format!("Choose at most {MAX_SIDE}"));
            return problems.0;
        }
        let below = side / stride * stride;
        let near = if below == 0 { stride.to_string() } else { format!("{below} or {}", below + stride) };
        let what = if matches!(input, InputSize::Crop(_)) { "A crop" } else { "A size" };
        let headline = format!("{what} of {side} cannot be halved {} times, as this network does", self.halvings());
        problems.refuse(below != side || side == 0, headline, format!("Choose {near}"));
        problems.0
    }

    fn check_heads(&self, problems: &mut Problems) {
        let nested = Arch::UNetPlusPlus.name();
        problems.refuse(
            self.deep_supervision && !self.is_nested(),
            "Deep supervision needs several nodes at full resolution",
            format!("Choose the network {nested} without a pretrained encoder, or turn deep supervision off"),
        );
        problems.refuse(
            self.deep_supervision && self.is_nested() && self.levels < 3,
            format!("With {} levels there is one head to supervise", self.levels),
            "Choose 3 levels or more, or turn deep supervision off",
        );
    }

    /// Why the data cannot be shown to this network, if it cannot.
    pub fn bands_problem(&self) -> Option<Notice> {
        let bands = self.in_channels;
        let remedy = "Use a network with 3 input channels; others can be imported and exported";
        (bands != BANDS).then(|| {
            Notice::new(format!("The data deliver {BANDS} bands, and the network takes {bands}")).remedy(remedy)
        })
    }

    fn check_bands(&self, problems: &mut Problems) {
        let bands = self.in_channels;
        problems.refuse(
            !(1..=MAX_BANDS).contains(&bands),
            format!("A network cannot take {bands} input channels"),
            format!("Choose 1 to {MAX_BANDS}"),
        );
        problems.refuse(
            self.encoder.is_pretrained() && bands != BANDS,
            format!("The encoder {} does not take {bands} input channels", self.encoder.name()),
            format!("Choose {BANDS} input channels, or the encoder none"),
        );
        problems.refuse(
            self.colors != Colors::ImageNet && bands != BANDS,
            format!("{bands} bands are no colours that could be seen as {}", self.colors.name()),
            format!("Choose {BANDS} input channels, or the colours {}", Colors::ImageNet.name()),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Strategy;

    #[test]
    fn unusable_settings_are_refused_with_a_remedy() {
        let refusal = |change: fn(&mut RunConfig)| {
            let mut config = RunConfig::default();
            change(&mut config);
            let problems = config.problems(&Classes::deepglobe());
            assert!(problems.iter().all(|problem| problem.remedy.is_some()), "{problems:?}");
            problems.iter().map(Notice::to_string).collect::<Vec<_>>().join("; ")
        };
        assert!(refusal(|c| c.train.batch = 0).contains("Choose at least 1"));
        assert!(refusal(|c| c.train.input = InputSize::Crop(250)).contains("Choose 240 or 256"));
        assert!(refusal(|c| c.train.input = InputSize::Resize(7)).contains("Choose 16"));
        assert!(refusal(|c| c.train.input = InputSize::Crop(0)).contains("Choose 16"));
        assert!(refusal(|c| c.train.lr = f64::NAN).contains("learning rate"));
        assert!(refusal(|c| c.model.encoder = Encoder::Lite0).is_empty());
        let lite0 = |c: &mut RunConfig| (c.model.encoder, c.train.input) = (Encoder::Lite0, InputSize::Crop(240));
        assert!(refusal(lite0).contains("Choose 224 or 256"));
        let nested = |c: &mut RunConfig| (c.model.encoder, c.model.arch) = (Encoder::Lite0, Arch::UNetPlusPlus);
        assert!(refusal(nested).contains("Choose unet"));
        assert!(refusal(|c| c.train.encoder_lr = -1.0).contains("0 or more"));
        assert!(refusal(|c| c.model.levels = 0).contains("2 to 7"));
        assert!(refusal(|c| c.model.base = 0).contains("1 to 256"));
        assert!(refusal(|c| c.model.in_channels = 0).contains("1 to 64"));
        assert!(refusal(|c| c.model.in_channels = 4).contains("deliver 3 bands, and the network takes 4"));
        let encoder = |c: &mut RunConfig| (c.model.encoder, c.model.in_channels) = (Encoder::Lite0, 1);
        assert!(refusal(encoder).contains("Choose 3 input channels, or the encoder none"));
        let unit = |c: &mut RunConfig| (c.model.colors, c.model.in_channels) = (Colors::Unit, 4);
        assert!(refusal(unit).contains("or the colours imagenet"));
        assert!(refusal(|c| c.model.deep_supervision = true).contains("Choose the network unet++"));
        let deep =
            |levels| ModelConfig { arch: Arch::UNetPlusPlus, deep_supervision: true, levels, ..ModelConfig::default() };
        let refused = deep(2).problems(InputSize::Crop(256));
        assert!(refused.len() == 1 && refused[0].to_string().contains("3 levels or more"), "{refused:?}");
        assert_eq!(deep(3).problems(InputSize::Crop(256)), []);
        let four = ModelConfig { in_channels: 4, ..ModelConfig::default() };
        assert_eq!(four.problems(InputSize::Crop(256)), [], "it can be built, imported and exported");
        assert!(refusal(|c| c.val_ratio = 1.0).contains("validation ratio"));
        assert!(refusal(|c| c.folds = 1).contains("2 or more"));
        assert!(refusal(|c| (c.folds, c.fold) = (5, 0)).contains("1 to 5"));
        assert!(refusal(|c| (c.folds, c.fold) = (5, 5)).is_empty());
        assert!(refusal(|c| (c.split_by, c.block) = (SplitBy::Block, 255)).contains("Choose at least 256"));
        assert!(refusal(|c| (c.split_by, c.block) = (SplitBy::Block, 256)).is_empty());
        let resized = refusal(|c| (c.split_by, c.block, c.train.input) = (SplitBy::Block, 15, InputSize::Resize(256)));
        assert!(resized.contains("Choose at least 16"), "no margin: {resized}");
        assert!(refusal(|c| c.train.length = Length::Steps(0)).contains("at least 1"));
        assert!(refusal(|c| c.train.ema = 1.0).contains("such as 0.99"));
        assert!(refusal(|c| c.train.accumulate = 0).contains("Choose 1 (a batch a step)"));
        assert!(refusal(|c| c.train.clip_norm = f64::INFINITY).contains("0 (off) or more"));
        assert!(refusal(|c| c.train.jitter = f64::NAN).contains("0 (off) to 1"));
        assert!(refusal(|c| c.train.pseudo_labels = f64::INFINITY).contains("0 (off) to 100"));
        let resized = refusal(|c| (c.train.scales, c.train.input) = (true, InputSize::Resize(256)));
        assert!(resized.contains("Train on crops"));
        assert!(
            refusal(|c| c.train.class_weights = ClassWeights::Given(vec![1.0; 5])).contains("5 class weights for 7")
        );
        assert!(refusal(|c| c.sampling.strategy = Strategy::FractionPerClass(2.0)).contains("keep ratio"));
    }
}
