use super::*;

fn click(tile: &str, class: Option<u8>, x: f32) -> Edit {
    Edit::Begin(Stroke { tile: tile.to_owned(), class, radius: 0.0, path: vec![[x, 0.5]] })
}

fn labels(book: &LabelBook) -> Vec<u8> {
    book.rasterize("a", [4, 1]).data().to_vec()
}

#[test]
fn clicks_paint_erasers_unlabel() {
    let mut book = LabelBook::default();
    assert_eq!(book.apply(click("a", Some(1), 0.5)).as_deref(), Some("a"));
    book.apply(click("a", Some(2), 2.5));
    book.apply(click("b", Some(2), 3.5));
    assert_eq!(labels(&book), [1, 255, 2, 255]);
    book.apply(click("a", None, 0.5));
    assert_eq!(labels(&book), [255, 255, 2, 255]);
    assert_eq!((book.count("a"), book.count("b")), (2, 1));
}

#[test]
fn sealed_strokes_are_neither_undone_nor_extended() {
    let mut book = LabelBook::default();
    book.apply(click("a", Some(1), 0.5));
    book.apply(click("a", Some(2), 1.5));
    book.apply(Edit::Undo);
    book.seal();
    for edit in [Edit::Undo, Edit::Redo, Edit::Extend(vec![[3.5, 0.5]])] {
        assert_eq!(book.apply(edit), None);
    }
    assert!(!book.can_undo() && !book.can_redo() && book.next_undo().is_none());
    book.apply(click("a", None, 0.5));
    assert_eq!(labels(&book), [255; 4], "sealed labels can be erased");
    book.apply(Edit::Undo);
    assert_eq!(labels(&book), [1, 255, 255, 255]);
}

#[test]
fn undo_and_redo_walk_the_whole_history() {
    let mut book = LabelBook::default();
    for i in 0..4 {
        book.apply(click("a", Some(i), f32::from(i)));
    }
    let all = labels(&book);
    for _ in 0..4 {
        assert!(book.apply(Edit::Undo).is_some());
    }
    assert_eq!(labels(&book), [255; 4]);
    assert_eq!(book.apply(Edit::Undo), None);
    while book.apply(Edit::Redo).is_some() {}
    assert_eq!(labels(&book), all);
}

#[test]
fn a_new_stroke_discards_undone_strokes() {
    let mut book = LabelBook::default();
    book.apply(click("a", Some(0), 0.5));
    book.apply(click("a", Some(1), 1.5));
    book.apply(Edit::Undo);
    book.apply(click("a", Some(2), 2.5));
    assert!(!book.can_redo());
    assert_eq!(labels(&book), [0, 255, 2, 255]);
}

#[test]
fn a_drag_grows_and_is_undone_whole() {
    let mut book = LabelBook::default();
    book.apply(click("a", Some(3), 0.5));
    book.apply(Edit::Extend(vec![[1.5, 0.5], [3.5, 0.5]]));
    assert_eq!(labels(&book), [3; 4]);
    book.apply(Edit::Undo);
    assert_eq!(labels(&book), [255; 4]);
    assert_eq!(book.apply(Edit::Extend(vec![[2.5, 0.5]])), None, "an undone stroke does not grow");
}

#[test]
fn strokes_are_counted_by_tile_and_class_through_undo_and_redo() {
    let mut book = LabelBook::default();
    for (tile, class) in [("a", Some(1)), ("b", Some(0)), ("a", None), ("a", Some(1))] {
        book.apply(click(tile, class, 0.5));
    }
    assert_eq!((book.class_counts("a"), book.class_counts("b"), book.count("c")), (&[0, 2][..], &[1][..], 0));
    for _ in 0..3 {
        book.apply(Edit::Undo);
    }
    assert_eq!((book.count("a"), book.carries("b"), book.tiles().collect::<Vec<_>>()), (1, false, vec!["a"]));
    book.apply(Edit::Redo);
    assert!(book.carries("b"));
    book.apply(click("c", Some(0), 0.5));
    assert_eq!(book.tiles().collect::<Vec<_>>(), ["a", "b", "c"]);
    assert_eq!(book.standing_on("a").count(), 1, "undone strokes are discarded");
    book.clear();
    assert_eq!((book.tiles().count(), book.count("a"), book.can_undo()), (0, 0, false));
}

