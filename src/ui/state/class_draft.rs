//! The class list while it is edited: what each row is to become, and what that changes.

use eframe::egui::ecolor::Hsva;

use super::format;
use crate::data::{ClassEdits, Fate};
use crate::domain::class::MAX_CLASSES;
use crate::domain::{ClassDef, Classes};

/// The list being edited.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClassDraft {
    rows: Vec<DraftRow>,
    next_id: u64,
}

/// A row of the list.
#[derive(Clone, Debug, PartialEq)]
pub struct DraftRow {
    /// Stays the same whatever happens to other rows.
    pub id: u64,
    /// The class as it is to be.
    pub class: ClassDef,
    /// What is to become of it.
    pub fate: DraftFate,
    /// The class as it is; absent for one that was just added.
    before: Option<ClassDef>,
}

/// What is to become of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DraftFate {
    /// It is a class.
    Kept,
    /// It becomes part of the row with this id.
    Merged(u64),
    /// It is no class but the absence of one.
    Unlabelled,
    /// It goes.
    Deleted,
}

impl ClassDraft {
    /// The list as it is.
    pub fn of(classes: &[ClassDef]) -> Self {
        let row = |(id, class): (usize, &ClassDef)| DraftRow {
            id: id as u64,
            class: class.clone(),
            fate: DraftFate::Kept,
            before: Some(class.clone()),
        };
        Self { rows: classes.iter().enumerate().map(row).collect(), next_id: classes.len() as u64 }
    }

    /// The rows, to be edited.
    pub fn rows_mut(&mut self) -> &mut [DraftRow] {
        &mut self.rows
    }

    /// Rows that stay classes, with their names: what others can be merged into.
    pub fn kept(&self) -> Vec<(u64, String)> {
        let kept = self.rows.iter().filter(|row| row.fate == DraftFate::Kept);
        kept.map(|row| (row.id, row.class.name.clone())).collect()
    }

    /// Whether another class fits.
    pub fn has_room(&self) -> bool {
        self.rows.len() < MAX_CLASSES
    }

    /// Adds a class with a name and a colour nobody has yet.
    pub fn add(&mut self) {
        let class = fresh_class(self.rows.iter().map(|row| &row.class));
        self.rows.push(DraftRow { id: self.next_id, class, fate: DraftFate::Kept, before: None });
        self.next_id += 1;
    }

    /// Decides what becomes of a row. One that was just added and is to go is gone.
    pub fn decide(&mut self, id: u64, fate: DraftFate) {
        let is_fresh = self.rows.iter().any(|row| row.id == id && row.before.is_none());
        if is_fresh && fate != DraftFate::Kept {
            self.rows.retain(|row| row.id != id);
        } else if let Some(row) = self.rows.iter_mut().find(|row| row.id == id) {
            row.fate = fate;
        }
    }

    /// The name of the row with this id.
    pub fn name(&self, id: u64) -> &str {
        self.rows.iter().find(|row| row.id == id).map_or("", |row| row.class.name.as_str())
    }

    /// The edits the list comes to, or why it cannot be saved.
    pub fn edits(&self) -> Result<ClassEdits, String> {
        let kept: Vec<&DraftRow> = self.rows.iter().filter(|row| row.fate == DraftFate::Kept).collect();
        if kept.iter().any(|row| row.class.name.trim().is_empty()) {
            return Err("every class needs a name".to_owned());
        }
        let classes = Classes::new(kept.iter().map(|row| row.class.clone()).collect()).map_err(|e| e.to_string())?;
        let old = self.rows.iter().filter(|row| row.before.is_some());
        Ok(ClassEdits { classes, fates: old.map(|row| self.fate(row, &kept)).collect() })
    }

    /// What becomes of a row in the end: the class it is merged into may be merged as well.
    fn fate(&self, row: &DraftRow, kept: &[&DraftRow]) -> Fate {
        let mut last = row;
        while let DraftFate::Merged(into) = last.fate {
            let Some(next) = self.rows.iter().find(|row| row.id == into) else { return Fate::Deleted };
            last = next;
        }
        let place = kept.iter().position(|kept| kept.id == last.id).map(|place| place as u8);
        match (last.fate, place) {
            (DraftFate::Unlabelled, _) => Fate::Unlabelled,
            (DraftFate::Kept, Some(place)) if last.id == row.id => Fate::Kept(place),
            (DraftFate::Kept, Some(place)) => Fate::Merged(place),
            _ => Fate::Deleted,
        }
    }

