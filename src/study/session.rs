//! Works off a study on a thread of its own, for a program that does something else meanwhile.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use crossbeam_channel::{Receiver, Sender, bounded};

use super::folder::StudyFolder;
use super::key::RunKey;
use super::keys;
use super::overview::Overview;
use super::plan::Plan;
use super::queue::{News, Queue};
use super::shard::Shard;
use super::standing::{self, Standing, StudyRequest};
use super::startable;
use crate::domain::{Notice, panic};
use crate::engine::{EngineHandle, EventKind, Phase, Waker};

/// News that wait to be taken at most. The thread waits for room: what is told last counts.
const QUEUE: usize = 64;

/// What a study does at the moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Doing {
    /// It reads its data: files done, files in all.
    Reads(usize, usize),
    /// It makes a run: its place in the plan, and what it is at.
    Makes(usize, String),
    /// It has taken this many steps of so many of the run at this place.
    Steps(usize, u64, u64),
    /// Others make the last runs, so many.
    Waits(usize),
}

/// What is told of a study in progress.
#[derive(Clone, Debug, PartialEq)]
pub enum StudyNews {
    /// What it does now.
    Does(Doing),
    /// How it stands: at the start, and after each run.
    Stands(Box<Standing>),
    /// A run goes on, but something is to be known of it: the run in words, and what. An earlier attempt was left behind, for one.
    RunWarned(String, Notice),
    /// A run failed: the run in words, and why. The others go on.
    RunFailed(String, String),
    /// It is over, as far as this program is concerned: all runs are done or have failed, or it was stopped.
    Ended {
        /// It was asked to stop.
        stopped: bool,
    },
    /// It cannot go on, and why.
    Failed(String),
}

/// A study in progress. Dropping it stops it; an unfinished run goes on the next time.
pub struct StudySession {
    brake: Arc<Brake>,
    news: Receiver<StudyNews>,
}

impl StudySession {
    /// Starts to work. `waker` is called whenever there is something to [`poll`](Self::poll).
    ///
    /// # Errors
    /// If the thread cannot be started.
    pub fn start(request: StudyRequest, waker: Waker) -> std::io::Result<Self> {
        let brake = Arc::<Brake>::default();
        let (sender, news) = bounded(QUEUE);
        let teller = Teller { sender, waker, brake: Arc::clone(&brake) };
        std::thread::Builder::new().name("study".to_owned()).spawn(move || {
            let end = panic::caught(|| work(&request, &teller).map_err(|error| format!("{error:#}")));
            teller.tell(match end.unwrap_or_else(Err) {
                Ok(stopped) => StudyNews::Ended { stopped },
                Err(why) => StudyNews::Failed(why),
            });
        })?;
        Ok(Self { brake, news })
    }

    /// What is new, one thing at a time.
    pub fn poll(&self) -> Option<StudyNews> {
        self.news.try_recv().ok()
    }

    /// Asks it to stop. The run in progress is saved as it is and goes on from there the next time.
    pub fn stop(&self) {
        self.brake.pull();
    }
}

impl Drop for StudySession {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Stops the study. The engine is told at once: between two events of a run there may be a tile that is read or scored for a minute.
#[derive(Default)]
struct Brake {
    is_pulled: AtomicBool,
    /// Stops the run in progress, once there is an engine.
    stops_run: OnceLock<Box<dyn Fn() + Send + Sync>>,
}

impl Brake {
    fn pull(&self) {
        if !self.is_pulled.swap(true, Ordering::SeqCst)
            && let Some(stop) = self.stops_run.get()
        {
            stop();
        }
    }

    fn is_pulled(&self) -> bool {
        self.is_pulled.load(Ordering::SeqCst)
    }
}

/// Tells what happens, and knows whether to go on.
struct Teller {
    sender: Sender<StudyNews>,
    waker: Waker,
    brake: Arc<Brake>,
}

impl Teller {
    fn tell(&self, news: StudyNews) {
        self.sender.send(news).ok(); // Fails only once nobody listens any more.
        (self.waker)();
    }

    /// The same for what will soon be out of date.
    fn mention(&self, doing: Doing) {
        if self.sender.try_send(StudyNews::Does(doing)).is_ok() {
            (self.waker)();
        }
    }

