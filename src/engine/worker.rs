//! The one long-lived thread that owns Burn. It alternates between taking all waiting commands and a slice of work.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use super::device::Devices;
use super::finished;
use super::finished_checkpoints::FinishedCheckpoints;
use super::outbox::Outbox;
use super::preparation::{Cancelled, Preparation};
use super::preview::Previewer;
use super::protocol::{Command, EventKind, ExportNews, ExportRequest, Phase, RunId, Summary};
use super::refusal::{Unresumable, notice};
use super::resume::{Resumption, resume};
use super::run::{Run, Turn};
use super::session::Session;
use super::start::start;
use super::transport::WorkerEnd;
use crate::domain::checkpoint::Checkpoint;
use crate::domain::{Notice, panic};
use crate::infer::Predictor;
use crate::kernels::memory;

/// Runs the worker at this end of a connection, until [`Command::Shutdown`] or until the other end is gone.
pub fn work(end: Arc<dyn WorkerEnd>) {
    Worker::new(end).work();
}

struct Worker {
    end: Arc<dyn WorkerEnd>,
    outbox: Outbox,
    /// Commands received but not yet carried out.
    waiting: VecDeque<Command>,
    devices: Devices,
    session: Option<Session>,
    previewer: Previewer,
}

impl Worker {
    fn new(end: Arc<dyn WorkerEnd>) -> Self {
        let (outbox, devices, previewer) = (Outbox::new(Arc::clone(&end)), Devices::default(), Previewer::new());
        Self { end, outbox, waiting: VecDeque::new(), devices, session: None, previewer }
    }

    fn work(mut self) {
        loop {
            let Some(command) = self.next_command() else {
                self.guarded(Self::slice);
                continue;
            };
            if matches!(command, Command::Shutdown) {
                self.guarded(Self::end_run);
                return;
            }
            self.guarded(|worker| worker.execute(command));
        }
    }

    /// The next command; `None` if there is none and work to do. Without work it waits.
    fn next_command(&mut self) -> Option<Command> {
        if let Some(command) = self.waiting.pop_front() {
            return Some(command);
        }
        if self.has_work() {
            return self.end.try_command();
        }
        Some(self.end.wait_command().unwrap_or(Command::Shutdown))
    }

    fn has_work(&self) -> bool {
        let Some(session) = &self.session else { return false };
        let trains = session.run.as_ref().is_some_and(|run| !run.is_paused());
        trains || self.previewer.is_pending() || session.export.is_some()
    }

    /// Does some work. An error or a panic ends the run, but not the thread: the user can start another run. Returns whether it
    /// was done.
    fn guarded(&mut self, work: impl FnOnce(&mut Self) -> anyhow::Result<()>) -> bool {
        let failure = match panic::caught(|| work(self)) {
            Ok(Ok(())) => return true,
            Ok(Err(error)) if error.is::<Cancelled>() => {
                self.outbox.send(EventKind::Cancelled);
                self.outbox.send(EventKind::Phase(Phase::Idle));
                return false;
            }
            Ok(Err(error)) => {
                if error.is::<Unresumable>() {
                    self.outbox.send(EventKind::Unresumable);
                }
                self.break_off(notice(error))
            }
            Err(why) => {
                let remedy = "Start again; if it was the graphics device, restart the program or choose the device cpu. \
                              Everything saved before is intact";
                let failure = self.break_off(Notice::new("Internal error").cause(why).remedy(remedy));
                // After a panic nothing of the session can be trusted, not even dropping it.
                let session = self.session.take();
                panic::caught(|| drop(session)).ok();
                failure
            }
        };
        if let Some(session) = &mut self.session {
            session.run = None;
        }
        memory::release_idle();
        self.outbox.send(EventKind::Failed(failure));
        self.outbox.send(EventKind::Phase(Phase::Idle));
        false
    }

    /// Ends the run in progress, if any, so that its folder can be opened. Returns what to report.
    fn break_off(&mut self, why: Notice) -> Notice {
        let Self { session, outbox, .. } = self;
        let Some(run) = session.as_mut().and_then(|session| session.run.as_mut()) else { return why };
        let outcome = match panic::caught(|| run.fail(&why, outbox)) {
            Ok(Ok(())) => format!("The run so far is kept in {}", run.info().folder.display()),
            Ok(Err(error)) => format!("The failure could not be recorded either: {error}"),
            Err(panic) => format!("The failure could not be recorded either: {panic}"),
        };
        let remedy = why.remedy.iter().chain([&outcome]).cloned().collect::<Vec<_>>().join(". ");
        why.remedy(remedy)
    }

