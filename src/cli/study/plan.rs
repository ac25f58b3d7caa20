//! `study plan`: prints a built-in plan.

use std::process::ExitCode;

use super::args::PlanArgs;
use crate::cli::out;

pub(super) fn run(args: &PlanArgs) -> ExitCode {
    let data = args.data.as_ref().map(|data| std::path::absolute(data).unwrap_or_else(|_| data.clone()));
    out::line(args.name.text_for(data.as_deref()).trim_end());
    ExitCode::SUCCESS
}
