//! Real datasets in their published layouts, and faults of files.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::path::{Path, PathBuf};

use pointillist::data::{KnownDataset, PixelCode, Project, Tile};
use pointillist::domain::split::Split;
use pointillist::domain::{Classes, UNLABELLED};

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

fn faults(project: &Project) -> Vec<&str> {
    project.tiles.iter().filter_map(|tile| tile.fault.as_deref()).collect()
}

fn groups(project: &Project) -> std::collections::BTreeSet<&str> {
    project.tiles.iter().map(|tile| tile.group.as_str()).collect()
}

/// Reads image and mask of a tile and checks that their sizes agree. Returns the share of labelled pixels.
fn read(project: &Project, tile: &Tile) -> f64 {
    let image = project.read_image(tile).unwrap();
    assert_eq!([image.width(), image.height()], tile.size, "{}", tile.id);
    project.read_mask(tile).unwrap().map_or(0.0, |read| {
        assert_eq!(read.mask.size(), tile.size, "{}", tile.id);
        read.mask.labelled() as f64 / read.mask.data().len() as f64
    })
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
fn dubai_with_classes_derived_from_masks() {
    let Some(root) = fixture("dubai") else { return };
    let project = Project::open(&root).unwrap();
    let names: Vec<&str> = project.classes.iter().map(|class| class.name.as_str()).collect();
    for name in ["class #E2A929", "class #8429F6", "class #6EC1E4", "class #3C1098", "class #FEDD3A"] {
        assert!(names.contains(&name), "{names:?}");
    }
    assert!(names.len() <= 7, "{names:?}");
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

/// A folder in DeepGlobe's layout with the valid tiles `a` and `b`.
fn small() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str| dir.path().join(name);
    for id in ["a", "b"] {
        let image = image::RgbImage::from_fn(48, 40, |x, y| image::Rgb([(x * y) as u8, (x * 5) as u8, (y * 6) as u8]));
        image.save(file(&format!("{id}_sat.jpg"))).unwrap();
        let mask = image::RgbImage::from_fn(48, 40, |x, _| image::Rgb([0, if x < 20 { 255 } else { 0 }, 255]));
        mask.save(file(&format!("{id}_mask.png"))).unwrap();
    }
    std::fs::write(file("class_dict.csv"), "name,r,g,b\nurban,0,255,255\nwater,0,0,255\nunknown,0,0,0\n").unwrap();
    let table = "image_id,split,sat_image_path,mask_path\na,train,a_sat.jpg,a_mask.png\nb,train,b_sat.jpg,b_mask.png\n";
    std::fs::write(file("metadata.csv"), table).unwrap();
    dir
}

/// Opens the folder and expects a fault of `a` that names `file` and contains `words`, and no fault of `b`.
fn expect_fault(dir: &Path, file: &str, words: &[&str]) {
    let project = Project::open(dir).unwrap();
    let a = project.tile("a").unwrap();
    let fault = match (&a.fault, project.read_image(a), project.read_mask(a)) {
        (Some(fault), Err(_), Err(_)) => {
            assert!(
                project.notes.iter().any(|note| note.starts_with("1 of 2 tiles cannot be used")),
                "{:?}",
                project.notes
            );
            fault.clone()
        }
        (None, Err(error), _) | (None, _, Err(error)) => error.to_string(),
        other => panic!("no fault, or a faulty tile that is read: {other:?}"),
    };
    assert!(fault.contains(file) && words.iter().all(|word| fault.contains(word)), "{fault}");
    assert!(read(&project, project.tile("b").unwrap()) > 0.999);
}

#[test]
fn a_missing_file_is_named() {
    let dir = small();
    std::fs::remove_file(dir.path().join("a_mask.png")).unwrap();
    expect_fault(dir.path(), "a_mask.png", &["does not exist"]);
    let dir = small();
    std::fs::remove_file(dir.path().join("a_sat.jpg")).unwrap();
    expect_fault(dir.path(), "a_sat.jpg", &["does not exist"]);
}

#[test]
fn a_mask_of_another_size_is_named_with_both_sizes() {
    let dir = small();
    image::RgbImage::new(47, 40).save(dir.path().join("a_mask.png")).unwrap();
    expect_fault(dir.path(), "a_mask.png", &["47×40", "48×40"]);
}

#[test]
fn damaged_files_are_named() {
    for (name, keep) in [("a_sat.jpg", 0.7), ("a_sat.jpg", 0.05), ("a_sat.jpg", 0.0), ("a_mask.png", 0.6)] {
        let dir = small();
        let path = dir.path().join(name);
        let bytes = std::fs::read(&path).unwrap();
        std::fs::write(&path, &bytes[..(bytes.len() as f64 * keep) as usize]).unwrap();
        expect_fault(dir.path(), name, &[]);
    }
}

#[test]
fn tables_from_other_programs_are_read_the_same() {
    let rows = "a,train,a_sat.jpg,a_mask.png\r\nb,val,b_sat.jpg,b_mask.png\r\n";
    let tables = [
        format!("\u{feff}image_id,split,sat_image_path,mask_path\r\n{rows}"),
        format!("ID, Set, Image, Label\r\n{}\r\n\r\n", rows.replace(',', ", ")),
        format!("Image_ID;Split;Sat_Path;Mask\r\n{}", rows.replace(',', ";")),
        "mask,image,id,split\nA:a_mask.png,a_sat.jpg,a,Training\nb_mask.png,b_sat.jpg,b,validation\n"
            .replace("A:", "./"),
    ];
    for table in tables {
        let dir = small();
        std::fs::write(dir.path().join("metadata.csv"), &table).unwrap();
        let project = Project::open(dir.path()).unwrap();
        assert!(faults(&project).is_empty() && project.has_val_split, "{table}: {:?}", faults(&project));
        assert_eq!(project.tile("b").unwrap().split, Split::Val);
        assert!(read(&project, &project.tiles[0]) > 0.999);
    }
}

#[test]
fn a_missing_column_is_named_with_its_file() {
    for (header, column) in [("image_id,split,mask_path", "sat_image_path"), ("image_id,sat_image_path", "mask_path")] {
        let dir = small();
        std::fs::write(dir.path().join("metadata.csv"), format!("{header}\na,b,c\n")).unwrap();
        let message = Project::open(dir.path()).unwrap_err().to_string();
        assert!(message.contains(column) && message.ends_with("metadata.csv"), "{message}");
    }
}

#[test]
fn images_missing_from_the_table_are_counted() {
    let dir = small();
    std::fs::copy(dir.path().join("a_sat.jpg"), dir.path().join("c_sat.jpg")).unwrap();
    let project = Project::open(dir.path()).unwrap();
    assert!(project.notes.iter().any(|note| note.starts_with("1 image files are not listed")), "{:?}", project.notes);
}

#[test]
fn colours_off_the_palette_are_unlabelled_and_reported() {
    let dir = small();
    let mask = image::RgbImage::from_fn(48, 40, |x, _| image::Rgb(if x == 0 { [255, 0, 0] } else { [0, 0, 255] }));
    mask.save(dir.path().join("a_mask.png")).unwrap();
    let project = Project::open(dir.path()).unwrap();
    let read = project.read_mask(project.tile("a").unwrap()).unwrap().unwrap();
    assert_eq!(read.unmatched, [(PixelCode::Color([255, 0, 0]), 40)]);
    assert_eq!((read.mask.get(0, 0), read.mask.get(1, 0)), (UNLABELLED, 1));
}

#[test]
fn the_parent_of_a_dataset_has_its_classes() {
    let parent = tempfile::tempdir().unwrap();
    let add = |name: &str| {
        let dir = small();
        let to = parent.path().join(name);
        std::fs::create_dir(&to).unwrap();
        for entry in std::fs::read_dir(dir.path()).unwrap().flatten() {
            std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
        to
    };
    add("deepglobe");
    let names = |project: &Project| project.classes.iter().map(|class| class.name.clone()).collect::<Vec<_>>();
    let project = Project::open(parent.path()).unwrap();
    assert_eq!(names(&project), ["urban", "water", "unknown"]);
    assert!(project.notes.iter().any(|note| note.contains("come from the folder")), "{:?}", project.notes);
    assert!(read(&project, &project.tiles[0]) > 0.999);
    // A second dataset with the same classes changes nothing; one with other classes makes the choice ambiguous.
    let second = add("more");
    assert_eq!(names(&Project::open(parent.path()).unwrap()), ["urban", "water", "unknown"]);
    std::fs::write(second.join("class_dict.csv"), "name,r,g,b\ntown,0,255,255\nlake,0,0,255\n").unwrap();
    let project = Project::open(parent.path()).unwrap();
    assert_eq!(project.classes, Classes::deepglobe());
    let disagree = |note: &String| note.contains("different classes") && note.contains("open one of the folders");
    assert!(project.notes.iter().any(disagree), "{:?}", project.notes);
}

#[test]
fn folders_without_usable_images_are_errors() {
    let empty = tempfile::tempdir().unwrap();
    let message = Project::open(empty.path()).unwrap_err().to_string();
    assert!(message.contains("no images found"), "{message}");
    std::fs::write(empty.path().join("scene.jp2"), b"").unwrap();
    let message = Project::open(empty.path()).unwrap_err().to_string();
    assert!(message.contains(".jp2") && message.contains("convert"), "{message}");
    let message = Project::open(&empty.path().join("nowhere")).unwrap_err().to_string();
    assert!(message.contains("nowhere") && message.contains("exists"), "{message}");
    std::fs::write(empty.path().join("notes.txt"), b"").unwrap();
    assert!(Project::open(&empty.path().join("notes.txt")).unwrap_err().to_string().contains("neither a folder"));
}

#[test]
fn a_single_image_is_a_project_of_one_tile() {
    let dir = small();
    let project = Project::open(&dir.path().join("a_sat.jpg")).unwrap();
    assert_eq!((project.tiles.len(), project.tiles[0].id.as_str()), (1, "a"));
    assert_eq!(project.root, dir.path());
    assert!(read(&project, &project.tiles[0]) > 0.999);
}

#[test]
fn a_lone_image_named_like_deepglobes_has_its_classes_in_its_folder_and_alone() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("10452_sat.png");
    image::RgbImage::new(4, 4).save(&file).unwrap();
    for opened in [dir.path(), &file] {
        let project = Project::open(opened).unwrap();
        assert_eq!(project.classes, Classes::deepglobe(), "{}", opened.display());
        assert_eq!((project.notes.len(), project.remarks.len()), (0, 1), "no warning: {:?}", project.notes);
    }
}

#[test]
fn images_without_masks_start_with_two_classes() {
    let dir = tempfile::tempdir().unwrap();
    image::RgbImage::new(9, 9).save(dir.path().join("ortho.png")).unwrap();
    let project = Project::open(dir.path()).unwrap();
    assert_eq!((project.classes.len(), project.layout.as_str()), (2, "images"));
    assert!(project.notes.iter().any(|note| note.contains("pointillist.toml")), "{:?}", project.notes);
}

#[test]
fn a_mask_with_too_many_colours_is_refused_with_the_remedy() {
    let dir = tempfile::tempdir().unwrap();
    image::RgbImage::new(64, 64).save(dir.path().join("x.png")).unwrap();
    let noisy = image::RgbImage::from_fn(64, 64, |x, y| image::Rgb([(x * 4) as u8, (y * 4) as u8, 9]));
    noisy.save(dir.path().join("x_mask.png")).unwrap();
    let message = Project::open(dir.path()).unwrap_err().to_string();
    assert!(message.contains("pointillist.toml") && message.ends_with("x_mask.png"), "{message}");
}

#[test]
#[cfg(target_os = "linux")]
fn names_that_are_not_utf_8_are_faults_not_panics() {
    use std::os::unix::ffi::OsStrExt;
    let dir = tempfile::tempdir().unwrap();
    image::RgbImage::new(9, 9).save(dir.path().join("good.png")).unwrap();
    for name in [&b"bad\xff.png"[..], b"bad\xfe.png"] {
        std::fs::copy(dir.path().join("good.png"), dir.path().join(std::ffi::OsStr::from_bytes(name))).unwrap();
    }
    let project = Project::open(dir.path()).unwrap();
    assert_eq!((project.tiles.len(), faults(&project).len()), (3, 2));
    assert_eq!(project.tiles.iter().map(|tile| &tile.id).collect::<std::collections::BTreeSet<_>>().len(), 3);
    assert!(faults(&project)[0].contains("UTF-8"));
    assert!(project.read_image(project.tile("good").unwrap()).is_ok());
}

#[test]
fn two_formats_of_one_name_are_two_tiles() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["a.png", "a.bmp"] {
        image::RgbImage::new(9, 9).save(dir.path().join(name)).unwrap();
    }
    let project = Project::open(dir.path()).unwrap();
    let ids: Vec<&str> = project.tiles.iter().map(|tile| tile.id.as_str()).collect();
    assert_eq!(ids, ["a.bmp", "a.png"]);
}
