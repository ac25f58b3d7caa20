//! Opening the project of a run.

use std::path::Path;

use super::outbox::Outbox;
use super::preparation::Preparation;
use super::run_plan::RunPlan;
use crate::data::Project;
use crate::domain::{Notice, RunConfig};

/// Tiles that cannot be used are named one by one up to this number.
const MAX_NAMED: usize = 5;
/// Up to this number of validation tiles are read before the run: with so few, an unreadable one could leave the run
/// without a score.
const MAX_READ: usize = 8;

/// Opens a project and reports what was noticed.
pub(super) fn open(root: &Path, outbox: &Outbox) -> anyhow::Result<Project> {
    let project = Project::open(root)?;
    project.told().for_each(|note| outbox.info(note));
    project.doubt().into_iter().for_each(|doubt| outbox.warn(doubt));
    let faults: Vec<_> = project.tiles.iter().filter_map(|tile| tile.fault.as_deref().map(|f| (&tile.id, f))).collect();
    for (id, fault) in faults.iter().take(MAX_NAMED) {
        outbox.warn(Notice::new(format!("Tile {id} cannot be used")).cause(*fault));
    }
    if faults.len() > MAX_NAMED {
        outbox.warn(format!("{} more tiles cannot be used", faults.len() - MAX_NAMED));
    }
    Ok(project)
}

/// Plans a run whose validation tiles can be read. Unreadable ones are marked as faulty and replaced.
pub(super) fn plan(
    mut project: Project,
    config: &RunConfig,
    preparation: &mut Preparation<'_>,
) -> anyhow::Result<RunPlan> {
    loop {
        let plan = RunPlan::new(project.clone(), config.clone())?;
        let faults = unreadable(&plan, preparation)?;
        if faults.is_empty() {
            return Ok(plan);
        }
        for (index, fault) in faults {
            let headline = format!("Tile {} is left out and does not validate", project.tiles[index].id);
            preparation.outbox.warn(Notice::new(headline).cause(fault.as_str()));
            project.tiles[index].fault = Some(fault);
        }
    }
}

/// The validation tiles that cannot be read, with the reason. Not looked for if there are many.
fn unreadable(plan: &RunPlan, preparation: &mut Preparation<'_>) -> anyhow::Result<Vec<(usize, String)>> {
    let mut faults = Vec::new();
    if plan.val.len() > MAX_READ {
        return Ok(faults);
    }
    for (done, &index) in plan.val.iter().enumerate() {
        preparation.check()?;
        preparation.announce("reading the validation tiles", done, plan.val.len());
        let tile = &plan.project.tiles[index];
        let read = plan.project.read_image(tile).and_then(|_| plan.project.read_mask(tile));
        faults.extend(read.err().map(|error| (index, error.to_string())));
    }
    Ok(faults)
}
