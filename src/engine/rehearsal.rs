//! Training on given labels without journal, events or run folder, to measure how good a network gets. It takes the same
//! steps as a run.

use std::sync::Arc;

use super::device::{Devices, OpenDevice};
use super::first_network;
use super::learner::{LearnedLabels, Learner};
use super::pseudo_labels;
use super::refusal::Refusal;
use crate::data::Project;
use crate::data::feed::training_set::TrainingSet;
use crate::domain::{LabelBook, Notice, RunConfig};
use crate::infer::Predictor;
use crate::train::schedule::Course;
use crate::train::weighting::Weighting;

/// A configuration to train with, again and again with other labels.
pub struct Rehearsal {
    project: Arc<Project>,
    config: RunConfig,
    device: OpenDevice,
}

impl Rehearsal {
    /// Opens the device of the configuration.
    ///
    /// # Errors
    /// If there is no such device, or the configuration cannot work.
    pub fn new(project: Arc<Project>, config: RunConfig) -> Result<Self, Refusal> {
        let config = config.own_labels_only();
        let problems = config.problems(&project.classes);
        if !problems.is_empty() {
            return Err(Refusal::of_start(&problems));
        }
        let device = Devices::default().open(&config.device)?;
        device.precision_problem(config.train.precision, true).map_or(Ok(()), |problem| Err(Refusal(problem)))?;
        Ok(Self { project, config, device })
    }

    /// Trains a new network for `steps` steps on the labels of these tiles.
    ///
    /// # Errors
    /// If no tile has a label that can be read, or the loss is not finite.
    pub fn train(&self, book: LabelBook, tiles: Vec<usize>, seed: u64, steps: u64) -> anyhow::Result<Predictor> {
        let config = RunConfig { seed, ..self.config.clone() };
        let (project, device) = (&self.project, &self.device.device);
        let training = device.clone().autodiff();
        let labels = self.labels(book, tiles);
        pseudo_labels::give(&labels.set, &config, &mut |_, _| true);
        let net = first_network::build(&config, &project.classes, &labels.set, device, &mut |_, _| true)?;
        let mut predictor = self.device.predictor(&config, &project.classes, net.clone());
        let per_epoch = config.train.steps_per_epoch(labels.set.epoch().len());
        let mut learner = Learner::new(net, &config, labels, training)?;
        let course = Course::new(&config.train, per_epoch, steps);
        let start = course.start(config.train.lr);
        for step in 0..steps {
            let batches = learner.next_batches().map_err(anyhow::Error::msg)?;
            let loss = learner.learn(&batches, course.rate(start, step), step, steps);
            if !loss.is_finite() {
                let headline = format!("The loss is {loss} at step {}", step + 1);
                return Err(Refusal(Notice::new(headline).remedy("Train with a lower learning rate")).into());
            }
        }
        predictor.show(learner.snapshot());
        Ok(predictor)
    }

    fn labels(&self, book: LabelBook, tiles: Vec<usize>) -> LearnedLabels {
        let (project, config) = (&self.project, &self.config);
        let set = TrainingSet::new(Arc::clone(project), tiles, config.train.input, config.label_sampling(), book);
        set.tiles().into_iter().for_each(|tile| set.count(tile));
        let weighting = Weighting::new(config.train.class_weights.clone(), &project.classes);
        LearnedLabels { set: Arc::new(set), weighting, in_masks: vec![false; project.classes.len()] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::demo;
    use crate::domain::config::{DeviceChoice, InputSize, Precision};
    use crate::domain::{ClassMap, Edit, Stroke};

    fn demo_project() -> (tempfile::TempDir, Arc<Project>) {
        let dir = tempfile::tempdir().unwrap();
        let project = Project::open(&demo::unpack(&dir.path().join("demo")).unwrap()).unwrap();
        (dir, Arc::new(project))
    }

    fn config() -> RunConfig {
        let mut config = RunConfig { device: DeviceChoice::Cpu, ..RunConfig::demo() };
        (config.model.base, config.train.input, config.train.lr) = (2, InputSize::Crop(32), 0.1);
        config
    }

    /// The map by a network that has taken so many steps on two strokes.
    fn map_after(project: &Arc<Project>, gated_crf: f64, steps: u64) -> ClassMap {
        let mut config = config();
        (config.train.loss.gated_crf, config.train.crf_sigma_rgb) = (gated_crf, 5.0);
        let rehearsal = Rehearsal::new(Arc::clone(project), config).unwrap();
        let mut book = LabelBook::default();
        for class in [0_u8, 1] {
            let path = vec![[40.0 * f32::from(class + 1), 90.0]];
            drop(book.apply(Edit::Begin(Stroke { tile: "2001".to_owned(), class: Some(class), radius: 3.0, path })));
        }
        let tile = project.tiles.iter().position(|tile| tile.id == "2001").unwrap();
        let predictor = rehearsal.train(book, vec![tile], 5, steps).unwrap();
        predictor.predict(project.read_picture(&project.tiles[tile]).unwrap())
    }

    #[test]
    fn neighbours_have_to_agree_from_the_step_on_from_which_they_have_to_in_a_run() {
        let (_dir, project) = demo_project();
        let [first_without, first] = [0.0, 50.0].map(|weight| map_after(&project, weight, 1).confidence);
        assert!(first_without == first, "not in the first step");
        let [without, second] = [0.0, 50.0].map(|weight| map_after(&project, weight, 2).confidence);
        assert!(without != second, "but in the second of two");
    }

    #[test]
    fn mixed_precision_on_a_cpu_is_refused_as_in_a_run() {
        let (_dir, project) = demo_project();
        let mut config = config();
        config.train.precision = Precision::Mixed;
        let refusal = Rehearsal::new(project, config).err().unwrap().to_string();
        assert!(refusal.contains("Mixed precision cannot be used"), "{refusal}");
    }
}
