//! The window's panels through the accessibility tree, without a graphics device: every control has a name and does
//! what it says.

mod harness;

use std::path::Path;

use eframe::egui::{Key, Modifiers, accesskit::Role};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use harness::{click, click_canvas, saved, step_until};
use pointillist::data::export::save;
use pointillist::data::write_classes;
use pointillist::domain::{Classes, Mask, Strategy};
use pointillist::ui::App;
use pointillist::ui::state::action::{Tab, UiAction};
use pointillist::ui::state::check::CheckState;
use pointillist::ui::state::layer::Layer;
use pointillist::ui::state::tool::ToolKind;

/// The window over a project folder, with a tile in view.
fn window(project: Option<&Path>) -> Harness<'static, App> {
    let mut harness = harness::open(project);
    if project.is_some() {
        step_until(&mut harness, "the tile is in view", |app| app.state().view.tile.is_some());
    }
    harness.run_ok();
    harness
}

/// Three masked tiles of 64 × 48 pixels in DeepGlobe's classes; the last image is truncated.
fn project() -> tempfile::TempDir {
    let root = tempfile::tempdir().expect("a temporary folder");
    let classes = Classes::deepglobe();
    write_classes(root.path(), &classes).expect("the classes");
    for (sub, ids) in [("images", ["1", "2", "3"]), ("masks", ["1", "2", "3"])] {
        std::fs::create_dir(root.path().join(sub)).expect("a folder");
        for id in ids {
            let path = root.path().join(sub).join(format!("{id}.png"));
            if sub == "images" {
                let picture = image::RgbImage::from_fn(64, 48, |x, y| image::Rgb([x as u8, y as u8, 90]));
                save::rgb_png(&path, &picture).expect("an image");
            } else {
                let half = (0..64 * 48).map(|i| if i % 64 < 32 { 3 } else { 4 }).collect();
                let mask = Mask::from_vec(64, 48, half).expect("whole rows");
                save::color_png(&path, &mask, &classes, false).expect("a mask");
            }
        }
    }
    let bad = root.path().join("images").join("3.png");
    let whole = std::fs::read(&bad).expect("the image");
    std::fs::write(&bad, &whole[..whole.len() / 2]).expect("truncated");
    root
}

/// Number of strokes in the journal of a project.
fn edits(root: &Path) -> usize {
    let text = std::fs::read_to_string(root.join(".pointillist").join("labels.jsonl")).unwrap_or_default();
    text.lines().filter(|line| line.contains("paint")).count()
}

#[test]
fn an_empty_window_says_how_to_begin_and_does_not_repaint() {
    let mut harness = window(None);
    harness.get_by_label_contains("Open a folder of tiles,");
    assert!(harness.get_by_role_and_label(Role::Button, "Start").accesskit_node().is_disabled());
    let frames = harness.run();
    assert!(frames <= 3, "an idle window does not repaint: {frames} frames");
}

#[test]
fn a_project_shows_tiles_classes_and_counts() {
    let root = project();
    let mut harness = window(Some(root.path()));
    harness.get_by_label("Tile 1");
    harness.get_by_label("Class water");
    saved(&mut harness, "0 labels");
    step_until(&mut harness, "the sampled mask is there", |app| app.state().view.sampled.is_some());
    harness.run_ok();
    let kept = harness.state().state().view.sampled_counts.clone();
    assert_eq!(kept, [0, 0, 0, 154, 154, 0, 0], "a tenth of each class, rounded up");
}

#[test]
fn a_bad_tile_is_named_and_the_others_work() {
    let root = project();
    let mut harness = window(Some(root.path()));
    click(&mut harness, "Tile 3");
    step_until(&mut harness, "the fault is known", |app| app.state().tile().is_some_and(|tile| tile.fault.is_some()));
    harness.run_ok();
    assert!(harness.state().state().messages.text().contains("3.png"), "the file is named");
    click(&mut harness, "Tile 2");
    step_until(&mut harness, "the next tile is in view", |app| app.state().view.tile.is_some());
}

