//! The split of a project: which tiles a run learns from and which it is scored on.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::block_draw::{self, DrawnBlocks};
use crate::data::{Project, Tile};
use crate::domain::blocks::HeldOut;
use crate::domain::config::SplitBy;
use crate::domain::count::counted;
use crate::domain::split::{self, Split};
use crate::domain::{Notice, RunConfig};

/// A project split for a run.
pub struct DividedProject {
    /// The project; the classes that the configuration ignores are marked so.
    pub project: Arc<Project>,
    /// Indices of the tiles that may be learned from; a tile without labels is not.
    pub train: Vec<usize>,
    /// Indices of the tiles scored against their full masks.
    pub val: Vec<usize>,
    /// What blocks hold out of tiles: such a tile may be learned from and scored, each by its own pixels.
    pub held_out: BTreeMap<usize, HeldOut>,
    /// How the split was made, a sentence each.
    pub notes: Vec<String>,
}

impl DividedProject {
    /// Splits a project as the configuration says.
    pub fn new(mut project: Project, config: &RunConfig) -> Self {
        config.mark_ignored(&mut project.classes);
        let Division { train, val, held_out, notes } = Division::of(&project, config);
        Self { project: Arc::new(project), train, val, held_out, notes }
    }

    /// Ids of tiles.
    pub fn ids(&self, tiles: &[usize]) -> Vec<String> {
        tiles.iter().map(|&index| self.project.tiles[index].id.clone()).collect()
    }
}

/// Which tiles of a project a run would learn from and be scored on: the dataset's own split or one that is drawn, with the
/// configuration's choices for single tiles. It is deterministic, so the window can show it before the run starts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Division {
    /// Indices of the tiles that may be learned from.
    pub train: Vec<usize>,
    /// Indices of the tiles scored against their full masks.
    pub val: Vec<usize>,
    /// What blocks hold out of tiles: such a tile may be learned from and scored, each by its own pixels.
    pub held_out: BTreeMap<usize, HeldOut>,
    /// How the split was made, a sentence each.
    pub notes: Vec<String>,
}

impl Division {
    /// Splits the tiles of a project.
    pub fn of(project: &Project, config: &RunConfig) -> Self {
        let mut notes = Vec::new();
        let tiles = &project.tiles;
        let select = |keep: &dyn Fn(&Tile) -> bool| -> Vec<usize> {
            (0..tiles.len()).filter(|&i| tiles[i].fault.is_none() && keep(&tiles[i])).collect()
        };
        let pools = config.folds > 0;
        let mut val = select(&|tile| tile.split == Split::Val && tile.mask.is_some());
        let is_given = !pools && !val.is_empty();
        if config.split_by == SplitBy::Block && !is_given {
            return Self::by_blocks(project, config);
        }
        if pools {
            // Tiles chosen by hand are in no part: they are used as asked in all of them.
            let draws = |tile: &Tile| tile.split != Split::Test && tile.mask.is_some() && asked(config, tile).is_none();
            let masked = select(&draws);
            val = fold(project, &masked, config, &mut notes);
        } else if !is_given {
            let masked = select(&|tile| tile.split == Split::Train && tile.mask.is_some());
            val = choose(project, &masked, config, &mut notes);
        }
        let asked = |tile: &Tile| asked(config, tile);
        let drawn: BTreeSet<usize> = val.into_iter().collect();
        let val: Vec<usize> = (0..tiles.len())
            .filter(|index| validates(&tiles[*index], asked(&tiles[*index]), drawn.contains(index)))
            .collect();
        let val_groups: BTreeSet<&str> = val.iter().map(|&index| group(&tiles[index], config.split_by)).collect();
        let is_apart =
            |tile: &Tile| (project.has_val_split && !pools) || !val_groups.contains(group(tile, config.split_by));
        // A test tile is learned from only if it has no mask to be tested against, and then only from own labels.
        let learns = |tile: &Tile| match asked(tile) {
            Some(split) => split == Split::Train,
            None => {
                let may = tile.split == Split::Train || (pools && tile.split == Split::Val) || tile.mask.is_none();
                may && is_apart(tile)
            }
        };
        let scored: BTreeSet<usize> = val.iter().copied().collect();
        let train: Vec<usize> = select(&learns).into_iter().filter(|index| !scored.contains(index)).collect();
        if !config.split.is_empty() {
            notes.truncate(usize::from(pools)); // The share that was drawn is no longer true; the fold is.
            notes.extend(asked_notes(tiles, config, &train, &val));
        }
        if config.split_by != SplitBy::Block && !is_given {
            notes.extend(divided_scenes_note(tiles, &train, &val));
        }
        if config.split_by == SplitBy::Block {
            notes.push("Blocks have no effect: the dataset names its validation tiles (folds replace them)".to_owned());
        }
        Self { train, val, held_out: BTreeMap::new(), notes }
    }

