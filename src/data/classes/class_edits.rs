//! Edits of a class list: which class goes on as which, and what labels and masks of the others stand for from then on.

use crate::domain::{ClassDef, Classes};

/// What becomes of a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It goes on at this place of the new list, perhaps with another name or colour. Labels and masks stay with it.
    Kept(u8),
    /// Its labels, and its pixels in masks, are those of the class at this place of the new list.
    Merged(u8),
    /// It is no class: its pixels in masks are unlabelled. Labels stay in the journal and are not used.
    Unlabelled,
    /// It is gone: its pixels in masks match no class, which is reported. Labels stay in the journal and are not used.
    Deleted,
}

/// An edited class list.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassEdits {
    /// The classes from now on.
    pub classes: Classes,
    /// What becomes of each class there was, in their old order.
    pub fates: Vec<Fate>,
}

impl ClassEdits {
    /// The edits that lead from one list to another, if nothing else is known of them: a class goes on by its name or, where
    /// its name is gone, at its place.
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

    /// Whether every class keeps its index, so that labels in memory stay what they are.
    pub fn keep_indices(&self) -> bool {
        self.fates.iter().enumerate().all(|(index, fate)| *fate == Fate::Kept(index as u8))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::classes::palette::palette;

    fn classes(names: &[&str]) -> Classes {
        let class = |name: &&str| {
            let color = palette(usize::from(name.as_bytes()[0]) % 20);
            ClassDef { name: (*name).to_owned(), color, ignored: false }
        };
        Classes::new(names.iter().map(class).collect()).unwrap()
    }

    #[test]
    fn edits_between_lists_go_by_name_and_then_by_place() {
        let old = classes(&["a", "b"]);
        let fates = |names: &[&str]| ClassEdits::between(&old, classes(names)).fates;
        assert_eq!(fates(&["b", "a"]), [Fate::Kept(1), Fate::Kept(0)]);
        assert_eq!(fates(&["a", "x"]), [Fate::Kept(0), Fate::Kept(1)]);
        assert_eq!(fates(&["b", "x"]), [Fate::Deleted, Fate::Kept(0)]);
        assert!(ClassEdits::between(&old, classes(&["a", "x", "c"])).keep_indices());
    }
}
