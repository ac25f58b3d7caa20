//! The classes of a dataset: names, colours, and which of them are ignored.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Maximum number of classes of a project: indices must stay below [`super::UNLABELLED`].
pub const MAX_CLASSES: usize = 254;

/// One land-cover class. Its index is its position in [`Classes`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassDef {
    /// Name as the dataset spells it, unique in the project.
    pub name: String,
    /// sRGB colour, unique in the project.
    pub color: [u8; 3],
    /// Ignored classes are left out of loss and scores (DeepGlobe's `unknown`).
    #[serde(default)]
    pub ignored: bool,
}

/// The classes of a project, in index order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Classes(Vec<ClassDef>);

/// A class list that cannot be used.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum ClassError {
    /// Fewer than two scored classes.
    #[error(
        "a project needs at least 2 classes that are not ignored, this one has {0}: add classes to pointillist.toml"
    )]
    TooFew(usize),
    /// An index would collide with the unlabelled value.
    #[error("{0} classes are too many: a mask of 8-bit indices holds at most {MAX_CLASSES}")]
    TooMany(usize),
    /// Two classes share a name or a colour.
    #[error("classes '{0}' and '{1}' share a {2}: give each its own")]
    Duplicate(String, String, &'static str),
}

impl Classes {
    /// Validates the list: at least two scored classes, at most [`MAX_CLASSES`], distinct names and colours.
    pub fn new(list: Vec<ClassDef>) -> Result<Self, ClassError> {
        if list.len() > MAX_CLASSES {
            return Err(ClassError::TooMany(list.len()));
        }
        for (i, a) in list.iter().enumerate() {
            for b in &list[..i] {
                if a.name == b.name {
                    return Err(ClassError::Duplicate(b.name.clone(), a.name.clone(), "name"));
                }
                if a.color == b.color {
                    return Err(ClassError::Duplicate(b.name.clone(), a.name.clone(), "colour"));
                }
            }
        }
        let scored = list.iter().filter(|class| !class.ignored).count();
        if scored < 2 {
            return Err(ClassError::TooFew(scored));
        }
        Ok(Self(list))
    }

    /// Number of classes, ignored ones included.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// True only for the default value: a list made by [`Classes::new`] holds at least two.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Classes in index order.
    pub fn as_slice(&self) -> &[ClassDef] {
        &self.0
    }

    /// Classes in index order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &ClassDef> {
        self.0.iter()
    }

    /// The class at `index`; `None` for unlabelled and out of range.
    pub fn get(&self, index: u8) -> Option<&ClassDef> {
        self.0.get(usize::from(index))
    }

    /// The name of a class; "unlabelled" if there is no such class.
    pub fn name(&self, index: u8) -> &str {
        self.get(index).map_or("unlabelled", |class| class.name.as_str())
    }

    /// Whether `index` is a class that counts in loss and scores.
    pub fn is_scored(&self, index: u8) -> bool {
        self.get(index).is_some_and(|class| !class.ignored)
    }

    /// Marks exactly the named classes as ignored. Unknown names have no effect here:
    /// [`super::RunConfig::problems`] refuses them.
    pub fn ignore_only(&mut self, names: &[String]) {
        for class in &mut self.0 {
            class.ignored = names.contains(&class.name);
        }
    }

    /// Index of the class with exactly this colour.
    pub fn index_of_color(&self, color: [u8; 3]) -> Option<u8> {
        self.0.iter().position(|class| class.color == color).map(|i| i as u8)
    }

    /// The seven classes of DeepGlobe land cover, `unknown` ignored.
    pub fn deepglobe() -> Self {
        let table: [(&str, [u8; 3]); 7] = [
            ("urban_land", [0, 255, 255]),
            ("agriculture_land", [255, 255, 0]),
            ("rangeland", [255, 0, 255]),
            ("forest_land", [0, 255, 0]),
            ("water", [0, 0, 255]),
            ("barren_land", [255, 255, 255]),
            ("unknown", [0, 0, 0]),
        ];
        Self(
            table
                .into_iter()
                .map(|(name, color)| ClassDef { name: name.to_owned(), color, ignored: name == "unknown" })
                .collect(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(name: &str, color: [u8; 3]) -> ClassDef {
        ClassDef { name: name.to_owned(), color, ignored: false }
    }

    #[test]
    fn deepglobe_ignores_only_unknown() {
        let classes = Classes::deepglobe();
        assert_eq!(classes.len(), 7);
        assert!(classes.is_scored(5));
        assert!(!classes.is_scored(6));
        assert!(!classes.is_scored(255));
        assert_eq!(classes.index_of_color([0, 0, 255]), Some(4));
        assert_eq!(Classes::new(classes.iter().cloned().collect()).as_ref(), Ok(&classes));
    }

    #[test]
    fn duplicates_and_single_classes_are_refused() {
        assert_eq!(Classes::new(vec![class("a", [1, 1, 1])]), Err(ClassError::TooFew(1)));
        let same_color = Classes::new(vec![class("a", [1, 1, 1]), class("b", [1, 1, 1])]);
        assert_eq!(same_color, Err(ClassError::Duplicate("a".into(), "b".into(), "colour")));
        let same_name = Classes::new(vec![class("a", [1, 1, 1]), class("a", [2, 1, 1])]);
        assert_eq!(same_name, Err(ClassError::Duplicate("a".into(), "a".into(), "name")));
    }

    #[test]
    fn ignoring_by_name_replaces_what_was_ignored() {
        let mut classes = Classes::deepglobe();
        classes.ignore_only(&["water".to_owned(), "lava".to_owned()]);
        let ignored: Vec<&str> =
            classes.iter().filter(|class| class.ignored).map(|class| class.name.as_str()).collect();
        assert_eq!(ignored, ["water"]);
    }
}
