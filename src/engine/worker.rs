//! The one long-lived thread that owns Burn. It drains commands, then does one slice of work, again and again.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use crossbeam_channel::Receiver;

use super::device::Devices;
use super::outbox::Outbox;
use super::preparing::Cancelled;
use super::preview::Previewer;
use super::protocol::{Command, EventKind, Phase, Preview, RunId, Summary};
use super::run::{Run, Turn};
use super::session::{Kept, Session};
use super::slot::Latest;
use super::{finished, start};
use crate::domain::{RunConfig, panic};
use crate::infer::Predictor;
use crate::kernels::memory;
use crate::train::folder::Checkpoint;

/// The worker's state.
pub(super) struct Worker {
    inbox: Receiver<Command>,
    outbox: Outbox,
    /// Commands taken from the inbox and not yet carried out.
    waiting: VecDeque<Command>,
    devices: Devices,
    session: Option<Session>,
    previewer: Previewer,
}

impl Worker {
    pub(super) fn new(inbox: Receiver<Command>, outbox: Outbox, slot: Arc<Latest<Preview>>) -> Self {
        let devices = Devices::default();
        let previewer = Previewer::new(slot);
        Self { inbox, outbox, waiting: VecDeque::new(), devices, session: None, previewer }
    }

    /// Works until told to shut down, or until nobody is left to tell it.
    pub(super) fn work(mut self) {
        loop {
            let Some(command) = self.next_command() else {
                self.guarded(Self::slice);
                continue;
            };
            if matches!(command, Command::Shutdown) {
                self.guarded(Self::end_run);
                return;
            }
            self.guarded(|worker| worker.obey(command));
        }
    }

    /// The next command; `None` if there is work to do meanwhile. Without work it waits.
    fn next_command(&mut self) -> Option<Command> {
        if let Some(command) = self.waiting.pop_front() {
            return Some(command);
        }
        if self.has_work() {
            return self.inbox.try_recv().ok();
        }
        Some(self.inbox.recv().unwrap_or(Command::Shutdown))
    }

    fn has_work(&self) -> bool {
        let Some(session) = &self.session else { return false };
        session.run.as_ref().is_some_and(|run| !run.is_paused()) || self.previewer.is_pending()
    }

    /// Runs a piece of work. Whatever goes wrong ends the run, not the thread: the window can start another.
    fn guarded(&mut self, work: impl FnOnce(&mut Self) -> anyhow::Result<()>) {
        let message = match panic::caught(|| work(self)) {
            Ok(Ok(())) => return,
            Ok(Err(error)) if error.is::<Cancelled>() => {
                self.outbox.send(EventKind::Cancelled);
                self.outbox.send(EventKind::Phase(Phase::Idle));
                return;
            }
            Ok(Err(error)) => self.break_off(format!("{error:#}")),
            Err(why) => {
                let message = self.break_off(format!(
                    "internal error: {why}. What was saved before is intact; start again (on the device cpu, or after a \
                     restart, if it was the graphics device)"
                ));
                // After a panic nothing of the session can be trusted, not even that it can be dropped.
                let session = self.session.take();
                panic::caught(|| drop(session)).ok();
                message
            }
        };
        if let Some(session) = &mut self.session {
            session.run = None;
        }
        memory::release_idle();
        self.outbox.send(EventKind::Failed(message));
        self.outbox.send(EventKind::Phase(Phase::Idle));
    }

    /// Has the run, if there is one, leave its folder in order. Returns what to tell.
    fn break_off(&mut self, why: String) -> String {
        let Self { session, outbox, .. } = self;
        let Some(run) = session.as_mut().and_then(|session| session.run.as_mut()) else { return why };
        match panic::caught(|| run.fail(&why, outbox)) {
            Ok(Ok(())) => format!("{why}. The run so far is kept in {}", run.info().folder.display()),
            Ok(Err(error)) => format!("{why}. Nor can that be written down: {error}"),
            Err(panic) => format!("{why}. Nor can that be written down: {panic}"),
        }
    }

