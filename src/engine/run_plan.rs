//! What a run is going to do, decided from configuration and project alone. Nothing is opened or read here.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::refusal::Refusal;
use crate::data::Project;
use crate::domain::blocks::HeldOut;
use crate::domain::config::{Batches, Length, SplitBy, TrainConfig};
use crate::domain::count::counted;
use crate::domain::{Notice, RunConfig};
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
    /// What makes the run other than was asked for.
    pub(super) warning: Option<Notice>,
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
        } else {
            notes.extend(endless_patience(&config.train));
        }
        let warning = if val.is_empty() { unscored(&project, &train, &config) } else { None };
        Ok(Self { config, project, train, val, held_out: Arc::new(held_out), notes, warning })
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

/// Says that a run ends before its patience can be over. How many evaluations a run of so many steps has is not known here.
fn endless_patience(train: &TrainConfig) -> Option<String> {
    let Length::Epochs(epochs) = train.length else { return None };
    let evaluations = epochs.div_ceil(train.evaluate_every.max(1));
    (train.patience > 0 && train.patience.saturating_add(1) >= evaluations).then(|| {
        format!(
            "A patience of {} never ends this run early: it has {}",
            train.patience,
            counted(u64::from(evaluations), "evaluation")
        )
    })
}

/// Why no block validates although that was asked for: there are too few. Without masks, or where all is assigned by hand, none is drawn.
fn unscored(project: &Project, train: &[usize], config: &RunConfig) -> Option<Notice> {
    let is_asked = config.folds > 0 || config.val_ratio > 0.0;
    let is_drawn = |index: &usize| {
        let tile = &project.tiles[*index];
        tile.mask.is_some() && division::asked(config, tile).is_none()
    };
    (config.split_by == SplitBy::Block && is_asked && train.iter().any(is_drawn)).then(|| {
        let (few, fewer) = match config.folds {
            0 => ("one block holds all that has a mask", ""),
            _ => ("there are fewer blocks than folds", ", fewer folds"),
        };
        Notice::new("Nothing validates, so the run has no score")
            .cause(format!("at {} px {few}", config.block))
            .remedy(format!("Choose smaller blocks (--block){fewer}, or draw tiles (--split-by tile)"))
    })
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
    fn a_patience_longer_than_the_run_is_told() {
        let told = |patience: u32, evaluate_every: u32| {
            let plan = planned(|config, _| {
                (config.train.patience, config.train.evaluate_every) = (patience, evaluate_every);
            });
            plan.unwrap().notes.iter().any(|note| note.contains("never ends this run early: it has"))
        };
        assert!(told(2, 10), "the demo's 20 epochs have two evaluations, the second at the end");
        assert!(!told(2, 5) && told(3, 5) && !told(0, 10));
    }

    #[test]
    fn blocks_too_large_to_validate_are_warned_of_with_the_remedy() {
        let planned = |change: fn(&mut RunConfig)| {
            let plan = planned(|config, project| {
                (config.split_by, config.block) = (SplitBy::Block, 4000);
                project.tiles.retain(|tile| tile.mask.is_some());
                project.tiles.truncate(1);
                change(config);
            });
            plan.unwrap().warning.map(|warning| warning.to_string())
        };
        let share = planned(|_| ()).unwrap();
        assert!(
            share.contains("at 4000 px one block holds all") && share.contains("smaller blocks (--block)"),
            "{share}"
        );
        let folds = planned(|config| (config.folds, config.fold) = (3, 3)).unwrap();
        assert!(folds.contains("fewer blocks than folds") && folds.contains("fewer folds"), "{folds}");
        assert_eq!(planned(|config| config.val_ratio = 0.0), None, "that was asked for");
        assert_eq!(planned(|config| config.block = 96), None, "several blocks");
    }

    #[test]
    fn without_masks_the_configuration_says_own_labels_only() {
        let plan = planned(|_, project| project.tiles.iter_mut().for_each(|tile| tile.mask = None)).unwrap();
        assert!(plan.config.is_own_labels_only() && plan.val.is_empty());
        assert!(!plan.notes.iter().any(|note| note.contains("stop early")), "{:?}", plan.notes);
        assert!(plan.notes.iter().any(|note| note.contains("own labels only")), "{:?}", plan.notes);
    }
}
