//! What the pixels of mask files stand for: the classes, and the colour or value each has in the files.

use crate::domain::class::ClassError;
use crate::domain::{ClassDef, Classes, UNLABELLED};

/// Classes with their coding in mask files. Lists run parallel to `classes`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Legend {
    /// The classes as the window shows them.
    pub(crate) classes: Classes,
    /// Colour in mask files.
    pub(crate) mask_colors: Vec<[u8; 3]>,
    /// Gray value in mask files, where it is not simply the class's place.
    pub(crate) values: Vec<Option<u16>>,
    /// Gray value of a class without a `value`: its place in the list, unless classes before it went away.
    pub(crate) places: Vec<u16>,
    /// Further colours in mask files: those of classes merged into this one.
    pub(crate) also_colors: Vec<Vec<[u8; 3]>>,
    /// Further gray values in mask files.
    pub(crate) also_values: Vec<Vec<u16>>,
    /// Earlier names, under which labels may have been stored.
    pub(crate) was: Vec<Vec<String>>,
    /// Colours that mean "unlabelled".
    pub(crate) unlabelled: Vec<[u8; 3]>,
    /// Gray values that mean "unlabelled". Negative ones count from the end of the value range.
    pub(crate) ignore_values: Vec<i64>,
}

/// Gray values read as unlabelled unless a file says otherwise.
pub(crate) const IGNORE_VALUES: [i64; 2] = [255, -1];

impl Legend {
    /// Classes whose mask colours are their own colours.
    pub(crate) fn of(classes: Classes) -> Self {
        let count = classes.len();
        Self {
            mask_colors: classes.iter().map(|class| class.color).collect(),
            values: vec![None; count],
            places: (0..count as u16).collect(),
            also_colors: vec![Vec::new(); count],
            also_values: vec![Vec::new(); count],
            was: vec![Vec::new(); count],
            unlabelled: Vec::new(),
            ignore_values: IGNORE_VALUES.to_vec(),
            classes,
        }
    }

    /// Checks the classes first.
    pub(crate) fn new(list: Vec<ClassDef>) -> Result<Self, ClassError> {
        Classes::new(list).map(Self::of)
    }

    /// Whether classes have values of their own in mask files.
    pub(crate) fn has_values(&self) -> bool {
        self.values.iter().any(Option::is_some)
    }

    /// The gray value of a class in mask files.
    pub(crate) fn value(&self, class: usize) -> u16 {
        self.values[class].unwrap_or(self.places[class])
    }

    /// Colours in mask files and what they stand for; the first entry of a colour counts, so that a class can be made of one
    /// that was unlabelled.
    pub(crate) fn color_table(&self) -> Vec<([u8; 3], u8)> {
        let unlabelled = self.unlabelled.iter().map(|color| (*color, UNLABELLED));
        let classes = self.mask_colors.iter().enumerate().map(|(i, color)| (*color, i as u8));
        let also = self.also_colors.iter().enumerate().flat_map(|(i, list)| list.iter().map(move |c| (*c, i as u8)));
        classes.chain(also).chain(unlabelled).collect()
    }

    /// Values in mask files and what they stand for; the first entry of a value counts.
    pub(crate) fn value_table(&self) -> Vec<(i32, u8)> {
        let classes = (0..self.classes.len()).map(|i| (i32::from(self.value(i)), i as u8));
        let also = self.also_values.iter().enumerate();
        let also = also.flat_map(|(i, list)| list.iter().map(move |value| (i32::from(*value), i as u8)));
        // Negative values wrap as they do in 8- and in 16-bit files. A class's own value wins: it stands first.
        let wrapped = |&v: &i64| if v < 0 { vec![v, 256 + v, 65_536 + v] } else { vec![v] };
        let ignored = self.ignore_values.iter().flat_map(wrapped).filter_map(|v| i32::try_from(v).ok());
        classes.chain(also).chain(ignored.map(|v| (v, UNLABELLED))).collect()
    }

    /// Every name a class goes or went by, with its index.
    pub(crate) fn names(&self) -> impl Iterator<Item = (&str, u8)> {
        let now = self.classes.iter().enumerate().map(|(i, class)| (class.name.as_str(), i as u8));
        let before =
            self.was.iter().enumerate().flat_map(|(i, was)| was.iter().map(move |name| (name.as_str(), i as u8)));
        now.chain(before)
    }
}