    fn obey(&mut self, command: Command) -> anyhow::Result<()> {
        match command {
            Command::Start { run, .. } | Command::Open { run, .. } if self.is_training() => {
                let why = "a run is under way: stop it before another begins".to_owned();
                self.outbox.send_for(run, EventKind::Failed(why));
            }
            Command::Start { run, config, out } => self.start(run, *config, &out)?,
            Command::Open { run, folder, data } => self.open(run, &folder, data)?,
            Command::Pause => self.steer(|run, _, outbox| run.set_paused(true, outbox)),
            Command::Resume => self.steer(|run, _, outbox| run.set_paused(false, outbox)),
            Command::Stop => self.steer(|run, _, outbox| run.stop(outbox)),
            Command::SetLearningRate(rate) => self.steer(|run, _, outbox| run.set_learning_rate(rate, outbox)),
            Command::LabelsChanged => self.steer(|run, _, outbox| run.follow_labels(outbox)),
            Command::Evaluate => self.steer(Run::evaluate),
            Command::Save => self.save(),
            Command::View(view) => self.previewer.set_view(view),
            Command::Show(checkpoint) => self.show(checkpoint),
            Command::Shutdown => {} // `work` ends before it gets here.
        }
        Ok(())
    }

    fn is_training(&self) -> bool {
        self.session.as_ref().is_some_and(|session| session.run.is_some())
    }

    /// Does something to the run. Without one there is nothing to hold, stop, save or teach.
    fn steer(&mut self, change: impl FnOnce(&mut Run, &mut Predictor, &Outbox)) {
        if let Some(Session { predictor, run: Some(run), .. }) = &mut self.session {
            change(run, predictor, &self.outbox);
        }
    }

    /// Has a checkpoint predict. The one that does goes on if it cannot be loaded.
    fn show(&mut self, checkpoint: Checkpoint) {
        let Some(session) = self.session.as_mut().filter(|session| session.run.is_none()) else { return };
        match session.show(checkpoint) {
            Ok(Some(predicting)) => {
                self.previewer.mark_stale();
                self.outbox.send(EventKind::Predicting(predicting));
            }
            Ok(None) => {}
            Err(error) => self.outbox.warn(format!("the checkpoint cannot be shown: {error}")),
        }
    }

    fn start(&mut self, id: RunId, config: RunConfig, out: &Path) -> anyhow::Result<()> {
        self.forget_session(id);
        let Self { inbox, outbox, waiting, devices, .. } = self;
        let mut cancelled = || {
            waiting.extend(inbox.try_iter());
            waiting.iter().any(|command| matches!(command, Command::Stop | Command::Shutdown))
        };
        let (run, predictor) = start::prepare(config, out, devices, outbox, &mut cancelled)?;
        self.session =
            Some(Session { predictor, project: run.project(), step: 0, run: Some(run), kept: None, owed: None });
        Ok(())
    }

    /// Another run begins: the network of the one before must not predict in its name.
    fn forget_session(&mut self, id: RunId) {
        self.save_owed();
        self.outbox.run = id;
        self.session = None;
        self.previewer.restart();
    }

    fn open(&mut self, id: RunId, folder: &Path, data: Option<PathBuf>) -> anyhow::Result<()> {
        self.forget_session(id);
        self.session = finished::open(folder, data, &mut self.devices, &self.outbox)?;
        Ok(())
    }

