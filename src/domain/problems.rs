//! What keeps a configuration from being run, each with its remedy.

use super::config::{Frame, Length, Loss, ModelConfig};
use super::weights::ClassWeights;
use super::{ClassDef, Classes, RunConfig};

/// Largest batch and largest frame: beyond these no machine of today holds a step.
const MAX_BATCH: usize = 1024;
const MAX_FRAME: u32 = 8192;

impl RunConfig {
    /// Everything wrong with the numbers, each with its remedy; empty if the run can start.
    pub fn problems(&self, classes: &Classes) -> Vec<String> {
        let mut problems = self.model.problems(self.train.frame);
        problems.extend(self.number_problems());
        problems.extend(self.class_problems(classes));
        if self.train.loss == Loss::Pce {
            problems.extend(self.sampling.strategy.problem());
        }
        problems
    }

    fn number_problems(&self) -> Vec<String> {
        let train = &self.train;
        let mut problems = Vec::new();
        let mut refuse = |wrong: bool, why: String| problems.extend(wrong.then_some(why));
        refuse(train.batch == 0, "a batch of 0 trains nothing: choose at least 1".to_owned());
        refuse(
            train.batch > MAX_BATCH,
            format!("a batch of {} is more than the {MAX_BATCH} that fit: choose less", train.batch),
        );
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
        problems
    }

    fn class_problems(&self, classes: &Classes) -> Vec<String> {
        let mut problems = Vec::new();
        let mut refuse = |wrong: bool, why: String| problems.extend(wrong.then_some(why));
        let ignored = self.ignored_names(classes);
        for name in ignored.iter().flatten().filter(|name| !classes.iter().any(|class| class.name == **name)) {
            let names: Vec<&str> = classes.iter().map(|class| class.name.as_str()).collect();
            refuse(true, format!("there is no class '{name}' to ignore: the classes are {}", names.join(", ")));
        }
        let ignores = |class: &ClassDef| ignored.as_ref().map_or(class.ignored, |names| names.contains(&class.name));
        let scored = classes.iter().filter(|class| !ignores(class)).count();
        refuse(scored < 2, format!("{scored} classes are left to tell apart: ignore fewer"));
        if let ClassWeights::Given(weights) = &self.train.class_weights {
            let (given, needed) = (weights.len(), classes.len());
            refuse(given != needed, format!("{given} class weights for {needed} classes: give one per class"));
            let usable = weights.iter().all(|w| w.is_finite() && *w >= 0.0) && weights.iter().any(|w| *w > 0.0);
            refuse(!usable, "class weights must be 0 or more, and not all 0".to_owned());
            let teaches = classes.iter().zip(weights).any(|(class, w)| *w > 0.0 && !ignores(class));
            refuse(
                !teaches,
                "only ignored classes have a weight: give one above 0 to a class that is scored".to_owned(),
            );
        }
        problems
    }
}

impl ModelConfig {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Strategy;

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
}