    /// Splits scenes into blocks.
    fn by_blocks(project: &Project, config: &RunConfig) -> Self {
        let tiles = &project.tiles;
        let asked = |tile: &Tile| asked(config, tile);
        let DrawnBlocks { scored, kept_out, mut held_out, mut notes } = block_draw::draw(project, config, &asked);
        let val: Vec<usize> = (0..tiles.len())
            .filter(|index| validates(&tiles[*index], asked(&tiles[*index]), scored.contains(index)))
            .collect();
        let learns = |index: &usize| {
            let tile = &tiles[*index];
            let may = tile.split != Split::Test || tile.mask.is_none();
            let learns = asked(tile).map_or(may && !kept_out.contains(index), |split| split == Split::Train);
            tile.fault.is_none() && learns
        };
        let train: Vec<usize> = (0..tiles.len()).filter(learns).collect();
        held_out.retain(|index, _| train.contains(index) || val.contains(index));
        if !config.split.is_empty() {
            notes.extend(asked_notes(tiles, config, &train, &val));
        }
        Self { train, val, held_out, notes }
    }

    /// Indices of the tiles with a full mask that are set aside for tests, by the dataset or the configuration. Runs do not
    /// learn from them (but from own labels, where a tile has no mask yet), and none chooses its best checkpoint by them.
    pub fn test(project: &Project, config: &RunConfig) -> Vec<usize> {
        let is_test = |tile: &Tile| asked(config, tile).unwrap_or(tile.split) == Split::Test;
        let tiles = project.tiles.iter().enumerate();
        let scorable = tiles.filter(|(_, tile)| tile.mask.is_some() && tile.fault.is_none() && is_test(tile));
        scorable.map(|(index, _)| index).collect()
    }
}

/// Tiles of one group are never split between training and validation.
fn group(tile: &Tile, by: SplitBy) -> &str {
    match by {
        SplitBy::Tile => &tile.short_id,
        SplitBy::Scene | SplitBy::Block => &tile.group,
    }
}

/// The split that the configuration chooses for a tile, by its file or its id.
pub fn asked(config: &RunConfig, tile: &Tile) -> Option<Split> {
    config.split.get(&tile.file).or_else(|| config.split.get(&tile.id)).copied()
}

/// Whether a tile is scored: as the configuration chooses, else as it was drawn.
fn validates(tile: &Tile, asked: Option<Split>, drawn: bool) -> bool {
    let can = tile.fault.is_none() && tile.mask.is_some();
    can && asked.map_or(drawn, |split| split == Split::Val)
}

/// What is wrong with the splits chosen for single tiles: names that no tile has, and validation tiles without a mask.
pub fn problems(project: &Project, config: &RunConfig) -> Vec<Notice> {
    let problem = |(name, split): (&String, &Split)| match project
        .tiles
        .iter()
        .find(|tile| tile.file == *name || tile.id == *name)
    {
        None => Some(
            Notice::new(format!("There is no tile '{name}'"))
                .remedy("Give the name of its file below the project folder, or its id in the window's list of tiles"),
        ),
        Some(tile) if *split == Split::Val && tile.mask.is_none() => Some(
            Notice::new(format!("Tile {} has no mask to score against", tile.id)).remedy("Let it train, or skip it"),
        ),
        Some(_) => None,
    };
    let named_twice = project.tiles.iter().filter_map(|tile| contradiction(config, tile));
    config.split.iter().filter_map(problem).chain(named_twice).collect()
}

/// A tile that the configuration names by its file and by its id, for two splits.
fn contradiction(config: &RunConfig, tile: &Tile) -> Option<Notice> {
    let (by_file, by_id) = (config.split.get(&tile.file)?, config.split.get(&tile.id)?);
    let headline =
        format!("{} and {} are one tile, assigned to {} and {}", tile.file, tile.id, by_file.name(), by_id.name());
    (by_file != by_id).then(|| {
        Notice::new(headline)
            .remedy(format!("Name it once, by its file as in the configuration of a run: {}", tile.file))
    })
}

/// Ids of tiles that the dataset reserves for testing and that are learned from all the same: they have no mask to be tested against,
/// `is_labelled` says that they have own labels, and no split was chosen for them.
pub fn labelled_test_tiles(
    project: &Project,
    train: &[usize],
    config: &RunConfig,
    is_labelled: impl Fn(&str) -> bool,
) -> Vec<String> {
    let tiles = train.iter().map(|index| &project.tiles[*index]);
    let is_meant = |tile: &&Tile| tile.split == Split::Test && asked(config, tile).is_none() && is_labelled(&tile.id);
    tiles.filter(is_meant).map(|tile| tile.id.clone()).collect()
}

