//! Whether a project's scenes are of the kind that is cut, and how many of their patches are there.

use std::collections::HashSet;

use super::plan::CutPlan;
use crate::data::Project;

/// A cut to offer.
#[derive(Clone, Debug)]
pub struct Offer {
    /// The cut.
    pub plan: CutPlan,
    /// Patches that are there already.
    pub there: usize,
}

impl Offer {
    /// The cut of a project of `images/*.tif` with `masks/*.tif` that hold values, of which at least one gives several patches.
    /// `None` for other projects, and if all patches are there.
    pub fn of(project: &Project) -> Option<Self> {
        if project.is_single() || !project.legend.has_values() {
            return None;
        }
        let plan = CutPlan::new(&project.root, None).ok()?;
        let there = plan.patches_there();
        (there < plan.patches() && plan.patches() > plan.scenes.len()).then_some(Self { plan, there })
    }
}

impl CutPlan {
    /// Patches whose two files exist.
    fn patches_there(&self) -> usize {
        let entries = std::fs::read_dir(&self.out).into_iter().flatten().flatten();
        let files: HashSet<_> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
        let is_there =
            |name: &String| files.contains(&format!("{name}.jpg")) && files.contains(&format!("{name}_m.png"));
        self.patch_names().filter(is_there).count()
    }
}
