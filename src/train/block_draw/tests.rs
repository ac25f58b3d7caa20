//! Tests of drawn blocks, pixel by pixel.

use super::*;
use crate::domain::config::SplitBy;
use crate::domain::{ClassDef, Classes};
use crate::train::division::Division;

/// Masked tiles of these names and sizes.
fn project(tiles: &[(&str, [u32; 2])]) -> Project {
    let dir = tempfile::tempdir().unwrap();
    for folder in ["images", "masks"] {
        for (name, [width, height]) in tiles {
            let path = dir.path().join(folder).join(format!("{name}.png"));
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            image::RgbImage::new(*width, *height).save(path).unwrap();
        }
    }
    let class = |name: &str, color| ClassDef { name: name.to_owned(), color, ignored: false };
    let classes = Classes::new(vec![class("a", [0; 3]), class("b", [255; 3])]).unwrap();
    crate::data::write_classes(dir.path(), &classes).unwrap();
    Project::open(dir.path()).unwrap()
}

/// A scene of 96×64 pixels in tiles of 32×32.
fn scene() -> Project {
    let names: Vec<String> = (0..6)
        .map(|i| (32 * (i % 3), 32 * (i / 3)))
        .map(|(x, y)| format!("area_{x}_{y}_{}_{}", x + 32, y + 32))
        .collect();
    project(&names.iter().map(|name| (name.as_str(), [32, 32])).collect::<Vec<_>>())
}

fn config(block: u32) -> RunConfig {
    RunConfig { split_by: SplitBy::Block, block, ..RunConfig::default() }
}

/// The pixels of a scene that are learned from, and those that are scored.
fn pixels(project: &Project, division: &Division) -> [BTreeSet<[u32; 2]>; 2] {
    let in_scene = |index: usize, rects: Vec<PixelRect>| {
        let at = project.tiles[index].rect_in_scene().map_or([0, 0], |rect| [rect.x, rect.y]);
        let pixels = rects
            .into_iter()
            .flat_map(|r| (r.y..r.y + r.height).flat_map(move |y| (r.x..r.x + r.width).map(move |x| [x, y])));
        pixels.map(|[x, y]| [at[0] + x, at[1] + y]).collect::<Vec<_>>()
    };
    let whole = |index: usize| {
        let [width, height] = project.tiles[index].size;
        vec![PixelRect { x: 0, y: 0, width, height }]
    };
    let held = |index: &usize| division.held_out.get(index);
    let learned =
        |index: &usize| held(index).map_or_else(|| whole(*index), |held| held.visible(project.tiles[*index].size));
    let scored =
        |index: &usize| held(index).map_or_else(|| whole(*index), |held| held.scored.values().copied().collect());
    [
        division.train.iter().flat_map(|index| in_scene(*index, learned(index))).collect(),
        division.val.iter().flat_map(|index| in_scene(*index, scored(index))).collect(),
    ]
}

#[test]
fn blocks_across_tiles_share_no_pixel_and_keep_their_distance() {
    let project = scene();
    let division = Division::of(&project, &config(48));
    let [learned, scored] = pixels(&project, &division);
    assert_eq!((learned.len(), scored.len()), (45 * 64, 48 * 64), "half of the scene, and the other without 3 columns");
    assert!(learned.is_disjoint(&scored));
    let near = |[x, y]: &[u32; 2]| {
        (1..=3).any(|by| learned.contains(&[x + by, *y]) || learned.contains(&[x.wrapping_sub(by), *y]))
    };
    assert!(!scored.iter().any(near));
    let both = division.train.iter().filter(|index| division.val.contains(index)).count();
    assert_eq!((division.train.len(), division.val.len(), both), (4, 4, 2), "the tiles in the middle are divided");
    let note = &division.notes[0];
    assert!(note.contains("1 train / 1 val blocks of 48 px (val_ratio=0.1), with 3 px"), "{note}");
    assert_eq!(Division::of(&project, &config(48)), division, "the same again");
}

