//! What the user can ask of a study.

use super::study_state::StudyForm;

/// A request about a study.
#[derive(Clone, Debug, PartialEq)]
pub enum StudyAction {
    /// Choose another plan, or change what it compares.
    SetForm(Box<StudyForm>),
    /// Choose a plan file in the desktop's dialog.
    PickPlan,
    /// See how it stands.
    Look,
    /// Make the runs that are not done.
    Begin,
    /// Stop after the step; what is done stays.
    Stop,
}
