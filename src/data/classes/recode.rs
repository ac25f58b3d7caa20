//! Mask coding under an edited class list.

use std::collections::BTreeSet;

use super::class_edits::{ClassEdits, Fate};
use super::legend::Legend;
use crate::domain::Classes;

/// Values that mean "unlabelled" by default; new classes do not get them.
const RESERVED: [u16; 2] = [255, u16::MAX];

impl Legend {
    /// The coding under a changed list: a class keeps its coding by name or, if renamed, by index.
    pub(crate) fn with_classes(&self, classes: Classes) -> Self {
        self.edited(&ClassEdits::between(&self.classes, classes))
    }

    /// The coding of mask files after edits.
    pub(crate) fn edited(&self, edits: &ClassEdits) -> Self {
        let mut next = Self {
            unlabelled: self.unlabelled.clone(),
            ignore_values: self.ignore_values.clone(),
            ..Self::of(edits.classes.clone())
        };
        let mut is_coded = vec![false; edits.classes.len()];
        for (old, fate) in edits.fates.iter().enumerate() {
            match *fate {
                Fate::Kept(new) => {
                    is_coded[usize::from(new)] = true;
                    next.inherit(usize::from(new), self, old);
                }
                Fate::Merged(new) => next.merge(usize::from(new), self, old),
                Fate::Unlabelled => next.unlabel(self, old),
                Fate::Deleted => {}
            }
        }
        let fresh = (0..is_coded.len()).filter(|new| !is_coded[*new]).collect::<Vec<_>>();
        fresh.into_iter().for_each(|new| next.assign_coding(new, self));
        next.claim_unlabelled();
        let names: BTreeSet<String> = next.classes.iter().map(|class| class.name.clone()).collect();
        next.was.iter_mut().for_each(|was| was.retain(|name| !names.contains(name)));
        next
    }

    /// A class whose colour meant "unlabelled" takes that colour over. This is how CVAT's background becomes a class.
    fn claim_unlabelled(&mut self) {
        for (index, class) in self.classes.iter().enumerate() {
            let was_unlabelled = self.unlabelled.contains(&class.color);
            self.unlabelled.retain(|color| *color != class.color);
            if was_unlabelled && self.mask_colors[index] != class.color {
                self.also_colors[index].push(class.color);
            }
        }
    }

    /// Class `new` inherits the coding of class `old` of another legend.
    fn inherit(&mut self, new: usize, from: &Self, old: usize) {
        self.mask_colors[new] = from.mask_colors[old];
        self.values[new] = from.values[old];
        self.places[new] = from.places[old];
        self.also_colors[new].splice(0..0, from.also_colors[old].iter().copied());
        self.also_values[new].splice(0..0, from.also_values[old].iter().copied());
        self.inherit_names(new, from, old);
    }

    /// Class `new` additionally covers the coding of class `old` of another legend.
    fn merge(&mut self, new: usize, from: &Self, old: usize) {
        self.also_colors[new].extend(from.colors_of(old));
        self.also_values[new].extend(from.values_of(old));
        self.inherit_names(new, from, old);
    }

    /// The coding of class `old` of another legend becomes unlabelled.
    fn unlabel(&mut self, from: &Self, old: usize) {
        self.unlabelled.extend(from.colors_of(old));
        self.ignore_values.extend(from.values_of(old).map(i64::from));
    }

    fn inherit_names(&mut self, new: usize, from: &Self, old: usize) {
        let names = from.was[old].iter().map(String::as_str).chain([from.classes.name(old as u8)]);
        let known = self.classes.name(new as u8).to_owned();
        self.was[new].extend(names.filter(|name| *name != known).map(str::to_owned));
    }

    /// A new class gets a coding that no existing mask uses, not even for removed classes.
    fn assign_coding(&mut self, new: usize, from: &Self) {
        let mut taken: BTreeSet<u16> = (0..from.classes.len()).flat_map(|old| from.values_of(old)).collect();
        taken.extend((0..self.classes.len()).filter(|class| *class != new).flat_map(|class| self.values_of(class)));
        taken.extend(self.ignore_values.iter().filter_map(|value| u16::try_from(*value).ok()));
        // With listed values the new one lies above all known ones, because masks may hold values that are not listed.
        let first = if from.has_values() {
            taken.iter().rev().find(|v| !RESERVED.contains(v)).map_or(0, |v| v + 1)
        } else {
            new as u16
        };
        let free = (first..u16::MAX).find(|value| !taken.contains(value) && !RESERVED.contains(value));
        self.places[new] = free.unwrap_or(u16::MAX);
        self.values[new] = from.has_values().then_some(self.places[new]);
    }

    /// All mask colours of a class.
    fn colors_of(&self, class: usize) -> impl Iterator<Item = [u8; 3]> {
        [self.mask_colors[class]].into_iter().chain(self.also_colors[class].iter().copied())
    }

