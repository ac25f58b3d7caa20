//! Mask coding under an edited class list.

use std::collections::BTreeSet;

use super::class_edits::{ClassEdits, Fate};
use super::legend::Legend;
use crate::domain::Classes;

/// Values that mean "unlabelled" unless a file says otherwise.
const RESERVED: [u16; 2] = [255, u16::MAX];

impl Legend {
    /// The same coding under changed classes: a class keeps its coding by name or, if renamed, by place.
    pub(crate) fn with_classes(&self, classes: Classes) -> Self {
        self.edited(&ClassEdits::between(&self.classes, classes))
    }

    /// The coding of mask files under an edited class list.
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
                    next.go_on(usize::from(new), self, old);
                }
                Fate::Merged(new) => next.take_in(usize::from(new), self, old),
                Fate::Unlabelled => next.leave_out(self, old),
                Fate::Deleted => {}
            }
        }
        let fresh = (0..is_coded.len()).filter(|new| !is_coded[*new]).collect::<Vec<_>>();
        fresh.into_iter().for_each(|new| next.code_anew(new, self));
        next.claim_unlabelled();
        let names: BTreeSet<String> = next.classes.iter().map(|class| class.name.clone()).collect();
        next.was.iter_mut().for_each(|was| was.retain(|name| !names.contains(name)));
        next
    }

    /// A class that is shown in a colour that was unlabelled takes it over: that is how CVAT's background becomes a class.
    fn claim_unlabelled(&mut self) {
        for (index, class) in self.classes.iter().enumerate() {
            let was_unlabelled = self.unlabelled.contains(&class.color);
            self.unlabelled.retain(|color| *color != class.color);
            if was_unlabelled && self.mask_colors[index] != class.color {
                self.also_colors[index].push(class.color);
            }
        }
    }

    /// Class `new` is what class `old` of the other legend was.
    fn go_on(&mut self, new: usize, from: &Self, old: usize) {
        self.mask_colors[new] = from.mask_colors[old];
        self.values[new] = from.values[old];
        self.places[new] = from.places[old];
        self.also_colors[new].splice(0..0, from.also_colors[old].iter().copied());
        self.also_values[new].splice(0..0, from.also_values[old].iter().copied());
        self.inherit_names(new, from, old);
    }

    /// What class `old` of the other legend was counts as class `new` as well.
    fn take_in(&mut self, new: usize, from: &Self, old: usize) {
        self.also_colors[new].extend(from.colors_of(old));
        self.also_values[new].extend(from.values_of(old));
        self.inherit_names(new, from, old);
    }

    /// What class `old` of the other legend was is unlabelled.
    fn leave_out(&mut self, from: &Self, old: usize) {
        self.unlabelled.extend(from.colors_of(old));
        self.ignore_values.extend(from.values_of(old).map(i64::from));
    }

    fn inherit_names(&mut self, new: usize, from: &Self, old: usize) {
        let names = from.was[old].iter().map(String::as_str).chain([from.classes.name(old as u8)]);
        let known = self.classes.name(new as u8).to_owned();
        self.was[new].extend(names.filter(|name| *name != known).map(str::to_owned));
    }

    /// A class that was not there before stands for nothing that masks hold: not for what an old class left behind either.
    fn code_anew(&mut self, new: usize, from: &Self) {
        let mut taken: BTreeSet<u16> = (0..from.classes.len()).flat_map(|old| from.values_of(old)).collect();
        taken.extend((0..self.classes.len()).filter(|class| *class != new).flat_map(|class| self.values_of(class)));
        taken.extend(self.ignore_values.iter().filter_map(|value| u16::try_from(*value).ok()));
        // A value of its own lies beyond all known ones: masks may hold others that are no class.
        let first = if from.has_values() {
            taken.iter().rev().find(|v| !RESERVED.contains(v)).map_or(0, |v| v + 1)
        } else {
            new as u16
        };
        let free = (first..u16::MAX).find(|value| !taken.contains(value) && !RESERVED.contains(value));
        self.places[new] = free.unwrap_or(u16::MAX);
        self.values[new] = from.has_values().then_some(self.places[new]);
    }

    /// All colours that masks have for a class.
    fn colors_of(&self, class: usize) -> impl Iterator<Item = [u8; 3]> {
        [self.mask_colors[class]].into_iter().chain(self.also_colors[class].iter().copied())
    }

    /// All gray values that masks have for a class.
    fn values_of(&self, class: usize) -> impl Iterator<Item = u16> {
        [self.value(class)].into_iter().chain(self.also_values[class].iter().copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Project;
    use crate::data::classes::palette::palette;
    use crate::domain::{ClassDef, UNLABELLED};

    fn classes(names: &[&str]) -> Classes {
        let class = |name: &&str| {
            let color = palette(usize::from(name.as_bytes()[0]) % 20);
            ClassDef { name: (*name).to_owned(), color, ignored: false }
        };
        Classes::new(names.iter().map(class).collect()).unwrap()
    }

    fn edits(names: &[&str], fates: &[Fate]) -> ClassEdits {
        ClassEdits { classes: classes(names), fates: fates.to_vec() }
    }

    /// What a gray value is read as.
    fn by_value(legend: &Legend, value: i32) -> Option<u8> {
        legend.value_table().into_iter().find(|(known, _)| *known == value).map(|(_, class)| class)
    }

    fn by_color(legend: &Legend, color: [u8; 3]) -> Option<u8> {
        legend.color_table().into_iter().find(|(known, _)| *known == color).map(|(_, class)| class)
    }

    #[test]
    fn a_merged_class_brings_its_colour_its_value_and_its_names() {
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
    fn what_is_unlabelled_is_no_class_and_shifts_no_other() {
        let old = Legend::of(classes(&["a", "b", "c"]));
        let next = old.edited(&edits(&["b", "c", "d"], &[Fate::Unlabelled, Fate::Kept(0), Fate::Kept(1)]));
        assert_eq!(by_color(&next, old.mask_colors[0]), Some(UNLABELLED));
        assert_eq!((0..4).map(|v| by_value(&next, v)).collect::<Vec<_>>(), [Some(255), Some(0), Some(1), Some(2)]);
        assert!(next.names().all(|(name, _)| name != "a"), "its labels are not used");
    }

    #[test]
    fn a_deleted_class_leaves_its_colour_and_value_to_nobody() {
        let mut old = Legend::of(classes(&["a", "b", "c"]));
        old.values = vec![Some(10), Some(20), Some(30)];
        let next = old.edited(&edits(&["a", "c", "d"], &[Fate::Kept(0), Fate::Deleted, Fate::Kept(1)]));
        assert_eq!((by_color(&next, old.mask_colors[1]), by_value(&next, 20)), (None, None));
        assert_eq!((next.values[..2].to_vec(), by_value(&next, 30)), (vec![Some(10), Some(30)], Some(1)));
        assert!(next.values[2].is_some_and(|value| ![10, 20, 30, 255].contains(&value)), "a value for all or for none");
    }

    #[test]
    fn gray_masks_keep_their_meaning_when_a_class_before_goes() {
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
        assert_eq!(next.values, [Some(1), Some(3), Some(4)], "a file has a value for all or for none");
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
