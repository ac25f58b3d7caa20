//! `study report`: the table of a study.

use std::process::ExitCode;

use super::args::ReportArgs;
use super::status::overview;
use crate::cli::out;
use crate::data::files::write;
use crate::study::report;

pub(super) fn run(args: &ReportArgs) -> anyhow::Result<ExitCode> {
    let (plan, folder, overview) = overview(&args.study)?;
    let text = report::markdown(&plan, &overview);
    if folder.root.is_dir() {
        write::atomically(&folder.root.join("report.md"), text.as_bytes())?;
        write::atomically(&folder.root.join("report.csv"), report::csv(&report::rows(&plan, &overview)).as_bytes())?;
    }
    out::line(text.trim_end());
    Ok(ExitCode::SUCCESS)
}
