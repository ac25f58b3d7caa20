//! `doctor`: prints what a bug report needs.

use std::process::ExitCode;

use super::out;

pub(super) fn run() -> anyhow::Result<ExitCode> {
    crate::engine::diagnostics::report().lines().for_each(out::line);
    Ok(ExitCode::SUCCESS)
}
