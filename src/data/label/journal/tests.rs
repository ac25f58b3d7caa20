use super::location::{FILE, inside};
use super::*;
use crate::data::Tile;
use crate::data::files::own_folder::NAME as FOLDER;
use crate::domain::Classes;

/// A folder with one image, opened.
fn project() -> (tempfile::TempDir, Project) {
    let dir = tempfile::tempdir().unwrap();
    image::RgbImage::new(8, 8).save(dir.path().join("a_sat.png")).unwrap();
    let project = Project::open(dir.path()).unwrap();
    assert_eq!(project.classes, Classes::deepglobe());
    (dir, project)
}

fn click(class: Option<u8>, x: f32) -> Edit {
    Edit::Begin(Stroke { tile: "a".to_owned(), class, radius: 1.5, path: vec![[x, 2.25]] })
}

fn add_raw(journal: &Path, text: &str) {
    OpenOptions::new().append(true).open(journal).unwrap().write_all(text.as_bytes()).unwrap();
}

#[test]
fn edits_are_replayed_in_a_later_session() {
    let (_dir, project) = project();
    let (mut journal, replay) = Journal::open(&project).unwrap();
    assert!(!journal.path.exists() && replay.notes.is_empty());
    let edits =
        [click(Some(4), 1.0), Edit::Extend(vec![[3.0, 4.0]]), click(None, 7.0), Edit::Undo, Edit::Undo, Edit::Redo];
    let mut book = LabelBook::default();
    for edit in edits {
        journal.append(&edit).unwrap();
        book.apply(edit);
    }
    drop(journal);
    let (_journal, replay) = Journal::open(&project).unwrap();
    assert_eq!(replay.book.standing(), book.standing());
    assert!(replay.book.can_redo() && replay.notes.is_empty());
}

