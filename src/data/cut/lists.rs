//! The split lists beside the scenes: whether every patch that they name is there.

use std::collections::HashSet;

use super::plan::CutPlan;
use crate::data::files::text;

/// The lists of LandCover.ai.
const LISTS: [&str; 3] = ["train.txt", "val.txt", "test.txt"];

/// What a list names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatchList {
    /// Name of the file.
    pub file: &'static str,
    /// Lines that name a patch of the scenes.
    pub found: usize,
    /// The first line that names none.
    pub stranger: Option<String>,
}

/// Reads the lists of a folder; those that are missing or unreadable are left out.
pub fn read(plan: &CutPlan) -> Vec<PatchList> {
    let names: HashSet<String> = plan.patch_names().collect();
    LISTS.into_iter().filter_map(|file| read_list(plan, file, &names)).collect()
}

fn read_list(plan: &CutPlan, file: &'static str, names: &HashSet<String>) -> Option<PatchList> {
    let text = text::read(&plan.root.join(file)).ok()?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let (known, strange): (Vec<&str>, Vec<&str>) = lines.partition(|line| names.contains(*line));
    Some(PatchList { file, found: known.len(), stranger: strange.first().map(|line| (*line).to_owned()) })
}
