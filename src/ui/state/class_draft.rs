//! The class list while it is edited: what each row becomes and what saving changes.

use eframe::egui::ecolor::Hsva;

use super::format;
use crate::data::{ClassEdits, Fate};
use crate::domain::class::MAX_CLASSES;
use crate::domain::{ClassDef, Classes};

/// A draft of the class list.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClassDraft {
    rows: Vec<DraftRow>,
    next_id: u64,
}

/// A row of the draft.
#[derive(Clone, Debug, PartialEq)]
pub struct DraftRow {
    /// Stable while rows are added and removed.
    pub id: u64,
    /// Name, colour and flags after saving.
    pub class: ClassDef,
    /// What becomes of the class.
    pub fate: DraftFate,
    /// The class before editing; `None` for a new one.
    before: Option<ClassDef>,
}

/// What becomes of a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DraftFate {
    /// It stays a class.
    Kept,
    /// It is merged into the row with this id.
    Merged(u64),
    /// Its pixels become unlabelled.
    Unlabelled,
    /// It is deleted.
    Deleted,
}

impl ClassDraft {
    /// A draft of an unchanged class list.
    pub fn of(classes: &[ClassDef]) -> Self {
        let row = |(id, class): (usize, &ClassDef)| DraftRow {
            id: id as u64,
            class: class.clone(),
            fate: DraftFate::Kept,
            before: Some(class.clone()),
        };
        Self { rows: classes.iter().enumerate().map(row).collect(), next_id: classes.len() as u64 }
    }

    /// The rows, for editing.
    pub fn rows_mut(&mut self) -> &mut [DraftRow] {
        &mut self.rows
    }

    /// Ids and names of the rows that stay: targets for a merge.
    pub fn kept(&self) -> Vec<(u64, String)> {
        let kept = self.rows.iter().filter(|row| row.fate == DraftFate::Kept);
        kept.map(|row| (row.id, row.class.name.clone())).collect()
    }

    /// Whether another class can be added.
    pub fn has_room(&self) -> bool {
        self.rows.len() < MAX_CLASSES
    }

    /// Adds a class with an unused name and colour.
    pub fn add(&mut self) {
        let class = fresh_class(self.rows.iter().map(|row| &row.class));
        self.rows.push(DraftRow { id: self.next_id, class, fate: DraftFate::Kept, before: None });
        self.next_id += 1;
    }

    /// Sets what becomes of a row. A new row that would not be kept is removed instead.
    pub fn decide(&mut self, id: u64, fate: DraftFate) {
        let is_fresh = self.rows.iter().any(|row| row.id == id && row.before.is_none());
        if is_fresh && fate != DraftFate::Kept {
            self.rows.retain(|row| row.id != id);
        } else if let Some(row) = self.rows.iter_mut().find(|row| row.id == id) {
            row.fate = fate;
        }
    }

    /// Name of the row with this id; empty if there is none.
    pub fn name(&self, id: u64) -> &str {
        self.rows.iter().find(|row| row.id == id).map_or("", |row| row.class.name.as_str())
    }

    /// The edits to save, or why the draft cannot be saved.
    pub fn edits(&self) -> Result<ClassEdits, String> {
        let kept: Vec<&DraftRow> = self.rows.iter().filter(|row| row.fate == DraftFate::Kept).collect();
        if kept.iter().any(|row| row.class.name.trim().is_empty()) {
            return Err("Every class needs a name".to_owned());
        }
        let classes = Classes::new(kept.iter().map(|row| row.class.clone()).collect()).map_err(|e| e.to_string())?;
        let old = self.rows.iter().filter(|row| row.before.is_some());
        Ok(ClassEdits { classes, fates: old.map(|row| self.fate(row, &kept)).collect() })
    }

    /// What finally becomes of a row: its merge target may itself be merged.
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

    /// What saving changes, one sentence per class. `labels` counts own labels by the old class index.
    pub fn changes(&self, labels: &[u64]) -> Vec<String> {
        let Ok(edits) = self.edits() else { return Vec::new() };
        let old = self.rows.iter().filter_map(|row| row.before.as_ref().map(|before| (row, before)));
        let sentences = old.zip(&edits.fates).enumerate().filter_map(|(index, ((row, before), fate))| {
            let count = format::counted(labels.get(index).copied().unwrap_or(0), "label");
            let name = &before.name;
            match fate {
                Fate::Kept(_) if row.class.name != *name => {
                    Some(format!("'{name}' is renamed to '{}': its {count} and its pixels in masks follow.", row.class.name))
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
        sentences.collect()
    }
}

impl DraftRow {
    /// Whether the class is new.
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
    fn new_classes_get_unused_names_and_colours() {
        let mut draft = draft();
        (0..40).for_each(|_| draft.add());
        assert_eq!(draft.edits().unwrap().classes.len(), 47);
        assert!(draft.edits().unwrap().keep_indices());
    }

    #[test]
    fn an_invalid_list_says_why() {
        let mut draft = draft();
        draft.rows_mut()[0].class.name = " ".to_owned();
        assert!(draft.edits().unwrap_err().contains("name"));
        draft.rows_mut()[0].class.name = "water".to_owned();
        assert!(draft.edits().unwrap_err().contains("share a name"));
        draft.decide(0, DraftFate::Merged(4));
        assert!(draft.edits().is_ok(), "a merged class frees its name");
    }

    #[test]
    fn chains_of_merges_are_followed_to_the_end() {
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
    fn changes_are_described_before_saving() {
        let mut draft = draft();
        assert_eq!(draft.changes(&[]), [""; 0]);
        draft.decide(3, DraftFate::Merged(2));
        draft.decide(6, DraftFate::Unlabelled);
        let sentences = draft.changes(&[0, 0, 0, 12, 0, 0, 1]);
        assert_eq!(sentences[0], "12 labels of 'forest_land' and its pixels in masks count as 'rangeland'.");
        assert!(sentences[1].contains("'unknown'") && sentences[1].contains("1 label"), "{sentences:?}");
    }

    #[test]
    fn deleting_a_new_class_removes_its_row() {
        let mut draft = draft();
        draft.add();
        draft.decide(7, DraftFate::Deleted);
        assert_eq!(draft, ClassDraft { next_id: 8, ..self::draft() });
    }
}