/// Notes on a split with tiles chosen by hand. Tiles without a mask train only once they have labels: they are not counted.
fn asked_notes(tiles: &[Tile], config: &RunConfig, train: &[usize], val: &[usize]) -> Vec<String> {
    let train = train.iter().filter(|index| tiles[**index].mask.is_some()).count();
    let (asked, scored) = (config.split.len(), val.len());
    let by_hand = if asked == 1 { "1 tile was" } else { &format!("{asked} tiles were") };
    let mut notes = vec![format!("Split into {train} train / {scored} val; {by_hand} assigned by hand")];
    if val.is_empty() {
        notes.push(
            "No validation tiles: nothing is scored, and the checkpoint with the lowest training loss is the best"
                .to_owned(),
        );
    }
    notes
}

/// A part of the tiles that may train or validate, for a cross-validation.
fn fold(project: &Project, masked: &[usize], config: &RunConfig, notes: &mut Vec<String>) -> Vec<usize> {
    let groups: Vec<&str> = masked.iter().map(|&index| group(&project.tiles[index], config.split_by)).collect();
    let chosen = split::choose_fold(&groups, config.folds, config.fold, config.seed);
    let val: Vec<usize> = masked.iter().zip(chosen).filter(|(_, chosen)| *chosen).map(|(&index, _)| index).collect();
    let (train, scored, RunConfig { folds, fold, .. }) = (masked.len() - val.len(), val.len(), config);
    notes.push(match val.is_empty() {
        true => format!("Fold {fold} of {folds} has no tile: there are fewer scenes than folds. Nothing is scored"),
        false => format!("Fold {fold} of {folds} validates: {train} train / {scored} val"),
    });
    val
}