#[test]
fn a_single_tile_is_divided_and_every_fold_scores_other_pixels() {
    let project = project(&[("ortho", [100, 70])]);
    let mut all = BTreeSet::new();
    for fold in 1..=3 {
        let division = Division::of(&project, &RunConfig { folds: 3, fold, ..config(32) });
        assert_eq!((division.train.as_slice(), division.val.as_slice()), (&[0][..], &[0][..]));
        let [learned, scored] = pixels(&project, &division);
        assert!(!learned.is_empty() && learned.is_disjoint(&scored) && all.is_disjoint(&scored));
        all.extend(scored);
        assert!(
            division.notes[0].starts_with(&format!("Fold {fold} of 3 validates: 4 train / 2 val")),
            "{:?}",
            division.notes
        );
    }
    assert_eq!(all.len(), 7000, "each pixel once");
    let folds = RunConfig { folds: 9, fold: 9, ..config(32) };
    let empty = Division::of(&project, &folds);
    assert!(empty.val.is_empty() && empty.notes[0].contains("fewer blocks than folds"), "{:?}", empty.notes);
}

#[test]
fn a_scene_whose_tiles_have_no_place_stays_whole() {
    let project = project(&[("north_1", [8, 8]), ("north_2", [8, 8]), ("south_1", [8, 8]), ("south_2", [8, 8])]);
    let division = Division::of(&project, &config(16));
    assert_eq!((division.train.len(), division.val.len(), division.held_out.len()), (2, 2, 0));
    let group = |index: usize| project.tiles[index].group.as_str();
    assert!(division.train.iter().all(|train| division.val.iter().all(|val| group(*train) != group(*val))));
    assert!(division.notes[0].contains("1 train / 1 val whole scenes (val_ratio=0.1)"), "{:?}", division.notes);
    assert!(!division.notes[0].contains("px"), "nothing is left out: {:?}", division.notes);
    assert!(division.notes[1].starts_with("2 scenes of several tiles not divided"), "{:?}", division.notes);
}

#[test]
fn blocks_beside_whole_scenes_are_told_apart() {
    let project = project(&[("north_1", [8, 8]), ("north_2", [8, 8]), ("ortho", [64, 16])]);
    let notes = Division::of(&project, &config(16)).notes;
    assert!(notes[0].contains("val blocks of 16 px and whole scenes"), "{notes:?}");
}

#[test]
fn tiles_of_which_no_place_is_known_are_counted() {
    let notes = |tiles: &[(&str, [u32; 2])]| Division::of(&project(tiles), &config(16)).notes;
    let several = notes(&[("north", [64, 64]), ("south", [64, 64]), ("west", [64, 64])]);
    assert!(several[1].starts_with("3 tiles taken for scenes of their own"), "{several:?}");
    assert_eq!(notes(&[("ortho", [64, 64])]).len(), 1, "a tile alone has no neighbours");
    assert_eq!(Division::of(&scene(), &config(48)).notes.len(), 1, "their places are known");
}

#[test]
fn a_tile_that_validates_by_hand_takes_its_surroundings_out() {
    let project = scene();
    let split = [("area_0_0_32_32".to_owned(), Split::Val)].into();
    let division = Division::of(&project, &RunConfig { val_ratio: 0.0, split, ..config(32) });
    let [learned, scored] = pixels(&project, &division);
    assert_eq!((division.val.len(), scored.len()), (1, 32 * 32));
    assert_eq!(learned.len(), 96 * 64 - 34 * 34, "2 px around it are left out");
}

#[test]
fn a_split_of_the_dataset_comes_before_blocks() {
    let project = project(&[("train/a", [64, 64]), ("val/b", [64, 64])]);
    let division = Division::of(&project, &config(16));
    assert_eq!((division.val.len(), division.held_out.len()), (1, 0));
    assert!(division.notes[0].starts_with("Blocks have no effect"), "{:?}", division.notes);
    let folds = Division::of(&project, &RunConfig { folds: 2, ..config(16) });
    assert_eq!(folds.held_out.len(), 2, "a cross-validation replaces it");
}
