//! Work off the window's thread: opening projects, dialogs, listing runs. Each job has a named thread and ends in one
//! message; a panic in it becomes an error message.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender};

use crate::data::label::journal::Replay;
use crate::data::{Journal, Project, demo};
use crate::domain::{RunConfig, panic};
use crate::engine::Waker;
use crate::train::run_list::{self, RunEntry};
use crate::ui::state::action::Dialog;
use crate::ui::state::check::{self, Progress, Report};

/// Nobody closes a dialog sooner than this after asking for it: it was never shown.
const NEVER_SHOWN: Duration = Duration::from_millis(400);

/// What a job ended in.
pub enum Done {
    /// A project was read.
    Opened(Box<Opened>),
    /// A project could not be read.
    OpenFailed(PathBuf, String),
    /// A folder was chosen: a project.
    ProjectPicked(PathBuf),
    /// A folder was chosen: a run.
    RunPicked(PathBuf),
    /// The desktop has no dialog to choose a folder in: this one is to be shown instead.
    NoFolderDialog(Dialog),
    /// Run folders were listed.
    Runs(Vec<RunEntry>),
    /// All masks were looked at.
    Checked(Report),
    /// Something failed.
    Failed(String),
    /// Nothing came of it.
    Nothing,
}

/// A project with its labels.
pub struct Opened {
    /// The project.
    pub project: Project,
    /// Its journal, open for writing.
    pub journal: Journal,
    /// The labels in it.
    pub replay: Replay,
    /// Where its runs go.
    pub runs_home: PathBuf,
    /// The runs it has.
    pub runs: Vec<RunEntry>,
}

/// Starts jobs and collects what they end in.
pub struct Jobs {
    sender: Sender<Done>,
    done: Receiver<Done>,
    waker: Waker,
}

impl Jobs {
    /// Jobs that wake the window when they end.
    pub fn new(waker: Waker) -> Self {
        let (sender, done) = crossbeam_channel::bounded(64);
        Self { sender, done, waker }
    }

    /// The next result, if there is one.
    pub fn poll(&self) -> Option<Done> {
        self.done.try_recv().ok()
    }

    /// Runs `work` on a thread of this name.
    pub fn spawn(&self, name: &str, work: impl FnOnce() -> Done + Send + 'static) -> std::io::Result<()> {
        let (sender, waker, what) = (self.sender.clone(), self.waker.clone(), name.to_owned());
        let body = move || {
            let done = panic::caught(work).unwrap_or_else(|why| {
                Done::Failed(format!("The window's '{what}' thread failed: {why}. Try again; if it fails again, report it with Help > Copy diagnostics"))
            });
            sender.send(done).ok(); // Fails only when the window is gone.
            waker();
        };
        std::thread::Builder::new().name(name.to_owned()).spawn(body).map(|_| ())
    }

    /// Reads a project and its labels.
    pub fn open(&self, root: PathBuf) -> std::io::Result<()> {
        self.spawn("open project", move || match open(&root) {
            Ok(opened) => Done::Opened(Box::new(opened)),
            Err(error) => Done::OpenFailed(root, format!("{error:#}")),
        })
    }

    /// Unpacks the built-in demo project where the user's data lies, and reads it.
    pub fn open_demo(&self) -> std::io::Result<()> {
        self.spawn("open demo", || {
            let Some(folder) = demo::folder() else {
                return Done::Failed("The demo has no place: this system names no folder for a user's data".to_owned());
            };
            match demo::unpack(&folder).map_err(anyhow::Error::from).and_then(|root| open(&root)) {
                Ok(opened) => Done::Opened(Box::new(opened)),
                Err(error) => Done::OpenFailed(folder, format!("{error:#}")),
            }
        })
    }

    /// Lists a project's runs.
    pub fn list_runs(&self, root: PathBuf) -> std::io::Result<()> {
        self.spawn("list runs", move || Done::Runs(run_list::of_project(&root)))
    }

    /// Looks at all masks of a project.
    pub fn check(&self, project: Project, config: RunConfig, progress: Arc<Progress>) -> std::io::Result<()> {
        self.spawn("check", move || check::look(project, &config, &progress).map_or(Done::Nothing, Done::Checked))
    }

    /// Asks for a folder. The dialog is made here, on the window's thread, and awaited elsewhere. Where the desktop has
    /// none, `instead` is to be shown.
    pub fn pick_folder(
        &self,
        title: &str,
        start: Option<&Path>,
        then: fn(PathBuf) -> Done,
        instead: Dialog,
    ) -> std::io::Result<()> {
        let mut dialog = rfd::AsyncFileDialog::new().set_title(title);
        if let Some(start) = start {
            dialog = dialog.set_directory(start);
        }
        let (picked, asked) = (dialog.pick_folder(), Instant::now());
        self.spawn("folder dialog", move || match pollster::block_on(picked) {
            Some(folder) => then(folder.path().to_path_buf()),
            None if asked.elapsed() < NEVER_SHOWN => Done::NoFolderDialog(instead),
            None => Done::Nothing,
        })
    }
}

fn open(root: &Path) -> anyhow::Result<Opened> {
    let project = Project::open(root)?;
    let (journal, replay) = Journal::open(&project)?;
    if let Err(error) = project.keep_class_order() {
        log::debug!("{error}"); // A folder that cannot be written keeps the order as long as nothing is added.
    }
    let (runs_home, runs) = (run_list::home(root), run_list::of_project(root));
    Ok(Opened { project, journal, replay, runs_home, runs })
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    fn wait(jobs: &Jobs) -> Done {
        let start = Instant::now();
        loop {
            if let Some(done) = jobs.poll() {
                return done;
            }
            assert!(start.elapsed() < Duration::from_secs(10), "the job never ended");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    #[test]
    fn a_panic_in_a_job_becomes_a_message() {
        let jobs = Jobs::new(Arc::new(|| ()));
        jobs.spawn("test job", || panic!("all is lost")).unwrap();
        let Done::Failed(text) = wait(&jobs) else { panic!("expected a failure") };
        assert!(text.contains("test job") && text.contains("all is lost"), "{text}");
    }

    #[test]
    fn a_folder_that_is_not_there_is_named() {
        let jobs = Jobs::new(Arc::new(|| ()));
        jobs.open(PathBuf::from("/no/such/folder")).unwrap();
        let Done::OpenFailed(path, text) = wait(&jobs) else { panic!("expected a failure") };
        assert_eq!(path, Path::new("/no/such/folder"));
        assert!(text.contains("/no/such/folder"), "{text}");
    }
}