    /// One slice of work: a turn of the run, and a window of the preview if it is due.
    fn slice(&mut self) -> anyhow::Result<()> {
        let Self { outbox, previewer, session, .. } = self;
        let Some(session) = session else { return Ok(()) };
        let paused = session.run.as_ref().filter(|run| run.is_paused() && !previewer.is_under_way());
        if let Some(run) = paused {
            run.refresh(&mut session.predictor);
        }
        let training = session.run.as_mut().filter(|run| !run.is_paused());
        let Some(run) = training else {
            previewer.advance(&session.predictor, &session.project, session.step, outbox);
            return Ok(());
        };
        let began = Instant::now();
        match run.turn(&mut session.predictor, outbox)? {
            Turn::More(training_secs) => {
                if run.step() != session.step {
                    session.step = run.step();
                    previewer.mark_stale();
                }
                // Evaluations are long: previews go on beside them.
                previewer.earn(training_secs.max(began.elapsed().as_secs_f64()));
                if previewer.is_due() {
                    // One network for all of a tile: a picture patched together from many would show none of them.
                    if !previewer.is_under_way() {
                        run.refresh(&mut session.predictor);
                    }
                    previewer.advance(&session.predictor, &session.project, session.step, outbox);
                }
            }
            Turn::Finished(summary) => self.conclude(summary),
        }
        Ok(())
    }

    /// The run is over: one of its checkpoints predicts from now on. One that was not written leaves the network as it is.
    fn conclude(&mut self, summary: Box<Summary>) {
        let Some(session) = &mut self.session else { return };
        session.end(&summary);
        memory::release_idle();
        self.tell_end(summary);
    }

    fn tell_end(&mut self, summary: Box<Summary>) {
        let shown = Kept::default_of(summary.best_miou.is_some());
        self.outbox.send(EventKind::Finished(summary));
        self.outbox.send(EventKind::Phase(Phase::Idle));
        self.show(shown);
    }

    /// Saves the run, or one that is over and could not be saved then.
    fn save(&mut self) {
        let Self { session, outbox, .. } = self;
        match session {
            Some(Session { run: Some(run), .. }) => run.save(outbox),
            Some(session) => match session.save(outbox) {
                Ok(Some(summary)) => self.tell_end(summary),
                Ok(None) => {}
                Err(error) => outbox.warn(format!("the run is still not saved: {error}")),
            },
            None => {}
        }
    }

    /// The last chance for a run that is over and could not be saved.
    fn save_owed(&mut self) {
        let Self { outbox, session, .. } = self;
        if let Some(Err(error)) = session.as_mut().map(|session| session.save(outbox)) {
            outbox.warn(format!("the run before is given up, it still cannot be saved: {error}"));
        }
    }

    /// Ends a run cleanly before the thread does.
    fn end_run(&mut self) -> anyhow::Result<()> {
        self.save_owed();
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
mod tests {
    use super::*;
    use crate::data::demo;
    use crate::domain::config::{DeviceChoice, Frame};
    use crate::engine::protocol::Outcome;

    #[test]
    fn a_panic_while_training_leaves_a_summary_and_a_worker_that_goes_on() {
        let dir = tempfile::tempdir().unwrap();
        let data = demo::unpack(&dir.path().join("demo")).unwrap();
        let mut config = RunConfig { data, device: DeviceChoice::Cpu, ..RunConfig::demo() };
        config.model.base = 2;
        config.train.frame = Frame::Crop(32);
        let (_commands, inbox) = crossbeam_channel::unbounded();
        let (events, told) = crossbeam_channel::unbounded();
        let mut worker = Worker::new(inbox, Outbox::new(events, Arc::new(|| {})), Arc::default());
        for (run, name) in [(1, "first"), (2, "second")] {
            let out = dir.path().join(name);
            worker.start(run, config.clone(), &out).unwrap();
            worker.slice().unwrap();
            worker.guarded(|_| panic!("the driver has gone"));
            assert!(worker.session.is_none());
            let summary: Summary = serde_json::from_slice(&std::fs::read(out.join("summary.json")).unwrap()).unwrap();
            assert_eq!((summary.outcome, summary.steps), (Outcome::Failed, 1));
            assert!(summary.why.is_some_and(|why| why.contains("the driver has gone")));
            let failed = |event: &crate::engine::Event| matches!(event.kind, EventKind::Failed(_)) && event.run == run;
            assert!(told.try_iter().any(|event| failed(&event)));
        }
    }
}
