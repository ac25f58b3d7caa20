//! From the command to start a run to a run that takes its first step: plan it, open what it needs, begin.
//!
//! Whatever cannot work is refused on the way, with the remedy.

use std::path::Path;

use super::device::Devices;
use super::opened_run::{Beginning, OpenedRun};
use super::preparation::Preparation;
use super::project;
use super::run::Run;
use crate::domain::RunConfig;
use crate::infer::Predictor;
use crate::train::folder::RunFolder;

/// Starts a run that writes to the folder `out`. From the plan on, its configuration is the one in effect.
pub(super) fn start(
    config: &RunConfig,
    out: &Path,
    devices: &mut Devices,
    preparation: &mut Preparation<'_>,
) -> anyhow::Result<(Run, Predictor)> {
    RunFolder::refuse_occupied(out)?;
    preparation.announce("opening the project", 0, 0);
    let project = project::open(&config.data, preparation.outbox)?;
    preparation.check()?;
    let plan = project::plan(project, config, preparation)?;
    let (opened, predictor) = OpenedRun::open(&plan, out, Beginning::New, devices, preparation)?;
    let mut run = Run::new(opened);
    plan.notes.into_iter().for_each(|note| run.inform(preparation.outbox, note));
    plan.warning.into_iter().for_each(|warning| run.warn(preparation.outbox, warning));
    run.announce_start(None, preparation.outbox);
    Ok((run, predictor))
}
