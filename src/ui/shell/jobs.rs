//! Slow work off the window's thread: opening projects, dialogs, listing runs, checks. Each job runs on a named
//! thread and ends in one outcome; a panic becomes an error message.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender};

use crate::data::cut::cutter::CutProgress;
use crate::data::cut::offer::Offer;
use crate::data::label::journal::Replay;
use crate::data::{Journal, Project, demo};
use crate::domain::{Notice, RunConfig, panic};
use crate::engine::Waker;
use crate::train::check::Check;
use crate::train::run_list::{self, RunEntry};
use crate::ui::state::action::{Dialog, UiAction};
use crate::ui::state::check::CheckReport;
use crate::ui::state::figure_gallery::{Drawn, FigureKey, ReadFigures};
use crate::ui::state::figures_export::SavedFigures;
use crate::ui::state::job_progress::JobProgress;
use crate::ui::state::network_files::NetworkNews;
use crate::ui::state::report_export::SavedReport;
use crate::ui::state::run_figures::RunFigures;
use crate::ui::state::study_look::StudyLook;

/// A dialog that is cancelled sooner than this was never shown: nobody is that fast.
const NEVER_SHOWN: Duration = Duration::from_millis(400);

/// The result of a job.
pub enum JobOutcome {
    /// A project was read.
    Opened(Box<Opened>),
    /// A project could not be read: its folder and why.
    OpenFailed(PathBuf, String),
    /// A folder was chosen; the action opens it.
    Picked(UiAction),
    /// The desktop has no dialog for files; show this one instead.
    NoFolderDialog(Dialog),
    /// Run folders were listed.
    Runs(ProjectRuns),
    /// The figures of runs were read, or why not, by folder.
    Figures(Vec<(PathBuf, Result<RunFigures, String>)>),
    /// The figures of the compared runs were written, or why not.
    FiguresWritten {
        /// The project's folder.
        root: PathBuf,
        /// Which, and where.
        result: Result<SavedFigures, Notice>,
    },
    /// The figures of runs were read, to be shown.
    FiguresRead(ReadFigures),
    /// Figures were drawn.
    FiguresDrawn(Vec<(FigureKey, Drawn)>),
    /// A report was written, or why not.
    ReportWritten(Result<SavedReport, Notice>),
    /// The quick map was saved as a run.
    QuickSaved {
        /// The run folder.
        folder: PathBuf,
        /// All runs of the project.
        runs: ProjectRuns,
    },
    /// The scenes of a project were cut, or why not.
    Split {
        /// The project's folder.
        root: PathBuf,
        /// Patches that are there.
        there: usize,
        /// How far it came.
        result: Result<CutProgress, String>,
    },
    /// The classes of a recognised dataset were replaced by those of the masks, or why not.
    Refused {
        /// The project's folder.
        root: PathBuf,
        /// What went wrong.
        result: Result<(), String>,
    },
    /// A network was exported or imported, or why not.
    Network {
        /// How it ended.
        news: NetworkNews,
        /// All runs of the project, if there is another one.
        runs: Option<ProjectRuns>,
    },
    /// How the chosen study stands: the answer to the look of this number.
    Study(u64, Box<StudyLook>),
    /// The masks of the project in this folder were checked.
    Checked(PathBuf, CheckReport),
    /// The job failed.
    Failed(Notice),
    /// Nothing to report: a cancelled dialog, a stopped check.
    Nothing,
}

/// The runs of a project. When they arrive, another one may be open.
pub struct ProjectRuns {
    /// The project's folder.
    pub root: PathBuf,
    /// Its runs, newest first.
    pub runs: Vec<RunEntry>,
}

impl ProjectRuns {
    /// Lists them.
    pub fn of(root: &Path) -> Self {
        Self { root: root.to_owned(), runs: run_list::of_project(root) }
    }
}

/// A project with its labels.
pub struct Opened {
    /// The project.
    pub project: Project,
    /// Its journal, open for writing.
    pub journal: Journal,
    /// The labels in the journal.
    pub replay: Replay,
    /// Folder for new runs.
    pub runs_home: PathBuf,
    /// Existing runs, newest first.
    pub runs: Vec<RunEntry>,
    /// The cut of its scenes into patches, if that is to be offered.
    pub offer: Option<Offer>,
}

/// Starts jobs and collects their outcomes.
pub struct Jobs {
    sender: Sender<JobOutcome>,
    done: Receiver<JobOutcome>,
    waker: Waker,
}

impl Jobs {
    /// Wakes the window with `waker` when a job ends.
    pub fn new(waker: Waker) -> Self {
        let (sender, done) = crossbeam_channel::bounded(64);
        Self { sender, done, waker }
    }

    /// The next outcome, if there is one.
    pub fn poll(&self) -> Option<JobOutcome> {
        self.done.try_recv().ok()
    }

    /// Runs `work` on a named thread.
    pub fn spawn(&self, name: &str, work: impl FnOnce() -> JobOutcome + Send + 'static) -> std::io::Result<()> {
        let (sender, waker, what) = (self.sender.clone(), self.waker.clone(), name.to_owned());
        let body = move || {
            let done = panic::caught(work).unwrap_or_else(|why| {
                let notice = Notice::new(format!("The window's '{what}' thread failed")).cause(why);
                JobOutcome::Failed(
                    notice.remedy("Try again; if it fails again, report it with Help > Copy diagnostics"),
                )
            });
            sender.send(done).ok(); // Fails only once the window is gone.
            waker();
        };
        std::thread::Builder::new().name(name.to_owned()).spawn(body).map(|_| ())
    }

