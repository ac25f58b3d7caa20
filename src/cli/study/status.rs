//! `study status`: how a study stands.

use std::process::ExitCode;

use super::args::{StatusArgs, StudyChoice};
use super::reporter::{duration, standing};
use super::run::read_data;
use crate::cli::out;
use crate::study::folder::StudyFolder;
use crate::study::overview::{Overview, RunState, RunStatus};
use crate::study::plan::Plan;

pub(super) fn run(args: &StatusArgs) -> anyhow::Result<ExitCode> {
    let (_, _, overview) = overview(&args.study)?;
    if args.json {
        out::line(&serde_json::to_string_pretty(&overview.json())?);
        return Ok(ExitCode::SUCCESS);
    }
    let width = overview.runs.iter().map(|run| run.name.chars().count()).max().unwrap_or(0);
    overview.runs.iter().for_each(|run| out::line(&line(run, width)));
    out::line(&standing(&overview));
    overview.uncounted().iter().for_each(|told| out::error(&format!("[WARNING] {told}")));
    Ok(ExitCode::SUCCESS)
}

/// The plan, its folder and how it stands. The data are read only if a run has been begun.
pub(super) fn overview(study: &StudyChoice) -> anyhow::Result<(Plan, StudyFolder, Overview)> {
    let (plan, folder) = study.open()?;
    let keys = if folder.has_begun() {
        refuse_without_data(&plan, &folder)?;
        read_data(&plan, &plan.projects()?, &folder, false)?
    } else {
        None
    };
    let overview = Overview::of(&plan, keys.as_deref(), &folder);
    Ok((plan, folder, overview))
}

/// Which runs are done is told by their data: without these there is no answer.
fn refuse_without_data(plan: &Plan, folder: &StudyFolder) -> anyhow::Result<()> {
    if let Some(run) = plan.runs.iter().find(|run| !run.config.data.exists()) {
        anyhow::bail!(
            "The tiles of this study are not here: {}. Give their folder with --data; without them, pointillist compare {}/* shows the \
             runs that are done",
            run.config.data.display(),
            folder.runs().display()
        );
    }
    Ok(())
}

fn line(run: &RunStatus, width: usize) -> String {
    let rest = match &run.state {
        RunState::Done(done) => {
            let score = done.summary.best_miou.map_or_else(|| "  –   ".to_owned(), |miou| format!("{miou:.4}"));
            format!("{score}  {}", duration(done.summary.secs))
        }
        RunState::Running(owner) => format!("by {}", owner.describe()),
        RunState::Failed(failure) => failure.why.clone(),
        RunState::Waiting => String::new(),
    };
    format!("{:width$}  {:7}  {rest}", run.name, run.state.word()).trim_end().to_owned()
}
