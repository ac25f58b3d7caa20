//! Opens a project for which `--ignore` may name the classes to ignore.

use std::path::Path;

use crate::data::Project;
use crate::domain::RunConfig;
use crate::engine::refusal::Refusal;

/// The project, with the classes that are ignored marked so.
///
/// # Errors
/// If it cannot be opened, if a name is no class, or if fewer than two classes are left.
pub(super) fn open(folder: &Path, ignore: Option<&Vec<String>>) -> anyhow::Result<Project> {
    let config = RunConfig { ignore: ignore.cloned(), ..RunConfig::default() };
    let mut project = Project::open(folder)?;
    let problems = config.problems(&project.classes);
    if !problems.is_empty() {
        return Err(Refusal::of_start(&problems).into());
    }
    config.mark_ignored(&mut project.classes);
    Ok(project)
}