    fn execute(&mut self, command: Command) -> anyhow::Result<()> {
        match command {
            Command::Start { run, .. } | Command::Continue { run, .. } | Command::Open { run, .. }
                if self.is_training() =>
            {
                let refusal = Notice::new("A run is in progress").remedy("Stop it before starting another");
                self.outbox.send_for(run, EventKind::Failed(refusal));
            }
            Command::Start { run, config, out } => {
                self.replace(run, |worker| {
                    worker.begin(|devices, preparation| start(&config, &out, devices, preparation))
                });
            }
            Command::Continue { run, folder, data, more_epochs, lr } => {
                self.go_on(run, &Resumption { folder, data, more_epochs, lr });
            }
            Command::Open { run, folder, data } => self.replace(run, |worker| worker.open(&folder, data)),
            Command::Pause => self.steer(|run, _, outbox| run.set_paused(true, outbox)),
            Command::Resume => self.steer(|run, _, outbox| run.set_paused(false, outbox)),
            Command::Stop => self.steer(|run, _, outbox| run.stop(outbox)),
            Command::SetLearningRate(rate) => self.steer(|run, _, outbox| run.set_learning_rate(rate, outbox)),
            Command::LabelsChanged => self.steer(|run, _, outbox| run.follow_labels(outbox)),
            Command::Evaluate => self.steer(Run::evaluate),
            Command::Save => self.save(),
            Command::View(view) => self.previewer.set_view(view),
            Command::Show(checkpoint) => self.show(checkpoint),
            Command::Export(request) => self.export(&request),
            Command::CancelExport => self.cancel_export(),
            Command::Shutdown => {} // `work` has returned by then.
        }
        Ok(())
    }

    fn is_training(&self) -> bool {
        self.session.as_ref().is_some_and(|session| session.run.is_some())
    }

    /// Changes the run in progress. Without one the command has no effect.
    fn steer(&mut self, change: impl FnOnce(&mut Run, &mut Predictor, &Outbox)) {
        if let Some(Session { predictor, run: Some(run), .. }) = &mut self.session {
            change(run, predictor, &self.outbox);
        }
    }

    /// Makes a checkpoint predict. If it cannot be loaded, the current network stays.
    fn show(&mut self, checkpoint: Checkpoint) {
        let Some(session) = self.session.as_mut().filter(|session| session.run.is_none()) else { return };
        match session.show(checkpoint) {
            Ok(Some(predicting)) => {
                self.previewer.change_network();
                self.outbox.send(EventKind::Predicting(predicting));
            }
            Ok(None) => {}
            Err(error) => {
                self.outbox.warn(Notice::new("The checkpoint cannot be loaded").cause(error.to_string()));
            }
        }
    }

    /// Goes on with a run that is over. As long as it could not be saved its folder is in use.
    fn go_on(&mut self, run: RunId, asked: &Resumption) {
        if self.has_unsaved(&asked.folder) {
            self.save();
        }
        if self.has_unsaved(&asked.folder) {
            let refusal = Notice::new("The run cannot be resumed").cause("it is not saved yet");
            let refusal = refusal.remedy("Free some space and save it (Ctrl+S)");
            self.outbox.send_for(run, EventKind::Failed(refusal));
        } else {
            self.replace(run, |worker| worker.begin(|devices, preparation| resume(asked, devices, preparation)));
        }
    }

    /// Whether the run of this folder is over and could not be saved.
    fn has_unsaved(&self, folder: &Path) -> bool {
        self.session.as_ref().is_some_and(|session| session.has_unsaved(folder))
    }

    /// Another run begins: the network of the former one must not predict in its name. It does again if the other run cannot begin.
    fn replace(&mut self, id: RunId, begin: impl FnOnce(&mut Self) -> anyhow::Result<()>) {
        self.cancel_export();
        self.save_unsaved();
        let former = (std::mem::replace(&mut self.outbox.run, id), self.session.take());
        self.previewer.restart();
        if !self.guarded(begin) {
            (self.outbox.run, self.session) = former;
            self.previewer.restart();
        }
    }

