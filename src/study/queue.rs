//! Works off a plan: every run that is not done, that nobody else makes and that has not just failed.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use super::attempt;
use super::claim::{Attempt, Claim};
use super::earlier;
use super::execute::{End, Job, Means};
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

/// Between two looks at the runs that others make.
const POLL: Duration = Duration::from_secs(10);

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
    /// Whether to wait for runs that others make: they are made here if the others do not end them.
    pub waits: bool,
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
    /// Nothing is left to begin; others still make so many runs.
    Waits(usize),
}

/// What a worker did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Runs begun.
    pub begun: u64,
    /// Runs that others make.
    pub others: usize,
    /// It was asked to stop; an unfinished run goes on the next time.
    pub stopped: bool,
}

/// What a worker goes through its queue with.
struct Worker<'a> {
    engine: &'a EngineHandle,
    is_asked_to_stop: &'a dyn Fn() -> bool,
    tell: &'a mut dyn FnMut(News<'_>),
    /// When it began, in seconds since 1970.
    began: u64,
    /// Places of the runs that it has begun. None is begun twice, whatever came of it.
    tried: BTreeSet<usize>,
    tally: Tally,
}

impl Queue<'_> {
    /// Makes runs until nothing is left to begin.
    ///
    /// # Errors
    /// If the study's folder cannot be written, the data change, or the engine is gone. A run that fails is no error.
    pub fn work(
        &self,
        engine: &EngineHandle,
        is_asked_to_stop: &dyn Fn() -> bool,
        tell: &mut dyn FnMut(News<'_>),
    ) -> anyhow::Result<Tally> {
        let (began, tried, tally) = (failure::seconds(), BTreeSet::new(), Tally::default());
        let mut worker = Worker { engine, is_asked_to_stop, tell, began, tried, tally };
        self.tidy();
        loop {
            let before = worker.tally.begun;
            self.pass(&mut worker)?;
            let Tally { begun, others, stopped, .. } = worker.tally;
            // While runs were made, others may have given theirs back.
            if stopped || (begun == before && (others == 0 || !self.waits)) {
                return Ok(worker.tally);
            }
            if begun == before {
                (worker.tell)(News::Waits(others));
                pause(is_asked_to_stop);
            }
        }
    }

    /// Removes attempts at runs that are done: who has made such a run may have been killed before it did.
    fn tidy(&self) {
        let done: BTreeSet<String> = self.folder.done().into_iter().map(|run| run.record.id).collect();
        earlier::remove(self.folder, |record| done.contains(&record.id));
    }

    /// Goes through the queue once.
    fn pass(&self, worker: &mut Worker<'_>) -> anyhow::Result<()> {
        worker.tally.others = 0;
        for index in self.shard.order(self.plan.runs.len()) {
            if (worker.is_asked_to_stop)() {
                worker.tally.stopped = true;
            }
            if worker.tally.stopped {
                return Ok(());
            }
            if let Some(claim) = self.claim(index, worker)? {
                self.make(index, claim, worker)?;
            }
        }
        Ok(())
    }

    /// Claims a run that is to be made; `None` if it is not.
    fn claim(&self, index: usize, worker: &mut Worker<'_>) -> anyhow::Result<Option<Claim>> {
        let (run, key) = (&self.plan.runs[index], &self.keys[index]);
        let id = key.id();
        let has_failed = || Failure::read(&self.folder.failure(&id)).is_some_and(|failure| failure.at >= worker.began);
        if worker.tried.contains(&index) || has_failed() || self.is_done(key) {
            return Ok(None);
        }
        match self.folder.claims().take(&id, &run.name)? {
            Attempt::Others => {
                worker.tally.others += 1;
                Ok(None)
            }
            // Another worker may have made it since it was looked for.
            Attempt::Mine(claim) => Ok(Some(claim).filter(|_| !self.is_done(key))),
        }
    }

    fn is_done(&self, key: &RunKey) -> bool {
        let id = key.id();
        self.folder.done().iter().any(|done| done.record.is_of(key, &id))
    }

    fn make(&self, index: usize, claim: Claim, worker: &mut Worker<'_>) -> anyhow::Result<()> {
        let run = &self.plan.runs[index];
        let out = self.folder.attempt(&run.name, claim.token());
        worker.tally.begun += 1;
        let job = Job {
            study: &self.plan.name,
            name: &run.name,
            config: self.config(run),
            key: &self.keys[index],
            out: &out,
            folder: self.folder,
            number: worker.tally.begun,
        };
        job.confirm_data()?;
        worker.tried.insert(index);
        (worker.tell)(News::Begins(index));
        let end = match Heartbeat::start(claim) {
            Ok(heartbeat) => self.attempt(&job, &heartbeat, worker)?,
            Err(error) => End::Failed(error.to_string()),
        };
        self.ended(&job, end, worker);
        Ok(())
    }

    /// Makes the run, and keeps it while it is still claimed.
    fn attempt(&self, job: &Job<'_>, heartbeat: &Heartbeat, worker: &mut Worker<'_>) -> anyhow::Result<End> {
        let Worker { engine, is_asked_to_stop, tell, .. } = worker;
        let tell = &mut |event: &Event| tell(News::Event(event));
        let mut means = Means { engine, heartbeat, is_asked_to_stop: *is_asked_to_stop, tell };
        Ok(match attempt::make(job, &mut means)? {
            End::Done(summary) => match self.folder.keep(job.out, job.name) {
                Ok(_) => {
                    let id = job.key.id();
                    earlier::remove(self.folder, |record| record.id == id);
                    End::Done(summary)
                }
                Err(error) => End::Failed(error.to_string()),
            },
            end => end,
        })
    }

    fn ended(&self, job: &Job<'_>, end: End, worker: &mut Worker<'_>) {
        let (note, Worker { tally, tell, .. }) = (self.folder.failure(&job.key.id()), worker);
        match end {
            End::Done(summary) => {
                std::fs::remove_file(note).ok();
                tell(News::Done(&summary));
            }
            End::Failed(why) | End::Refused(why) => {
                if let Err(error) = Failure::now(job.name, &why).write(&note) {
                    log::warn!("the failure of {} is not noted: {error}", job.name);
                }
                tell(News::Failed(&why));
            }
            End::Stopped => tally.stopped = true,
            End::Lost => tell(News::Lost),
        }
    }

    fn config(&self, run: &PlannedRun) -> RunConfig {
        let device = self.device.clone().unwrap_or_else(|| run.config.device.clone());
        RunConfig { device, ..run.config.clone() }
    }
}

/// Waits before looking again at what others make.
fn pause(is_asked_to_stop: &dyn Fn() -> bool) {
    let began = Instant::now();
    while began.elapsed() < POLL && !is_asked_to_stop() {
        std::thread::sleep(Duration::from_millis(100));
    }
}
