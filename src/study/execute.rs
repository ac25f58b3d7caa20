//! One run of a study, by the engine.

use std::fs;
use std::path::Path;

use super::earlier;
use super::fingerprint::edits;
use super::folder::StudyFolder;
use super::heartbeat::Heartbeat;
use super::key::RunKey;
use super::keys;
use super::record::{self, Record};
use crate::domain::{Notice, RunConfig};
use crate::engine::protocol::{Outcome, RunId, Summary};
use crate::engine::{Command, EngineHandle, Event, EventKind, report};

/// Why a run is not made by a worker that has read other data.
const CHANGED: &str = "The data or labels have changed since this worker began. Start the same command again";

/// What to do about a run that has diverged.
const DIVERGED: &str = "It is tried once more from where it was saved, and then from the start. A lower train.lr in the plan makes it \
                        another run";

/// What is to be run.
pub(super) struct Job<'a> {
    pub(super) study: &'a str,
    pub(super) name: &'a str,
    pub(super) config: RunConfig,
    pub(super) key: &'a RunKey,
    /// Where the attempt is made.
    pub(super) out: &'a Path,
    /// Where the hashes of the data are.
    pub(super) folder: &'a StudyFolder,
    pub(super) number: RunId,
}

/// How it begins.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Anew,
    /// From the state in its folder.
    Resumed,
}

/// How it ended.
pub(super) enum End {
    Done(Box<Summary>),
    /// With the reason.
    Failed(String),
    /// It was to be resumed and never can be, for this reason. Its folder is as it was.
    Refused(String),
    /// Somebody asked for it.
    Stopped,
    /// Another worker has taken it over.
    Lost,
}

/// What it is made with.
pub(super) struct Means<'a> {
    pub(super) engine: &'a EngineHandle,
    /// That of the run's claim.
    pub(super) heartbeat: &'a Heartbeat,
    pub(super) is_asked_to_stop: &'a dyn Fn() -> bool,
    /// Receives the run's events.
    pub(super) tell: &'a mut dyn FnMut(&Event),
}

/// Makes the run, and passes its events on, but for a refusal to resume it.
///
/// # Errors
/// If the engine is gone.
pub(super) fn run(job: &Job<'_>, way: Way, means: &mut Means<'_>) -> anyhow::Result<End> {
    let Means { engine, heartbeat, is_asked_to_stop, tell } = means;
    let edits_before = edits(&job.config.data);
    engine.send(job.command(way));
    let (mut is_unresumable, mut is_stopping, mut fault) = (false, false, None);
    while let Some(event) = engine.wait_event() {
        if event.run != job.number {
            continue; // It belongs to the run before.
        }
        if let EventKind::Failed(notice) = &event.kind
            && is_unresumable
        {
            return Ok(End::Refused(notice.without_remedy()));
        }
        tell(&event);
        match &event.kind {
            EventKind::Unresumable => is_unresumable = true,
            EventKind::Started(info) => fault = job.began(info.steps_per_epoch, edits_before).err(),
            EventKind::Failed(notice) if report::is_divergence(notice) => earlier::note_divergence(job.out),
            _ => {}
        }
        if let Some(end) = end(event.kind) {
            return Ok(if heartbeat.is_lost_now() { End::Lost } else { with_fault(end, fault) });
        }
        let must_stop = is_asked_to_stop() || heartbeat.is_lost() || fault.is_some();
        if must_stop && !is_stopping {
            is_stopping = engine.send(Command::Stop);
        }
    }
    anyhow::bail!("the engine ended unexpectedly")
}

impl Job<'_> {
    fn command(&self, way: Way) -> Command {
        let (run, out) = (self.number, self.out.to_owned());
        match way {
            Way::Anew => Command::Start { run, config: Box::new(self.config.clone()), out },
            Way::Resumed => Command::Continue { run, folder: out, data: None, more_epochs: 0, lr: None },
        }
    }

    /// The run has read its data and is about to learn: from now on its folder says which run it is. `edits_before` is how
    /// many edits there were when it was sent: a click since then may have been learned from, undone or not.
    fn began(&self, steps_per_epoch: u64, edits_before: usize) -> anyhow::Result<()> {
        let file = self.out.join(record::FILE);
        if edits(&self.config.data) != edits_before || !self.has_its_data()? {
            fs::remove_file(file).ok(); // From here on it learns from other data: it is not the run of the plan.
            anyhow::bail!("{CHANGED}");
        }
        let divergence = Record::read(self.out).and_then(|before| before.divergence);
        Record { divergence, ..Record::new(self.study, self.name, self.key, steps_per_epoch) }.write(self.out)?;
        Ok(())
    }

    fn has_its_data(&self) -> anyhow::Result<bool> {
        Ok(keys::of_run(&self.config, &mut self.folder.hashes())?.id() == self.key.id())
    }

    /// Refuses a run whose data are no longer those of its key.
    ///
    /// # Errors
    /// If they are not, or cannot be read.
    pub(super) fn confirm_data(&self) -> anyhow::Result<()> {
        anyhow::ensure!(self.has_its_data()?, "{CHANGED}");
        Ok(())
    }
}

