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
        if let Some(ignore) = config.ignored_names(&project.classes) {
            project.classes.ignore_only(&ignore);
        }
        let Division { train, val, notes } = Division::of(&project, config);
        Self { project: Arc::new(project), train, val, notes }
    }

    /// Ids of tiles.
    pub fn ids(&self, tiles: &[usize]) -> Vec<String> {
        tiles.iter().map(|&index| self.project.tiles[index].id.clone()).collect()
    }
}

/// Which tiles of a project a run would learn from and be scored on: the dataset's own division, or one that is drawn, with
/// what the configuration says of single tiles. The same for everybody who asks, so that it can be shown before the start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Division {
    /// Indices of the tiles that may be learned from.
    pub train: Vec<usize>,
    /// Indices of the tiles scored against their full masks.
    pub val: Vec<usize>,
    /// How it came about, a sentence each.
    pub notes: Vec<String>,
}

impl Division {
    /// Divides a project's tiles.
    pub fn of(project: &Project, config: &RunConfig) -> Self {
        let mut notes = Vec::new();
        let tiles = &project.tiles;
        let select = |keep: &dyn Fn(&Tile) -> bool| -> Vec<usize> {
            (0..tiles.len()).filter(|&i| tiles[i].fault.is_none() && keep(&tiles[i])).collect()
        };
        let mut val = select(&|tile| tile.split == Split::Val && tile.mask.is_some());
        if val.is_empty() {
            let masked = select(&|tile| tile.split == Split::Train && tile.mask.is_some());
            val = choose(project, &masked, config, &mut notes);
        }
        let asked = |tile: &Tile| asked(config, tile);
        let drawn: BTreeSet<usize> = val.into_iter().collect();
        let val: Vec<usize> = (0..tiles.len())
            .filter(|index| validates(&tiles[*index], asked(&tiles[*index]), drawn.contains(index)))
            .collect();
        let val_groups: BTreeSet<&str> = val.iter().map(|&index| tiles[index].group.as_str()).collect();
        let is_apart = |tile: &Tile| project.has_val_split || !val_groups.contains(tile.group.as_str());
        // Tiles meant for testing are learned from only if they have no mask to be tested against, and only from clicks.
        let learns = |tile: &Tile| match asked(tile) {
            Some(split) => split == Split::Train,
            None => (tile.split == Split::Train || tile.mask.is_none()) && is_apart(tile),
        };
        let scored: BTreeSet<usize> = val.iter().copied().collect();
        let train: Vec<usize> = select(&learns).into_iter().filter(|index| !scored.contains(index)).collect();
        if !config.split.is_empty() {
            notes = asked_notes(config, &train, &val);
        }
        Self { train, val, notes }
    }
}

/// What the configuration asks of a tile, by its file or by its id.
pub fn asked(config: &RunConfig, tile: &Tile) -> Option<Split> {
    config.split.get(&tile.file).or_else(|| config.split.get(&tile.id)).copied()
}

/// Whether a tile is scored, given what is asked of it and whether it would be if nothing were.
fn validates(tile: &Tile, asked: Option<Split>, drawn: bool) -> bool {
    let can = tile.fault.is_none() && tile.mask.is_some();
    can && asked.map_or(drawn, |split| split == Split::Val)
}

/// What is wrong with the tiles whose part was asked for: names that are no tile's, and tiles without a mask to be scored
/// against. A sentence each.
pub fn unknown_tiles(project: &Project, config: &RunConfig) -> Vec<String> {
    let problem = |(name, split): (&String, &Split)| match project
        .tiles
        .iter()
        .find(|tile| tile.file == *name || tile.id == *name)
    {
        None => Some(format!(
            "there is no tile '{name}' whose part could be chosen: give its name as the list of tiles has it"
        )),
        Some(tile) if *split == Split::Val && tile.mask.is_none() => {
            Some(format!("tile {} has no mask to be scored against, so it cannot validate", tile.id))
        }
        Some(_) => None,
    };
    config.split.iter().filter_map(problem).collect()
}

/// What is to be said of a division with tiles whose part was asked for.
fn asked_notes(config: &RunConfig, train: &[usize], val: &[usize]) -> Vec<String> {
    let (asked, train, scored) = (config.split.len(), train.len(), val.len());
    let mut notes =
        vec![format!("Split into {train} train / {scored} val; the part of {asked} tiles was chosen by hand")];
    if val.is_empty() {
        notes.push("No validation tiles: no score is measured, the lowest training loss is the best".to_owned());
    }
    notes
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

    /// What `asked` comes to: ids that train and ids that validate.
    fn division(asked: &[(&str, Split)]) -> (Vec<String>, Vec<String>, Vec<String>) {
        let project = plan(&["a", "b", "c", "d"]).project;
        let split = asked.iter().map(|(id, split)| ((*id).to_owned(), *split)).collect();
        let drawn = Division::of(&project, &RunConfig { split, ..RunConfig::default() });
        let ids = |list: &[usize]| list.iter().map(|&index| project.tiles[index].id.clone()).collect();
        (ids(&drawn.train), ids(&drawn.val), drawn.notes)
    }

    #[test]
    fn what_is_asked_of_single_tiles_is_done_over_what_was_drawn() {
        let (train, val, _) = division(&[]);
        assert_eq!((train.len(), val.len()), (3, 1));
        let (drawn, other) = (val[0].as_str(), train[0].as_str());
        let (_, val, _) = division(&[(drawn, Split::Train), (other, Split::Val)]);
        assert_eq!(val, [other]);
        let (train, val, _) = division(&[(other, Split::Test)]);
        assert_eq!((train.len(), val), (2, vec![drawn.to_owned()]), "one tile is not used");
        let (train, val, _) = division(&[(drawn, Split::Train)]);
        assert_eq!((train.len(), val.len()), (4, 0));
    }

    #[test]
    fn a_tile_is_meant_by_its_id_or_by_its_file() {
        let (_, val, _) = division(&[("images/a.png", Split::Val), ("b", Split::Val)]);
        assert!(val.contains(&"a".to_owned()) && val.contains(&"b".to_owned()), "{val:?}");
    }

    #[test]
    fn a_tile_that_is_not_there_is_named() {
        let project = plan(&["a", "b", "c", "d"]).project;
        let asked = |name: &str| RunConfig { split: [(name.to_owned(), Split::Val)].into(), ..RunConfig::default() };
        let problems = unknown_tiles(&project, &asked("z"));
        assert!(problems[0].contains("there is no tile 'z'"), "{problems:?}");
        assert!(unknown_tiles(&project, &asked("a")).is_empty());
    }

    #[test]
    fn a_split_as_asked_for_needs_no_words() {
        let plan = plan(&["a", "b", "c", "d"]);
        assert_eq!((plan.train.len(), plan.val.len(), plan.notes.len()), (3, 1, 1));
    }
}
