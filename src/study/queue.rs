//! Works off a plan: every run that is not done, that nobody else makes and that has not just failed.

use super::claim::{Attempt, Claim};
use super::execute::{self, End, Job};
use super::failure::{self, Failure};
use super::folder::StudyFolder;
use super::heartbeat::Heartbeat;
use super::key::RunKey;
use super::plan::{Plan, PlannedRun};
use super::shard::Shard;
use crate::domain::RunConfig;
use crate::domain::config::DeviceChoice;
use crate::engine::protocol::Summary;
use crate::engine::{EngineHandle, Event};

/// The runs of a plan in its folder, for one worker.
pub struct Queue<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// The key of each of its runs.
    pub keys: &'a [RunKey],
    /// Where results go.
    pub folder: &'a StudyFolder,
    /// Where to start looking.
    pub shard: Shard,
    /// Where to compute, instead of where the plan says.
    pub device: Option<DeviceChoice>,
}

/// What is told while a queue is worked off.
pub enum News<'a> {
    /// A run begins: its place in the plan.
    Begins(usize),
    /// Something happened in the run.
    Event(&'a Event),
    /// The run is done.
    Done(&'a Summary),
    /// The run failed; the next one follows.
    Failed(&'a str),
    /// Another worker has taken the run over, because this one seemed dead.
    Lost,
}

/// What a worker did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Runs begun.
    pub begun: u64,
    /// Runs made.
    pub done: usize,
    /// Runs that failed.
    pub failed: usize,
    /// Runs that others make.
    pub others: usize,
    /// It was asked to stop; an unfinished run begins anew the next time.
    pub stopped: bool,
}

impl Queue<'_> {
    /// Makes runs until nothing is left to begin.
    ///
    /// # Errors
    /// If the study's folder cannot be written, or the engine is gone. A run that fails is no error.
    pub fn work(
        &self,
        engine: &EngineHandle,
        is_asked_to_stop: &dyn Fn() -> bool,
        tell: &mut dyn FnMut(News<'_>),
    ) -> anyhow::Result<Tally> {
        let (mut tally, began) = (Tally::default(), failure::seconds());
        loop {
            let before = tally.done + tally.failed;
            tally.others = 0;
            for index in self.shard.order(self.plan.runs.len()) {
                if is_asked_to_stop() {
                    tally.stopped = true;
                    return Ok(tally);
                }
                if let Some(claim) = self.claim(index, began, &mut tally)? {
                    self.make(index, claim, engine, is_asked_to_stop, tell, &mut tally)?;
                }
            }
            // While the last runs were made, others may have given theirs back.
            if tally.stopped || tally.done + tally.failed == before {
                return Ok(tally);
            }
        }
    }

    /// Claims a run that is to be made; `None` if it is not.
    fn claim(&self, index: usize, began: u64, tally: &mut Tally) -> anyhow::Result<Option<Claim>> {
        let (run, key) = (&self.plan.runs[index], &self.keys[index]);
        let id = key.id();
        let has_failed = Failure::read(&self.folder.failure(&id)).is_some_and(|failure| failure.at >= began);
        if has_failed || self.is_done(key) {
            return Ok(None);
        }
        match self.folder.claims().take(&id, &run.name)? {
            Attempt::Others => {
                tally.others += 1;
                Ok(None)
            }
            // Another worker may have made it since it was looked for.
            Attempt::Mine(claim) => Ok(Some(claim).filter(|_| !self.is_done(key))),
        }
    }

    fn is_done(&self, key: &RunKey) -> bool {
        self.folder.done().iter().any(|done| done.key == *key)
    }

    fn make(
        &self,
        index: usize,
        claim: Claim,
        engine: &EngineHandle,
        is_asked_to_stop: &dyn Fn() -> bool,
        tell: &mut dyn FnMut(News<'_>),
        tally: &mut Tally,
    ) -> anyhow::Result<()> {
        let run = &self.plan.runs[index];
        tell(News::Begins(index));
        let heartbeat = Heartbeat::start(claim)?;
        let out = self.folder.make_way(&run.name)?;
        tally.begun += 1;
        let job = Job {
            study: &self.plan.name,
            name: &run.name,
            config: self.config(run),
            key: &self.keys[index],
            out: &out,
            number: tally.begun,
        };
        let end = execute::run(&job, engine, &heartbeat, is_asked_to_stop, &mut |event| tell(News::Event(event)))?;
        match end {
            End::Done(summary) => {
                std::fs::remove_file(self.folder.failure(&job.key.id())).ok();
                tally.done += 1;
                tell(News::Done(&summary));
            }
            End::Failed(why) => {
                Failure::now(&run.name, &why).write(&self.folder.failure(&job.key.id()))?;
                tally.failed += 1;
                tell(News::Failed(&why));
            }
            End::Stopped => tally.stopped = true,
            End::Lost => tell(News::Lost),
        }
        Ok(())
    }

    fn config(&self, run: &PlannedRun) -> RunConfig {
        let device = self.device.clone().unwrap_or_else(|| run.config.device.clone());
        RunConfig { device, ..run.config.clone() }
    }
}
