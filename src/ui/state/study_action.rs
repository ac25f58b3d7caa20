//! What the user can ask of a study.

use std::path::PathBuf;

use super::study_form::StudyForm;

/// A request about a study.
#[derive(Clone, Debug, PartialEq)]
pub enum StudyAction {
    /// Choose another plan, or change what it compares.
    SetForm(Box<StudyForm>),
    /// Choose this plan file.
    SetFile(PathBuf),
    /// Choose a plan file in the desktop's dialog.
    PickPlan,
    /// See how it stands.
    Look,
    /// Make the runs that are not done.
    Begin,
    /// Stop after the step; what is done stays.
    Stop,
}
