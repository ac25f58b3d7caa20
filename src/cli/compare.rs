//! `compare`: runs side by side.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::ExitCode;

use super::args::CompareArgs;
use super::{no_effect, out};
use crate::domain::count::counted;
use crate::study::compare::{ComparedRun, Comparison, Entry, texts};

pub(super) fn run(args: &CompareArgs) -> anyhow::Result<ExitCode> {
    no_effect::refuse_for_comparison(&args.output)?;
    args.output.check()?;
    let mut entries = Vec::new();
    for folder in distinct(&args.runs) {
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

/// The folders, each once, however its path is written: a run beside itself would count as a seed.
fn distinct(folders: &[PathBuf]) -> Vec<&PathBuf> {
    let mut known = BTreeSet::new();
    let mut is_new = |folder: &&PathBuf| {
        let is_new = known.insert(folder.canonicalize().unwrap_or_else(|_| folder.to_path_buf()));
        if !is_new {
            out::error(&format!("[WARNING] {} is given twice: it counts once", folder.display()));
        }
        is_new
    };
    folders.iter().filter(|folder| is_new(folder)).collect()
}
