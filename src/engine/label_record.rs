//! How many labels a run begins with. Own labels grow, so that nobody could tell later.

use rayon::prelude::{IntoParallelRefIterator as _, ParallelIterator as _};

use super::preparation::{Cancelled, Preparation};
use super::run_plan::RunPlan;
use crate::domain::LabelBook;
use crate::train::label_counts::LabelCounts;
use crate::train::start_labels::StartLabels;

/// Tiles that are read at a time; between them a run can be stopped.
const PART: usize = 64;

/// The labels of these tiles. They are counted only with own labels among them, since the others follow from the masks. `None` if a
/// tile cannot be read, which the loader reports.
pub(super) fn count(
    plan: &RunPlan,
    tiles: &[usize],
    book: &LabelBook,
    preparation: &mut Preparation<'_>,
) -> Result<Option<StartLabels>, Cancelled> {
    if !tiles.iter().any(|index| book.carries(&plan.project.tiles[*index].id)) {
        return Ok(Some(StartLabels::WITHOUT_OWN));
    }
    let sampling = plan.config.label_sampling();
    let of = |index: &usize| LabelCounts::of_tile(&plan.project, *index, plan.held_out.get(index), &sampling, book);
    let mut sum = LabelCounts::default();
    for (number, part) in tiles.chunks(PART).enumerate() {
        preparation.check()?;
        preparation.announce("counting labels", number * PART, tiles.len());
        match part.par_iter().map(of).try_reduce(LabelCounts::default, |a, b| Ok(a.plus(b))) {
            Ok(counts) => sum = sum.plus(counts),
            Err(_) => return Ok(None),
        }
    }
    Ok(Some(StartLabels::Counted(sum)))
}
