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
            let loss = learner.learn(&batches, course.rate(start, step));
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
