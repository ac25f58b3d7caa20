//! What learns: loader, network and optimiser, and the labels with all that follows from them. It takes steps when told to.

use std::sync::Arc;

use burn::store::RecordError;
use burn::tensor::Device;

use super::priority;
use super::pseudo_teacher::PseudoTeacher;
use crate::data::feed::batch::Batch;
use crate::data::feed::batch_maker::BatchPlan;
use crate::data::feed::loader::Loader;
use crate::data::feed::training_set::TrainingSet;
use crate::data::feed::warp::WarpPlan;
use crate::data::{DataError, Journal, TileFault};
use crate::domain::RunConfig;
use crate::domain::config::{Precision, TrainConfig};
use crate::model::Net;
use crate::train::loss;
use crate::train::snapshot::Snapshot;
use crate::train::trainer::Trainer;
use crate::train::trainer_state::TrainerState;
use crate::train::weighting::{ClassTerms, Weighting};

/// A network that learns from labels.
pub(super) struct Learner {
    trainer: Trainer,
    loader: Loader,
    /// Batches per step.
    accumulate: usize,
    labels: LearnedLabels,
    /// Renews pseudo-labels, where the run has any.
    teacher: Option<PseudoTeacher>,
    /// Renewals of pseudo-labels that are known.
    renewals: u64,
    /// Whether neighbours have to agree by now; never where the loss does not ask that of them.
    neighbours_agree: bool,
    /// Whether the loss asks that of them at some time.
    has_crf: bool,
    terms: ClassTerms,
}

/// The labels that a network learns from.
pub(super) struct LearnedLabels {
    /// The training tiles with their labels. Those that the class terms need are counted.
    pub(super) set: Arc<TrainingSet>,
    /// Class weights.
    pub(super) weighting: Weighting,
    /// Which classes the masks that are sampled contain.
    pub(super) in_masks: Vec<bool>,
}

impl LearnedLabels {
    /// What the loss knows of each class.
    fn terms(&self) -> ClassTerms {
        self.weighting.terms(&self.set.table().totals(self.in_masks.len()))
    }
}

impl Learner {
    /// Starts the loader, and what renews pseudo-labels. `device` must support autodiff.
    ///
    /// # Errors
    /// If a thread could not be started.
    pub(super) fn new(net: Net, config: &RunConfig, labels: LearnedLabels, device: Device) -> std::io::Result<Self> {
        Self::going_on(Trainer::new(net, &config.train, device), 0, config, labels)
    }

    /// The same with a trainer that has taken this many batches already.
    ///
    /// # Errors
    /// As for [`Learner::new`].
    pub(super) fn going_on(
        trainer: Trainer,
        taken: usize,
        config: &RunConfig,
        labels: LearnedLabels,
    ) -> std::io::Result<Self> {
        let (set, threads) = (Arc::clone(&labels.set), loader_threads());
        let loader = Loader::start(set, batches(config), taken, threads, priority::lower_this_thread)?;
        let teacher = PseudoTeacher::start(&labels.set, config)?;
        let terms = labels.terms();
        let (accumulate, renewals) = (config.train.accumulate, labels.set.pseudo_labels().renewals());
        let (neighbours_agree, has_crf) = (false, config.train.loss.gated_crf > 0.0);
        Ok(Self { trainer, loader, accumulate, labels, teacher, renewals, neighbours_agree, has_crf, terms })
    }

    /// Waits for the batches of the next step.
    ///
    /// # Errors
    /// A message for the user if there is nothing to train on.
    pub(super) fn next_batches(&mut self) -> Result<Vec<Batch>, String> {
        (0..self.accumulate).map(|_| self.loader.next_batch()).collect()
    }

    /// Tile faults found since the last call, each tile once.
    pub(super) fn take_faults(&self) -> Vec<TileFault> {
        self.loader.take_faults()
    }

    /// Whether pseudo-labels were renewed since the last call.
    pub(super) fn has_new_pseudo_labels(&mut self) -> bool {
        let renewals = self.labels.set.pseudo_labels().renewals();
        std::mem::replace(&mut self.renewals, renewals) != renewals
    }

