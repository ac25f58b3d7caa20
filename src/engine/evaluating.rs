//! An evaluation in progress: of the network that predicts and, where that is an average, of the weights themselves beside it.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::data::Project;
use crate::domain::blocks::HeldOut;
use crate::infer::evaluation::Evaluated;
use crate::infer::{EvaluationJob, Predictor};
use crate::train::snapshot::Snapshot;

/// An evaluation and what it scores: labels that arrive meanwhile change what may be predicted, but not of this network.
pub(super) struct Evaluating {
    job: EvaluationJob,
    /// The network that is scored.
    pub(super) snapshot: Snapshot,
    raw: Option<Raw>,
}

/// The evaluation of the weights without averaging.
struct Raw {
    job: EvaluationJob,
    predictor: Predictor,
}

/// The result of an evaluation.
pub(super) struct Scored {
    pub(super) result: Evaluated,
    /// Mean IoU of the weights without averaging, if they were scored.
    pub(super) raw_miou: Option<f64>,
    pub(super) net: Snapshot,
}

impl Evaluating {
    /// Scores the tiles with these indices, or what is held out of them; `raw` predicts by the weights without averaging.
    pub(super) fn new(
        project: &Arc<Project>,
        (tiles, held_out): (&[usize], &Arc<BTreeMap<usize, HeldOut>>),
        snapshot: Snapshot,
        raw: Option<Predictor>,
    ) -> Self {
        let job = EvaluationJob::new(Arc::clone(project), tiles).of_blocks(Arc::clone(held_out));
        let raw_job = || EvaluationJob::headline(Arc::clone(project), tiles).of_blocks(Arc::clone(held_out));
        Self { job, snapshot, raw: raw.map(|predictor| Raw { job: raw_job(), predictor }) }
    }

    /// Tiles finished, and tiles in all; each counts as often as it is predicted.
    pub(super) fn progress(&self) -> (usize, usize) {
        let ((done, total), raw) = (self.job.progress(), self.raw.as_ref().map(|raw| raw.job.progress()));
        raw.map_or((done, total), |(raw_done, raw_total)| (done + raw_done, total + raw_total))
    }

    /// Does a part of the work. Returns `false` when all is done.
    pub(super) fn advance(&mut self, predictor: &Predictor) -> bool {
        self.job.advance(predictor) || self.raw.as_mut().is_some_and(|raw| raw.job.advance(&raw.predictor))
    }

    /// The scores of the finished tiles.
    pub(super) fn finish(self) -> Scored {
        let raw_miou = self.raw.map(|raw| raw.job.finish().scores.miou);
        Scored { result: self.job.finish(), raw_miou, net: self.snapshot }
    }
}