/// How a run has ended; `None` while it goes on.
fn end(event: EventKind) -> Option<End> {
    match event {
        EventKind::Finished(summary) => Some(of_summary(summary)),
        EventKind::Failed(notice) => Some(End::Failed(failure(notice))),
        EventKind::Cancelled => Some(End::Stopped),
        _ => None,
    }
}

/// Why a run has failed. A study makes its runs as its plan says, so another learning rate is for the plan.
fn failure(notice: Notice) -> String {
    if report::is_divergence(&notice) { notice.remedy(DIVERGED).to_string() } else { notice.to_string() }
}

/// A run that was stopped for a fault has failed.
fn with_fault(end: End, fault: Option<anyhow::Error>) -> End {
    match (end, fault) {
        (End::Failed(why), _) => End::Failed(why),
        (_, Some(fault)) => End::Failed(fault.to_string()),
        (end, None) => end,
    }
}

fn of_summary(summary: Box<Summary>) -> End {
    match (summary.outcome, &summary.unsaved) {
        (_, Some(why)) => End::Failed(report::unsaved_line(why)),
        (Outcome::Completed | Outcome::Early, None) => End::Done(summary),
        (Outcome::Stopped | Outcome::Imported, None) => End::Stopped,
        (Outcome::Failed, None) => End::Failed(summary.why.unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::data::{Journal, Project, demo};
    use crate::domain::{Edit, Stroke};
    use crate::study::fingerprint::Fingerprint;

    /// A study's folder, that of an attempt, and a configuration on the demo's tiles.
    fn begun() -> (tempfile::TempDir, StudyFolder, PathBuf, RunConfig) {
        let dir = tempfile::tempdir().unwrap();
        let data = demo::unpack(&dir.path().join("demo")).unwrap();
        let (folder, out) = (StudyFolder::at(&dir.path().join("study")), dir.path().join("run"));
        fs::create_dir(&out).unwrap();
        (dir, folder, out, RunConfig { data, ..RunConfig::demo() })
    }

    #[test]
    fn an_attempt_that_has_read_other_data_is_no_longer_found() {
        let (dir, folder, out, here) = begun();
        let gone = RunConfig { data: dir.path().join("gone"), ..RunConfig::demo() };
        let key = RunKey::new(&here, None, Fingerprint::default());
        for (config, is_found) in [(gone, true), (here, false)] {
            Record::new("s", "run", &key, 10).write(&out).unwrap();
            let job = Job { study: "s", name: "run", config, key: &key, out: &out, folder: &folder, number: 1 };
            assert!(job.began(10, 0).is_err());
            assert_eq!(Record::read(&out).is_some(), is_found, "data that cannot be read tell nothing");
        }
    }

    #[test]
    fn an_attempt_that_may_have_read_a_click_which_was_undone_is_no_longer_found() {
        let (_dir, folder, out, config) = begun();
        let (mut journal, _) = Journal::open(&Project::open(&config.data).unwrap()).unwrap();
        let key = keys::of_run(&config, &mut folder.hashes()).unwrap();
        let job = Job { study: "s", name: "run", config, key: &key, out: &out, folder: &folder, number: 1 };
        job.began(10, 0).unwrap();
        let stroke = Stroke { tile: "1001".to_owned(), class: Some(1), radius: 3.0, path: vec![[9.0, 9.0]] };
        journal.append(&Edit::Begin(stroke)).and_then(|()| journal.append(&Edit::Undo)).unwrap();
        job.confirm_data().unwrap();
        assert!(job.began(10, 0).is_err() && Record::read(&out).is_none());
        job.began(10, 2).unwrap();
    }

    #[test]
    fn a_run_that_diverges_is_told_what_the_plan_can_do() {
        let diverged = failure(Notice::new("The loss is NaN at step 7").remedy("Resume it with --lr"));
        assert!(
            diverged.starts_with("The loss is NaN at step 7. It is tried") && !diverged.contains("--lr"),
            "{diverged}"
        );
        assert_eq!(failure(Notice::new("No memory").remedy("Choose less")), "No memory. Choose less");
    }
}