    /// Why pseudo-labels could not be renewed, once.
    pub(super) fn take_trouble(&self) -> Option<String> {
        self.teacher.as_ref()?.take_trouble()
    }

    /// Neighbours have to agree as they had when the run was saved: once they have to, they have to for good, however long the run gets.
    pub(super) fn go_on_agreeing(&mut self, neighbours_agree: bool) {
        self.neighbours_agree = neighbours_agree && self.has_crf;
    }

    /// Whether neighbours had to agree in the last step.
    pub(super) fn neighbours_agree(&self) -> bool {
        self.neighbours_agree
    }

    /// Takes the step after `step` steps, of `total` that are planned, and returns the loss before it.
    pub(super) fn learn(&mut self, batches: &[Batch], lr: f64, step: u64, total: u64) -> f32 {
        self.neighbours_agree |= self.has_crf && loss::crf_has_begun(step, total);
        self.trainer.let_neighbours_agree(self.neighbours_agree);
        self.trainer.step(batches, &self.terms, lr)
    }

    /// In which numbers the network learns.
    pub(super) fn precision(&self) -> Precision {
        self.trainer.precision()
    }

    /// Steps that changed no weight, because gradients overflowed in 16 bits.
    pub(super) fn skipped(&self) -> u64 {
        self.trainer.skipped().unwrap_or(0)
    }

    /// Reads new labels from the journal, effective from the next step. Returns the ids of the tiles on which there is something else to
    /// learn now.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub(super) fn follow(&mut self, journal: &mut Journal) -> Result<Vec<String>, DataError> {
        let LearnedLabels { set, in_masks, .. } = &self.labels;
        let changed = set.follow(journal)?;
        while let Some(tile) = set.next_to_count(in_masks) {
            set.count(tile);
        }
        self.terms = self.labels.terms();
        if !changed.is_empty() {
            self.teacher.iter().for_each(PseudoTeacher::labels_changed);
        }
        Ok(changed)
    }

    /// How many batches were taken since the first step of the run.
    pub(super) fn batches_taken(&self) -> usize {
        self.loader.taken()
    }

    /// The fingerprint of the labels that are learned from.
    pub(super) fn fingerprint(&self) -> u64 {
        self.labels.set.fingerprint()
    }

    /// Weights and moments, to go on from here later.
    ///
    /// # Errors
    /// If they cannot be serialised.
    pub(super) fn trainer_state(&self) -> Result<TrainerState, RecordError> {
        self.trainer.state()
    }

    /// What the loss knows of each class.
    pub(super) fn terms(&self) -> &ClassTerms {
        &self.terms
    }

    /// The network as it is now, to predict with.
    pub(super) fn snapshot(&self) -> Snapshot {
        Snapshot { net: self.trainer.valid(), predicts: self.terms.competes.clone() }
    }

    /// The weights without averaging; `None` if they are not averaged.
    pub(super) fn raw_snapshot(&self) -> Option<Snapshot> {
        Some(Snapshot { net: self.trainer.raw()?, predicts: self.terms.competes.clone() })
    }
}

fn batches(config: &RunConfig) -> BatchPlan {
    let TrainConfig { batch, batches, scales, flips, quarter_turns, jitter, .. } = config.train;
    let (warp, exists) = (warp(&config.train), config.train.loss.gated_crf > 0.0);
    let (count, jitter, seed) = (batch, jitter as f32, config.seed);
    BatchPlan { count, batches, scales, flips, quarter_turns, warp, exists, jitter, seed }
}

fn warp(train: &TrainConfig) -> WarpPlan {
    WarpPlan {
        rotation: train.rotation,
        probability: train.shift_scale_rotate,
        shift: train.shift_limit,
        scale: train.scale_limit,
        rotate: train.rotate_limit,
    }
}

/// One thread keeps up with training on the CPU; a GPU in a large machine needs more.
fn loader_threads() -> usize {
    (std::thread::available_parallelism().map_or(1, usize::from) / 4).clamp(1, 4)
}
