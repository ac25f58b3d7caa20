//! A plan that is put together by ticking: a base configuration and the values that are compared.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::axis;
use super::fields::folder_name;
use super::more_axes::MoreAxes;
use crate::data::DataError;
use crate::data::files::write;
use crate::domain::config::{Arch, LossWeights, Supervision};
use crate::domain::weights::ClassWeights;
use crate::domain::{RunConfig, Strategy};

/// What is compared. An empty list leaves a setting as the base has it, a single value sets it, several are combined with those of
/// the other settings.
#[derive(Clone, Debug, PartialEq)]
pub struct GridForm {
    /// Which labels are kept.
    pub labels: Vec<Strategy>,
    /// Weights of the classes.
    pub weights: Vec<ClassWeights>,
    /// Networks.
    pub networks: Vec<Arch>,
    /// Losses.
    pub losses: Vec<LossWeights>,
    /// Further settings.
    pub more: MoreAxes,
    /// How many seeds, from 0 on; 0 leaves that of the base.
    pub seeds: u64,
}

impl Default for GridForm {
    fn default() -> Self {
        let labels = [0.01, 0.1].map(Strategy::FractionPerClass).to_vec();
        let weights = vec![ClassWeights::None, ClassWeights::Inverse];
        Self { labels, weights, networks: Vec::new(), losses: Vec::new(), more: MoreAxes::default(), seeds: 1 }
    }
}

/// The part of a plan file that holds the base.
#[derive(Serialize)]
struct Base<'a> {
    base: &'a RunConfig,
}

impl GridForm {
    /// The plan file.
    ///
    /// # Errors
    /// If the base cannot be written as TOML: its paths must be UTF-8.
    pub fn text(&self, base: &RunConfig) -> Result<String, String> {
        let base = self.set(base.clone());
        let settings = toml::to_string_pretty(&Base { base: &base }).map_err(|error| error.to_string())?;
        let mut text = "about = \"Put together in the window\"\n".to_owned();
        if self.seeds > 0 {
            let seeds: Vec<String> = (0..self.seeds).map(|seed| seed.to_string()).collect();
            text += &format!("seeds = [{}]\n", seeds.join(", "));
        }
        if self.networks.len() > 1 || self.more.encoders.len() > 1 {
            text += "drop_idle = true\n"; // What the base says of its own network.
        }
        let axes = [
            axis::line("sampling.strategy", &self.labels)?,
            axis::line("train.class_weights", &self.weights)?,
            axis::line("model.arch", &self.networks)?,
            axis::line("train.loss", &self.losses)?,
        ];
        let axes: Vec<String> = axes.into_iter().flatten().chain(self.more.lines()?).collect();
        if !axes.is_empty() {
            text += &format!("\n[grid]\n{}\n", axes.join("\n"));
        }
        Ok(format!("{text}\n{settings}"))
    }

    /// The base with the settings that have a single value.
    fn set(&self, mut base: RunConfig) -> RunConfig {
        if !self.labels.is_empty() {
            base.train.supervision = Supervision::Sparse; // Full masks would make all of them the same run.
        }
        axis::set_only(&mut base.sampling.strategy, &self.labels);
        axis::set_only(&mut base.train.class_weights, &self.weights);
        axis::set_only(&mut base.model.arch, &self.networks);
        axis::set_only(&mut base.train.loss, &self.losses);
        self.more.set(&mut base);
        if self.networks.len() == 1 || self.more.encoders.len() == 1 {
            base.model = base.model.without_idle();
        }
        base
    }
}

/// The file of a plan with this name. The name of the file has only what every file system takes.
pub fn file(home: &Path, name: &str) -> PathBuf {
    let name = folder_name(name.trim());
    home.join(format!("{}.toml", if name.is_empty() { "study" } else { &name }))
}

/// Whether a file holds another plan than this text.
pub fn is_another(file: &Path, text: &str) -> bool {
    fs::read_to_string(file).is_ok_and(|former| former != text)
}

