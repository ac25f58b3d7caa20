//! From the command to go on with a run to a run that takes its next step: read where it stood, open what it needs, begin.
//!
//! On the CPU and with unchanged labels a run that was stopped or killed, and is resumed, equals one that never was, bit for bit.

use std::path::PathBuf;

use super::device::Devices;
use super::kept_split;
use super::opened_run::{Beginning, OpenedRun};
use super::preparation::Preparation;
use super::progress::{Progress, SavedState};
use super::project;
use super::protocol::Outcome;
use super::refusal::{Refusal, Unresumable};
use super::run::Run;
use super::run_history::RunHistory;
use super::run_plan::RunPlan;
use crate::data::Project;
use crate::domain::checkpoint::Checkpoint;
use crate::domain::config::Length;
use crate::domain::{Choice as _, Classes, Notice, RunConfig};
use crate::infer::Predictor;
use crate::train::folder::{Claim, FinishedRun};

/// What is to be resumed.
pub(super) struct Resumption {
    /// The run folder.
    pub(super) folder: PathBuf,
    /// The project to learn from; the run's own if absent.
    pub(super) data: Option<PathBuf>,
    /// Epochs to add.
    pub(super) more_epochs: u32,
    /// The learning rate of the next step; the one it had if absent.
    pub(super) lr: Option<f64>,
}

impl Resumption {
    fn refuse_rate(&self) -> Result<(), Refusal> {
        match self.lr {
            Some(lr) if !(lr.is_finite() && lr > 0.0) => {
                let notice = Notice::new(format!("A learning rate of {lr} cannot be used"));
                Err(Refusal(notice.remedy("Choose one above 0, such as 0.001")))
            }
            Some(_) | None => Ok(()),
        }
    }
}

/// Goes on with a run in its folder.
pub(super) fn resume(
    asked: &Resumption,
    devices: &mut Devices,
    preparation: &mut Preparation<'_>,
) -> anyhow::Result<(Run, Predictor)> {
    let outbox = preparation.outbox;
    preparation.announce("opening the run", 0, 0);
    asked.refuse_rate()?;
    FinishedRun::open(&asked.folder).map_err(Unresumable::of)?; // No lock is left in a folder that is not that of a run.
    let claim = Claim::take(&asked.folder)?;
    let mut run = FinishedRun::open(&asked.folder).map_err(Unresumable::of)?; // What was read before may be out of date.
    run.notes.iter().for_each(|note| outbox.warn(note.as_str()));
    let (history, _) = RunHistory::read(&run);
    let mut saved = saved(&run, &history)?;
    run.config.train.length = length(&run, &history, saved.as_ref(), asked.more_epochs)?;
    if let Some(saved) = saved.as_mut().filter(|_| asked.more_epochs > 0) {
        saved.progress.lengthened();
    }
    match (saved.as_mut(), asked.lr) {
        (Some(saved), Some(lr)) => saved.progress.set_learning_rate(&run.config.train, lr),
        (None, Some(lr)) => run.config.train.lr = lr, // Nothing else would know it if the run is killed before its first save.
        (_, None) => {}
    }
    let stored = Box::new(run.config.clone());
    let config =
        RunConfig { data: asked.data.clone().unwrap_or_else(|| run.config.data.clone()), ..run.config.clone() };
    preparation.announce("opening the project", 0, 0);
    let project = project::open(&config.data, outbox)?;
    preparation.check()?;
    refuse_other_classes(&project, &run.classes)?;
    let mut plan = project::plan(project, &config, preparation)?;
    let progress = saved.as_ref().map(|saved| saved.progress.clone());
    if let Some(progress) = &progress {
        kept_split::keep(&mut plan, &run.split().map_err(Unresumable::of)?, &progress.left_out)?;
    }
    let beginning = Beginning::Resumed { claim, stored, saved: saved.map(Box::new) };
    let (opened, predictor) = OpenedRun::open(&plan, &asked.folder, beginning, devices, preparation)?;
    let mut resumed = match progress {
        Some(progress) => go_on(opened, progress, preparation),
        None => start_again(opened, &mut plan, preparation),
    };
    if let Some(lr) = asked.lr {
        resumed.set_learning_rate(lr, outbox);
    }
    resumed.announce_start(Some(RunHistory::read(&run).0), outbox);
    Ok((resumed, predictor))
}

