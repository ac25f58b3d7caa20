//! Taking steps, and what is told of them.

use std::time::Instant;

use super::Run;
use crate::domain::Notice;
use crate::domain::config::Precision;
use crate::engine::outbox::Outbox;
use crate::engine::protocol::{EventKind, StepReport};
use crate::engine::refusal::Refusal;
use crate::engine::report;
use crate::train::folder::{self, StepRow};

impl Run {
    pub(super) fn take_step(&mut self, outbox: &Outbox) -> anyhow::Result<()> {
        let began = Instant::now();
        let batches = self.opened.learner.next_batches();
        let waiting = began.elapsed();
        self.leave_out(self.opened.learner.take_faults(), outbox);
        let batches = batches.map_err(anyhow::Error::msg)?;
        self.follow_pseudo_labels(outbox);
        let lr = self.learning_rate();
        let agreed = self.opened.learner.neighbours_agree();
        let loss = self.opened.learner.learn(&batches, lr, self.step, self.opened.info.total_steps);
        self.step += 1;
        if !loss.is_finite() {
            return Err(self.diverged(loss, lr).into());
        }
        if agreed != self.opened.learner.neighbours_agree() {
            self.loss_changed();
        }
        self.meter.step(loss, waiting.as_secs_f64(), (began.elapsed() - waiting).as_secs_f64());
        self.report(lr, batches.iter().map(|batch| batch.labelled).sum(), outbox);
        Ok(())
    }

    /// Losses of before are not compared with those to come, which have another term.
    fn loss_changed(&mut self) {
        self.best.loss_changed();
        self.meter.since_evaluation.take();
    }

    fn diverged(&self, loss: f32, lr: f64) -> Refusal {
        let headline = format!("{} {loss} at step {}", report::DIVERGED, self.step);
        let mixed = match self.opened.info.device.precision {
            Precision::Mixed => ", or start one in 32 bits (--precision f32)",
            Precision::Auto | Precision::F32 => "",
        };
        let remedy = format!(
            "Resume it with a lower learning rate than {lr} (--resume with --lr), or start a new run with one; it may begin with \
             the best checkpoint of this one{mixed}"
        );
        Refusal(Notice::new(headline).remedy(remedy))
    }

    /// Reports the step: to the table by count, to the user by the clock.
    fn report(&mut self, lr: f64, labelled: u64, outbox: &Outbox) {
        let (step, epoch, total) = (self.step, self.epoch(), self.opened.info.total_steps);
        if step.is_multiple_of(folder::steps_per_row(total)) || step == total {
            self.add_row(lr, outbox);
        }
        self.last_rate = lr;
        if self.meter.is_report_due() || step == total {
            let (step_secs, waiting) = self.meter.take_report();
            let loss = self.meter.since_report.take();
            outbox.send(EventKind::Step(StepReport { step, epoch, loss, lr, step_secs, waiting, labelled }));
        }
    }

    fn add_row(&mut self, lr: f64, outbox: &Outbox) {
        let row = StepRow { step: self.step, epoch: self.epoch(), loss: self.meter.since_row.take(), lr };
        self.opened.recorder.add_step(&row, outbox);
    }

    /// Writes a row for the steps since the last one, at the end of the run.
    pub(super) fn add_last_row(&mut self, outbox: &Outbox) {
        if self.meter.since_row.is_begun() {
            self.add_row(self.last_rate, outbox);
        }
    }

    /// The epoch the last step belonged to, from 1.
    pub(super) fn epoch(&self) -> u32 {
        self.step.div_ceil(self.opened.info.steps_per_epoch) as u32
    }
}