    /// Reads a project and its labels.
    pub fn open(&self, root: PathBuf) -> std::io::Result<()> {
        self.spawn("open project", move || open_at(root, open))
    }

    /// Unpacks the demo project into the user data folder and reads it.
    pub fn open_demo(&self) -> std::io::Result<()> {
        self.spawn("open demo", || {
            let Some(folder) = demo::folder() else {
                let why = "this system has no user data folder. Open data/demo of the source distribution instead";
                return JobOutcome::OpenFailed(PathBuf::from("demo"), why.to_owned());
            };
            open_at(folder, |folder| open(&demo::unpack(folder)?))
        })
    }

    /// Lists the runs of a project.
    pub fn list_runs(&self, root: PathBuf) -> std::io::Result<()> {
        self.spawn("list runs", move || JobOutcome::Runs(ProjectRuns::of(&root)))
    }

    /// Checks all masks of a project.
    pub fn check(&self, project: Project, config: RunConfig, progress: Arc<JobProgress>) -> std::io::Result<()> {
        self.spawn("check", move || {
            let root = project.root.clone();
            let report = check_masks(project, &config, &progress);
            report.map_or(JobOutcome::Nothing, |report| JobOutcome::Checked(root, report))
        })
    }

    /// Asks for a folder and turns it into an action with `then`. The dialog is created on this thread and awaited on
    /// the job's. If the desktop has no folder dialog, `instead` is shown.
    pub fn pick_folder(
        &self,
        title: &str,
        start: Option<&Path>,
        then: impl FnOnce(PathBuf) -> UiAction + Send + 'static,
        instead: Dialog,
    ) -> std::io::Result<()> {
        let mut dialog = rfd::AsyncFileDialog::new().set_title(title);
        if let Some(start) = start {
            dialog = dialog.set_directory(start);
        }
        self.await_dialog(dialog.pick_folder(), then, instead)
    }

    /// Waits for the choice in a dialog of the desktop and turns it into an action with `then`. If the desktop has no such dialog,
    /// `instead` is shown.
    pub fn await_dialog(
        &self,
        picked: impl Future<Output = Option<rfd::FileHandle>> + Send + 'static,
        then: impl FnOnce(PathBuf) -> UiAction + Send + 'static,
        instead: Dialog,
    ) -> std::io::Result<()> {
        let asked = Instant::now();
        self.spawn("file dialog", move || match pollster::block_on(picked) {
            Some(chosen) => JobOutcome::Picked(then(chosen.path().to_path_buf())),
            None if asked.elapsed() < NEVER_SHOWN => JobOutcome::NoFolderDialog(instead),
            None => JobOutcome::Nothing,
        })
    }
}

/// Opens a project by a folder. Also a fault of the program says that it could not be opened, which is waited for.
fn open_at(folder: PathBuf, open: impl FnOnce(&Path) -> anyhow::Result<Opened>) -> JobOutcome {
    let opened = panic::caught(|| open(&folder).map_err(|error| format!("{error:#}")));
    match opened.unwrap_or_else(Err) {
        Ok(opened) => JobOutcome::Opened(Box::new(opened)),
        Err(why) => JobOutcome::OpenFailed(folder, why),
    }
}

fn open(root: &Path) -> anyhow::Result<Opened> {
    let project = Project::open(root)?;
    let (journal, replay) = Journal::open(&project)?;
    if let Err(error) = project.keep_class_order() {
        log::debug!("{error}"); // A read-only folder keeps its class order until files are added.
    }
    let (runs_home, runs) = (run_list::home(root), run_list::of_project(root));
    let offer = Offer::of(&project);
    Ok(Opened { project, journal, replay, runs_home, runs, offer })
}

/// Checks every mask; `None` if it was stopped.
fn check_masks(project: Project, config: &RunConfig, progress: &JobProgress) -> Option<CheckReport> {
    let check = Check::new(project, config, |done, total| progress.note(done, total))?;
    Some(CheckReport {
        summary: check.summary(),
        findings: check.findings(),
        readings: check.encodings_line(),
        warning: check.warning(),
    })
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    fn wait(jobs: &Jobs) -> JobOutcome {
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
        jobs.spawn("test job", || panic!("test panic")).unwrap();
        let JobOutcome::Failed(notice) = wait(&jobs) else { panic!("expected a failure") };
        let text = notice.to_string();
        assert!(text.contains("test job") && text.contains("test panic"), "{text}");
    }

    #[test]
    fn a_fault_while_a_project_is_opened_says_that_it_was_not() {
        let outcome = open_at(PathBuf::from("/p"), |_| panic!("test panic"));
        let JobOutcome::OpenFailed(path, why) = outcome else { panic!("expected a failure") };
        assert_eq!((path.as_path(), why.as_str()), (Path::new("/p"), "test panic"));
    }

    #[test]
    fn a_missing_folder_is_named() {
        let jobs = Jobs::new(Arc::new(|| ()));
        jobs.open(PathBuf::from("/no/such/folder")).unwrap();
        let JobOutcome::OpenFailed(path, text) = wait(&jobs) else { panic!("expected a failure") };
        assert_eq!(path, Path::new("/no/such/folder"));
        assert!(text.contains("/no/such/folder"), "{text}");
    }
}