#[test]
fn keys_pick_classes_tools_layers_and_tiles() {
    let root = project();
    let mut harness = window(Some(root.path()));
    for (key, check) in [
        (Key::Num5, (|app| app.state().class == 4) as fn(&App) -> bool),
        (Key::E, |app| app.state().tool == ToolKind::Erase),
        (Key::B, |app| app.state().tool == ToolKind::Brush),
        (Key::M, |app| app.state().settings.layers[0][Layer::Mask].visible),
        (Key::T, |app| !app.state().settings.two_views),
        (Key::D, |app| app.state().selected == 1),
        (Key::A, |app| app.state().selected == 0),
    ] {
        harness.key_press(key);
        harness.run_ok();
        assert!(check(harness.state()), "{key:?}");
    }
    for _ in 0..2 {
        harness.event(eframe::egui::Event::Key {
            key: Key::CloseBracket,
            physical_key: None,
            pressed: true,
            repeat: false,
            modifiers: Modifiers::NONE,
        });
    }
    let before = harness.state().state().settings.radius;
    harness.run_ok();
    assert!(harness.state().state().settings.radius - before >= 2.0, "two presses within a frame are two steps");
    harness.key_press(Key::F1);
    harness.run_ok();
    harness.get_by_label("Eraser");
    click(&mut harness, "Close");
    assert!(harness.state().state().dialog.is_none());
}

#[test]
fn typing_into_a_field_is_not_a_shortcut() {
    let root = project();
    let mut harness = window(Some(root.path()));
    harness.get_by_label("Filter tiles by name").focus();
    harness.run_ok();
    harness.get_by_label("Filter tiles by name").type_text("2");
    harness.run_ok();
    assert_eq!(harness.state().state().filter, "2");
    assert_eq!(harness.state().state().class, 0, "a digit in a field picks no class");
    assert!(harness.query_by_label("Tile 1").is_none());
}

#[test]
fn a_click_is_on_disk_and_can_be_undone() {
    let root = project();
    let mut harness = window(Some(root.path()));
    harness.key_press(Key::Num4);
    harness.run_ok();
    click_canvas(&mut harness);
    saved(&mut harness, "1 label");
    assert_eq!(edits(root.path()), 1);
    let painted = harness.state().state().view.labels.as_ref().expect("labels").mask().counts(7);
    assert!(painted[3] > 1, "a disc of class 4: {painted:?}");
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    harness.run_ok();
    saved(&mut harness, "0 labels");
    click(&mut harness, "Redo (Ctrl+Shift+Z)");
    saved(&mut harness, "1 label");
    drop(harness);
    let mut harness = window(Some(root.path()));
    saved(&mut harness, "1 label");
}

#[test]
fn sampling_changes_redraw_and_recount() {
    let root = project();
    let mut harness = window(Some(root.path()));
    step_until(&mut harness, "the sampled mask is there", |app| app.state().view.sampled.is_some());
    harness.run_ok();
    click(&mut harness, "0.01");
    assert_eq!(harness.state().state().settings.form.sampling.strategy, Strategy::FractionPerClass(0.01));
    step_until(&mut harness, "the counts follow", |app| app.state().view.sampled_counts[3] == 16);
}

#[test]
fn invalid_settings_disable_start_and_say_why() {
    let root = project();
    let mut harness = window(Some(root.path()));
    let mut form = harness.state().state().settings.form.clone();
    form.train.input = pointillist::domain::config::InputSize::Crop(50);
    let ctx = harness.ctx.clone();
    harness.state_mut().act(&ctx, UiAction::SetForm(Box::new(form)));
    harness.run_ok();
    harness.get_by_label_contains("cannot be halved");
    assert!(harness.get_by_role_and_label(Role::Button, "Start").accesskit_node().is_disabled());
    click(&mut harness, "Demo");
    assert!(!harness.get_by_role_and_label(Role::Button, "Start").accesskit_node().is_disabled());
}

