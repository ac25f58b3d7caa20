//! What the pixels of mask files stand for: the classes, and the colour or value each has in the files.

use super::masks::MaskCoding;
use crate::domain::class::ClassError;
use crate::domain::{ClassDef, Classes, UNLABELLED};

/// Classes with their coding in mask files. Lists run parallel to `classes`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Legend {
    /// The classes as the window shows them.
    pub(super) classes: Classes,
    /// Colour in mask files.
    pub(super) mask_colors: Vec<[u8; 3]>,
    /// Gray value in mask files, where it is not simply the class's place.
    pub(super) values: Vec<Option<u16>>,
    /// Earlier names, under which labels may have been stored.
    pub(super) was: Vec<Vec<String>>,
    /// Colours that mean "unlabelled".
    pub(super) unlabelled: Vec<[u8; 3]>,
    /// Gray values that mean "unlabelled". Negative ones count from the end of the value range.
    pub(super) ignore_values: Vec<i64>,
}

/// Gray values read as unlabelled unless a file says otherwise.
pub(super) const IGNORE_VALUES: [i64; 2] = [255, -1];

impl Legend {
    /// Classes whose mask colours are their own colours.
    pub(super) fn of(classes: Classes) -> Self {
        let count = classes.len();
        Self {
            mask_colors: classes.iter().map(|class| class.color).collect(),
            values: vec![None; count],
            was: vec![Vec::new(); count],
            unlabelled: Vec::new(),
            ignore_values: IGNORE_VALUES.to_vec(),
            classes,
        }
    }

    /// Checks the classes first.
    pub(super) fn new(list: Vec<ClassDef>) -> Result<Self, ClassError> {
        Classes::new(list).map(Self::of)
    }

    /// How masks are to be read.
    pub(super) fn coding(&self) -> MaskCoding {
        let classes = self.mask_colors.iter().enumerate().map(|(i, color)| (*color, i as u8));
        let unlabelled = self.unlabelled.iter().map(|color| (*color, UNLABELLED));
        MaskCoding {
            colors: unlabelled.chain(classes).collect(),
            values: self.value_table(),
            listed: self.values.iter().any(Option::is_some),
            ..MaskCoding::default()
        }
    }

    fn value_table(&self) -> Vec<(i32, u8)> {
        let classes = self.values.iter().enumerate();
        let classes = classes.map(|(i, value)| (value.map_or(i as i32, i32::from), i as u8));
        // Negative values wrap as they do in 8- and in 16-bit files. A class's own value wins: it stands first.
        let wrapped = |&v: &i64| if v < 0 { vec![v, 256 + v, 65_536 + v] } else { vec![v] };
        let ignored = self.ignore_values.iter().flat_map(wrapped).filter_map(|v| i32::try_from(v).ok());
        classes.chain(ignored.map(|v| (v, UNLABELLED))).collect()
    }

    /// The same coding under changed classes: a class keeps its coding by name or, if renamed, by place.
    pub(super) fn with_classes(&self, classes: Classes) -> Self {
        let mut next = Self {
            unlabelled: self.unlabelled.clone(),
            ignore_values: self.ignore_values.clone(),
            ..Self::of(classes)
        };
        let old: Vec<&str> = self.classes.iter().map(|class| class.name.as_str()).collect();
        let new: Vec<String> = next.classes.iter().map(|class| class.name.clone()).collect();
        for (i, name) in new.iter().enumerate() {
            let by_name = old.iter().position(|old| old == name);
            let renamed = (i < old.len() && !new.iter().any(|new| new == old[i])).then_some(i);
            if let Some(from) = by_name.or(renamed) {
                next.mask_colors[i] = self.mask_colors[from];
                next.values[i] = self.values[from];
                next.was[i].clone_from(&self.was[from]);
                if old[from] != name {
                    next.was[i].push(old[from].to_owned());
                }
            }
            next.was[i].retain(|was| !new.contains(was));
        }
        next
    }

    /// Every name a class goes or went by, with its index.
    pub(super) fn names(&self) -> impl Iterator<Item = (&str, u8)> {
        let now = self.classes.iter().enumerate().map(|(i, class)| (class.name.as_str(), i as u8));
        let before =
            self.was.iter().enumerate().flat_map(|(i, was)| was.iter().map(move |name| (name.as_str(), i as u8)));
        now.chain(before)
    }
}

/// Twenty colours that are told apart easily, for classes that come without one; later ones are derived.
pub(super) fn palette(index: usize) -> [u8; 3] {
    const COLORS: [u32; 20] = [
        0x4477aa, 0xee6677, 0x228833, 0xccbb44, 0x66ccee, 0xaa3377, 0xf28e2b, 0x8cd17d, 0x7f5539, 0xb6a6e9, 0x00a087,
        0xd7263d, 0x1b3a5c, 0xf7c59f, 0x9aa600, 0x5e3c99, 0xff9da7, 0x3f6f52, 0xbdb2a7, 0x3c3c3c,
    ];
    let bits =
        COLORS.get(index).copied().unwrap_or_else(|| (crate::domain::hash::mix(index as u64) as u32) | 0x0010_1010);
    [(bits >> 16) as u8, (bits >> 8) as u8, bits as u8]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn classes(names: &[&str]) -> Classes {
        let class =
            |(i, name): (usize, &&str)| ClassDef { name: (*name).to_owned(), color: palette(i), ignored: false };
        Classes::new(names.iter().enumerate().map(class).collect()).unwrap()
    }

    #[test]
    fn a_renamed_class_keeps_its_coding_and_its_labels() {
        let mut legend = Legend::of(classes(&["value 1", "value 3"]));
        legend.values = vec![Some(1), Some(3)];
        let next = legend.with_classes(classes(&["roof", "value 3", "road"]));
        assert_eq!(next.values, [Some(1), Some(3), None]);
        assert_eq!(next.was[0], ["value 1"]);
        let again = next.with_classes(classes(&["tiled roof", "value 3", "road"]));
        assert_eq!(again.was[0], ["value 1", "roof"]);
        assert!(again.names().any(|found| found == ("roof", 0)));
    }

    #[test]
    fn reordered_classes_keep_their_own_coding() {
        let mut legend = Legend::of(classes(&["a", "b"]));
        legend.values = vec![Some(10), Some(20)];
        assert_eq!(legend.with_classes(classes(&["b", "a"])).values, [Some(20), Some(10)]);
    }

    #[test]
    fn the_palette_has_no_twins() {
        let colors: std::collections::BTreeSet<_> = (0..254).map(palette).collect();
        assert_eq!(colors.len(), 254);
    }
}
