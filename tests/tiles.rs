//! Tiles and their masks: regression tests for inputs that once mixed up the mask, labels or name of two images.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;

use image::{GrayImage, Luma, RgbImage};
use pointillist::data::Project;
use pointillist::domain::split::Split;
use tempfile::TempDir;

/// Writes black images and masks of one value at paths below a new root.
fn tree(images: &[&str], masks: &[(&str, u8)]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let place = |name: &str| {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        path
    };
    images.iter().for_each(|name| RgbImage::new(2, 2).save(place(name)).unwrap());
    masks.iter().for_each(|(name, value)| GrayImage::from_pixel(2, 2, Luma([*value])).save(place(name)).unwrap());
    let classes: String = (0..6).map(|i| format!("[[class]]\nname = 'class {i}'\nvalue = {i}\n")).collect();
    fs::write(dir.path().join("pointillist.toml"), classes).unwrap();
    dir
}

/// The id of each tile and the value of its mask.
fn pairs(root: &Path) -> Vec<(String, Option<u8>)> {
    let project = Project::open(root).unwrap();
    let value = |index: usize| project.read_mask(&project.tiles[index]).unwrap().map(|read| read.mask.get(0, 0));
    (0..project.tiles.len()).map(|index| (project.tiles[index].id.clone(), value(index))).collect()
}

fn pair(id: &str, value: impl Into<Option<u8>>) -> (String, Option<u8>) {
    (id.to_owned(), value.into())
}

#[test]
fn a_mask_does_not_pair_with_an_image_of_the_same_name_elsewhere() {
    let dir = tree(&["train/images/p1.png", "val/images/p1.png"], &[("train/masks/p1.png", 3)]);
    assert_eq!(pairs(dir.path()), [pair("train/p1", 3), pair("val/p1", None)]);
    let dir = tree(&["a/x.png", "b/x.png"], &[("a/x_mask.png", 2)]);
    assert_eq!(pairs(dir.path()), [pair("a/x", 2), pair("b/x", None)]);
    let dir = tree(&["images/train/x.png"], &[("train/masks/x.png", 2)]);
    assert_eq!(pairs(dir.path()), [pair("train/x", None)], "that folder is not a sibling");
}

#[test]
fn a_mask_with_a_suffix_pairs_with_images_beside_it_and_below() {
    let dir = tree(&["ortho/x.png", "ortho/deep/y.png"], &[("x_label.png", 1), ("ortho/y_label.png", 2)]);
    assert_eq!(pairs(dir.path()), [pair("ortho/x", 1), pair("ortho/deep/y", 2)]);
}

#[test]
fn a_mask_with_the_exact_name_takes_precedence() {
    let dir = tree(&["images/foo.png", "images/foo_m.png"], &[("masks/foo_m.png", 3)]);
    assert_eq!(pairs(dir.path()), [pair("foo", None), pair("foo_m", 3)]);
    let dir = tree(&["images/s.png", "images/s_img.png"], &[("masks/s_img.png", 1)]);
    assert_eq!(pairs(dir.path()).iter().filter(|(_, mask)| mask.is_some()).count(), 1, "it pairs with one image only");
    let dir = tree(&["images/10_sat.png"], &[("masks/10_mask.png", 2)]);
    assert_eq!(pairs(dir.path()), [pair("10", 2)]);
    let dir = tree(&["images/a.png", "images/a_label.png"], &[]);
    assert_eq!(Project::open(dir.path()).unwrap().tiles.len(), 1, "a mask among the images is not an image");
}

#[test]
fn masks_without_an_image_are_noted() {
    let dir = tree(&["images/a.png"], &[("masks/a.png", 1), ("masks/b.png", 2), ("labels/a.png", 3)]);
    let project = Project::open(dir.path()).unwrap();
    assert!(project.notes.iter().any(|note| note.starts_with("2 masks have no image")), "{:?}", project.notes);
}

#[test]
#[cfg(target_os = "linux")]
fn case_distinguishes_tiles_and_unicode_forms_do_not() {
    let dir = tree(&["images/Plot.png", "images/plot.png"], &[("masks/Plot.png", 1), ("masks/plot.png", 2)]);
    assert_eq!(pairs(dir.path()), [pair("Plot", 1), pair("plot", 2)]);
    let dir = tree(&["images/K\u{f6}ln.png"], &[("masks/Ko\u{308}ln.png", 4)]);
    assert_eq!(pairs(dir.path()), [pair("K\u{f6}ln", 4)]);
}

#[test]
fn a_new_file_beside_a_tile_changes_neither_its_file_nor_its_samples() {
    let dir = tree(&["a.png"], &[]);
    let before = Project::open(dir.path()).unwrap().tiles[0].clone();
    RgbImage::new(2, 2).save(dir.path().join("a.bmp")).unwrap();
    let project = Project::open(dir.path()).unwrap();
    let after = project.tiles.iter().find(|tile| tile.file == "a.png").unwrap();
    assert_eq!((&before.id, &after.id), (&"a".to_owned(), &"a.png".to_owned()), "only the shown id gets longer");
    assert_eq!((&before.file, &before.short_id), (&after.file, &after.short_id));
}

#[test]
fn a_file_listed_twice_in_a_table_is_one_tile() {
    let dir = tree(&["a.png", "b.png"], &[("a_mask.png", 1)]);
    let table = "id,split,image,mask\n1,train,a.png,a_mask.png\n2,val,./a.png,a_mask.png\n3,train,b.png,\n";
    fs::write(dir.path().join("metadata.csv"), table).unwrap();
    let project = Project::open(dir.path()).unwrap();
    assert_eq!(project.tiles.iter().map(|tile| tile.id.as_str()).collect::<Vec<_>>(), ["1", "3"]);
    assert!(
        project.notes.iter().any(|note| note.contains("line 3") && note.contains("repeats the image of line 2")),
        "{:?}",
        project.notes
    );
}

#[test]
fn excel_tables_are_read_or_named_in_the_error() {
    let dir = tree(&["a.png"], &[]);
    let path = dir.path().join("metadata.csv");
    let text = "image_id\tsplit\tsat_image_path\tmask_path\r\n1\tval\ta.png\t\r\n";
    let wide: Vec<u8> = [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    fs::write(&path, wide).unwrap();
    assert_eq!(Project::open(dir.path()).unwrap().tile("1").unwrap().split, Split::Val);
    fs::write(&path, "sep=;\r\nimage_id;split;sat_image_path;mask_path\r\n1;val;a.png;\r\n").unwrap();
    assert_eq!(Project::open(dir.path()).unwrap().tile("1").unwrap().split, Split::Val);
    fs::write(&path, b"image_id,split,sat_image_path,mask_path\n1,train,K\xf6ln.png,\n").unwrap();
    let message = Project::open(dir.path()).unwrap_err().to_string();
    assert!(message.contains("UTF-8") && message.ends_with("metadata.csv"), "{message}");
}
