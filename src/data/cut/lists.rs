//! The split lists beside the scenes: whether every patch that they name is there.

use super::plan::CutPlan;
use crate::data::layout::split_lists::{List, Names};

/// The lists of LandCover.ai.
const LISTS: [&str; 3] = ["train.txt", "val.txt", "test.txt"];

/// What a list names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatchList {
    /// Name of the file.
    pub file: &'static str,
    /// Patches of the scenes that it names.
    pub found: usize,
    /// The first line that names none.
    pub stranger: Option<String>,
}

/// Reads the lists of a folder as opening it does; those that are missing or unreadable are left out.
pub fn read(plan: &CutPlan) -> Vec<PatchList> {
    let folder = plan.out.file_name().unwrap_or_default().to_string_lossy();
    let files: Vec<(String, String)> = plan.patch_names().map(|name| (format!("{folder}/{name}.jpg"), name)).collect();
    let names = Names::of(files.iter().map(|(file, name)| (file.as_str(), name.as_str())));
    LISTS.into_iter().filter_map(|file| read_list(plan, file, &names)).collect()
}

fn read_list(plan: &CutPlan, file: &'static str, names: &Names) -> Option<PatchList> {
    let list = List::read(&plan.root.join(file), names).ok()?;
    Some(PatchList { file, found: list.tiles.len(), stranger: list.odd.map(|(_, line, _)| line) })
}
