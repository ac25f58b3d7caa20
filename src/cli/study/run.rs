//! `study run`: works off a plan.

use std::process::ExitCode;
use std::sync::Arc;

use super::args::RunArgs;
use super::reporter::{self, Reporter};
use crate::cli::progress::bar;
use crate::cli::{interrupt, out};
use crate::engine::EngineHandle;
use crate::study::folder::StudyFolder;
use crate::study::key::RunKey;
use crate::study::keys;
use crate::study::overview::Overview;
use crate::study::plan::{Plan, Projects};
use crate::study::queue::{Queue, Tally};
use crate::study::startable;

pub(super) fn run(args: &RunArgs) -> anyhow::Result<ExitCode> {
    let (plan, folder) = args.study.open()?;
    let engine = EngineHandle::start(Arc::new(|| {}))?; // Before projects are opened: it sets the priority of the thread pool.
    let projects = plan.projects()?;
    folder.create(&plan)?;
    interrupt::on_first(engine.stopper())?;
    let Some(keys) = read_data(&plan, &projects, &folder, args.quiet)? else {
        out::line("Stopped while the data were read. The same command goes on");
        return Ok(ExitCode::from(interrupt::CODE));
    };
    let (shard, device, waits) = (args.shard, args.device(), !args.no_wait);
    let before = Overview::of(&plan, Some(&keys), &folder);
    let told = [before.uncounted(), startable::check(&plan, &before, device.as_ref())?];
    told.iter().flatten().for_each(|told| out::error(&format!("[WARNING] {told}")));
    let queue = Queue { plan: &plan, keys: &keys, folder: &folder, shard, device, waits };
    let mut reporter = Reporter::new(&plan, &keys, &folder, args.quiet);
    let tally = queue.work(&engine, &interrupt::asked, &mut |news| reporter.take(news))?;
    let overview = Overview::of(&plan, Some(&keys), &folder);
    out::line(&closing(&tally, &overview, &folder));
    Ok(code(&tally, &overview))
}

/// Success is a study of which every run is done or, without waiting, in progress elsewhere.
fn code(tally: &Tally, overview: &Overview) -> ExitCode {
    match overview.count("failed") + overview.count("waiting") {
        _ if tally.stopped => ExitCode::from(interrupt::CODE),
        0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

/// The keys of the runs, for which all data are read once; `None` if Ctrl-C was pressed.
pub(super) fn read_data(
    plan: &Plan,
    projects: &Projects,
    folder: &StudyFolder,
    quiet: bool,
) -> anyhow::Result<Option<Vec<RunKey>>> {
    let bar = bar(quiet);
    bar.set_prefix("reading the data");
    let keys = keys::of_plan(plan, projects, &mut folder.hashes(), &|done, total| {
        bar.set_length(total as u64);
        bar.set_position(done as u64);
        !interrupt::asked()
    });
    bar.finish_and_clear();
    keys
}

fn closing(tally: &Tally, overview: &Overview, folder: &StudyFolder) -> String {
    let standing = reporter::standing(overview);
    let place = folder.root.display();
    if tally.stopped {
        return format!("Stopped: {standing}. The same command goes on, also with the run in progress: {place}");
    }
    let failed = match overview.count("failed") {
        0 => "",
        _ => "Runs that failed are tried again by the same command. ",
    };
    format!("{failed}{standing}: {place}")
}