    /// All mask values of a class.
    fn values_of(&self, class: usize) -> impl Iterator<Item = u16> {
        [self.value(class)].into_iter().chain(self.also_values[class].iter().copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Project;
    use crate::data::classes::palette::{example_classes as classes, palette};
    use crate::domain::{ClassDef, UNLABELLED};

    fn edits(names: &[&str], fates: &[Fate]) -> ClassEdits {
        ClassEdits { classes: classes(names), fates: fates.to_vec() }
    }

    /// The class that a mask value is read as.
    fn by_value(legend: &Legend, value: i32) -> Option<u8> {
        legend.value_table().into_iter().find(|(known, _)| *known == value).map(|(_, class)| class)
    }

    fn by_color(legend: &Legend, color: [u8; 3]) -> Option<u8> {
        legend.color_table().into_iter().find(|(known, _)| *known == color).map(|(_, class)| class)
    }

    #[test]
    fn a_merged_class_passes_on_its_colour_value_and_names() {
        let old = Legend::of(classes(&["a", "b", "c"]));
        let next = old.edited(&edits(&["a", "c"], &[Fate::Kept(0), Fate::Merged(0), Fate::Kept(1)]));
        assert_eq!(
            old.mask_colors.iter().map(|c| by_color(&next, *c)).collect::<Vec<_>>(),
            [Some(0), Some(0), Some(1)]
        );
        assert_eq!((0..3).map(|v| by_value(&next, v)).collect::<Vec<_>>(), [Some(0), Some(0), Some(1)]);
        assert!(next.names().any(|name| name == ("b", 0)));
        let again = next.edited(&edits(&["c", "d"], &[Fate::Merged(0), Fate::Kept(0)]));
        assert_eq!(old.mask_colors.iter().map(|c| by_color(&again, *c)).collect::<Vec<_>>(), [Some(0); 3]);
        assert_eq!((0..4).map(|v| by_value(&again, v)).collect::<Vec<_>>(), [Some(0), Some(0), Some(0), Some(1)]);
        assert_eq!(again.was[0], ["b", "a"]);
    }

    #[test]
    fn an_unlabelled_class_is_removed_and_shifts_no_other_value() {
        let old = Legend::of(classes(&["a", "b", "c"]));
        let next = old.edited(&edits(&["b", "c", "d"], &[Fate::Unlabelled, Fate::Kept(0), Fate::Kept(1)]));
        assert_eq!(by_color(&next, old.mask_colors[0]), Some(UNLABELLED));
        assert_eq!((0..4).map(|v| by_value(&next, v)).collect::<Vec<_>>(), [Some(255), Some(0), Some(1), Some(2)]);
        assert!(next.names().all(|(name, _)| name != "a"), "its name is dropped, so its labels are not used");
    }

    #[test]
    fn no_class_takes_over_the_coding_of_a_deleted_class() {
        let mut old = Legend::of(classes(&["a", "b", "c"]));
        old.values = vec![Some(10), Some(20), Some(30)];
        let next = old.edited(&edits(&["a", "c", "d"], &[Fate::Kept(0), Fate::Deleted, Fate::Kept(1)]));
        assert_eq!((by_color(&next, old.mask_colors[1]), by_value(&next, 20)), (None, None));
        assert_eq!((next.values[..2].to_vec(), by_value(&next, 30)), (vec![Some(10), Some(30)], Some(1)));
        assert!(
            next.values[2].is_some_and(|value| ![10, 20, 30, 255].contains(&value)),
            "all classes have a value, or none"
        );
    }

    #[test]
    fn gray_masks_keep_their_meaning_when_an_earlier_class_is_removed() {
        let dir = tempfile::tempdir().unwrap();
        crate::data::write_classes(dir.path(), &classes(&["a", "b", "c"])).unwrap();
        image::RgbImage::new(6, 1).save(dir.path().join("t.png")).unwrap();
        let mask = image::GrayImage::from_raw(6, 1, vec![0, 1, 1, 2, 2, 2]).unwrap();
        mask.save(dir.path().join("t_mask.png")).unwrap();
        let counts = || {
            let project = Project::open(dir.path()).unwrap();
            let read = project.read_mask(&project.tiles[0]).unwrap().unwrap();
            (read.mask.counts(3), read.unmatched.len())
        };
        assert_eq!(counts(), (vec![1, 2, 3], 0));
        let mut project = Project::open(dir.path()).unwrap();
        project.edit_classes(&edits(&["b", "c"], &[Fate::Unlabelled, Fate::Kept(0), Fate::Kept(1)])).unwrap();
        assert_eq!(counts(), (vec![2, 3, 0], 0));
        let mut project = Project::open(dir.path()).unwrap();
        project.edit_classes(&edits(&["b", "d"], &[Fate::Kept(0), Fate::Merged(1)])).unwrap();
        assert_eq!(counts(), (vec![2, 3, 0], 0));
    }

    fn plain_classes(names: &[&str]) -> Classes {
        let class =
            |(i, name): (usize, &&str)| ClassDef { name: (*name).to_owned(), color: palette(i), ignored: false };
        Classes::new(names.iter().enumerate().map(class).collect()).unwrap()
    }

    #[test]
    fn a_renamed_class_keeps_its_coding_and_its_labels() {
        let mut legend = Legend::of(plain_classes(&["value 1", "value 3"]));
        legend.values = vec![Some(1), Some(3)];
        let next = legend.with_classes(plain_classes(&["roof", "value 3", "road"]));
        assert_eq!(next.values, [Some(1), Some(3), Some(4)], "all classes have a value, or none");
        assert_eq!(next.was[0], ["value 1"]);
        let again = next.with_classes(plain_classes(&["tiled roof", "value 3", "road"]));
        assert_eq!(again.was[0], ["value 1", "roof"]);
        assert!(again.names().any(|found| found == ("roof", 0)));
    }

    #[test]
    fn reordered_classes_keep_their_own_coding() {
        let mut legend = Legend::of(plain_classes(&["a", "b"]));
        legend.values = vec![Some(10), Some(20)];
        assert_eq!(legend.with_classes(plain_classes(&["b", "a"])).values, [Some(20), Some(10)]);
    }
}
