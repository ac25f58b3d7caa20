//! What a look at the studies of a project finds.

use std::path::PathBuf;

use crate::study::plans::StoredPlan;
use crate::study::standing::Standing;

/// The chosen study, and the plans that there are.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StudyLook {
    /// How the chosen study stands, or why that cannot be seen; `None` if none is chosen, or if its plan is not the one on the disk.
    pub standing: Option<Result<Standing, String>>,
    /// The file that has the name of the plan that is put together, and holds another plan.
    pub clash: Option<PathBuf>,
    /// The plans in the project's folder, if they were listed.
    pub plans: Option<Vec<StoredPlan>>,
}

impl StudyLook {
    /// Nothing but why.
    pub fn failed(why: String) -> Self {
        Self { standing: Some(Err(why)), ..Self::default() }
    }
}
