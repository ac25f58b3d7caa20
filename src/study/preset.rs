//! Plans of the two reference studies, built into the program.

use std::path::Path;

use crate::domain::choice::choice_enum;

choice_enum! {
    /// A plan that is built in.
    pub enum StudyPreset, "study" {
        DeepGlobe {
            name: "deepglobe-pce",
            title: "DeepGlobe, partial cross-entropy",
            help: "U-Net on DeepGlobe: 1, 5 and 10 % of each class and full masks, with and without class weights"
        }
        DeepGlobeSmall {
            name: "deepglobe-pce-small",
            title: "DeepGlobe, small",
            help: "The same configurations for two cores: base 16, 256² crops, 200 steps"
        }
        LandCoverAi {
            name: "landcover-ai",
            title: "LandCover.ai",
            help: "U-Net and U-Net++ on LandCover.ai: 10 and 15 % of the pixels"
        }
        LandCoverAiSmall {
            name: "landcover-ai-small",
            title: "LandCover.ai, small",
            help: "The same configurations for two cores: base 16, 256² crops, 200 steps"
        }
    }
}

impl StudyPreset {
    /// The plan file. It names no data.
    pub fn text(self) -> &'static str {
        match self {
            Self::DeepGlobe => include_str!("../../data/studies/deepglobe-pce.toml"),
            Self::DeepGlobeSmall => include_str!("../../data/studies/deepglobe-pce-small.toml"),
            Self::LandCoverAi => include_str!("../../data/studies/landcover-ai.toml"),
            Self::LandCoverAiSmall => include_str!("../../data/studies/landcover-ai-small.toml"),
        }
    }

    /// The plan file with the folder of tiles written into it.
    pub fn text_for(self, data: Option<&Path>) -> String {
        let text = self.text();
        let Some(data) = data else { return text.to_owned() };
        let line = format!("data = {}\n", toml::Value::String(data.to_string_lossy().into_owned()));
        match text.split_once("\n[base]\n") {
            Some((before, after)) => format!("{before}\n[base]\n{line}{after}"),
            None => text.replacen("\n[base.", &format!("\n[base]\n{line}\n[base."), 1),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::domain::config::{Arch, InputSize, Length, LossWeights, Optimizer, Precision, Schedule, Supervision};
    use crate::domain::weights::ClassWeights;
    use crate::domain::{Choice as _, Classes, RunConfig, Strategy};
    use crate::study::plan::Plan;

    fn plan(preset: StudyPreset) -> Plan {
        Plan::open(Path::new(preset.name()), Some(Path::new("D"))).unwrap()
    }

    fn names(preset: StudyPreset) -> Vec<String> {
        plan(preset).runs.into_iter().map(|run| run.name).collect()
    }

    #[test]
    fn the_deepglobe_preset_has_every_row_of_the_studys_table() {
        let plan = plan(StudyPreset::DeepGlobe);
        let mut seen = BTreeSet::new();
        for run in &plan.runs {
            let config = &run.config;
            assert_eq!(config.problems(&Classes::deepglobe()), [], "{}", run.name);
            assert_eq!(config.ignored_names(&Classes::deepglobe()), Some(vec!["unknown".to_owned()]));
            assert_eq!((config.model.arch, config.train.input), (Arch::UNet, InputSize::Resize(512)));
            assert_eq!((config.train.optimizer, config.train.schedule), (Optimizer::AdamW, Schedule::Cosine));
            assert_eq!((config.train.lr, config.val_ratio), (1e-3, 0.1));
            assert!(config.train.flips && config.train.quarter_turns, "ours: the study states no augmentation");
            assert!((4..=8).contains(&config.train.batch) && config.train.loss == LossWeights::default());
            // Beside what is varied, it is the preset of a single run.
            let mut reference = RunConfig { data: config.data.clone(), ..RunConfig::reference() };
            reference.ignore = Some(vec!["unknown".to_owned()]);
            reference.train.precision = Precision::F32;
            reference.sampling = config.sampling;
            reference.train.supervision = config.train.supervision;
            reference.train.class_weights = config.train.class_weights.clone();
            assert_eq!(config, &reference, "{}", run.name);
            let weights = config.train.class_weights.name();
            seen.insert(match (config.train.supervision, config.sampling.strategy) {
                (Supervision::Full, _) => format!("full {weights}"),
                (Supervision::Sparse, Strategy::FractionPerClass(ratio)) => format!("{ratio} {weights}"),
                (_, other) => format!("{other:?}"),
            });
        }
        let want = ["0.01", "0.05", "0.1", "full"].map(|amount| ["none", "inverse"].map(|w| format!("{amount} {w}")));
        assert_eq!(seen, want.into_iter().flatten().collect());
        assert_eq!((plan.runs.len(), plan.published[0].best_miou), (8, Some(0.4215)));
    }

    #[test]
    fn the_landcover_preset_has_every_row_of_the_studys_tables() {
        let plan = plan(StudyPreset::LandCoverAi);
        let rows = [
            ("unet_frac10", Arch::UNet, 0.1, [0.4887, 0.4775, 0.8640, 1.5]),
            ("unet_frac15", Arch::UNet, 0.15, [0.4902, 0.4764, 0.8605, 1.5]),
            ("unetplusplus_frac10", Arch::UNetPlusPlus, 0.1, [0.5054, 0.5054, 0.8680, 3.0]),
            ("unetplusplus_frac15", Arch::UNetPlusPlus, 0.15, [0.4705, 0.4630, 0.8398, 3.0]),
        ];
        assert_eq!((plan.runs.len(), plan.published.len()), (4, 4));
        for (run, (name, arch, share, figures)) in plan.runs.iter().zip(rows) {
            let (config, train) = (&run.config, &run.config.train);
            assert_eq!((run.name.as_str(), config.model.arch), (name, arch));
            assert_eq!((config.model.levels, config.model.base), (5, 64));
            assert_eq!(config.sampling.strategy, Strategy::FractionOfPixels(share));
            assert_eq!((config.seed, config.sampling.seed, train.supervision), (42, 42, Supervision::Sparse));
            assert_eq!(train.class_weights, ClassWeights::Given(vec![0.66, 1.27, 1.12, 1.03, 1.91]));
            assert_eq!((train.input, train.batch, train.length), (InputSize::Resize(384), 32, Length::Epochs(12)));
            assert_eq!((train.optimizer, train.lr, train.weight_decay), (Optimizer::Adam, 1e-5, 1e-4));
            assert_eq!(train.precision, Precision::Mixed);
            assert!(train.flips && !train.quarter_turns, "flips, rotation and shift-scale-rotate");
            assert_eq!((train.rotation, train.shift_scale_rotate), (90.0, 0.5));
            assert_eq!((train.shift_limit, train.scale_limit, train.rotate_limit), (0.0625, 0.1, 45.0));
            let published = plan.published.iter().find(|row| row.run == name).unwrap();
            let theirs =
                [published.best_miou, published.final_miou, published.final_accuracy, published.minutes_per_epoch];
            assert_eq!(theirs, figures.map(Some), "{name}");
        }
    }

    #[test]
    fn a_small_twin_has_the_same_configurations_and_fits_two_cores() {
        for (whole, small) in [
            (StudyPreset::DeepGlobe, StudyPreset::DeepGlobeSmall),
            (StudyPreset::LandCoverAi, StudyPreset::LandCoverAiSmall),
        ] {
            assert_eq!(names(whole), names(small));
            for run in plan(small).runs {
                let (model, train) = (&run.config.model, &run.config.train);
                assert_eq!((model.base, train.input, train.length), (16, InputSize::Crop(256), Length::Steps(200)));
                assert_eq!(train.precision, Precision::F32);
            }
            assert!(plan(small).published.is_empty(), "its scores are not those of the study");
        }
    }

    #[test]
    fn every_plan_that_is_checked_in_can_be_read() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/studies");
        let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let counts: BTreeSet<(String, usize)> = files
            .map(|file| Plan::open(&file, Some(Path::new("D"))).unwrap())
            .map(|plan| (plan.name.clone(), plan.runs.len()))
            .collect();
        let count = |name: &str| counts.iter().find(|(other, _)| other == name).map(|(_, count)| *count);
        assert!(StudyPreset::ALL.iter().all(|preset| count(preset.name()).is_some()));
        assert_eq!((count("evidence-dubai"), count("evidence-deepglobe")), (Some(50), Some(18)));
    }

    #[test]
    fn a_preset_can_be_written_out_with_its_data() {
        for preset in StudyPreset::ALL {
            let text = preset.text_for(Some(Path::new("/my \"tiles\"")));
            let written = Plan::read(preset.name(), &text, Path::new(""), None).unwrap();
            assert_eq!(written.runs[0].config.data, Path::new("/my \"tiles\""), "{text}");
            assert_eq!(written.runs.len(), plan(*preset).runs.len());
        }
    }

    #[test]
    fn presets_are_called_by_their_names() {
        for preset in StudyPreset::ALL {
            assert_eq!(plan(*preset).name, preset.name());
        }
    }
}
