//! Faults of files, and folders that are no dataset: what is told, and what still works.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod project;

use std::path::Path;

use pointillist::data::{PixelCode, Project};
use pointillist::domain::split::Split;
use pointillist::domain::{Classes, UNLABELLED};
use project::{faults, read};

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