/// Writes a plan, and its folder if that is missing. A plan of this name with another text stays.
///
/// # Errors
/// If there is another plan of this name, or it cannot be written.
pub fn keep(file: &Path, text: &str) -> Result<(), DataError> {
    if file.exists() {
        let former = fs::read_to_string(file).map_err(DataError::io("cannot read", file))?;
        if former == text {
            return Ok(());
        }
        return Err(DataError::content("there is another plan of this name: choose another one", file));
    }
    let home = file.parent().unwrap_or(Path::new(""));
    fs::create_dir_all(home).map_err(DataError::io("cannot create the folder for plans", home))?;
    write::atomically(file, text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::config::{Colors, Encoder, Optimizer};
    use crate::study::plan::Plan;

    fn plan(grid: &GridForm) -> Plan {
        let base = RunConfig { data: "/tiles".into(), ..RunConfig::demo() };
        let text = grid.text(&base).unwrap();
        Plan::read("mine", &text, Path::new("/home"), None).unwrap_or_else(|why| panic!("{why}\n{text}"))
    }

    #[test]
    fn every_ticked_value_is_combined_with_each_other() {
        let jaccard = LossWeights { jaccard: 1.0, ..LossWeights::none() };
        let grid = GridForm {
            labels: vec![Strategy::FractionPerClass(0.01), Strategy::PointsPerClass(5), Strategy::Full],
            weights: vec![ClassWeights::None, ClassWeights::Inverse],
            networks: vec![Arch::UNet, Arch::UNetPlusPlus],
            losses: vec![LossWeights::default(), jaccard],
            seeds: 3,
            ..GridForm::default()
        };
        let plan = plan(&grid);
        assert_eq!((plan.runs.len(), plan.configurations().len()), (3 * 2 * 2 * 2 * 3, 24));
        let last = &plan.runs.last().unwrap().config;
        assert_eq!((last.seed, last.sampling.seed, last.train.loss), (2, 2, jaccard));
        assert!(plan.runs.iter().any(|run| run.config.sampling.strategy == Strategy::PointsPerClass(5)));
    }

    #[test]
    fn deep_supervision_is_of_the_networks_that_can_have_it() {
        let mut base = RunConfig { data: "/tiles".into(), ..RunConfig::demo() };
        (base.model.arch, base.model.deep_supervision) = (Arch::UNetPlusPlus, true);
        let deep = |networks: &[Arch]| -> Vec<(Arch, bool)> {
            let grid = GridForm {
                labels: Vec::new(),
                weights: Vec::new(),
                networks: networks.to_vec(),
                ..GridForm::default()
            };
            let plan = Plan::read("mine", &grid.text(&base).unwrap(), Path::new("/home"), None).unwrap();
            plan.runs.iter().map(|run| (run.config.model.arch, run.config.model.deep_supervision)).collect()
        };
        assert_eq!(deep(&[Arch::UNet, Arch::UNetPlusPlus]), [(Arch::UNet, false), (Arch::UNetPlusPlus, true)]);
        assert_eq!(deep(&[Arch::UNet]), [(Arch::UNet, false)]);
        assert_eq!(deep(&[]), [(Arch::UNetPlusPlus, true)]);
    }

    #[test]
    fn further_settings_are_combined_with_the_others() {
        let more = MoreAxes { rates: vec![1e-3, 1e-4], optimizers: vec![Optimizer::Sgd], ..MoreAxes::default() };
        let given = ClassWeights::Given(vec![0.66, 1.27]);
        let weights = vec![ClassWeights::None, given.clone()];
        let plan = plan(&GridForm { labels: Vec::new(), weights, more, ..GridForm::default() });
        let names: Vec<&str> = plan.runs.iter().map(|run| run.name.as_str()).collect();
        let want = ["class_weights-none_lr-0.001", "class_weights-none_lr-0.0001"];
        assert_eq!(names[..2], want);
        assert_eq!(names[2], "class_weights-given-0.66-1.27_lr-0.001");
        assert_eq!(plan.runs[3].words, "class weights 0.66, 1.27 · lr 0.0001");
        assert_eq!(plan.runs[3].config.train.class_weights, given);
        assert!(plan.runs.iter().all(|run| run.config.train.optimizer == Optimizer::Sgd));
    }

    #[test]
    fn own_colours_are_of_the_networks_without_a_pretrained_encoder() {
        let mut base = RunConfig { data: "/tiles".into(), ..RunConfig::demo() };
        base.model.colors = Colors::Unit;
        let colors = |encoders: &[Encoder]| -> Vec<Colors> {
            let more = MoreAxes { encoders: encoders.to_vec(), ..MoreAxes::default() };
            let grid = GridForm { labels: Vec::new(), weights: Vec::new(), more, ..GridForm::default() };
            let plan = Plan::read("mine", &grid.text(&base).unwrap(), Path::new("/home"), None).unwrap();
            plan.runs.iter().map(|run| run.config.model.colors).collect()
        };
        assert_eq!(colors(&[Encoder::None, Encoder::Lite0]), [Colors::Unit, Colors::ImageNet]);
        assert_eq!(colors(&[Encoder::Lite0]), [Colors::ImageNet]);
        assert_eq!(colors(&[]), [Colors::Unit]);
    }

    #[test]
    fn a_single_value_is_set_and_names_no_run() {
        let grid = GridForm {
            labels: vec![Strategy::FractionPerClass(0.05)],
            weights: Vec::new(),
            networks: vec![Arch::UNetPlusPlus],
            losses: Vec::new(),
            seeds: 0,
            ..GridForm::default()
        };
        let plan = plan(&grid);
        let [run] = plan.runs.as_slice() else { panic!("one run") };
        assert_eq!((run.name.as_str(), run.config.model.arch), ("base", Arch::UNetPlusPlus));
        assert_eq!(run.config.sampling.strategy, Strategy::FractionPerClass(0.05));
        assert_eq!(run.config.seed, RunConfig::demo().seed);
    }

    #[test]
    fn the_base_is_what_the_form_says() {
        let plan = plan(&GridForm::default());
        let mut want = RunConfig { data: "/tiles".into(), ..RunConfig::demo() };
        (want.seed, want.sampling.seed) = (0, 0);
        want.sampling.strategy = Strategy::FractionPerClass(0.01);
        (want.train.class_weights, want.train.supervision) = (ClassWeights::None, Supervision::Sparse);
        want.train.precision = want.train.precision.in_study();
        assert_eq!(plan.runs.len(), 4);
        assert_eq!(plan.runs[0].config, want);
    }

    #[test]
    fn another_plan_of_the_same_name_stays() {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().join("studies");
        let path = file(&home, " keep ratio/1 ");
        assert_eq!(path, home.join("keep-ratio-1.toml"));
        assert_eq!(file(&home, ""), home.join("study.toml"));
        assert!(!is_another(&path, "seeds = [1]\n"), "there is none yet");
        keep(&path, "seeds = [1]\n").unwrap();
        keep(&path, "seeds = [1]\n").unwrap();
        assert!(!is_another(&path, "seeds = [1]\n") && is_another(&path, "seeds = [2]\n"));
        let why = keep(&path, "seeds = [2]\n").unwrap_err().to_string();
        assert!(why.contains("choose another") && why.contains("keep-ratio-1.toml"), "{why}");
        assert_eq!(fs::read_to_string(path).unwrap(), "seeds = [1]\n");
    }
}
