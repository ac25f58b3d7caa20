//! Which tiles a run learns from and which it is scored on.

use std::sync::Arc;

use crate::data::{Project, Tile};
use crate::domain::RunConfig;
use crate::domain::split::{self, Split};

/// A project with the configuration's classes, divided for a run.
pub struct Plan {
    /// The project; its classes are ignored as the configuration says.
    pub project: Arc<Project>,
    /// Indices of the tiles that may be learned from. Which of them are depends on their labels.
    pub train: Vec<usize>,
    /// Indices of the tiles scored against their full masks.
    pub val: Vec<usize>,
    /// How it came about, a sentence each.
    pub notes: Vec<String>,
}

impl Plan {
    /// Divides a project as the configuration says.
    pub fn new(mut project: Project, config: &RunConfig) -> Self {
        let mut notes = Vec::new();
        if let Some(ignore) = &config.ignore {
            // Names that are no class are refused by `RunConfig::problems`.
            project.classes.ignore_only(ignore);
        }
        let usable = |tile: &Tile| tile.fault.is_none();
        let select = |keep: &dyn Fn(&Tile) -> bool| -> Vec<usize> {
            (0..project.tiles.len()).filter(|&i| usable(&project.tiles[i]) && keep(&project.tiles[i])).collect()
        };
        let mut val = select(&|tile| tile.split == Split::Val && tile.mask.is_some());
        if val.is_empty() {
            let masked = select(&|tile| tile.split == Split::Train && tile.mask.is_some());
            val = choose(&project, &masked, config, &mut notes);
        }
        let val_groups: Vec<&str> = val.iter().map(|&index| project.tiles[index].group.as_str()).collect();
        let is_apart = |tile: &Tile| project.has_val_split || !val_groups.contains(&tile.group.as_str());
        // Tiles meant for testing are learned from only if they have no mask to be tested against, and only from clicks.
        let train = select(&|tile| (tile.split == Split::Train || tile.mask.is_none()) && is_apart(tile))
            .into_iter()
            .filter(|index| !val.contains(index))
            .collect();
        Self { project: Arc::new(project), train, val, notes }
    }

    /// Ids of tiles.
    pub fn ids(&self, tiles: &[usize]) -> Vec<String> {
        tiles.iter().map(|&index| self.project.tiles[index].id.clone()).collect()
    }
}

fn choose(project: &Project, masked: &[usize], config: &RunConfig, notes: &mut Vec<String>) -> Vec<usize> {
    let groups: Vec<&str> = masked.iter().map(|&index| project.tiles[index].group.as_str()).collect();
    let chosen = split::choose_validation(&groups, config.val_ratio, config.seed);
    let val: Vec<usize> = masked.iter().zip(chosen).filter(|(_, chosen)| *chosen).map(|(&index, _)| index).collect();
    if val.is_empty() && config.val_ratio == 0.0 {
        notes.push(
            "No validation tiles, as asked: no score is measured, the lowest training loss is the best".to_owned(),
        );
    } else if val.is_empty() {
        notes.push(
            "No validation tiles: there are too few masks to set any aside, so the best checkpoint is the one with the \
             lowest training loss, and no score is measured"
                .to_owned(),
        );
    } else {
        let ratio = config.val_ratio;
        let (train, val) = (masked.len() - val.len(), val.len());
        notes
            .push(format!("No valid split provided -> split train into {train} train / {val} val (val_ratio={ratio})"));
    }
    val
}
