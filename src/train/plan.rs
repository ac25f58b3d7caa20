//! Which tiles a run learns from and which it is scored on.

use std::collections::BTreeSet;
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
        if let Some(ignore) = config.ignored_names(&project.classes) {
            project.classes.ignore_only(&ignore);
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
        notes.extend(scenes_note(&groups, val, ratio));
    }
    val
}

/// Why more tiles validate than the ratio asks for, if they do.
fn scenes_note(groups: &[&str], val: usize, ratio: f64) -> Option<String> {
    let wanted = ((groups.len() as f64 * ratio) as usize).max(1);
    let scenes = groups.iter().collect::<BTreeSet<_>>().len();
    let (tiles, percent) = (groups.len(), (100.0 * val as f64 / groups.len() as f64).round());
    (val > wanted).then(|| {
        format!(
            "{val} of {tiles} tiles ({percent} %) validate where val_ratio asks for {wanted}: the tiles come from {scenes} \
             scenes, and a scene is never divided, for a tile beside one that was learned from would flatter the score"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{ClassDef, Classes};

    /// Masked tiles of these names.
    fn plan(names: &[&str]) -> Plan {
        let dir = tempfile::tempdir().unwrap();
        for folder in ["images", "masks"] {
            std::fs::create_dir(dir.path().join(folder)).unwrap();
            for name in names {
                image::RgbImage::new(4, 4).save(dir.path().join(folder).join(format!("{name}.png"))).unwrap();
            }
        }
        let class = |name: &str, color| ClassDef { name: name.to_owned(), color, ignored: false };
        let classes = Classes::new(vec![class("a", [0; 3]), class("b", [255; 3])]).unwrap();
        crate::data::write_classes(dir.path(), &classes).unwrap();
        Plan::new(Project::open(dir.path()).unwrap(), &RunConfig::default())
    }

    #[test]
    fn more_validation_tiles_than_asked_for_are_explained() {
        let plan = plan(&["north_1", "north_2", "north_3", "south_1", "south_2", "south_3"]);
        assert_eq!((plan.train.len(), plan.val.len()), (3, 3));
        let note = &plan.notes[1];
        assert!(note.starts_with("3 of 6 tiles (50 %) validate where val_ratio asks for 1: "), "{note}");
        assert!(note.contains("2 scenes"), "{note}");
    }

    #[test]
    fn a_split_as_asked_for_needs_no_words() {
        let plan = plan(&["a", "b", "c", "d"]);
        assert_eq!((plan.train.len(), plan.val.len(), plan.notes.len()), (3, 1, 1));
    }
}
