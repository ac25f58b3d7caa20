//! Evaluations between steps, and what follows from their scores.

use std::time::Instant;

use super::Run;
use crate::engine::ending::Ending;
use crate::engine::evaluating::{Evaluating, Scored};
use crate::engine::opened_run::OpenedRun;
use crate::engine::outbox::Outbox;
use crate::engine::protocol::{Evaluation, EventKind, Phase, RunInfo};
use crate::engine::report;
use crate::infer::Predictor;
use crate::infer::evaluation::Evaluated;

impl Run {
    /// Starts an evaluation of the current network, unless it has been evaluated already.
    pub(in crate::engine) fn evaluate(&mut self, predictor: &mut Predictor, outbox: &Outbox) {
        if self.evaluated_at_step == Some(self.step) {
            self.inform(outbox, format!("Already scored at step {}: the network has not changed since", self.step));
        } else if self.evaluation.is_none() {
            let snapshot = self.opened.learner.snapshot();
            predictor.show(snapshot.clone());
            let raw = self.raw_predictor(predictor);
            let OpenedRun { project, val, held_out, .. } = &self.opened;
            self.evaluation = Some(Evaluating::new(project, (val.as_slice(), held_out), snapshot, raw));
            outbox.send(EventKind::Phase(self.phase()));
        }
    }

    /// What predicts by the weights without averaging, if they are to be scored as well.
    fn raw_predictor(&self, predictor: &Predictor) -> Option<Predictor> {
        let OpenedRun { info, learner, .. } = &self.opened;
        let snapshot = info.config.train.scores_raw().then(|| learner.raw_snapshot()).flatten()?;
        let mut raw = predictor.clone();
        raw.show(snapshot);
        Some(raw)
    }

    /// Whether as many epochs as lie between two evaluations or the run have ended, and its network has not been evaluated.
    pub(super) fn is_evaluation_due(&self) -> bool {
        let at_end = self.is_end_of_round() || self.step == self.opened.info.total_steps;
        self.step > 0 && at_end && self.evaluated_at_step != Some(self.step)
    }

    /// Whether as many epochs as lie between two evaluations have ended.
    fn is_end_of_round(&self) -> bool {
        let RunInfo { config, steps_per_epoch, .. } = &self.opened.info;
        self.step.is_multiple_of(steps_per_epoch * u64::from(config.train.evaluate_every.max(1)))
    }

    pub(super) fn evaluation_turn(&mut self, predictor: &Predictor, outbox: &Outbox) {
        let Some(mut evaluating) = self.evaluation.take() else { return };
        let before = evaluating.progress();
        if evaluating.advance(predictor) {
            if evaluating.progress() != before {
                let (done, total) = evaluating.progress();
                outbox.send(EventKind::Phase(Phase::Evaluating { done, total }));
            }
            self.evaluation = Some(evaluating);
            return;
        }
        self.evaluated(evaluating.finish(), outbox);
        outbox.send(EventKind::Phase(self.phase()));
    }

    fn evaluated(&mut self, Scored { result, raw_miou, net }: Scored, outbox: &Outbox) {
        let Evaluated { scores, further, confusion, tiles, faults } = result;
        self.leave_out(faults, outbox);
        let train_loss = self.meter.since_evaluation.take();
        let best = self.best.rate(self.step, scores.miou, train_loss);
        self.end_early_if_due(scores.miou, outbox);
        let evaluation = Evaluation {
            step: self.step,
            epoch: self.epoch(),
            train_loss,
            measured_on: report::measured_on(&self.opened.project.classes, tiles.len(), scores.pixels),
            scores,
            raw_miou,
            further: Some(further),
            confusion,
            tiles,
            secs: self.evaluation_secs() as f32,
            best,
        };
        (self.evaluated, self.before[1]) = (Instant::now(), 0.0);
        self.evaluated_at_step = Some(self.step);
        self.last = Some(evaluation.clone());
        let lines = report::epoch_lines(&evaluation, self.opened.info.epochs());
        let state = if self.opened.recorder.wants_state() { self.state(outbox) } else { None };
        let recorder = &mut self.opened.recorder;
        lines.iter().chain(&report::raw_line(&evaluation)).for_each(|line| recorder.log(line, outbox));
        if best {
            recorder.save_best(net.clone(), outbox);
        }
        recorder.add_metrics(&evaluation, outbox);
        recorder.save(&net, state, outbox).ok(); // The recorder reports it and tries again.
        outbox.send(EventKind::Evaluated(Box::new(evaluation)));
    }

    /// Ends the run if its score has stopped rising. Only scores at the end of an epoch count, not those that somebody asks for.
    fn end_early_if_due(&mut self, miou: f64, outbox: &Outbox) {
        if self.step == 0 || !self.is_end_of_round() {
            return;
        }
        let why = self.early_stop.rate(miou);
        if let Some(why) = why.filter(|_| self.may_end_early()) {
            self.inform(outbox, format!("Training ends early after step {}: {why}", self.step));
            self.ending = Some(Ending::Early { why });
        }
    }

    /// Whether the epochs up to an evaluation have ended and there are steps left.
    pub(super) fn may_end_early(&self) -> bool {
        self.step > 0 && self.is_end_of_round() && self.step < self.opened.info.total_steps
    }
}
