//! Presets: settings of network and training to start from.

use super::run_config::RunConfig;
use crate::domain::choice::choice_enum;

choice_enum! {
    /// Settings of network and training that belong together.
    pub enum Preset, "preset" {
        Demo { name: "demo", title: "Demo", help: "Shows something within seconds: a small network on small crops" }
        Laptop { name: "laptop", title: "Laptop", help: "U-Net with 16 base channels on 256 px crops" }
        FewClicks {
            name: "few-clicks",
            title: "Few clicks",
            help: "For a handful of labels: averaged weights, pseudo-labels, classes alike, crops at three resolutions, changed colours"
        }
        Reference {
            name: "reference",
            title: "Reference",
            help: "The reference study: 64 base channels, whole tiles at 512 px, batch 8"
        }
    }
}

impl Preset {
    /// The configuration of this preset.
    pub fn config(self) -> RunConfig {
        match self {
            Self::Demo => RunConfig::demo(),
            Self::Laptop => RunConfig::default(),
            Self::FewClicks => RunConfig::few_clicks(),
            Self::Reference => RunConfig::reference(),
        }
    }

    /// The preset whose network and training a configuration has.
    pub fn of(config: &RunConfig) -> Option<Self> {
        let is_it = |preset: &Self| {
            let other = preset.config();
            other.model == config.model && other.train == config.train
        };
        <Self as crate::domain::Choice>::ALL.iter().copied().find(is_it)
    }

    /// Gives a configuration this preset's network and training. Labels, split, seed and device stay.
    pub fn apply(self, config: &mut RunConfig) {
        let preset = self.config();
        (config.model, config.train) = (preset.model, preset.train);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Choice as _, Classes};

    #[test]
    fn a_preset_can_start_and_is_recognised() {
        for preset in Preset::ALL {
            assert_eq!(preset.config().problems(&Classes::deepglobe()), []);
            let mut config = RunConfig { seed: 7, ..RunConfig::default() };
            preset.apply(&mut config);
            assert_eq!((Preset::of(&config), config.seed), (Some(*preset), 7));
        }
        let mut other = RunConfig::default();
        other.train.batch = 7;
        assert_eq!(Preset::of(&other), None);
    }
}
