//! Edits of a class list: what becomes of each class, and of its labels and mask pixels.

use crate::domain::{ClassDef, Classes};

/// What becomes of a class in an edit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Kept at this index of the new list, perhaps with another name or colour. Labels and mask pixels stay with it.
    Kept(u8),
    /// Merged into the class at this index of the new list, with its labels and mask pixels.
    Merged(u8),
    /// Removed; its mask pixels count as unlabelled. Its labels stay in the journal unused.
    Unlabelled,
    /// Removed; its mask pixels match no class, which is reported. Its labels stay in the journal unused.
    Deleted,
}

/// An edited class list.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassEdits {
    /// The new classes.
    pub classes: Classes,
    /// What becomes of each old class, in the old order.
    pub fates: Vec<Fate>,
}

impl ClassEdits {
    /// Infers edits from two lists: a class is kept by name or, if its name is gone, by index.
    pub fn between(old: &Classes, classes: Classes) -> Self {
        let place = |name: &str| classes.iter().position(|class| class.name == name);
        let is_new = |index: usize| {
            classes.get(index as u8).is_some_and(|class| old.iter().all(|before| before.name != class.name))
        };
        let fate = |(index, class): (usize, &ClassDef)| {
            let at = place(&class.name).or_else(|| is_new(index).then_some(index));
            at.map_or(Fate::Deleted, |at| Fate::Kept(at as u8))
        };
        let fates = old.iter().enumerate().map(fate).collect();
        Self { classes, fates }
    }

    /// Whether every class keeps its index, so that labels in memory stay valid.
    pub fn keep_indices(&self) -> bool {
        self.fates.iter().enumerate().all(|(index, fate)| *fate == Fate::Kept(index as u8))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::classes::palette::example_classes as classes;

    #[test]
    fn inferred_edits_match_by_name_and_then_by_index() {
        let old = classes(&["a", "b"]);
        let fates = |names: &[&str]| ClassEdits::between(&old, classes(names)).fates;
        assert_eq!(fates(&["b", "a"]), [Fate::Kept(1), Fate::Kept(0)]);
        assert_eq!(fates(&["a", "x"]), [Fate::Kept(0), Fate::Kept(1)]);
        assert_eq!(fates(&["b", "x"]), [Fate::Deleted, Fate::Kept(0)]);
        assert!(ClassEdits::between(&old, classes(&["a", "x", "c"])).keep_indices());
    }
}
