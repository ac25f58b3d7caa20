//! `compare`: runs side by side.

use std::process::ExitCode;

use super::args::CompareArgs;
use super::out;
use crate::domain::count::counted;
use crate::study::compare::{ComparedRun, Comparison, Entry, texts};

pub(super) fn run(args: &CompareArgs) -> anyhow::Result<ExitCode> {
    args.output.check()?;
    let mut entries = Vec::new();
    for folder in &args.runs {
        entries.push(Entry::from(ComparedRun::open(folder)?));
    }
    let title = args.title.clone().unwrap_or_else(|| counted(entries.len() as u64, "run"));
    let mut comparison = Comparison::of(&title, entries);
    args.output.prepare(&mut comparison)?;
    comparison.notes.iter().for_each(|note| out::error(&format!("[WARNING] {note}")));
    out::line(texts::of(&comparison, args.output.format).trim_end());
    args.output.write(&comparison)?;
    Ok(ExitCode::SUCCESS)
}
