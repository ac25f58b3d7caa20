//! What a run is going to do, decided from configuration and project alone. Nothing is opened or read here.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::refusal::Refusal;
use crate::data::Project;
use crate::domain::RunConfig;
use crate::domain::blocks::HeldOut;
use crate::domain::config::Batches;
use crate::train::division::{self, DividedProject};

/// A run that could be started, as far as configuration and project tell.
pub(super) struct RunPlan {
    /// The configuration in effect: ignored classes by name, and own labels only if no training tile has a mask.
    pub(super) config: RunConfig,
    /// The project, with the classes that the run ignores marked so.
    pub(super) project: Arc<Project>,
    /// Indices of the tiles that may be learned from.
    pub(super) train: Vec<usize>,
    /// Indices of the tiles that are scored.
    pub(super) val: Vec<usize>,
    /// What blocks hold out of tiles: such a tile may be learned from and scored, each by its own pixels.
    pub(super) held_out: Arc<BTreeMap<usize, HeldOut>>,
    /// What the user should know about these decisions.
    pub(super) notes: Vec<String>,
}

impl RunPlan {
    /// Plans a run.
    ///
    /// # Errors
    /// If the configuration cannot work, or names tiles or classes that the project does not have.
    pub(super) fn new(project: Project, mut config: RunConfig) -> Result<Self, Refusal> {
        let problems = [config.problems(&project.classes), division::problems(&project, &config)].concat();
        if !problems.is_empty() {
            return Err(Refusal::of_start(&problems));
        }
        config.ignore = config.ignored_names(&project.classes);
        let DividedProject { project, train, val, held_out, mut notes } = DividedProject::new(project, &config);
        let has_masks = train.iter().any(|&index| project.tiles[index].mask.is_some());
        if !has_masks && !config.is_own_labels_only() {
            let hint =
                if config.train.batches == Batches::Tiles { "; the preset few-clicks is meant for that" } else { "" };
            notes.push(format!("No training tile has a mask: the run learns from own labels only{hint}"));
            config = config.own_labels_only();
        }
        if config.train.patience > 0 && val.is_empty() {
            notes.push(
                "Without validation tiles there is no score to stop early by: the run takes all its steps".to_owned(),
            );
        }
        Ok(Self { config, project, train, val, held_out: Arc::new(held_out), notes })
    }

    /// Ids of tiles.
    pub(super) fn ids(&self, tiles: impl IntoIterator<Item = usize>) -> Vec<String> {
        tiles.into_iter().map(|index| self.project.tiles[index].id.clone()).collect()
    }

    /// What blocks hold out of tiles, by id.
    pub(super) fn blocks(&self) -> BTreeMap<String, HeldOut> {
        let id = |index: usize| self.project.tiles[index].id.clone();
        self.held_out.iter().map(|(index, held)| (id(*index), held.clone())).collect()
    }

    /// Steps in an epoch of this many crops or tiles, and steps in all.
    pub(super) fn steps(&self, epoch: usize) -> (u64, u64) {
        let per_epoch = self.config.train.steps_per_epoch(epoch);
        (per_epoch, self.config.train.length.steps(per_epoch))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::demo;
    use crate::domain::split::Split;

    fn planned(change: impl FnOnce(&mut RunConfig, &mut Project)) -> Result<RunPlan, String> {
        let dir = tempfile::tempdir().unwrap();
        let mut project = Project::open(&demo::unpack(&dir.path().join("demo")).unwrap()).unwrap();
        let mut config = RunConfig::demo();
        change(&mut config, &mut project);
        RunPlan::new(project, config).map_err(|refusal| refusal.to_string())
    }

    #[test]
    fn the_demo_can_be_planned() {
        let plan = planned(|_, _| ()).unwrap();
        assert!(!plan.train.is_empty() && !plan.val.is_empty() && !plan.notes.is_empty());
        assert_eq!(plan.steps(11), (5, 100), "20 epochs of 11 crops in batches of 2");
        let plan = planned(|config, _| config.train.accumulate = 3).unwrap();
        assert_eq!(plan.steps(11), (1, 20), "a step takes 6 crops");
    }

    #[test]
    fn every_problem_is_refused_at_once() {
        let refusal = planned(|config, _| {
            config.train.batch = 0;
            config.split.insert("no such tile".to_owned(), Split::Val);
        });
        let text = refusal.err().unwrap();
        assert!(text.contains("A batch of 0") && text.contains("no such tile"), "{text}");
    }

    #[test]
    fn a_run_that_cannot_stop_early_says_so() {
        let plan = planned(|config, project| {
            config.train.patience = 3;
            project.tiles.iter_mut().for_each(|tile| tile.mask = None);
        });
        let notes = plan.unwrap().notes;
        assert!(notes.iter().any(|note| note.contains("no score to stop early by")), "{notes:?}");
    }

    #[test]
    fn without_masks_the_configuration_says_own_labels_only() {
        let plan = planned(|_, project| project.tiles.iter_mut().for_each(|tile| tile.mask = None)).unwrap();
        assert!(plan.config.is_own_labels_only() && plan.val.is_empty());
        assert!(!plan.notes.iter().any(|note| note.contains("stop early")), "{:?}", plan.notes);
        assert!(plan.notes.iter().any(|note| note.contains("own labels only")), "{:?}", plan.notes);
    }
}