#[test]
fn every_tab_menu_and_dialog_can_be_drawn() {
    let root = project();
    let mut harness = window(Some(root.path()));
    for tab in Tab::ALL {
        harness.get_all_by_label(tab.name()).next().expect("the tab").click();
        harness.run_ok();
        assert_eq!(harness.state().state().settings.tab, tab);
    }
    for (menu, entry) in [
        ("File", "Open demo"),
        ("Edit", "Redo"),
        ("Project", "Edit classes…"),
        ("View", "Previous tile"),
        ("Run", "Evaluate now"),
    ] {
        click(&mut harness, menu);
        assert!(harness.query_all_by_label_contains(entry).next().is_some(), "{entry}");
        harness.key_press(Key::Escape);
        harness.run_ok();
    }
    for dialog in ["Keys", "About Pointillist"] {
        click(&mut harness, "Help");
        harness.get_by_label_contains(dialog).click();
        harness.run_ok();
        click(&mut harness, "Close");
    }
}

#[test]
fn added_classes_are_saved() {
    let root = project();
    let mut harness = window(Some(root.path()));
    click(&mut harness, "Edit classes…");
    harness.get_by_label_contains("Add a class").click();
    harness.run_ok();
    click(&mut harness, "Save");
    harness.get_by_label("Class class 1");
    let text = std::fs::read_to_string(root.path().join("pointillist.toml")).expect("the class file");
    assert!(text.contains("class 1"), "{text}");

    // The new class can be used at once.
    step_until(&mut harness, "the tile is shown again", |app| app.state().view.tile.is_some());
    harness.key_press(Key::Num8);
    harness.run_ok();
    click_canvas(&mut harness);
    saved(&mut harness, "1 label");
    assert_eq!(edits(root.path()), 1);
}

#[test]
fn a_tile_selected_again_is_shown_again() {
    let root = project();
    let mut harness = window(Some(root.path()));
    click(&mut harness, "Tile 1");
    step_until(&mut harness, "the tile in view is shown again", |app| app.state().view.tile.is_some());
    harness.key_press(Key::D);
    harness.key_press(Key::A);
    step_until(&mut harness, "there and back", |app| app.state().selected == 0 && app.state().view.tile.is_some());
}

#[test]
fn a_folder_that_cannot_be_opened_is_one_message() {
    let empty = tempfile::tempdir().expect("a temporary folder");
    let mut harness = window(None);
    let ctx = harness.ctx.clone();
    harness.state_mut().act(&ctx, UiAction::OpenProject(empty.path().to_path_buf()));
    step_until(&mut harness, "the message is there", |app| !app.state().messages.all().is_empty());
    harness.run_ok();
    assert_eq!(harness.state().state().messages.toasts().count(), 1);
    let said = harness.state().state().messages.text();
    assert_eq!(said.matches(&empty.path().display().to_string()).count(), 1, "the folder is named once: {said}");
    click(&mut harness, "Close this message");
    assert_eq!(harness.state().state().messages.toasts().count(), 0);
    assert!(harness.state().state().messages.text().contains("error"));
}

#[test]
fn bad_tiles_are_reported_in_one_message() {
    let root = project();
    let bad = root.path().join("images").join("2.png");
    std::fs::write(&bad, "no picture").expect("a bad file");
    let mut harness = window(Some(root.path()));
    click(&mut harness, "Tile 3"); // Its header is intact: the fault shows only when it is decoded.
    step_until(&mut harness, "both are known", |app| app.state().messages.text().contains("2 of 3 tiles"));
    let text = harness.state().state().messages.text();
    assert_eq!(text.matches("tiles cannot be used").count(), 1, "{text}");
    let toasts =
        harness.state().state().messages.toasts().filter(|(_, m)| m.notice.headline.contains("cannot be used"));
    assert_eq!(toasts.count(), 1, "{text}");
}

