//! Where the label journal of a project lies.

use std::path::{Path, PathBuf};

use crate::data::files::own_folder;
use crate::domain::hash;

/// File name of the journal.
pub(crate) const FILE: &str = "labels.jsonl";

/// The journal of a project: `.pointillist/labels.jsonl` in its folder or, if that is not writable, in the user's data folder
/// under a name derived from the project's path.
pub(crate) fn of(project_root: &Path) -> PathBuf {
    let folder = own_folder::of(project_root);
    let existing = if folder.is_dir() { folder.as_path() } else { project_root };
    // An unnamed temporary file proves that the folder is writable and leaves nothing behind.
    let writable = tempfile::tempfile_in(existing).is_ok();
    let elsewhere = if writable { None } else { outside(project_root) };
    elsewhere.unwrap_or_else(|| inside(project_root))
}

/// The journal in the project's folder.
pub(crate) fn inside(project_root: &Path) -> PathBuf {
    own_folder::of(project_root).join(FILE)
}

/// The journal in the user's data folder, if the system has one.
pub(crate) fn outside(project_root: &Path) -> Option<PathBuf> {
    let home = directories::ProjectDirs::from("", "", "pointillist")?;
    let canonical = project_root.canonicalize().unwrap_or_else(|_| project_root.to_owned());
    let name = canonical.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let key = hash::key(0, &canonical.to_string_lossy());
    Some(home.data_dir().join("labels").join(format!("{name}-{key:016x}")).join(FILE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_read_only_folder_has_its_journal_elsewhere() {
        // A folder that does not exist cannot be written either, whoever runs the test.
        let elsewhere = of(Path::new("/nowhere/at all"));
        assert!(elsewhere.ends_with(FILE) && !elsewhere.starts_with("/nowhere"), "{elsewhere:?}");
        let here = tempfile::tempdir().expect("a temporary folder");
        assert_eq!(of(here.path()), inside(here.path()));
    }
}
