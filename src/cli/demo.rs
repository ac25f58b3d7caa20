//! `generate-demo`: generates the built-in demo scenes.

use std::process::ExitCode;

use super::args::DemoArgs;
use super::out;

pub(super) fn run(args: &DemoArgs) -> anyhow::Result<ExitCode> {
    crate::data::demo::generate(&args.out)?;
    out::line(&format!("The demo scenes are in {}", args.out.display()));
    Ok(ExitCode::SUCCESS)
}