    /// Makes the run that `make` opens the one in progress.
    fn begin(
        &mut self,
        make: impl FnOnce(&mut Devices, &mut Preparation<'_>) -> anyhow::Result<(Run, Predictor)>,
    ) -> anyhow::Result<()> {
        let Self { end, outbox, waiting, devices, .. } = self;
        let mut is_cancelled = || {
            waiting.extend(std::iter::from_fn(|| end.try_command()));
            waiting.iter().any(|command| matches!(command, Command::Stop | Command::Shutdown))
        };
        let (run, predictor) = make(devices, &mut Preparation::new(outbox, &mut is_cancelled))?;
        let (project, step) = (run.project(), run.step());
        self.session = Some(Session { step, run: Some(run), ..Session::new(predictor, project) });
        Ok(())
    }

    /// Plans maps of tiles, to be written in slices.
    fn export(&mut self, request: &ExportRequest) {
        self.cancel_export();
        let planned = match &mut self.session {
            Some(session) if session.run.is_none() => session.plan_export(request),
            Some(_) => Err(Notice::new("A run is in progress").remedy("Stop it before you export its map")),
            None => Err(Notice::new("No network predicts").remedy("Train one, or open a run")),
        };
        self.outbox.send(EventKind::Export(planned.unwrap_or_else(ExportNews::Refused)));
    }

    fn cancel_export(&mut self) {
        if let Some(session) = &mut self.session {
            session.end_export(&self.outbox);
        }
    }

    fn open(&mut self, folder: &Path, data: Option<PathBuf>) -> anyhow::Result<()> {
        self.session = finished::open(folder, data, &mut self.devices, &self.outbox)?;
        Ok(())
    }

    /// One slice of work: a turn of the run, and a window of the preview if due; or of a preview and an export.
    fn slice(&mut self) -> anyhow::Result<()> {
        let Self { outbox, previewer, session, .. } = self;
        let Some(session) = session else { return Ok(()) };
        session.continue_export(outbox);
        let paused = session.run.as_ref().filter(|run| run.is_paused() && previewer.begins_anew(run.step()));
        if let Some(run) = paused {
            run.refresh(&mut session.predictor);
        }
        let training = session.run.as_mut().filter(|run| !run.is_paused());
        let Some(run) = training else {
            if previewer.is_pending() {
                previewer.advance(&session.predictor, &session.project, session.step, outbox);
            }
            return Ok(());
        };
        let began = Instant::now();
        match run.turn(&mut session.predictor, outbox)? {
            Turn::More(training_secs) => {
                if run.step() != session.step {
                    session.step = run.step();
                    previewer.mark_stale();
                }
                // Evaluations are long, so they are interleaved with previews.
                previewer.earn(training_secs.max(began.elapsed().as_secs_f64()));
                if previewer.is_due() {
                    if previewer.begins_anew(session.step) {
                        run.refresh(&mut session.predictor);
                    }
                    previewer.advance(&session.predictor, &session.project, session.step, outbox);
                }
            }
            Turn::Finished(summary) => self.conclude(summary),
        }
        Ok(())
    }

    /// The run is over: one of its checkpoints predicts from now on. If it was not written, the current network stays.
    fn conclude(&mut self, summary: Box<Summary>) {
        let Self { session, outbox, .. } = self;
        let Some(session) = session else { return };
        session.end(&summary, outbox);
        memory::release_idle();
        self.report_end(summary);
    }

    fn report_end(&mut self, summary: Box<Summary>) {
        let shown = FinishedCheckpoints::default_of(summary.best_miou.is_some());
        self.outbox.send(EventKind::Finished(summary));
        self.outbox.send(EventKind::Phase(Phase::Idle));
        self.show(shown);
    }

    /// Saves the run in progress, or one that is over and could not be saved.
    fn save(&mut self) {
        let Self { session, outbox, .. } = self;
        match session {
            Some(Session { run: Some(run), .. }) => run.save(outbox),
            Some(session) => match session.save(outbox) {
                Ok(Some(summary)) => self.report_end(summary),
                Ok(None) => {}
                Err(error) => outbox.warn(Notice::new("The run is still not saved").cause(error.to_string())),
            },
            None => {}
        }
    }

    /// The last attempt to save a run that is over.
    fn save_unsaved(&mut self) {
        let Self { outbox, session, .. } = self;
        if let Some(Err(error)) = session.as_mut().map(|session| session.save(outbox)) {
            outbox.warn(Notice::new("The previous run could not be saved and is lost").cause(error.to_string()));
        }
    }

    /// Ends the run in progress before the thread ends.
    fn end_run(&mut self) -> anyhow::Result<()> {
        self.save_unsaved();
        let Self { outbox, session, .. } = self;
        let Some(Session { predictor, run: Some(run), .. }) = session else { return Ok(()) };
        run.stop(outbox);
        if let Turn::Finished(summary) = run.turn(predictor, outbox)? {
            outbox.send(EventKind::Finished(summary));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
