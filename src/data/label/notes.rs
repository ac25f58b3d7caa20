//! Notes for the user about a journal.

use std::path::Path;

/// How labels without a tile are assigned to one.
const ASSIGN: &str = "Project > Labels without a tile…, or pointillist labels";

/// Labels of ids of version 1 that match several tiles.
pub(crate) fn ambiguous(ids: &[&str], journal: &Path) -> String {
    format!(
        "the labels of {} could belong to several files: they are kept but not used until they are assigned to one \
         ({ASSIGN}): {}",
        ids.join(", "),
        journal.display()
    )
}

/// Labels of `count` files that are not tiles of the project.
pub(crate) fn unlinked(count: usize, first: &str, journal: &Path) -> String {
    format!(
        "there are labels of {count} files that are not in this folder (the first is {first}): they are kept but not used \
         until they are assigned to a tile ({ASSIGN}): {}",
        journal.display()
    )
}

/// Labels are written to the project's folder and also read from `other`.
pub(crate) fn read_elsewhere(other: &Path, journal: &Path) -> String {
    let (other, new) = (other.display(), journal.display());
    format!("labels from when the project's folder was not writable are read from {other}; new ones go to {new}")
}

/// Labels are written outside the project's folder, and also read from `other`.
pub(crate) fn written_elsewhere(other: Option<&Path>, journal: &Path) -> String {
    let read = other.map(|other| format!("; those in {} are read", other.display())).unwrap_or_default();
    format!("the project's folder is not writable: new labels go to {}{read}", journal.display())
}

/// The file ends with an incomplete line.
pub(crate) fn torn(line: usize, journal: &Path) -> String {
    format!("line {line} is incomplete and is skipped: {}", journal.display())
}

/// Labels of a class that the project does not have, in these lines.
pub(crate) fn unknown_class(class: &str, lines: &[usize], journal: &Path) -> String {
    let labels = match lines {
        [line] => format!("its label in line {line} is"),
        lines => format!("its {} labels, from line {} on, are", lines.len(), lines.first().unwrap_or(&0)),
    };
    format!("there is no class '{class}' in this project: {labels} kept but not used: {}", journal.display())
}
