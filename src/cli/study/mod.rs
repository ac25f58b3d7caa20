//! `study`: plans of many runs.

pub(super) mod args;
mod plan;
mod reporter;
mod run;
mod slurm;
mod status;
mod table;

use std::process::ExitCode;

use args::{StudyArgs, StudyVerb};

pub(super) fn run(args: &StudyArgs) -> anyhow::Result<ExitCode> {
    match &args.what {
        StudyVerb::Run(args) => run::run(args),
        StudyVerb::Status(args) => status::run(args),
        StudyVerb::Report(args) => table::run(args),
        StudyVerb::Plan(args) => Ok(plan::run(args)),
        StudyVerb::Slurm(args) => slurm::run(args),
    }
}
