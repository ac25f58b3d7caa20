//! Edits of a class list: which class goes on as which, and what labels and masks of the others stand for from then on.

use std::collections::BTreeSet;

use super::legend::Legend;
use crate::domain::Classes;

/// Values that mean "unlabelled" unless a file says otherwise.
const RESERVED: [u16; 2] = [255, u16::MAX];

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
        let fate = |(index, class): (usize, &crate::domain::ClassDef)| {
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

impl Legend {
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
    use crate::data::classes::legend::palette;
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
