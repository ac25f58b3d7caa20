//! Claims: a file says who makes a run, so that no two workers make the same one.
//!
//! A claim is created with `create_new`, which is atomic on shared folders as well. Its holder adds an empty line now and then:
//! the server's time of change is the heartbeat, so clocks of machines need not agree. A claim without a heartbeat, or of a process
//! that is known to be over, is dead; whoever takes it over holds a second file meanwhile, so that only one does.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::hash_cache::hash_bytes;
use super::owner::Owner;
use super::worker::Worker;
use crate::data::DataError;

/// A claim without a heartbeat for this long is dead.
const EXPIRY: Duration = Duration::from_secs(300);
/// Between two heartbeats.
pub(super) const BEAT: Duration = Duration::from_secs(30);

/// The claims of a study, as one worker sees them.
#[derive(Clone, Debug)]
pub struct Claims {
    folder: PathBuf,
    me: Worker,
    expiry: Duration,
}

/// The answer to an attempt to claim a run.
#[derive(Debug)]
pub(super) enum Attempt {
    Mine(Claim),
    /// Somebody else has it.
    Others,
}

/// A claim that this process holds. Dropping it gives the run back.
#[derive(Debug)]
pub(super) struct Claim {
    path: PathBuf,
    owner: Owner,
}

impl Claims {
    /// The claims in a folder, which must exist.
    pub fn of(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), me: Worker::this(), expiry: EXPIRY }
    }

    /// Who makes the run with this id now; `None` if nobody does.
    pub fn holder(&self, id: &str) -> Option<Owner> {
        let path = self.path(id);
        let owner = read(&path)?;
        (!self.is_dead(&path, Some(&owner))).then_some(owner)
    }

    /// Claims the run with this id, if it is free or its claim is dead or this worker's own.
    ///
    /// # Errors
    /// If the folder cannot be written.
    pub(super) fn take(&self, id: &str, run: &str) -> Result<Attempt, DataError> {
        let path = self.path(id);
        if let Some(claim) = self.create(&path, run)? {
            return Ok(Attempt::Mine(claim));
        }
        let holder = read(&path);
        if !self.is_dead(&path, holder.as_ref()) {
            return Ok(Attempt::Others);
        }
        self.take_over(&path, run)
    }

    fn path(&self, id: &str) -> PathBuf {
        self.folder.join(format!("{id}.json"))
    }

    /// Creates a claim; `None` if there is one.
    fn create(&self, path: &Path, run: &str) -> Result<Option<Claim>, DataError> {
        let Some(mut file) = create_new(path)? else { return Ok(None) };
        let owner = self.owner(run);
        let text = serde_json::to_string(&owner).unwrap_or_default();
        let written = writeln!(file, "{text}").and_then(|()| file.sync_all());
        written.map_err(DataError::io("cannot write the claim", path))?;
        Ok(Some(Claim { path: path.to_owned(), owner }))
    }

    fn owner(&self, run: &str) -> Owner {
        let Worker { host, system, pid, job, restarts } = self.me.clone();
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let thread = std::thread::current().id();
        let token = hash_bytes(format!("{host} {pid} {thread:?} {} {run}", now.as_nanos()).as_bytes());
        Owner { run: run.to_owned(), host, pid, job, restarts, system, since: now.as_secs(), token }
    }

    /// Whether the holder is over: this worker in an earlier life, a process that has ended, or one that no longer beats.
    fn is_dead(&self, path: &Path, holder: Option<&Owner>) -> bool {
        let over = holder.and_then(|owner| self.me.is_over(owner.system.as_deref(), owner.pid));
        let is_over = over.unwrap_or_else(|| holder.is_some_and(|owner| self.was_before_requeue(owner)));
        is_over || self.age(path).is_some_and(|age| age > self.expiry)
    }

    /// Whether the holder is this task before Slurm queued it again. Workers within one job may share its name, but they have been
    /// queued as often as each other.
    fn was_before_requeue(&self, owner: &Owner) -> bool {
        owner.job.is_some() && owner.job == self.me.job && owner.restarts < self.me.restarts
    }

    /// Time since the last heartbeat by the clock of the file system; `None` if the file is gone.
    fn age(&self, path: &Path) -> Option<Duration> {
        let beat = fs::metadata(path).and_then(|data| data.modified()).ok()?;
        let now = self.time_of_folder().unwrap_or_else(SystemTime::now);
        Some(now.duration_since(beat).unwrap_or_default())
    }

    fn time_of_folder(&self) -> Option<SystemTime> {
        let mut file = tempfile::tempfile_in(&self.folder).ok()?;
        file.write_all(b"\n").ok()?;
        file.metadata().and_then(|data| data.modified()).ok()
    }

    /// Replaces a dead claim. Whoever holds the second file looks again first: another one may have been quicker.
    fn take_over(&self, path: &Path, run: &str) -> Result<Attempt, DataError> {
        let second = path.with_extension("taking");
        if create_new(&second)?.is_none() {
            if self.age(&second).is_some_and(|age| age > self.expiry) {
                fs::remove_file(&second).ok(); // Its holder died in between; the next attempt succeeds.
            }
            return Ok(Attempt::Others);
        }
        let holder = read(path);
        let taken = if self.is_dead(path, holder.as_ref()) {
            fs::remove_file(path).ok();
            self.create(path, run)
        } else {
            Ok(None)
        };
        fs::remove_file(&second).ok();
        Ok(taken?.map_or(Attempt::Others, Attempt::Mine))
    }
}