#[test]
fn an_incomplete_line_is_noted_and_the_next_label_is_safe() {
    let (_dir, project) = project();
    let mut journal = Journal::open(&project).unwrap().0;
    journal.append(&click(Some(1), 1.0)).unwrap();
    let path = journal.path.clone();
    drop(journal);
    add_raw(&path, r#"{"op":"paint","tile":"a","cl"#);
    let (mut journal, replay) = Journal::open(&project).unwrap();
    assert_eq!(replay.book.standing().len(), 1);
    assert!(replay.notes[0].contains("line 3") && replay.notes[0].contains("labels.jsonl"), "{:?}", replay.notes);
    journal.append(&click(Some(2), 2.0)).unwrap();
    drop(journal);
    let (_journal, replay) = Journal::open(&project).unwrap();
    assert_eq!(replay.book.standing().iter().map(|stroke| stroke.class).collect::<Vec<_>>(), [Some(1), Some(2)]);
}

#[test]
fn unusable_lines_are_skipped_and_noted_by_number() {
    let (_dir, project) = project();
    let mut journal = Journal::open(&project).unwrap().0;
    journal.append(&click(Some(1), 1.0)).unwrap();
    add_raw(
        &journal.path,
        "garbage\n{\"op\":\"paint\",\"tile\":\"a\",\"class\":\"lava\",\"radius\":1,\"path\":[[1,1]]}\n",
    );
    add_raw(&journal.path, "{\"op\":\"extend\",\"path\":[[5,5]]}\n\u{0}\u{0}\n{\"op\":\"undo\"}\n");
    drop(journal);
    let (_journal, replay) = Journal::open(&project).unwrap();
    // The undo took back the stroke of the unknown class, not the one before.
    assert_eq!(replay.book.standing().len(), 1);
    assert_eq!(replay.book.standing()[0].path.len(), 1);
    let notes = replay.notes.join("\n");
    assert_eq!(replay.notes.len(), 3, "{notes}");
    assert!(notes.contains("line 3: not a label"), "{notes}");
    assert!(notes.contains("no class 'lava' in this project: its label in line 4 is kept"), "{notes}");
}

#[test]
fn labels_of_an_unknown_class_are_noted_once() {
    let (_dir, project) = project();
    let mut journal = Journal::open(&project).unwrap().0;
    journal.append(&click(Some(1), 1.0)).unwrap();
    for x in 1..4 {
        let lava = format!(r#"{{"op":"paint","tile":"a","class":"lava","radius":1,"path":[[{x},1]]}}"#);
        add_raw(&journal.path, &(lava + "\n"));
    }
    drop(journal);
    let (_journal, replay) = Journal::open(&project).unwrap();
    assert_eq!(replay.notes.len(), 1, "{:?}", replay.notes);
    assert!(replay.notes[0].contains("its 3 labels, from line 3 on, are kept"), "{:?}", replay.notes);
}

#[test]
fn labels_follow_a_renamed_class() {
    let (_dir, mut project) = project();
    let mut journal = Journal::open(&project).unwrap().0;
    journal.append(&click(Some(4), 1.0)).unwrap();
    drop(journal);
    let mut list: Vec<_> = project.classes.iter().cloned().collect();
    list[4].name = "lake".to_owned();
    project.save_classes(&Classes::new(list).unwrap()).unwrap();
    let reopened = Project::open(&project.root).unwrap();
    assert_eq!(reopened.classes.name(4), "lake");
    let (_journal, replay) = Journal::open(&reopened).unwrap();
    assert_eq!(replay.book.standing()[0].class, Some(4));
    assert!(replay.notes.is_empty());
}

#[test]
fn the_trainer_follows_what_the_window_writes() {
    let (_dir, project) = project();
    let mut window = Journal::open(&project).unwrap().0;
    let (mut trainer, replay) = Journal::open_to_follow(&project).unwrap();
    let mut book = replay.book;
    assert!(trainer.follow(&mut book).unwrap().is_empty());
    window.append(&click(Some(0), 1.0)).unwrap();
    assert_eq!(trainer.follow(&mut book).unwrap(), ["a"]);
    assert!(trainer.follow(&mut book).unwrap().is_empty());
    // Half a line is left until the rest arrives.
    add_raw(&window.path, r#"{"op":"#);
    assert!(trainer.follow(&mut book).unwrap().is_empty());
    add_raw(&window.path, "\"undo\"}\n");
    assert_eq!(trainer.follow(&mut book).unwrap(), ["a"]);
    assert_eq!(book.standing().len(), 0);
}

#[test]
fn following_reads_only_new_bytes() {
    let (_dir, project) = project();
    let mut window = Journal::open(&project).unwrap().0;
    for x in 0..2000 {
        window.append(&click(Some(0), x as f32)).unwrap();
    }
    let (mut trainer, replay) = Journal::open_to_follow(&project).unwrap();
    let mut book = replay.book;
    // A class far before the end is replaced by one of the same length: a full replay would see it.
    let mut text = std::fs::read(&window.path).unwrap();
    let at = text.windows(10).position(|word| word == b"urban_land").unwrap();
    text[at..at + 10].copy_from_slice(b"range_land");
    std::fs::write(&window.path, &text).unwrap();
    window.append(&click(Some(1), 1.0)).unwrap();
    assert_eq!(trainer.follow(&mut book).unwrap(), ["a"]);
    assert_eq!((book.standing().len(), book.standing()[0].class), (2001, Some(0)));
}

#[test]
fn labels_are_synced_when_the_journal_closes() {
    let (_dir, project) = project();
    let mut journal = Journal::open(&project).unwrap().0;
    let disk = journal.disk();
    assert_eq!(disk.state(), DiskState::Synced);
    journal.append(&click(Some(0), 1.0)).unwrap();
    assert_ne!(disk.state(), DiskState::Failed(String::new()));
    drop(journal);
    assert_eq!(disk.state(), DiskState::Synced, "the last labels are synced at the end");
}

#[test]
fn labels_of_a_removed_tile_are_kept() {
    let (dir, project) = project();
    let mut journal = Journal::open(&project).unwrap().0;
    journal.append(&click(Some(1), 1.0)).unwrap();
    drop(journal);
    std::fs::rename(dir.path().join("a_sat.png"), dir.path().join("b_sat.png")).unwrap();
    let without = Project::open(dir.path()).unwrap();
    let (mut journal, replay) = Journal::open(&without).unwrap();
    assert_eq!((journal.unlinked(&replay.book), replay.book.carries("b")), (vec![("a_sat.png".to_owned(), 1)], false));
    let stroke = Stroke { tile: "b".to_owned(), class: Some(2), radius: 1.0, path: vec![[1.0, 1.0]] };
    journal.append(&Edit::Begin(stroke)).unwrap();
    drop(journal);
    std::fs::copy(dir.path().join("b_sat.png"), dir.path().join("a_sat.png")).unwrap();
    let (_journal, replay) = Journal::open(&Project::open(dir.path()).unwrap()).unwrap();
    assert_eq!((replay.book.count("a"), replay.book.count("b")), (1, 1));
}

#[test]
fn a_deleted_or_truncated_journal_is_replayed() {
    let (_dir, project) = project();
    let mut window = Journal::open(&project).unwrap().0;
    for x in 0..3 {
        window.append(&click(Some(0), x as f32)).unwrap();
    }
    let (mut trainer, replay) = Journal::open_to_follow(&project).unwrap();
    let mut book = replay.book;
    let text = std::fs::read_to_string(&window.path).unwrap();
    let two_lines: String = text.split_inclusive('\n').take(2).collect();
    std::fs::write(&window.path, two_lines).unwrap();
    assert_eq!(trainer.follow(&mut book).unwrap(), ["a"]);
    assert_eq!(book.standing().len(), 1);
    std::fs::remove_file(&window.path).unwrap();
    assert_eq!(trainer.follow(&mut book).unwrap(), ["a"]);
    assert_eq!(book.standing().len(), 0);
}

#[test]
fn a_replaced_journal_is_replayed() {
    let (_dir, project) = project();
    let mut window = Journal::open(&project).unwrap().0;
    window.append(&click(Some(0), 1.0)).unwrap();
    let (mut trainer, replay) = Journal::open_to_follow(&project).unwrap();
    let mut book = replay.book;
    let text = std::fs::read_to_string(&window.path).unwrap();
    let class = |name: &str| text.replace("urban_land", name);
    let another = |class: &str| text.lines().last().unwrap().replace("urban_land", class) + "\n";
    assert!(text.contains("urban_land"), "{text}");
    let classes = |book: &LabelBook| book.standing().iter().map(|stroke| stroke.class).collect::<Vec<_>>();
    // First a longer file, then one of the same length; neither starts with what was read.
    std::fs::write(&window.path, class("water") + &another("forest_land")).unwrap();
    assert_eq!(trainer.follow(&mut book).unwrap(), ["a"]);
    assert_eq!(classes(&book), [Some(4), Some(3)]);
    std::fs::write(&window.path, class("forest_land") + &another("water")).unwrap();
    assert_eq!(trainer.follow(&mut book).unwrap(), ["a"]);
    assert_eq!(classes(&book), [Some(3), Some(4)]);
    assert!(trainer.follow(&mut book).unwrap().is_empty());
}

#[test]
fn labels_in_a_folder_that_is_no_longer_writable_are_read_first() {
    let (dir, project) = project();
    let mut journal = Journal::open(&project).unwrap().0;
    journal.append(&click(Some(1), 1.0)).unwrap();
    journal.append(&click(Some(2), 2.0)).unwrap();
    drop(journal);
    // What `location::of` gives for a folder that cannot be written; permissions bind no test that runs as root.
    let elsewhere = tempfile::tempdir().unwrap();
    let path = elsewhere.path().join(FILE);
    let (mut journal, replay) = Journal::open_at(path.clone(), &project, true).unwrap();
    assert_eq!(replay.book.standing().len(), 2);
    let note = &replay.notes[0];
    assert!(note.contains("is not writable") && note.contains(&path.display().to_string()), "{note}");
    assert!(note.contains(&inside(dir.path()).display().to_string()), "{note}");
    let mut book = replay.book;
    let before = std::fs::read(inside(dir.path())).unwrap();
    for edit in [click(Some(3), 3.0), Edit::Undo, Edit::Undo] {
        journal.append(&edit).unwrap();
        book.apply(edit);
    }
    drop(journal);
    assert_eq!(std::fs::read(inside(dir.path())).unwrap(), before, "the old journal is never written");
    let (mut follower, replay) = Journal::open_at(path, &project, false).unwrap();
    assert_eq!(replay.book.standing(), book.standing());
    assert_eq!(book.standing().len(), 2, "the second undo reached nothing: the old labels stand for good");
    // Another user with write permission continues labelling.
    let mut book = replay.book;
    Journal::open_at(inside(dir.path()), &project, true).unwrap().0.append(&click(Some(4), 4.0)).unwrap();
    assert_eq!(follower.follow(&mut book).unwrap(), ["a"]);
    assert_eq!(book.standing().len(), 3);
}

#[test]
fn two_windows_cannot_label_one_project() {
    let (_dir, project) = project();
    let mut first = Journal::open(&project).unwrap().0;
    let mut early = Journal::open(&project).unwrap().0;
    first.append(&click(Some(0), 1.0)).unwrap();
    for message in
        [Journal::open(&project).unwrap_err().to_string(), early.append(&click(Some(0), 1.0)).unwrap_err().to_string()]
    {
        assert!(message.contains("another Pointillist window"), "{message}");
    }
    drop(first);
    // The labels of the first window are unknown to the one opened before it wrote them.
    assert!(early.append(&click(Some(0), 1.0)).unwrap_err().to_string().contains("open the project again"));
    drop(early);
    assert!(Journal::open(&project).is_ok());
}

#[test]
fn invalid_labels_are_refused_before_writing() {
    let (_dir, project) = project();
    let mut journal = Journal::open(&project).unwrap().0;
    assert!(journal.append(&click(Some(99), 1.0)).is_err());
    assert!(journal.append(&click(Some(0), f32::NAN)).is_err());
    assert!(!journal.path.exists());
}

/// A folder with `a.png` and a journal of version 1.
fn written_by_version_1(lines: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    image::RgbImage::new(8, 8).save(dir.path().join("a.png")).unwrap();
    std::fs::create_dir(dir.path().join(FOLDER)).unwrap();
    let text = format!("{{\"pointillist\":\"labels\",\"version\":1}}\n{lines}");
    std::fs::write(dir.path().join(FOLDER).join(FILE), text).unwrap();
    dir
}

const ON_A: &str = "{\"op\":\"paint\",\"tile\":\"a\",\"class\":\"class 1\",\"radius\":0,\"path\":[[1.5,2.5]]}\n";

fn tiles_of(replay: &Replay) -> Vec<&str> {
    replay.book.tiles().collect()
}

#[test]
fn labels_stay_on_their_file_when_another_gets_the_same_short_id() {
    let dir = written_by_version_1(ON_A);
    let open = || Journal::open_to_follow(&Project::open(dir.path()).unwrap()).unwrap();
    assert_eq!(tiles_of(&open().1), ["a"]);
    image::RgbImage::new(8, 8).save(dir.path().join("a.bmp")).unwrap();
    let (_, replay) = open();
    assert_eq!((tiles_of(&replay), replay.notes.len()), (vec!["a.png"], 0), "{:?}", replay.notes);
    // New labels name their file.
    let project = Project::open(dir.path()).unwrap();
    let (mut journal, _) = Journal::open(&project).unwrap();
    let path = vec![[3.5, 3.5]];
    journal.append(&Edit::Begin(Stroke { tile: "a.bmp".to_owned(), class: Some(1), radius: 0.0, path })).unwrap();
    drop(journal);
    assert_eq!(tiles_of(&open().1), ["a.bmp", "a.png"]);
    assert!(std::fs::read_to_string(inside(dir.path())).unwrap().contains(r#""file":"a.bmp""#));
}

#[test]
fn labels_of_an_ambiguous_id_are_noted_and_can_be_assigned() {
    let dir = written_by_version_1(ON_A);
    image::RgbImage::new(8, 8).save(dir.path().join("a.bmp")).unwrap();
    let project = Project::open(dir.path()).unwrap();
    let (mut journal, mut replay) = Journal::open(&project).unwrap();
    assert!(!replay.book.carries("a") && !replay.book.carries("a.png"));
    assert!(
        replay.notes.iter().any(|note| note.contains("the labels of a could belong to several files")),
        "{:?}",
        replay.notes
    );
    assert_eq!(journal.unlinked(&replay.book), [("a".to_owned(), 1)]);
    assert!(journal.relink(&mut replay.book, "a", "nowhere").is_err());
    journal.relink(&mut replay.book, "a", "a.png").unwrap();
    assert_eq!(tiles_of(&replay), ["a.png"]);
    drop(journal);
    assert_eq!(tiles_of(&Journal::open(&project).unwrap().1), ["a.png"]);
}

#[test]
fn labels_of_a_renamed_file_are_kept_and_listed() {
    let dir = written_by_version_1(ON_A);
    drop(Journal::open(&Project::open(dir.path()).unwrap()).unwrap());
    std::fs::rename(dir.path().join("a.png"), dir.path().join("b.png")).unwrap();
    let project = Project::open(dir.path()).unwrap();
    let (mut journal, mut replay) = Journal::open(&project).unwrap();
    assert_eq!(journal.unlinked(&replay.book).len(), 1);
    assert!(replay.notes.iter().any(|note| note.contains("not in this folder")), "{:?}", replay.notes);
    let (from, _) = journal.unlinked(&replay.book).remove(0);
    journal.relink(&mut replay.book, &from, "b").unwrap();
    assert_eq!((replay.book.count("b"), journal.unlinked(&replay.book).len()), (1, 0));
}

#[test]
fn assigned_labels_stay_when_a_file_of_the_old_name_appears() {
    let dir = written_by_version_1(ON_A);
    drop(Journal::open(&Project::open(dir.path()).unwrap()).unwrap());
    let place = |name: &str| dir.path().join(name);
    std::fs::rename(place("a.png"), place("b.png")).unwrap();
    let (mut journal, mut replay) = Journal::open(&Project::open(dir.path()).unwrap()).unwrap();
    journal.relink(&mut replay.book, "a.png", "b").unwrap();
    drop(journal);
    image::RgbImage::new(8, 8).save(place("a.png")).unwrap();
    let project = Project::open(dir.path()).unwrap();
    let (mut journal, replay) = Journal::open(&project).unwrap();
    assert_eq!(tiles_of(&replay), ["b"]);
    journal.append(&click(None, 1.0)).unwrap();
    drop(journal);
    assert_eq!(tiles_of(&Journal::open(&project).unwrap().1), ["a", "b"], "new labels lie on the new file");
}

#[test]
fn a_name_without_a_tile_is_never_a_tile_id() {
    let dir = written_by_version_1(ON_A);
    drop(Journal::open(&Project::open(dir.path()).unwrap()).unwrap());
    std::fs::remove_file(dir.path().join("a.png")).unwrap();
    std::fs::create_dir(dir.path().join("images")).unwrap();
    for name in ["images/a.png", "images/a.bmp"] {
        image::RgbImage::new(8, 8).save(dir.path().join(name)).unwrap();
    }
    let project = Project::open(dir.path()).unwrap();
    assert!(project.tile("a.png").is_some(), "a tile goes by what the lost file was called");
    let (journal, replay) = Journal::open(&project).unwrap();
    assert!(!replay.book.carries("a.png"));
    assert_eq!(journal.unlinked(&replay.book), [("a.png".to_owned(), 1)]);
}

#[test]
fn opening_a_single_image_records_nothing_for_its_folder() {
    let dir = written_by_version_1(ON_A);
    image::RgbImage::new(8, 8).save(dir.path().join("a.bmp")).unwrap();
    let (_, replay) = Journal::open_to_follow(&Project::open(&dir.path().join("a.bmp")).unwrap()).unwrap();
    assert!(!replay.book.carries("a") && replay.notes.is_empty(), "{:?}", replay.notes);
    let text = std::fs::read_to_string(inside(dir.path())).unwrap();
    assert!(!text.contains("files"), "{text}");
}

#[test]
fn labels_turn_with_a_rotated_image() {
    let dir = written_by_version_1(
        "{\"op\":\"paint\",\"tile\":\"a\",\"class\":\"class 1\",\"radius\":0,\"path\":[[1.5,2.5]]}\n{\"op\":\"extend\",\"path\":[[2.5,2.5]]}\n",
    );
    let mut project = Project::open(dir.path()).unwrap();
    (project.tiles[0].stored, project.tiles[0].size) = ([8, 4], [4, 8]);
    project.tiles[0].orientation = image::metadata::Orientation::Rotate90;
    let (mut journal, replay) = Journal::open(&project).unwrap();
    assert_eq!(replay.book.standing()[0].path, [[1.5, 1.5], [1.5, 2.5]]);
    journal.append(&click(Some(1), 1.0)).unwrap();
    drop(journal);
    let (_, replay) = Journal::open(&project).unwrap();
    assert_eq!(replay.book.standing()[0].path[0], [1.5, 1.5], "turned once, however often it is read");
    assert_eq!(replay.book.standing()[1].path[0], [1.0, 2.25], "what is given now is given as it is seen");
}

#[test]
fn a_newer_format_version_is_reported() {
    let (dir, project) = project();
    std::fs::create_dir(dir.path().join(FOLDER)).unwrap();
    std::fs::write(dir.path().join(FOLDER).join(FILE), "{\"pointillist\":\"labels\",\"version\":3}\n").unwrap();
    let (_journal, replay) = Journal::open(&project).unwrap();
    assert!(replay.notes[0].contains("newer version"));
    assert_eq!(project.tiles.iter().map(|tile: &Tile| tile.id.as_str()).collect::<Vec<_>>(), ["a"]);
}