#[test]
fn a_toast_expires_unless_the_pointer_is_over_it() {
    let empty = tempfile::tempdir().expect("a temporary folder");
    let mut harness = window(None);
    let ctx = harness.ctx.clone();
    harness.state_mut().act(&ctx, UiAction::OpenProject(empty.path().to_path_buf()));
    step_until(&mut harness, "the message is there", |app| !app.state().messages.all().is_empty());
    harness.run_ok();
    let toasts = |harness: &Harness<'_, App>| harness.state().state().messages.toasts().count();
    let at = harness.get_by_label("Close this message").rect().center();
    let bar = harness.get_by_role_and_label(Role::Button, "Start").rect();
    assert!(at.y < bar.top(), "clear of the run bar");
    harness.hover_at(at);
    harness.run_steps(130); // A quarter of a second each; error toasts last half a minute.
    assert_eq!(toasts(&harness), 1, "it is being read");
    harness.hover_at(at - eframe::egui::vec2(600.0, 300.0));
    harness.run_steps(130);
    assert_eq!(toasts(&harness), 0);
    assert!(harness.state().state().messages.text().contains("error"));
}

#[test]
fn a_small_window_with_large_text_keeps_its_picture() {
    let root = project();
    let mut harness = window(Some(root.path()));
    harness.set_size(eframe::egui::vec2(512.0, 320.0)); // 1024 × 640 at 200 %.
    harness.run_ok();
    let canvas = harness.get_by_label("Canvas left").rect();
    assert!(canvas.width() > 300.0 && canvas.height() > 140.0, "{canvas:?}");
    let rects =
        ["Start", "Log", "Class water", "Tile 1", "Canvas left"].map(|label| harness.get_by_label(label).rect());
    for (i, a) in rects.iter().enumerate() {
        assert!(rects[i + 1..].iter().all(|b| !a.shrink(1.0).intersects(b.shrink(1.0))), "{rects:?}");
    }
    click(&mut harness, "Classes, layers, sampling and training");
    harness.get_by_label("Edit classes…");
    click(&mut harness, "Close the panel");
    assert!(harness.query_by_label("Edit classes…").is_none());
    click(&mut harness, "Log");
    assert!(harness.state().state().layout.lower);
    assert!(harness.get_by_label("Canvas left").rect().height() > 60.0);
}

#[test]
fn the_first_steps_hide_nothing_until_they_are_closed() {
    let root = project();
    let mut harness = window(Some(root.path()));
    for size in [[1600.0, 1000.0], [1024.0, 640.0], [800.0, 600.0]] {
        harness.set_size(size.into());
        harness.run_ok();
        let (close, steps) = ("Close the first steps", "Press\u{a0}Start");
        let rects = [harness.get_by_label(close).rect(), harness.get_by_label_contains(steps).rect()];
        let views: Vec<_> = harness.get_all_by_label_contains("Canvas ").map(|node| node.rect()).collect();
        assert!(views.iter().all(|view| view.height() > 280.0), "{views:?} at {size:?}");
        for rect in rects {
            assert!(views.iter().all(|view| !view.intersects(rect)), "{rect:?} over {views:?} at {size:?}");
        }
        assert!(!rects[0].intersects(rects[1]), "{rects:?} at {size:?}");
    }
    click(&mut harness, "Close the first steps");
    assert!(harness.state().state().settings.help_dismissed);
    assert!(harness.query_by_label_contains("Press\u{a0}Start").is_none());
}

/// A dropped folder as the desktop passes it.
#[derive(Debug)]
struct Dropped(std::path::PathBuf);

impl eframe::egui::DroppedFile for Dropped {
    fn path(&self) -> &Path {
        &self.0
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        Err("a folder has no bytes".to_owned())
    }
}

#[test]
fn a_folder_dropped_on_the_window_is_opened() {
    let root = project();
    let mut harness = window(None);
    harness.input_mut().dropped_files.push(std::sync::Arc::new(Dropped(root.path().to_path_buf())));
    step_until(&mut harness, "the tile is in view", |app| app.state().view.tile.is_some());
    harness.run_ok();
    harness.get_by_label("Tile 1");
}