/// Where the run was saved last; `None` if it has nothing to lose by starting again.
fn saved(run: &FinishedRun, history: &RunHistory) -> anyhow::Result<Option<SavedState>> {
    let refuse = |cause: &str, remedy: &str| {
        Err(Unresumable(Notice::new("The run cannot be resumed").cause(cause).remedy(remedy)).into())
    };
    if run.is_quick() {
        return refuse("it is a quick head, which learns anew from your clicks each time", "Save the quick map again");
    }
    if let Some((mut progress, trainer)) = run.state::<Progress>().map_err(Unresumable::of)? {
        if let Some(problem) = progress.problem(&run.config.train) {
            let cause = format!("its last.state is damaged: it has {problem}");
            return refuse(&cause, "Start a new run from its weights (--init-from)");
        }
        progress.adopt_best(history.metrics());
        return Ok(Some(SavedState { progress, trainer }));
    }
    if Checkpoint::ALL.iter().any(|which| run.has(*which)) {
        let cause =
            "it has checkpoints, but no last.state: an earlier version or an import made it, or the file was removed";
        return refuse(cause, "Start a new run from its weights (--init-from)");
    }
    Ok(None)
}

/// How long the run is to be: as long as it was planned, and so many epochs more. Epochs that are added to a run that is over count from
/// its end.
fn length(
    run: &FinishedRun,
    history: &RunHistory,
    saved: Option<&SavedState>,
    more_epochs: u32,
) -> Result<Length, Refusal> {
    let planned = run.config.train.length;
    let Some(SavedState { progress, .. }) = saved else {
        let notice = || Notice::new("The run cannot be continued").cause("it ended before its first checkpoint");
        return if more_epochs == 0 {
            Ok(planned)
        } else {
            Err(Refusal(notice().remedy("Resume it without more epochs")))
        };
    };
    let (step, per_epoch) = (progress.step, progress.steps_per_epoch);
    let is_over = match history.summary.as_ref().map(|summary| summary.outcome) {
        Some(Outcome::Completed) => step >= planned.steps(per_epoch),
        // One whose last state could not be written has its end before it again.
        Some(Outcome::Early) => history.summary.as_ref().is_none_or(|summary| summary.unsaved.is_none()),
        Some(Outcome::Imported) => true,
        Some(Outcome::Stopped | Outcome::Failed) | None => false,
    };
    if is_over && more_epochs == 0 {
        let notice = Notice::new(format!("The run is complete: it has ended after step {step}"));
        return Err(Refusal(notice.remedy("Continue it for some epochs more (--more-epochs 10)")));
    }
    let base = if is_over { step } else { planned.steps(per_epoch) };
    Ok(planned.with_steps(base.saturating_add(u64::from(more_epochs) * per_epoch), per_epoch))
}

/// The outputs of the network stand for the classes the run began with.
fn refuse_other_classes(project: &Project, classes: &Classes) -> Result<(), Unresumable> {
    let names = |classes: &Classes| classes.iter().map(|class| class.name.clone()).collect::<Vec<_>>();
    let (here, of_run) = (names(&project.classes), names(classes));
    if here == of_run {
        return Ok(());
    }
    let cause = format!("its classes are {}, those of the project {}", of_run.join(", "), here.join(", "));
    Err(Unresumable(
        Notice::new("The run cannot be resumed")
            .cause(cause)
            .remedy("Restore the classes, or start a new run from its weights (--init-from)"),
    ))
}

fn go_on(opened: OpenedRun, progress: Progress, preparation: &Preparation<'_>) -> Run {
    let has_new_labels = progress.labels != opened.learner.fingerprint();
    let (step, total) = (progress.step, opened.info.total_steps);
    let mut run = Run::resumed(opened, progress, has_new_labels);
    run.inform(preparation.outbox, format!("Resumed at step {step} of {total}"));
    if has_new_labels {
        let text = "The labels have changed since: the run learns from those there are now";
        run.inform(preparation.outbox, text.to_owned());
    }
    run
}

fn start_again(opened: OpenedRun, plan: &mut RunPlan, preparation: &Preparation<'_>) -> Run {
    let mut run = Run::new(opened);
    run.inform(preparation.outbox, "The run starts again: it had no checkpoint yet".to_owned());
    std::mem::take(&mut plan.notes).into_iter().for_each(|note| run.inform(preparation.outbox, note));
    plan.warning.take().into_iter().for_each(|warning| run.warn(preparation.outbox, warning));
    run
}

#[cfg(test)]
mod tests;
