//! Real datasets in their published layouts.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod project;

use std::path::{Path, PathBuf};

use pointillist::data::{KnownDataset, PixelCode, Project, Tile};
use pointillist::domain::Classes;
use pointillist::domain::split::Split;
use project::{faults, read};

/// A folder of real data; `None` with a printed note if it is absent.
fn fixture(name: &str) -> Option<PathBuf> {
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/fixtures")).join(name);
    let found = path.exists().then_some(path);
    if found.is_none() {
        skipped();
    }
    found
}

#[allow(clippy::print_stderr, reason = "a skipped test says so")]
fn skipped() {
    eprintln!("skipped: fixtures absent");
}

fn count(project: &Project, split: Split) -> usize {
    project.tiles.iter().filter(|tile| tile.split == split).count()
}

fn groups(project: &Project) -> std::collections::BTreeSet<&str> {
    project.tiles.iter().map(|tile| tile.group.as_str()).collect()
}

/// A temporary folder with links to folders of a fixture, so that a class file can be put beside them.
#[cfg(unix)]
fn linked(fixture: &Path, toml: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(fixture).unwrap().flatten() {
        std::os::unix::fs::symlink(entry.path().canonicalize().unwrap(), dir.path().join(entry.file_name())).unwrap();
    }
    std::fs::write(dir.path().join("pointillist.toml"), toml).unwrap();
    dir
}

#[test]
fn deepglobe_as_published() {
    let Some(root) = fixture("deepglobe") else { return };
    let project = Project::open(&root).unwrap();
    assert_eq!(project.layout, "DeepGlobe");
    assert_eq!(project.classes, Classes::deepglobe());
    assert_eq!((count(&project, Split::Train), count(&project, Split::Test), project.has_val_split), (9, 1, false));
    assert!(faults(&project).is_empty());
    assert!(project.tiles.iter().all(|tile| tile.size == [2448, 2448] && tile.group == tile.id));
    let unlabelled = project.tile("119").unwrap();
    assert!(unlabelled.mask.is_none() && project.read_mask(unlabelled).unwrap().is_none());
    let tile = project.tile("172307").unwrap();
    assert!(read(&project, tile) > 0.999);
    assert!(project.read_mask(tile).unwrap().unwrap().unmatched.is_empty());
    assert_eq!(project.thumbnail(tile, 96).unwrap().dimensions(), (96, 96));
}

#[test]
fn deepglobe_without_a_table_and_with_interpolated_masks() {
    let Some(root) = fixture("deepglobe-resized") else { return };
    let project = Project::open(&root).unwrap();
    assert_eq!(project.classes, Classes::deepglobe());
    assert_eq!(project.tiles.len(), 4);
    let tile = project.tile("GeneralLi95/6399").unwrap();
    let share = read(&project, tile);
    assert!((0.9..1.0).contains(&share), "{share}: interpolated pixels far from a corner are unlabelled");
}

#[test]
#[cfg(unix)]
fn dubai_with_a_class_file() {
    let Some(root) = fixture("dubai") else { return };
    let toml = "unlabelled = ['#9B9B9B']\n\
        [[class]]\nname = 'water'\ncolor = '#E2A929'\n[[class]]\nname = 'land'\ncolor = '#8429F6'\n\
        [[class]]\nname = 'road'\ncolor = '#6EC1E4'\n[[class]]\nname = 'building'\ncolor = '#3C1098'\n\
        [[class]]\nname = 'vegetation'\ncolor = '#FEDD3A'\n";
    let dir = linked(&root, toml);
    let project = Project::open(dir.path()).unwrap();
    assert_eq!((project.tiles.len(), project.classes.len()), (45, 5), "{:?}", project.notes);
    assert_eq!(groups(&project), ["Tile 1", "Tile 2", "Tile 5", "Tile 7", "Tile 8"].into());
    assert!(project.tile("Tile 1/image_part_001").is_some());
    for id in ["Tile 1/image_part_001", "Tile 2/image_part_001", "Tile 2/image_part_005"] {
        // The masks of tile 2 are palette files, each with its own order of colours.
        assert!(read(&project, project.tile(id).unwrap()) > 0.8, "{id}");
    }
    let black = |tile| {
        project.read_mask(tile).unwrap().unwrap().unmatched.iter().any(|(code, _)| *code == PixelCode::Color([0; 3]))
    };
    assert!(project.tiles.iter().any(black), "black pixels match no class and are reported");
}

