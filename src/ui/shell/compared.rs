//! Reads runs that are compared.

use std::path::PathBuf;

use crate::data::DataError;
use crate::study::compare::{ComparedRun, Comparison, Entry};

/// These runs side by side. Differences are to the first of them.
///
/// # Errors
/// If one is no run folder, or damaged.
pub(crate) fn comparison(title: &str, runs: &[PathBuf]) -> Result<Comparison, DataError> {
    let opened: Vec<ComparedRun> = runs.iter().map(|run| ComparedRun::open(run)).collect::<Result<_, _>>()?;
    Ok(Comparison::of(title, opened.into_iter().map(Entry::from).collect()))
}
