//! The classes of a project and how mask files encode them.

use crate::domain::class::ClassError;
use crate::domain::{ClassDef, Classes, UNLABELLED};

/// Classes with their coding in mask files. The lists are parallel to `classes`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Legend {
    /// The classes as shown in the window.
    pub(crate) classes: Classes,
    /// Colour of each class in mask files.
    pub(crate) mask_colors: Vec<[u8; 3]>,
    /// Listed value of each class in mask files; `None` if values are not listed.
    pub(crate) values: Vec<Option<u16>>,
    /// Value of each class that has no listed one: its index, unless earlier classes were removed.
    pub(crate) places: Vec<u16>,
    /// Further mask colours of each class, from classes merged into it.
    pub(crate) also_colors: Vec<Vec<[u8; 3]>>,
    /// Further mask values of each class.
    pub(crate) also_values: Vec<Vec<u16>>,
    /// Earlier names of each class, under which labels may be stored.
    pub(crate) was: Vec<Vec<String>>,
    /// Mask colours that mean "unlabelled".
    pub(crate) unlabelled: Vec<[u8; 3]>,
    /// Mask values that mean "unlabelled". Negative ones count from the end of the value range.
    pub(crate) ignore_values: Vec<i64>,
}

/// Mask values that mean "unlabelled" unless the class file says otherwise.
pub(crate) const IGNORE_VALUES: [i64; 2] = [255, -1];

impl Legend {
    /// A legend whose mask colours are the class colours.
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

    /// Like [`Self::of`], after validating the classes.
    pub(crate) fn new(list: Vec<ClassDef>) -> Result<Self, ClassError> {
        Classes::new(list).map(Self::of)
    }

    /// Whether mask values are listed.
    pub(crate) fn has_values(&self) -> bool {
        self.values.iter().any(Option::is_some)
    }

    /// The mask value of a class.
    pub(crate) fn value(&self, class: usize) -> u16 {
        self.values[class].unwrap_or(self.places[class])
    }

    /// Mask colours and their class indices. The first entry of a colour counts, so that a class can claim a colour that was
    /// unlabelled.
    pub(crate) fn color_table(&self) -> Vec<([u8; 3], u8)> {
        let unlabelled = self.unlabelled.iter().map(|color| (*color, UNLABELLED));
        let classes = self.mask_colors.iter().enumerate().map(|(i, color)| (*color, i as u8));
        let also = self.also_colors.iter().enumerate().flat_map(|(i, list)| list.iter().map(move |c| (*c, i as u8)));
        classes.chain(also).chain(unlabelled).collect()
    }

    /// Mask values and their class indices. The first entry of a value counts.
    pub(crate) fn value_table(&self) -> Vec<(i32, u8)> {
        let classes = (0..self.classes.len()).map(|i| (i32::from(self.value(i)), i as u8));
        let also = self.also_values.iter().enumerate();
        let also = also.flat_map(|(i, list)| list.iter().map(move |value| (i32::from(*value), i as u8)));
        // Negative values wrap as in 8- and 16-bit files. Values of classes come first and therefore win.
        let wrapped = |&v: &i64| if v < 0 { vec![v, 256 + v, 65_536 + v] } else { vec![v] };
        let ignored = self.ignore_values.iter().flat_map(wrapped).filter_map(|v| i32::try_from(v).ok());
        classes.chain(also).chain(ignored.map(|v| (v, UNLABELLED))).collect()
    }

    /// Every current and earlier class name with its class index; current names come first.
    pub(crate) fn names(&self) -> impl Iterator<Item = (&str, u8)> {
        let now = self.classes.iter().enumerate().map(|(i, class)| (class.name.as_str(), i as u8));
        let before =
            self.was.iter().enumerate().flat_map(|(i, was)| was.iter().map(move |name| (name.as_str(), i as u8)));
        now.chain(before)
    }
}
