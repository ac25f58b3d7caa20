//! `study report`: the tables, figures and report of a study.

use std::process::ExitCode;

use super::args::ReportArgs;
use super::status::overview;
use crate::cli::out;
use crate::data::DataError;
use crate::data::files::write;
use crate::study::compare::texts;
use crate::study::folder::StudyFolder;
use crate::study::overview::Overview;
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
    keep(&folder, &overview, &text, &report::csv(&rows))?;
    let printed = match args.output.format {
        TableFormat::Markdown => text,
        TableFormat::Csv => report::csv(&rows),
        TableFormat::Latex => texts::of(&comparison, TableFormat::Latex),
    };
    out::line(printed.trim_end());
    args.output.write(&comparison)?;
    Ok(ExitCode::SUCCESS)
}

/// Writes the tables to the study's folder. An empty one does not replace that of runs which count no more.
fn keep(folder: &StudyFolder, overview: &Overview, text: &str, csv: &str) -> Result<(), DataError> {
    let (tables, sheet) = (folder.root.join("report.md"), folder.root.join("report.csv"));
    if overview.count("done") == 0 && overview.others > 0 && tables.exists() {
        out::error(&format!("[WARNING] {} is kept as it is: no run of the plan is done", tables.display()));
        return Ok(());
    }
    if folder.root.is_dir() {
        write::atomically(&tables, text.as_bytes())?;
        write::atomically(&sheet, csv.as_bytes())?;
    }
    Ok(())
}