#[test]
fn dubai_as_published_is_recognised() {
    let Some(root) = fixture("dubai") else { return };
    for root in [root.clone(), root.join("Tile 8")] {
        let project = Project::open(&root).unwrap();
        assert_eq!(project.recognised, Some(KnownDataset::Dubai), "{:?}", project.notes);
        assert_eq!(names_of(&project), DUBAI);
        for tile in &project.tiles {
            let read = project.read_mask(tile).unwrap().unwrap();
            assert!(read.unmatched.is_empty(), "{}: {:?}", tile.id, read.unmatched);
        }
    }
}

#[test]
fn the_study_of_dubai_holds_out_tiles_as_published() {
    let Some(root) = fixture("dubai") else { return };
    let plan: toml::Table = toml::from_str(include_str!("../data/studies/evidence-dubai.toml")).unwrap();
    let project = Project::open(&root).unwrap();
    let held_out = plan["base"]["split"].as_table().unwrap();
    let missing: Vec<&String> = held_out.keys().filter(|id| project.tile(id).is_none()).collect();
    assert!(held_out.len() == 18 && missing.is_empty(), "{missing:?}");
}

const DUBAI: [&str; 5] = ["water", "land (unpaved)", "road", "building", "vegetation"];

/// A folder as of Dubai: one tile whose mask has, of each colour, so many pixels.
fn folder_of_colors(tile: &str, colors: &[([u8; 3], usize)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let pixels: Vec<u8> = colors.iter().flat_map(|(color, count)| vec![*color; *count]).flatten().collect();
    let width = pixels.len() as u32 / 3;
    let mask = image::RgbImage::from_raw(width, 1, pixels).unwrap();
    for (part, picture) in [("images", image::RgbImage::new(width, 1)), ("masks", mask)] {
        let folder = dir.path().join(tile).join(part);
        std::fs::create_dir_all(&folder).unwrap();
        picture.save(folder.join("image_part_001.png")).unwrap();
    }
    dir
}

#[test]
fn dubai_is_recognised_by_names_and_colours_together() {
    const WATER: ([u8; 3], usize) = ([226, 169, 41], 100);
    let colors = |rest: &[([u8; 3], usize)]| [&[WATER, ([132, 41, 246], 50), ([60, 16, 152], 50)][..], rest].concat();
    let open = |tile: &str, colors: &[([u8; 3], usize)]| Project::open(folder_of_colors(tile, colors).path()).unwrap();
    let void = [([155; 3], 10), ([0; 3], 10)];
    let dir = folder_of_colors("Tile 3", &colors(&void));
    let project = Project::open(dir.path()).unwrap();
    assert_eq!((project.recognised, names_of(&project)), (Some(KnownDataset::Dubai), DUBAI.to_vec()));
    assert!(project.doubt().is_some_and(|doubt| doubt.contains("Dubai")), "somebody is asked");
    let read = project.read_mask(&project.tiles[0]).unwrap().unwrap();
    assert_eq!((read.mask.counts(5), read.unmatched.len()), (vec![100, 50, 0, 50, 0], 0));
    let alone = Project::open(&dir.path().join("Tile 3")).unwrap();
    assert_eq!(alone.recognised, Some(KnownDataset::Dubai), "one tile alone");
    assert_eq!(open("Area 3", &colors(&void)).recognised, None, "another name");
    let other = open("Tile 3", &colors(&[([1, 2, 3], 40)]));
    assert_eq!((other.recognised, other.classes.len()), (None, 4), "a colour of another dataset");
}

#[test]
fn loveda_repeats_names_in_sibling_folders() {
    let Some(root) = fixture("loveda-pavbal") else { return };
    let project = Project::open(&root).unwrap();
    let ids: Vec<&str> = project.tiles.iter().map(|tile| tile.id.as_str()).collect();
    assert_eq!(
        ids,
        ["LoveDA_Test_16/Rural/21", "LoveDA_Train_16/Rural/1", "LoveDA_Train_16/Rural/3", "LoveDA_Train_16/Rural/11"]
    );
    assert_eq!((count(&project, Split::Train), count(&project, Split::Test)), (3, 1));
    assert_eq!(project.recognised, Some(KnownDataset::LoveDa));
    assert_eq!((project.classes.len(), project.classes.name(3)), (7, "water"));
    assert!(read(&project, &project.tiles[1]) > 0.999);
    let read = project.read_mask(&project.tiles[0]).unwrap().unwrap();
    let zeros =
        image::open(project.tiles[0].mask.as_ref().unwrap()).unwrap().into_luma8().iter().filter(|v| **v == 0).count();
    assert_eq!(read.mask.labelled() as usize, 1024 * 1024 - zeros, "0 is unlabelled");
    assert!(zeros > 0 && read.unmatched.is_empty());
}

#[test]
fn mmseg_crops_belong_to_their_scenes() {
    let Some(root) = fixture("mmseg-samples") else { return };
    let project = Project::open(&root).unwrap();
    assert_eq!(groups(&project), ["potsdam_dataset/2_10", "vaihingen_dataset/area1"].into());
    assert_eq!((project.recognised, project.classes.name(4)), (Some(KnownDataset::Isprs), "car"));
    for tile in &project.tiles {
        let share = read(&project, tile);
        assert!((0.9..0.95).contains(&share), "{}: the seams between objects are unlabelled, {share}", tile.id);
    }
}

#[test]
fn potsdam_and_vaihingen_are_read_by_colour() {
    let Some(root) = fixture("layouts-torchgeo") else { return };
    for name in ["potsdam", "vaihingen"] {
        is_read_as_isprs(&root.join(name));
    }
}

fn is_read_as_isprs(root: &Path) {
    let project = Project::open(root).unwrap();
    assert_eq!(project.recognised, Some(KnownDataset::Isprs), "{:?}", project.notes);
    let names: Vec<&str> = project.classes.iter().map(|class| class.name.as_str()).collect();
    assert_eq!(names, ["impervious surfaces", "building", "low vegetation", "tree", "car", "clutter"]);
    assert!(project.tiles.iter().all(|tile| read(&project, tile) == 1.0));
}

#[test]
fn landcover_ai_is_recognised_confirmed_or_refused() {
    let Some(root) = fixture("landcover.ai-masks") else { return };
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(dir.path().join("images")).unwrap();
    std::fs::create_dir_all(dir.path().join("masks")).unwrap();
    let name = "N-33-60-D-c-4-2.tif";
    std::fs::copy(root.join("masks").join(name), dir.path().join("masks").join(name)).unwrap();
    image::RgbImage::new(4136, 4701).save(dir.path().join("images").join(name)).unwrap();
    let mut project = Project::open(dir.path()).unwrap();
    assert_eq!(project.recognised, Some(KnownDataset::LandCoverAi), "{:?}", project.notes);
    let read = project.read_mask(&project.tiles[0]).unwrap().unwrap();
    // Counted with Pillow.
    assert_eq!(read.mask.counts(5), [12_467_974, 352_837, 4_757_764, 1_491_426, 373_335]);
    assert_eq!(project.classes.name(2), "woodland");
    project.confirm_recognised().unwrap();
    let again = Project::open(dir.path()).unwrap();
    assert_eq!((again.recognised, &again.classes), (None, &project.classes), "confirmed for good");
    std::fs::remove_file(dir.path().join("pointillist.toml")).unwrap();
    Project::open(dir.path()).unwrap().refuse_recognised().unwrap();
    let plain = Project::open(dir.path()).unwrap();
    assert_eq!((plain.recognised, plain.classes.name(2)), (None, "value 2"));
    assert!(plain.adopt(&project.classes, false).is_ok(), "runs and labels made before still fit");
}

/// A folder of images with masks of one row, in which each value has as many pixels as listed.
fn folder_of_values(below: &str, masks: &[&[(u8, usize)]]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (number, mask) in masks.iter().enumerate() {
        add_mask(&dir.path().join(below), &number.to_string(), mask);
    }
    dir
}

fn add_mask(folder: &Path, name: &str, mask: &[(u8, usize)]) {
    let values: Vec<u8> = mask.iter().flat_map(|(value, count)| vec![*value; *count]).collect();
    for part in ["images_png", "masks_png"] {
        std::fs::create_dir_all(folder.join(part)).unwrap();
    }
    let width = values.len() as u32;
    image::RgbImage::new(width, 1).save(folder.join(format!("images_png/{name}.png"))).unwrap();
    let mask = image::GrayImage::from_raw(width, 1, values).unwrap();
    mask.save(folder.join(format!("masks_png/{name}.png"))).unwrap();
}

const LOVEDA_LIKE: &[(u8, usize)] = &[(0, 5), (1, 40), (2, 20), (3, 10), (4, 10), (7, 15)];

#[test]
fn what_only_resembles_a_dataset_is_not_recognised() {
    let recognised = |below, masks| Project::open(folder_of_values(below, masks).path()).unwrap().recognised;
    assert_eq!(recognised("Train/Urban", &[LOVEDA_LIKE]), Some(KnownDataset::LoveDa));
    assert_eq!(recognised("Train/Suburban", &[LOVEDA_LIKE]), None, "another name");
    assert_eq!(recognised("Urban", &[&[(0, 80), (1, 20)]]), None, "0 background, 1 house");
    assert_eq!(recognised("Urban", &[&[(0, 30), (1, 30), (2, 20), (6, 20)]]), None, "numbered from 0");
    assert_eq!(recognised("Urban", &[LOVEDA_LIKE, &[(1, 50), (9, 50)]]), None, "a foreign value");
    assert_eq!(recognised("potsdam", &[&[(0, 60), (1, 40)]]), None, "two classes");
    let dir = folder_of_values("urban", &[LOVEDA_LIKE]);
    assert_eq!(Project::open(&dir.path().join("urban")).unwrap().recognised, None, "the opened folder's own name");
}

fn names_of(project: &Project) -> Vec<&str> {
    project.classes.iter().map(|class| class.name.as_str()).collect()
}

#[test]
fn classes_stored_before_a_dataset_was_recognised_stay() {
    let dir = folder_of_values("Train/Urban", &[LOVEDA_LIKE]);
    std::fs::create_dir(dir.path().join(".pointillist")).unwrap();
    let stored = dir.path().join(".pointillist/picked-up.json");
    std::fs::write(&stored, r#"{"colors": [], "values": [0, 1, 2, 3, 4, 7]}"#).unwrap();
    let project = Project::open(dir.path()).unwrap();
    assert_eq!((project.recognised, names_of(&project)[0]), (None, "value 0"));
    project.keep_class_order().unwrap();
    assert!(!std::fs::read_to_string(&stored).unwrap().contains("dataset"));
    assert_eq!(Project::open(dir.path()).unwrap().recognised, None);
}

#[test]
fn a_recognised_dataset_stays_so_when_a_foreign_mask_is_added() {
    let dir = folder_of_values("Train/Urban", &[LOVEDA_LIKE]);
    let before = Project::open(dir.path()).unwrap();
    before.keep_class_order().unwrap();
    add_mask(&dir.path().join("Train/Urban"), "later", &[(1, 50), (9, 50)]);
    let after = Project::open(dir.path()).unwrap();
    assert_eq!((after.recognised, &after.classes), (before.recognised, &before.classes));
    assert!(after.adopt(&before.classes, true).is_ok(), "runs still open");
    let read = after.read_mask(after.tiles.iter().find(|tile| tile.id.contains("later")).unwrap()).unwrap().unwrap();
    assert_eq!(read.unmatched, [(PixelCode::Value(9), 50)], "the foreign value is told");
}

#[test]
fn a_refused_dataset_keeps_labels_and_runs_of_classes_that_no_mask_holds() {
    let dir = folder_of_values("Train/Urban", &[LOVEDA_LIKE]);
    let before = Project::open(dir.path()).unwrap();
    before.keep_class_order().unwrap();
    before.refuse_recognised().unwrap();
    let after = Project::open(dir.path()).unwrap();
    assert_eq!(after.recognised, None);
    assert!(names_of(&after).contains(&"value 5") && names_of(&after).contains(&"value 0"), "{:?}", names_of(&after));
    assert!(after.adopt(&before.classes, false).is_ok(), "barren and forest are in no mask");
}

/// A folder of images of 16×16 pixels with these names, and other files with their text.
fn folder_of_images(images: &[&str], files: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    images.iter().for_each(|name| image::RgbImage::new(16, 16).save(dir.path().join(name)).unwrap());
    files.iter().for_each(|(name, text)| std::fs::write(dir.path().join(name), text).unwrap());
    dir
}

/// First pixel of each tile in its scene.
fn corners(project: &Project) -> Vec<Option<[u32; 2]>> {
    project.tiles.iter().map(|tile| tile.rect_in_scene().map(|rect| [rect.x, rect.y])).collect()
}

fn tells(texts: &[String], words: &str) -> bool {
    texts.iter().any(|text| text.contains(words))
}

#[test]
fn world_files_tell_where_tiles_lie() {
    let images = ["a.png", "b.jpg", "far.png"];
    let world = |east: f64| format!("0.5\n0\n0\n-0.5\n{}\n99.75\n", east + 0.25);
    let (a, b, far) = (world(100.0), world(108.0), world(900.0));
    let dir = folder_of_images(&images, &[("a.pgw", &a), ("b.JGW", &b), ("far.wld", &far)]);
    let project = Project::open(dir.path()).unwrap();
    assert_eq!(corners(&project), [Some([0, 0]), Some([16, 0]), Some([1600, 0])]);
    let scenes: Vec<&str> = project.tiles.iter().map(Tile::scene).collect();
    assert!(scenes[0] == scenes[1] && scenes[0] != scenes[2], "{scenes:?}");
    assert!(
        tells(&project.remarks, "places of 2 tiles in their scenes: as their world files say"),
        "{:?}",
        project.remarks
    );
    let turned = folder_of_images(&images, &[("a.pgw", &a), ("b.jgw", "0.4 0.3 0.3 -0.4 108 99"), ("far.pgw", "?")]);
    let project = Project::open(turned.path()).unwrap();
    assert_eq!(corners(&project), [Some([0, 0]), None, None]);
    assert!(tells(&project.notes, "tile b has a world file that rotates"), "{:?}", project.notes);
    assert!(tells(&project.notes, "tile far has a world file without six numbers"), "{:?}", project.notes);
}

#[test]
fn names_of_a_grid_tell_where_tiles_lie() {
    let dir = folder_of_images(&["ortho_r0_c0.png", "ortho_r0_c1.png", "other.png"], &[]);
    let project = Project::open(dir.path()).unwrap();
    assert_eq!(corners(&project), [Some([0, 0]), Some([16, 0]), None]);
    assert!(tells(&project.remarks, "row and column in their names"), "{:?}", project.remarks);
    let halves = folder_of_images(&["o_x00_y0.png", "o_x08_y0.png", "o_x16_y0.png"], &[]);
    assert_eq!(corners(&Project::open(halves.path()).unwrap()), [Some([0, 0]), Some([8, 0]), Some([16, 0])]);
    let images_and_patches = folder_of_images(&["img_1_1.png", "img_1_2.png", "img_2_1.png", "img_2_2.png"], &[]);
    let project = Project::open(images_and_patches.path()).unwrap();
    assert_eq!((corners(&project), groups(&project).len()), (vec![None; 4], 2), "patches of an image stay together");
    let same = "1 0 0 -1 0.5 -0.5";
    let unplaced = folder_of_images(&["a.png", "b.png"], &[("a.pgw", same), ("b.pgw", same)]);
    let project = Project::open(unplaced.path()).unwrap();
    assert_eq!(corners(&project), [None; 2]);
    assert!(tells(&project.notes, "lie at the origin, and are not used; the first is a"), "{:?}", project.notes);
    let world = "0.5 0 0 -0.5 0 0";
    let located = folder_of_images(&["ortho_r0_c0.png", "ortho_r0_c1.png"], &[("ortho_r0_c0.pgw", world)]);
    let project = Project::open(located.path()).unwrap();
    assert!(!tells(&project.remarks, "in their names"), "world files come first: {:?}", project.remarks);
}

#[test]
fn binary_masks_saved_as_jpeg() {
    let Some(root) = fixture("sarpol-tents") else { return };
    let project = Project::open(&root).unwrap();
    assert_eq!((project.tiles.len(), project.classes.len()), (25, 2), "{:?}", project.notes);
    assert_eq!(groups(&project).len(), 25, "numbers after one name are no scenes");
    let masks = project.tiles.iter().map(|tile| project.read_mask(tile).unwrap().unwrap());
    let tents: u64 = masks
        .map(|read| {
            assert!(read.unmatched.is_empty());
            read.mask.counts(2)[1]
        })
        .sum();
    let share = tents as f64 / (25.0 * 512.0 * 512.0);
    // Reference count: gray values thresholded at 128.
    assert!((share - 0.016_262).abs() < 1e-5, "{share}");
}

#[test]
fn sixteen_bit_scenes_are_stretched() {
    let Some(root) = fixture("geotiff-variants/image-tiff/images") else { return };
    let project = Project::open(&root.join("rgb-3c-16b.tiff")).unwrap();
    let image = project.read_image(&project.tiles[0]).unwrap();
    let levels: std::collections::BTreeSet<u8> = image.as_raw().iter().copied().collect();
    assert_eq!((levels.first(), levels.last()), (Some(&0), Some(&255)), "{levels:?}");
}

#[test]
fn published_layouts_pair_up() {
    let Some(root) = fixture("layouts-torchgeo") else { return };
    // Folder, number of tiles, of tiles with masks, of test tiles.
    let expected = [
        ("deepglobelandcover", 6, 6, 3),
        ("loveda", 6, 4, 0),
        ("gid15", 6, 4, 0),
        ("inria", 14, 7, 0),
        ("landcoverai", 2, 2, 0), // Its three lists name the same two patches: they validate. The whole scene is no tile.
        ("potsdam", 4, 4, 0),
        ("vaihingen", 4, 4, 0),
    ];
    for (name, tiles, masks, test) in expected {
        let project = Project::open(&root.join(name)).unwrap();
        let with_mask = project.tiles.iter().filter(|tile| tile.mask.is_some());
        let in_test = with_mask.clone().filter(|tile| tile.split == Split::Test).count();
        assert_eq!((name, project.tiles.len(), with_mask.count(), in_test), (name, tiles, masks, test));
    }
    assert!(Project::open(&root.join("loveda")).unwrap().has_val_split);
}

#[test]
fn unsupported_tiffs_fail_with_a_message() {
    let Some(root) = fixture("geotiff-variants") else { return };
    let corrupt = Project::open(&root.join("rasterio")).unwrap();
    assert!(corrupt.tiles.len() > 10);
    for folder in ["image-tiff/fuzz_images/oor_panic", "rasterio", "rio-tiler"] {
        let project = Project::open(&root.join(folder)).unwrap();
        for tile in &project.tiles {
            match project.read_image(tile) {
                Ok(image) => assert_eq!([image.width(), image.height()], tile.size),
                Err(error) => assert!(error.to_string().contains(".tif"), "{error}"),
            }
        }
    }
}
