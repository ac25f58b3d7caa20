//! Whether a project's scenes are of the kind that is cut, and how many of their patches are there.

use super::grid::Grid;
use super::plan::CutPlan;
use crate::data::Project;
use crate::data::layout::landcover_ai::LAYOUT as LANDCOVER_AI;
use crate::data::layout::tile::Tile;

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
        if project.is_single() || !project.legend.has_values() || !may_be_cut(project) {
            return None;
        }
        let plan = CutPlan::new(&project.root, None).ok()?;
        let there = plan.patches_there();
        (there < plan.patches() && plan.patches() > plan.scenes.len()).then_some(Self { plan, there })
    }
}

/// Whether the project's tiles are large enough to be scenes, or its scenes are left aside: then their files are looked at.
fn may_be_cut(project: &Project) -> bool {
    let is_scene = |tile: &Tile| tile.mask.is_some() && Grid::of(tile.size).patches() > 1;
    project.layout == LANDCOVER_AI || project.tiles.iter().any(is_scene)
}
