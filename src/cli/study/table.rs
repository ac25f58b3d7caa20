//! `study report`: the tables, figures and report of a study.

use std::process::ExitCode;

use super::args::ReportArgs;
use super::status::overview;
use crate::cli::out;
use crate::data::files::write;
use crate::study::compare::texts;
use crate::study::report;
use crate::study::table::TableFormat;

pub(super) fn run(args: &ReportArgs) -> anyhow::Result<ExitCode> {
    args.output.check()?;
    let (plan, folder, overview) = overview(&args.study)?;
    let rows = report::rows(&plan, &overview);
    let mut comparison = report::comparison(&plan, &overview);
    let shows_labels = args.output.wants_figures() || args.output.format == TableFormat::Latex;
    if shows_labels || args.output.reference.is_some() {
        args.output.prepare(&mut comparison)?;
    }
    let text = report::markdown(&plan, &rows, &comparison);
    comparison.notes.iter().for_each(|note| out::error(&format!("[WARNING] {note}")));
    if folder.root.is_dir() {
        write::atomically(&folder.root.join("report.md"), text.as_bytes())?;
        write::atomically(&folder.root.join("report.csv"), report::csv(&rows).as_bytes())?;
    }
    let printed = match args.output.format {
        TableFormat::Markdown => text,
        TableFormat::Csv => report::csv(&rows),
        TableFormat::Latex => texts::of(&comparison, TableFormat::Latex),
    };
    out::line(printed.trim_end());
    args.output.write(&comparison)?;
    Ok(ExitCode::SUCCESS)
}