#[test]
fn a_class_is_hidden_by_its_eye_button_or_a_key() {
    let root = project();
    let mut harness = window(Some(root.path()));
    let alpha = |app: &App, class: u8| app.state().project.as_ref().map(|open| open.palette.color(class)[3]);
    click(&mut harness, "Hide class water");
    assert_eq!((alpha(harness.state(), 4), alpha(harness.state(), 3)), (Some(0), Some(255)));
    assert_eq!(harness.state().state().class, 0, "the eye picks no class");
    click(&mut harness, "Show class water");
    assert_eq!(alpha(harness.state(), 4), Some(255));
    harness.key_press(Key::Num5);
    harness.key_press(Key::X);
    harness.run_ok();
    assert_eq!(alpha(harness.state(), 4), Some(0));
}

#[test]
fn projects_and_runs_can_be_opened_by_typed_paths() {
    let root = project();
    let mut harness = window(None);
    harness.key_press_modifiers(Modifiers::COMMAND, Key::L);
    harness.run_ok();
    harness.get_by_label("Path of the project folder").type_text(&root.path().display().to_string());
    harness.run_ok();
    harness.key_press(Key::Enter);
    step_until(&mut harness, "the tile is in view", |app| app.state().view.tile.is_some());
    harness.run_ok();
    click(&mut harness, "File");
    harness.get_by_label_contains("Open run path").click();
    harness.run_ok();
    harness.get_by_label("Path of the run folder");
}

#[test]
fn keys_select_tabs_views_and_zoom() {
    let root = project();
    let mut harness = window(Some(root.path()));
    for (key, tab) in [(Key::F3, Tab::Scores), (Key::F4, Tab::Runs), (Key::F5, Tab::Log), (Key::F2, Tab::Curves)] {
        harness.key_press(key);
        harness.run_ok();
        assert_eq!(harness.state().state().settings.tab, tab);
    }
    harness.key_press(Key::W);
    harness.run_ok();
    assert_eq!(harness.state().state().active_view, 1);
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Num0);
    harness.run_ok();
    assert!((harness.state().state().camera.camera.zoom - 1.0).abs() < 1e-6, "Ctrl+0 is 100 %");
}

#[test]
fn the_check_is_shown_and_labels_without_a_tile_can_be_reassigned() {
    let root = project();
    let journal = "{\"pointillist\":\"labels\",\"version\":1}\n\
                   {\"op\":\"paint\",\"tile\":\"gone\",\"class\":\"water\",\"radius\":2,\"path\":[[5,5]]}\n";
    std::fs::create_dir(root.path().join(".pointillist")).expect("a folder");
    std::fs::write(root.path().join(".pointillist/labels.jsonl"), journal).expect("a journal");
    let mut harness = window(Some(root.path()));
    saved(&mut harness, "0 labels");
    step_until(&mut harness, "the masks are read", |app| matches!(app.state().check, CheckState::Done(_)));
    click(&mut harness, "Project");
    harness.get_by_label_contains("Check…").click();
    harness.run_ok();
    harness.get_by_label_contains("masks by colour");
    click(&mut harness, "Close");
    click(&mut harness, "Project");
    let is_entry = |node: &egui_kittest::Node<'_>| node.accesskit_node().role() == Role::Button; // Not the toast.
    let entry = harness.get_all_by_label_contains("Labels without a tile…").find(is_entry);
    entry.expect("the entry of the menu").click();
    harness.run_ok();
    harness.get_by_label_contains("gone: 1 stroke");
    click(&mut harness, "Assign to 1");
    harness.get_by_label_contains("Every label belongs to a tile");
    click(&mut harness, "Close");
    saved(&mut harness, "1 label");
    let text = std::fs::read_to_string(root.path().join(".pointillist/labels.jsonl")).expect("the journal");
    assert!(text.contains(r#""op":"relink","from":"gone","to":"images/1.png""#), "{text}");
}
