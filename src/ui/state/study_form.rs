//! Which study the window shows: where its plan comes from, and what it compares.

use std::path::Path;

use crate::domain::choice::choice_enum;
use crate::study::grid::GridForm;
use crate::study::preset::StudyPreset;

choice_enum! {
    /// Where a plan comes from.
    pub enum PlanSource, "plan" {
        BuiltIn { name: "built-in", title: "Built-in", help: "A plan of a reference study, on the tiles of the open project" }
        Grid { name: "grid", title: "Grid", help: "The settings of the training panel, with what is ticked here combined each with each" }
        File { name: "file", title: "File", help: "A plan file: one of this project, or another" }
    }
}

/// Which plan.
#[derive(Clone, Debug, PartialEq)]
pub struct StudyForm {
    /// Where it comes from.
    pub source: PlanSource,
    /// The built-in plan.
    pub preset: StudyPreset,
    /// Name of the plan that is put together.
    pub name: String,
    /// What it compares.
    pub grid: GridForm,
    /// Path of a plan file, as typed.
    pub file: String,
    /// The plan of the file is carried out on the open project, whatever folder it names.
    pub on_project: bool,
}

impl Default for StudyForm {
    fn default() -> Self {
        Self {
            source: PlanSource::Grid,
            preset: StudyPreset::DeepGlobeSmall,
            name: "labels-and-weights".to_owned(),
            grid: GridForm::default(),
            file: String::new(),
            on_project: true,
        }
    }
}

impl StudyForm {
    /// The form for a plan file.
    #[must_use]
    pub fn with_file(self, file: &Path) -> Self {
        Self { source: PlanSource::File, file: file.display().to_string(), ..self }
    }

    /// The form for a plan file in the project's folder: it is carried out on the project, wherever that has been moved since.
    #[must_use]
    pub fn with_own_file(self, file: &Path) -> Self {
        Self { on_project: true, ..self.with_file(file) }
    }

    /// Whether both are about the plan of one name, whatever it compares.
    pub fn is_same_plan(&self, other: &Self) -> bool {
        let same_name = match self.source {
            PlanSource::BuiltIn => self.preset == other.preset,
            PlanSource::Grid => self.name == other.name,
            PlanSource::File => (&self.file, self.on_project) == (&other.file, other.on_project),
        };
        self.source == other.source && same_name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_about_the_plan_of_its_source() {
        let grid = StudyForm::default();
        let named = StudyForm { name: "other".to_owned(), ..grid.clone() };
        assert!(!grid.is_same_plan(&named));
        let ticked = StudyForm { grid: GridForm { seeds: 7, ..GridForm::default() }, ..grid.clone() };
        assert!(grid.is_same_plan(&ticked), "it has the same name");
        let built_in = |form: &StudyForm| StudyForm { source: PlanSource::BuiltIn, ..form.clone() };
        assert!(built_in(&grid).is_same_plan(&built_in(&named)), "the name is that of a grid");
        assert!(!grid.is_same_plan(&built_in(&grid)));
    }

    #[test]
    fn a_plan_of_the_project_is_carried_out_on_it() {
        let form = StudyForm { on_project: false, ..StudyForm::default() };
        let file = Path::new("/studies/a.toml");
        assert_eq!([form.clone().with_file(file), form.with_own_file(file)].map(|form| form.on_project), [false, true]);
    }
}