fn choose(project: &Project, masked: &[usize], config: &RunConfig, notes: &mut Vec<String>) -> Vec<usize> {
    let groups: Vec<&str> = masked.iter().map(|&index| group(&project.tiles[index], config.split_by)).collect();
    let chosen = split::choose_validation(&groups, config.val_ratio, config.seed);
    let val: Vec<usize> = masked.iter().zip(chosen).filter(|(_, chosen)| *chosen).map(|(&index, _)| index).collect();
    if val.is_empty() && config.val_ratio == 0.0 {
        notes.push(
            "No validation tiles, as configured: nothing is scored, and the checkpoint with the lowest training loss is the best".to_owned(),
        );
    } else if val.is_empty() {
        notes.push(
            "No validation tiles: there are too few masks to set any aside. Nothing is scored, and the checkpoint with the \
             lowest training loss is the best"
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

/// Why more tiles validate than `val_ratio` asks for, if they do.
fn scenes_note(groups: &[&str], val: usize, ratio: f64) -> Option<String> {
    let wanted = ((groups.len() as f64 * ratio) as usize).max(1);
    let scenes = groups.iter().collect::<BTreeSet<_>>().len();
    let (tiles, percent) = (groups.len(), (100.0 * val as f64 / groups.len() as f64).round());
    (val > wanted).then(|| {
        format!(
            "{val} of {tiles} tiles ({percent} %) validate instead of {wanted}: the tiles come from {scenes} scenes, and a scene \
             is never divided, because a tile next to a training tile would be scored too well"
        )
    })
}

/// Says that scenes are learned from and scored: if that was asked for, or if there is only one.
fn divided_scenes_note(tiles: &[Tile], train: &[usize], val: &[usize]) -> Option<String> {
    let scenes = |of: &[usize]| of.iter().map(|index| tiles[*index].scene()).collect::<BTreeSet<_>>();
    let both = scenes(train).intersection(&scenes(val)).count();
    (both > 0).then(|| {
        let scenes = counted(both as u64, "scene");
        format!(
            "Tiles of {scenes} train and validate: tiles next to training tiles are scored too well; blocks (--split-by block) are kept \
             apart"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{ClassDef, Classes};

    /// Masked tiles of these names.
    fn divided(names: &[&str]) -> DividedProject {
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
        DividedProject::new(Project::open(dir.path()).unwrap(), &RunConfig::default())
    }

    #[test]
    fn more_validation_tiles_than_configured_are_explained() {
        let divided = divided(&["north_1", "north_2", "north_3", "south_1", "south_2", "south_3"]);
        assert_eq!((divided.train.len(), divided.val.len()), (3, 3));
        let note = &divided.notes[1];
        assert!(note.starts_with("3 of 6 tiles (50 %) validate instead of 1: "), "{note}");
        assert!(note.contains("2 scenes"), "{note}");
    }

    /// Tiles of 4×4 pixels, whose names tell where they lie.
    #[test]
    fn tiles_that_touch_or_overlap_train_or_validate_together() {
        let divided = divided(&["a_x0_y0", "a_x2_y0", "a_x4_y0", "b_x0_y0", "b_x4_y0", "b_x8_y0"]);
        let letters = |tiles: &[usize]| -> BTreeSet<String> {
            tiles.iter().map(|index| divided.project.tiles[*index].id[..1].to_owned()).collect()
        };
        assert_eq!((divided.train.len(), divided.val.len()), (3, 3));
        assert!(letters(&divided.train).is_disjoint(&letters(&divided.val)));
    }

    #[test]
    fn of_a_single_scene_tiles_are_drawn_and_a_note_says_what_that_means() {
        let divided = divided(&["a_x0_y0", "a_x4_y0", "a_x8_y0", "a_x12_y0"]);
        assert_eq!((divided.train.len(), divided.val.len()), (3, 1));
        assert!(divided.notes.iter().any(|note| note.contains("--split-by block")), "{:?}", divided.notes);
    }

    #[test]
    fn the_folds_of_a_cross_validation_share_out_the_tiles() {
        let project = divided(&["a", "b", "c", "d", "e"]).project;
        let mut scored = Vec::new();
        for fold in 1..=2 {
            let division = Division::of(&project, &RunConfig { folds: 2, fold, ..RunConfig::default() });
            assert!(division.train.iter().all(|tile| !division.val.contains(tile)));
            assert_eq!(division.train.len() + division.val.len(), 5);
            assert!(division.notes[0].starts_with(&format!("Fold {fold} of 2 validates: ")), "{:?}", division.notes);
            scored.extend(division.val);
        }
        scored.sort_unstable();
        assert_eq!(scored, [0, 1, 2, 3, 4]);
        let split = [("a".to_owned(), Split::Test), ("b".to_owned(), Split::Val)].into();
        let by_hand = RunConfig { folds: 3, fold: 1, split, ..RunConfig::default() };
        let division = Division::of(&project, &by_hand);
        assert_eq!((division.val.len(), division.train.len()), (2, 2), "b, and one of the three that are left");
        assert!(
            division.notes[0].starts_with("Fold 1 of 3 validates: ") && division.notes.len() == 2,
            "{:?}",
            division.notes
        );
        let empty = Division::of(&project, &RunConfig { folds: 7, fold: 7, ..RunConfig::default() });
        assert!(empty.val.is_empty() && empty.notes[0].contains("fewer scenes than folds"), "{:?}", empty.notes);
    }

    /// The ids that train, the ids that validate and the notes, given what is asked of single tiles.
    fn division(asked: &[(&str, Split)]) -> (Vec<String>, Vec<String>, Vec<String>) {
        let project = divided(&["a", "b", "c", "d"]).project;
        let split = asked.iter().map(|(id, split)| ((*id).to_owned(), *split)).collect();
        let drawn = Division::of(&project, &RunConfig { split, ..RunConfig::default() });
        let ids = |list: &[usize]| list.iter().map(|&index| project.tiles[index].id.clone()).collect();
        (ids(&drawn.train), ids(&drawn.val), drawn.notes)
    }

    #[test]
    fn choices_for_single_tiles_override_the_draw() {
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
    fn tiles_are_chosen_by_id_or_by_file() {
        let (_, val, _) = division(&[("images/a.png", Split::Val), ("b", Split::Val)]);
        assert!(val.contains(&"a".to_owned()) && val.contains(&"b".to_owned()), "{val:?}");
    }

    #[test]
    fn unknown_tiles_are_named() {
        let project = divided(&["a", "b", "c", "d"]).project;
        let asked = |name: &str| RunConfig { split: [(name.to_owned(), Split::Val)].into(), ..RunConfig::default() };
        let unknown = problems(&project, &asked("z"));
        assert!(unknown[0].headline.contains("no tile 'z'"), "{unknown:?}");
        assert!(problems(&project, &asked("a")).is_empty());
        let split = [("a".to_owned(), Split::Val), ("images/a.png".to_owned(), Split::Train)].into();
        let twice = problems(&project, &RunConfig { split, ..RunConfig::default() });
        assert_eq!(twice.len(), 1, "{twice:?}");
        assert_eq!(twice[0].headline, "images/a.png and a are one tile, assigned to train and val");
    }

    #[test]
    fn an_exact_split_has_no_further_note() {
        let divided = divided(&["a", "b", "c", "d"]);
        assert_eq!((divided.train.len(), divided.val.len(), divided.notes.len()), (3, 1, 1));
    }
}