    fn is_asked_to_stop(&self) -> bool {
        self.brake.is_pulled()
    }
}

/// Works off the plan. Returns whether it was stopped.
fn work(request: &StudyRequest, teller: &Teller) -> anyhow::Result<bool> {
    let (plan, folder) = request.open()?;
    let projects = plan.projects()?;
    request.keep()?;
    folder.create(&plan)?;
    let go_on = |done, all| {
        teller.mention(Doing::Reads(done, all));
        !teller.is_asked_to_stop()
    };
    let Some(keys) = keys::of_plan(&plan, &projects, &mut folder.hashes(), &go_on)? else { return Ok(true) };
    let before = Overview::of(&plan, Some(&keys), &folder);
    startable::check(&plan, &before, request.device.as_ref())?; // What some runs lack each of them tells.
    let engine = EngineHandle::start(Arc::new(|| {}))?;
    teller.brake.stops_run.set(Box::new(engine.stopper())).ok(); // It is set once.
    let (shard, device) = (Shard::default(), request.device.clone());
    let queue = Queue { plan: &plan, keys: &keys, folder: &folder, shard, device, waits: true };
    let mut watch = Watch { request, plan: &plan, keys: &keys, folder: &folder, teller, run: 0, steps: 0 };
    watch.stands();
    let tally = queue.work(&engine, &|| teller.is_asked_to_stop(), &mut |news| watch.take(news))?;
    watch.stands();
    Ok(tally.stopped)
}

/// Follows the queue and tells what is worth it.
struct Watch<'a> {
    request: &'a StudyRequest,
    plan: &'a Plan,
    keys: &'a [RunKey],
    folder: &'a StudyFolder,
    teller: &'a Teller,
    /// Place of the run in progress.
    run: usize,
    /// Its steps in all.
    steps: u64,
}

impl Watch<'_> {
    fn take(&mut self, news: News<'_>) {
        match news {
            News::Begins(run) => {
                (self.run, self.steps) = (run, 0);
                self.stands();
                self.makes("starting");
            }
            News::Event(event) => self.event(&event.kind),
            News::Done(_) => self.stands(),
            News::Failed(why) => self.failed(why),
            News::Lost => self.failed("this worker seemed dead, and another one has taken the run over"),
            News::Waits(others) => self.teller.mention(Doing::Waits(others)),
        }
    }

    fn event(&mut self, event: &EventKind) {
        match event {
            EventKind::Started(info) => self.steps = info.total_steps,
            EventKind::Step(step) => self.teller.mention(Doing::Steps(self.run, step.step, self.steps)),
            EventKind::Phase(Phase::Preparing { what, .. }) => self.makes(what),
            EventKind::Phase(Phase::Tuning) => self.makes(Phase::TUNING),
            EventKind::Warning(notice) => self.teller.tell(StudyNews::RunWarned(self.words(), notice.clone())),
            _ => {}
        }
    }

    fn makes(&self, what: &str) {
        self.teller.mention(Doing::Makes(self.run, what.to_owned()));
    }

    /// The run in progress in words.
    fn words(&self) -> String {
        standing::words(&self.plan.runs[self.run])
    }

    fn failed(&self, why: &str) {
        self.teller.tell(StudyNews::RunFailed(self.words(), why.to_owned()));
        self.stands();
    }

    fn stands(&self) {
        let overview = Overview::of(self.plan, Some(self.keys), self.folder);
        let standing = Standing::of(self.plan, &overview, self.folder, &self.request.before);
        self.teller.tell(StudyNews::Stands(Box::new(standing)));
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn what_is_to_be_known_of_a_run_is_told_with_the_run_in_words() {
        let plan = Plan::read("x", "seeds = [4]\n[base]\ndata = '/tiles'\n", Path::new(""), None).unwrap();
        let (sender, news) = bounded(QUEUE);
        let teller = Teller { sender, waker: Arc::new(|| {}), brake: Arc::default() };
        let (text, data, precision, device, out) = (None, None, None, None, None);
        let request = StudyRequest { plan: "x".into(), text, data, precision, device, out, before: Vec::new() };
        let folder = StudyFolder::at(Path::new("x"));
        let (request, plan, folder, teller) = (&request, &plan, &folder, &teller);
        let mut watch = Watch { request, plan, keys: &[], folder, teller, run: 0, steps: 0 };
        let notice = Notice::new("The attempt base is left behind").cause("its state is damaged");
        watch.event(&EventKind::Warning(notice.clone()));
        assert_eq!(news.try_recv().ok(), Some(StudyNews::RunWarned("base · seed 4".to_owned(), notice)));
    }
}