    /// What saving changes, a sentence each. `labels` counts own labels by class as it is.
    pub fn changes(&self, labels: &[u64]) -> Vec<String> {
        let Ok(edits) = self.edits() else { return Vec::new() };
        let old = self.rows.iter().filter_map(|row| row.before.as_ref().map(|before| (row, before)));
        let told = old.zip(&edits.fates).enumerate().filter_map(|(index, ((row, before), fate))| {
            let count = format::counted(labels.get(index).copied().unwrap_or(0), "label");
            let name = &before.name;
            match fate {
                Fate::Kept(_) if row.class.name != *name => {
                    Some(format!("'{name}' is called '{}': its {count} and its pixels in masks follow.", row.class.name))
                }
                Fate::Kept(_) => None,
                Fate::Merged(into) => {
                    let into = edits.classes.name(*into);
                    Some(format!("{count} of '{name}' and its pixels in masks count as '{into}'."))
                }
                Fate::Unlabelled => {
                    Some(format!("Pixels of '{name}' in masks are unlabelled; its {count} stay in the file, unused."))
                }
                Fate::Deleted => Some(format!(
                    "Pixels of '{name}' in masks match no class, which is reported; its {count} stay in the file, unused."
                )),
            }
        });
        told.collect()
    }
}

impl DraftRow {
    /// Whether the class was just added.
    pub fn is_fresh(&self) -> bool {
        self.before.is_none()
    }
}

fn fresh_class<'a>(others: impl Iterator<Item = &'a ClassDef> + Clone) -> ClassDef {
    let is_free = |name: &String| others.clone().all(|class| class.name != *name);
    let name = (1..).map(|i| format!("class {i}")).find(is_free);
    let colors = (0_u32..).map(|i| {
        let hue = (i as f32 * 0.618_034).fract();
        let rgb = Hsva::new(hue, 0.65, 0.9, 1.0).to_srgb();
        [rgb[0], rgb[1], rgb[2]]
    });
    let color = colors.take(4 * MAX_CLASSES).find(|color| others.clone().all(|class| class.color != *color));
    ClassDef { name: name.unwrap_or_default(), color: color.unwrap_or_default(), ignored: false }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft() -> ClassDraft {
        ClassDraft::of(Classes::deepglobe().as_slice())
    }

    #[test]
    fn new_classes_never_collide_with_old_ones() {
        let mut draft = draft();
        (0..40).for_each(|_| draft.add());
        assert_eq!(draft.edits().unwrap().classes.len(), 47);
        assert!(draft.edits().unwrap().keep_indices());
    }

    #[test]
    fn a_list_that_cannot_be_used_says_why() {
        let mut draft = draft();
        draft.rows_mut()[0].class.name = " ".to_owned();
        assert!(draft.edits().unwrap_err().contains("name"));
        draft.rows_mut()[0].class.name = "water".to_owned();
        assert!(draft.edits().unwrap_err().contains("share a name"));
        draft.decide(0, DraftFate::Merged(4));
        assert!(draft.edits().is_ok(), "the name of a class that goes disturbs nobody");
    }

    #[test]
    fn what_becomes_of_each_class_follows_to_the_end() {
        let mut draft = draft();
        draft.decide(0, DraftFate::Merged(1));
        draft.decide(1, DraftFate::Merged(4));
        draft.decide(6, DraftFate::Unlabelled);
        draft.decide(5, DraftFate::Deleted);
        let fates = draft.edits().unwrap().fates;
        let kept = Fate::Kept;
        let want = [Fate::Merged(2), Fate::Merged(2), kept(0), kept(1), kept(2), Fate::Deleted, Fate::Unlabelled];
        assert_eq!(fates, want);
        draft.decide(1, DraftFate::Kept);
        assert_eq!(draft.edits().unwrap().fates[..2], [Fate::Merged(0), kept(0)]);
    }

    #[test]
    fn what_changes_is_said_before_it_is_saved() {
        let mut draft = draft();
        assert_eq!(draft.changes(&[]), [""; 0]);
        draft.decide(3, DraftFate::Merged(2));
        draft.decide(6, DraftFate::Unlabelled);
        let told = draft.changes(&[0, 0, 0, 12, 0, 0, 1]);
        assert_eq!(told[0], "12 labels of 'forest_land' and its pixels in masks count as 'rangeland'.");
        assert!(told[1].contains("'unknown'") && told[1].contains("1 label"), "{told:?}");
    }

    #[test]
    fn a_class_just_added_goes_at_once() {
        let mut draft = draft();
        draft.add();
        draft.decide(7, DraftFate::Deleted);
        assert_eq!(draft, ClassDraft { next_id: 8, ..self::draft() });
    }
}