/// Counts the pixels that are changed.
struct Counted(Mask, u64);

impl Surface for Counted {
    fn size(&self) -> [u32; 2] {
        self.0.size()
    }

    fn clear(&mut self, rect: PixelRect) {
        self.1 += u64::from(rect.width * rect.height);
        self.0.clear(rect);
    }

    fn paint(&mut self, y: u32, columns: std::ops::Range<u32>, class: Option<u8>) {
        self.1 += u64::from(columns.end - columns.start);
        self.0.paint(y, columns, class);
    }
}

#[test]
fn incremental_drawing_equals_a_full_redraw_after_any_history() {
    let mut random = crate::domain::hash::Stream::new(7);
    let size = [40, 30];
    let mut book = LabelBook::default();
    let (mut mask, mut drawn) = (Mask::unlabelled(size[0], size[1]), Drawn::default());
    for turn in 0..2000 {
        let point = [random.below(400) as f32 / 10.0, random.below(300) as f32 / 10.0];
        let class = Some(random.below(4) as u8).filter(|class| *class != 3);
        let tile = if random.below(5) == 0 { "b" } else { "a" }.to_owned();
        match random.below(9) {
            0..4 => book.apply(Edit::Begin(Stroke { tile, class, radius: random.below(5) as f32, path: vec![point] })),
            4 | 5 => book.apply(Edit::Extend(vec![point])),
            6 | 7 => book.apply(Edit::Undo),
            _ => book.apply(Edit::Redo),
        };
        if turn % 500 == 499 {
            book.clear();
        }
        if random.below(3) == 0 {
            drawn = book.draw_on("a", drawn, &mut mask);
            assert!(mask == book.rasterize("a", size), "turn {turn}");
        }
    }
}

#[test]
fn a_click_changes_only_its_own_pixels_and_an_undo_few_around_them() {
    let mut book = LabelBook::default();
    for i in 0..5000 {
        book.apply(click("a", Some(1), (i % 300) as f32 + 0.5));
    }
    let mut surface = Counted(Mask::unlabelled(300, 300), 0);
    let drawn = book.draw_on("a", Drawn::default(), &mut surface);
    surface.1 = 0;
    book.apply(click("a", Some(2), 7.5));
    let drawn = book.draw_on("a", drawn, &mut surface);
    assert_eq!(surface.1, 1);
    book.apply(Edit::Undo);
    book.draw_on("a", drawn, &mut surface);
    assert!(surface.1 < 200, "{} pixels were touched", surface.1);
}

#[test]
fn labels_of_an_unknown_tile_stay_in_the_book() {
    let mut book = LabelBook::default();
    book.apply(click("gone", Some(1), 0.5));
    book.apply(click("a", Some(2), 1.5));
    assert_eq!((book.count("gone"), labels(&book)), (1, vec![255, 2, 255, 255]));
    book.apply(Edit::Undo);
    assert_eq!(book.apply(Edit::Undo).as_deref(), Some("gone"));
    book.apply(Edit::Redo);
    assert_eq!(book.rasterize("gone", [4, 1]).data(), [1, 255, 255, 255]);
}

#[test]
fn a_click_that_is_kept_aside_is_not_drawn() {
    let mut book = LabelBook::default();
    book.hide_kept_aside();
    for x in 0..5 {
        book.apply(click("a", Some(1), x as f32 * 0.8));
    }
    assert_eq!(labels(&book), [1, 1, 1, 255], "the fifth");
    book.apply(Edit::Undo);
    book.apply(click("a", Some(2), 3.5));
    book.apply(click("a", Some(1), 2.5));
    assert_eq!(labels(&book), [1, 1, 255, 2], "the fifth of class 1 again; it takes away what lay under it");
    let mut mask = Mask::unlabelled(4, 1);
    let drawn = book.draw_on("a", Drawn::default(), &mut mask);
    book.apply(click("a", Some(1), 3.5));
    book.draw_on("a", drawn, &mut mask);
    assert_eq!(mask.data(), [1, 1, 255, 1], "the sixth is drawn");
    assert_eq!(book.count("a"), 7, "they count as labels");
}
