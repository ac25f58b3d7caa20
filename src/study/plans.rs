//! The plans in a folder, so that a person finds again what was put together or begun before.

use std::fs;
use std::path::{Path, PathBuf};

use super::folder::StudyFolder;
use super::plan::Plan;

/// A plan file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredPlan {
    /// The file.
    pub file: PathBuf,
    /// Name of the study: that of the file without its ending.
    pub name: String,
    /// How much of it is done, or why it cannot be read.
    pub made: Result<Made, String>,
}

/// How much of a plan is done. Runs count by their names, because whoever lists plans reads no data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Made {
    /// Runs that are done.
    pub done: usize,
    /// Runs in all.
    pub all: usize,
}

/// The plans of a folder by name, as long as `goes_on` says so. None if the folder is missing.
pub fn of(home: &Path, goes_on: &impl Fn() -> bool) -> Vec<StoredPlan> {
    let entries = fs::read_dir(home).into_iter().flatten().flatten();
    let is_plan = |file: &PathBuf| file.extension().is_some_and(|ending| ending == "toml") && file.is_file();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(is_plan).collect();
    files.sort();
    files.into_iter().take_while(|_| goes_on()).map(stored).collect()
}

fn stored(file: PathBuf) -> StoredPlan {
    let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    // Any folder will do for the data: a plan may leave them to whoever starts it.
    let made = Plan::open(&file, file.parent()).map(|plan| made(&plan)).map_err(|error| error.to_string());
    StoredPlan { file, name, made }
}

fn made(plan: &Plan) -> Made {
    let done = StudyFolder::at(&plan.home).done();
    let is_done = |name: &str| done.iter().any(|run| run.record.run == name);
    Made { done: plan.runs.iter().filter(|run| is_done(&run.name)).count(), all: plan.runs.len() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plans_are_listed_by_name_and_those_that_cannot_be_read_say_why() {
        let dir = tempfile::tempdir().unwrap();
        assert!(of(&dir.path().join("missing"), &|| true).is_empty());
        let plan = "seeds = [0, 1, 2]\n";
        for (name, text) in [("b.toml", plan), ("a.toml", "seeds = 'many'"), ("notes.txt", plan)] {
            fs::write(dir.path().join(name), text).unwrap();
        }
        fs::create_dir(dir.path().join("b")).unwrap();
        assert!(of(dir.path(), &|| false).is_empty(), "nobody waits for them any more");
        let found = of(dir.path(), &|| true);
        assert_eq!(found.iter().map(|plan| plan.name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
        assert!(found[0].made.as_ref().is_err_and(|why| why.contains("a.toml")), "{found:?}");
        assert_eq!(found[1].made, Ok(Made { done: 0, all: 3 }));
    }
}