impl Claim {
    /// Shows that the holder lives. False if the claim has been lost: another worker held this one for dead.
    ///
    /// # Errors
    /// If the folder cannot be reached.
    pub(super) fn beat(&self) -> std::io::Result<bool> {
        if !self.is_held()? {
            return Ok(false);
        }
        // An empty line after the content changes nothing but the time, which the server sets.
        OpenOptions::new().append(true).open(&self.path)?.write_all(b"\n")?;
        Ok(true)
    }

    /// Tells this claim from every other one.
    pub(super) fn token(&self) -> &str {
        &self.owner.token
    }

    /// Whether nobody has taken it over.
    ///
    /// # Errors
    /// If the folder cannot be reached.
    pub(super) fn is_held(&self) -> std::io::Result<bool> {
        match fs::read(&self.path) {
            Ok(text) => Ok(serde_json::from_slice::<Owner>(&text).is_ok_and(|owner| owner.token == self.owner.token)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if self.is_held().unwrap_or(false) {
            fs::remove_file(&self.path).ok();
        }
    }
}

fn read(path: &Path) -> Option<Owner> {
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}

/// Creates a file; `None` if it exists.
fn create_new(path: &Path) -> Result<Option<File>, DataError> {
    match OpenOptions::new().write(true).create_new(true).open(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(None),
        Err(error) => Err(DataError::io("cannot write the claim", path)(error)),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;

    use super::*;

    /// A worker on another machine.
    fn elsewhere(folder: &Path, host: &str, job: Option<&str>) -> Claims {
        let me = Worker { host: host.to_owned(), system: None, pid: 7, job: job.map(str::to_owned), restarts: 0 };
        Claims { folder: folder.to_owned(), me, expiry: EXPIRY }
    }

    fn mine(attempt: Attempt) -> Option<Claim> {
        match attempt {
            Attempt::Mine(claim) => Some(claim),
            Attempt::Others => None,
        }
    }

    fn age(path: &Path, secs: u64) {
        let file = File::options().append(true).open(path).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(secs)).unwrap();
    }

    #[test]
    fn of_many_threads_that_race_for_a_claim_one_gets_it() {
        let dir = tempfile::tempdir().unwrap();
        for (id, is_dead) in [("free", false), ("dead", true)] {
            if is_dead {
                std::mem::forget(mine(elsewhere(dir.path(), "gone", None).take(id, "r").unwrap()));
                age(&dir.path().join(format!("{id}.json")), 3600);
            }
            let start = Barrier::new(8);
            let race = || {
                start.wait();
                mine(elsewhere(dir.path(), "here", None).take(id, "r").unwrap())
            };
            let claims: Vec<_> = std::thread::scope(|scope| {
                let threads: Vec<_> = (0..8).map(|_| scope.spawn(race)).collect();
                threads.into_iter().filter_map(|thread| thread.join().unwrap()).collect()
            });
            assert_eq!(claims.len(), 1, "{id}");
            assert!(claims[0].beat().unwrap());
        }
        let left: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert!(left.is_empty(), "{left:?}");
    }

    #[test]
    fn a_living_claim_is_respected_and_a_dead_one_expires() {
        let dir = tempfile::tempdir().unwrap();
        let (one, other) = (elsewhere(dir.path(), "one", None), elsewhere(dir.path(), "other", None));
        let held = mine(one.take("id", "run").unwrap()).unwrap();
        let path = dir.path().join("id.json");
        assert_eq!(other.holder("id").unwrap().describe(), "one, process 7");
        age(&path, 200);
        assert!(mine(other.take("id", "run").unwrap()).is_none());
        age(&path, 400);
        assert!(other.holder("id").is_none());
        assert!(held.beat().unwrap(), "it was only slow");
        assert!(mine(other.take("id", "run").unwrap()).is_none(), "a heartbeat keeps it alive");
        age(&path, 400);
        let taken = mine(other.take("id", "run").unwrap()).expect("the dead claim is taken over");
        assert!(!held.beat().unwrap(), "its holder learns that it is lost");
        drop(held);
        assert_eq!(one.holder("id").unwrap().host, "other", "what is lost is not given back");
        drop(taken);
        assert!(one.holder("id").is_none() && !path.exists());
    }

    #[test]
    fn a_requeued_task_retakes_its_own_claim_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let before = elsewhere(dir.path(), "node1", Some("12_3.0"));
        std::mem::forget(mine(before.take("id", "run").unwrap()));
        assert!(mine(elsewhere(dir.path(), "node2", Some("12_4.0")).take("id", "run").unwrap()).is_none());
        let sibling = elsewhere(dir.path(), "node2", Some("12_3.0"));
        assert!(mine(sibling.take("id", "run").unwrap()).is_none(), "another worker of the same task lives");
        let requeued = Claims { me: Worker { restarts: 1, ..sibling.me.clone() }, ..sibling };
        assert!(mine(requeued.take("id", "run").unwrap()).is_some());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_claim_of_a_process_that_is_over_is_free_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let here = Claims::of(dir.path());
        let over = Claims { me: Worker { pid: u32::MAX, ..here.me.clone() }, ..here.clone() };
        std::mem::forget(mine(over.take("id", "run").unwrap()));
        let taken = mine(here.take("id", "run").unwrap()).expect("no such process");
        assert!(mine(over.take("id", "run").unwrap()).is_none(), "this process lives");
        drop(taken);
    }

    #[test]
    fn a_claim_cut_short_in_writing_counts_until_it_expires() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("id.json");
        fs::write(&path, "{\"run\":").unwrap();
        let claims = elsewhere(dir.path(), "here", None);
        assert!(mine(claims.take("id", "run").unwrap()).is_none());
        age(&path, 400);
        assert!(mine(claims.take("id", "run").unwrap()).is_some());
    }
}
