//! Tests of the training set.

use super::*;
use crate::domain::geometry::PixelRect;
use crate::domain::{Classes, Edit, Strategy, Stroke, UNLABELLED};

/// A project of tiles `a` and `b` of 32×32 pixels without masks, trained on clicks only.
fn set(book: LabelBook) -> (tempfile::TempDir, Arc<Project>, TrainingSet) {
    let dir = tempfile::tempdir().unwrap();
    for id in ["a", "b"] {
        image::RgbImage::new(32, 32).save(dir.path().join(format!("{id}.png"))).unwrap();
    }
    let project = Arc::new(Project::open(dir.path()).unwrap());
    let sampling = Sampling { strategy: Strategy::OwnLabelsOnly, seed: 1 };
    let set = TrainingSet::new(Arc::clone(&project), vec![0, 1], InputSize::Crop(16), sampling, book);
    (dir, project, set)
}

fn click(tile: &str, class: u8, x: f32) -> Edit {
    Edit::Begin(Stroke { tile: tile.to_owned(), class: Some(class), radius: 0.0, path: vec![[x, 0.5]] })
}

#[test]
fn a_tile_that_panics_is_named_with_its_file() {
    let (_dir, project, _set) = set(LabelBook::default());
    let message = one_bad_tile::<()>(&project.tiles[0], || panic!("index out of range")).unwrap_err().to_string();
    assert!(message.contains("tile a") && message.contains("index out of range"), "{message}");
    assert!(message.ends_with("a.png"), "{message}");
}

#[test]
fn an_epoch_visits_tiles_by_their_area() {
    let dir = tempfile::tempdir().unwrap();
    let mut book = LabelBook::default();
    for (id, side) in [("a", 32), ("b", 31), ("c", 5)] {
        image::RgbImage::new(side, side).save(dir.path().join(format!("{id}.png"))).unwrap();
        book.apply(click(id, 1, 3.5));
    }
    let project = Arc::new(Project::open(dir.path()).unwrap());
    let sampling = Sampling { strategy: Strategy::OwnLabelsOnly, seed: 1 };
    let set = |frame| TrainingSet::new(Arc::clone(&project), vec![0, 1, 2], frame, sampling, book.clone());
    let fitting = "four crops fit into the first, one into the second, and none is as small as the third";
    assert_eq!(*set(InputSize::Crop(16)).epoch(), [0, 0, 0, 1, 1, 1, 2], "{fitting}");
    assert_eq!(*set(InputSize::Resize(16)).epoch(), [0, 1, 2]);
}

#[test]
fn labels_are_updated_without_decoding_again() {
    let (dir, project, set) = set(LabelBook::default());
    let mut window = Journal::open(&project).unwrap().0;
    let mut trainer = Journal::open_to_follow(&project).unwrap().0;
    assert!(set.epoch().is_empty());
    window.append(&click("a", 1, 3.5)).unwrap();
    assert_eq!(set.follow(&mut trainer).unwrap(), ["a"]);
    assert_eq!(*set.epoch(), [0, 0, 0, 0], "a crop of half the side fits in four times");
    let prepared = set.prepare(0).unwrap();
    assert_eq!(prepared.target().mask().get(3, 0), 1);
    std::fs::remove_file(dir.path().join("a.png")).unwrap();
    window.append(&click("a", 0, 3.5)).unwrap();
    window.append(&click("b", 0, 3.5)).unwrap();
    assert_eq!(set.follow(&mut trainer).unwrap(), ["a", "b"]);
    assert!(Arc::ptr_eq(&set.prepare(0).unwrap(), &prepared));
    assert_eq!(prepared.target().mask().get(3, 0), 0);
    assert_eq!((set.tiles().len(), set.label_counts(0).unwrap()[0], set.revision_of(0)), (2, 1, 2));
    for _ in 0..3 {
        window.append(&Edit::Undo).unwrap();
    }
    set.follow(&mut trainer).unwrap();
    assert_eq!(set.prepare(0).unwrap().target().mask().get(3, 0), UNLABELLED);
    assert!(!set.epoch().is_empty(), "the pool keeps its tiles when the last label is undone");
}

#[test]
fn clicks_on_held_out_pixels_are_nothing_new_to_learn() {
    let (_dir, project, set) = set(LabelBook::default());
    let hidden = PixelRect { x: 16, y: 0, width: 16, height: 32 };
    let held = HeldOut { scored: [("b".to_owned(), hidden)].into(), hidden: vec![hidden] };
    let set = set.without([(0, held)].into());
    let mut window = Journal::open(&project).unwrap().0;
    let mut trainer = Journal::open_to_follow(&project).unwrap().0;
    let before = set.fingerprint();
    window.append(&click("a", 1, 24.5)).unwrap();
    assert!(set.follow(&mut trainer).unwrap().is_empty());
    assert_eq!(set.fingerprint(), before);
    window.append(&click("a", 1, 3.5)).unwrap();
    assert_eq!(set.follow(&mut trainer).unwrap(), ["a"], "its first label that is learned from");
    let labelled = set.fingerprint();
    assert_ne!(labelled, before);
    window.append(&Edit::Undo).unwrap();
    assert_eq!(set.follow(&mut trainer).unwrap(), ["a"]);
    assert_eq!(set.fingerprint(), before);
}

