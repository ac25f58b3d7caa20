//! `check`: reports what a folder contains, before any training.

use std::process::ExitCode;

use super::args::CheckArgs;
use super::out;
use crate::data::Project;
use crate::domain::RunConfig;
use crate::train::check::Check;

pub(super) fn run(args: &CheckArgs) -> anyhow::Result<ExitCode> {
    let project = Project::open(&args.data)?;
    let check = Check::new(project, &RunConfig::default(), |_, _| true);
    let check = check.ok_or_else(|| anyhow::anyhow!("the check was cancelled"))?;
    if args.json {
        out::line(&serde_json::to_string_pretty(&check.json())?);
    } else {
        check.lines().iter().for_each(|line| out::line(line));
    }
    Ok(ExitCode::SUCCESS)
}