#[test]
fn a_file_replaced_by_another_size_is_a_fault_that_names_it() {
    let mut book = LabelBook::default();
    book.apply(click("a", 1, 3.5));
    let (dir, _project, set) = set(book);
    image::RgbImage::new(16, 64).save(dir.path().join("a.png")).unwrap();
    let message = set.prepare(0).err().unwrap().to_string();
    assert!(message.contains("16×64") && message.contains("32×32"), "{message}");
    assert!(message.contains("open the folder again") && message.ends_with("a.png"), "{message}");
}

#[test]
fn labels_are_counted_until_every_class_that_can_be_found_is() {
    let mut book = LabelBook::default();
    book.apply(click("b", 1, 3.5));
    let (_dir, project, set) = set(book);
    let count_all = || {
        while let Some(tile) = set.next_to_count(&[false; 2]) {
            set.count(tile);
        }
        set.table().totals(2)
    };
    assert_eq!((count_all(), set.table().has(0)), (vec![0, 1], false), "tile a has nothing to count");
    let mut window = Journal::open(&project).unwrap().0;
    let mut trainer = Journal::open_to_follow(&project).unwrap().0;
    window.append(&click("a", 0, 3.5)).unwrap();
    set.follow(&mut trainer).unwrap();
    assert_eq!(count_all(), [1, 1], "counted again as it changes");
    window.append(&Edit::Undo).unwrap();
    set.follow(&mut trainer).unwrap();
    assert_eq!(count_all(), [0, 1]);
}

#[test]
fn only_other_labels_change_the_fingerprint() {
    let of = |edits: &[Edit]| {
        let mut book = LabelBook::default();
        edits.iter().for_each(|edit| drop(book.apply(edit.clone())));
        set(book).2.fingerprint()
    };
    let (one, other) = (click("a", 1, 3.5), click("b", 0, 3.5));
    let known = of(&[one.clone(), other.clone()]);
    assert_eq!(known, of(&[one.clone(), other.clone(), click("a", 0, 9.5), Edit::Undo]));
    assert_eq!(known, of(&[one.clone(), other.clone(), click("c", 1, 3.5)]), "a tile that is not learned from");
    let changed = [
        of(&[]),
        of(std::slice::from_ref(&one)),
        of(&[one.clone(), click("b", 1, 3.5)]),
        of(&[one.clone(), click("b", 0, 4.5)]),
        of(&[other, one.clone(), one]),
    ];
    assert!(changed.iter().all(|changed| *changed != known), "{changed:?}");
}

#[test]
fn what_is_held_out_is_neither_seen_nor_learned_nor_drawn_as_often() {
    let dir = tempfile::tempdir().unwrap();
    image::RgbImage::from_pixel(64, 32, image::Rgb([255; 3])).save(dir.path().join("a.png")).unwrap();
    let mut mask = Mask::unlabelled(64, 32);
    mask.data_mut().fill(1);
    let classes = Classes::deepglobe();
    crate::data::write_classes(dir.path(), &classes).unwrap();
    crate::data::export::save::color_png(&dir.path().join("a_mask.png"), &mask, &classes, false).unwrap();
    let project = Arc::new(Project::open(dir.path()).unwrap());
    let hidden = PixelRect { x: 24, y: 0, width: 40, height: 32 };
    let held = HeldOut { scored: [("b".to_owned(), PixelRect { x: 32, ..hidden })].into(), hidden: vec![hidden] };
    let mut book = LabelBook::default();
    book.apply(click("a", 2, 3.5));
    book.apply(click("a", 2, 40.5));
    for (frame, crops) in [(InputSize::Crop(16), 3), (InputSize::Resize(32), 1)] {
        let sampling = Sampling { strategy: Strategy::FractionPerClass(1.0), seed: 1 };
        let set = TrainingSet::new(Arc::clone(&project), vec![0], frame, sampling, book.clone());
        let set = set.without([(0, held.clone())].into());
        assert_eq!(set.epoch().len(), crops, "3 of 8 crops");
        let prepared = set.prepare(0).unwrap();
        let scale = if crops == 1 { 2 } else { 1 };
        for (x, y, pixel) in prepared.picture.rgb.enumerate_pixels() {
            let is_hidden = x * scale >= 24;
            assert!(!is_hidden || x * scale < 26 || pixel.0 != [255; 3], "{x} {y}");
            let label = prepared.target().mask().get(x, y);
            assert_eq!(label == UNLABELLED, is_hidden, "{frame:?} {x} {y}: {label}");
        }
    }
}
