//! `pointillist split`: LandCover.ai's scenes cut into patches as its authors cut them.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::collections::BTreeSet;
use std::path::Path;

use assert_cmd::Command;
use image::{GrayImage, Luma, Rgb, RgbImage};
use pointillist::data::cut::cutter::cut;
use pointillist::data::cut::offer::Offer;
use pointillist::data::cut::plan::CutPlan;
use pointillist::data::{KnownDataset, Project};
use pointillist::domain::geometry::PixelRect;
use pointillist::domain::split::Split;

/// Colour of a pixel: smooth, so that JPEG keeps it, and different in every patch.
fn color(x: u32, y: u32) -> Rgb<u8> {
    Rgb([(x / 8 % 256) as u8, (y / 8 % 256) as u8, (x / 512 * 40 + y / 512 * 20) as u8])
}

/// Class of a pixel, 0 to 4.
fn class(x: u32, y: u32) -> Luma<u8> {
    Luma([((x / 3 + y / 5 * 7) % 5) as u8])
}

/// Adds a scene with its mask.
fn add_scene(root: &Path, name: &str, [width, height]: [u32; 2]) {
    for folder in ["images", "masks"] {
        std::fs::create_dir_all(root.join(folder)).unwrap();
    }
    RgbImage::from_fn(width, height, color).save(root.join(format!("images/{name}.tif"))).unwrap();
    GrayImage::from_fn(width, height, class).save(root.join(format!("masks/{name}.tif"))).unwrap();
}

/// Two scenes: 2×2 whole patches of 3×3 positions, and 1×2 of 1×2.
fn scenes() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    add_scene(dir.path(), "M-33-7-A-d-2-3", [1100, 1030]);
    add_scene(dir.path(), "N-34-2-B-a-1-1", [512, 1024]);
    dir
}

fn names(folder: &Path) -> BTreeSet<String> {
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

fn split() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pointillist"));
    command.arg("split");
    command
}

/// What a successful `split` prints.
fn printed(root: &Path, more: &[&str]) -> String {
    let output = split().arg(root).args(more).assert().success().get_output().clone();
    String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap()
}

#[test]
fn patches_have_the_official_names_and_the_pixels_of_their_place() {
    let dir = scenes();
    std::fs::write(dir.path().join("train.txt"), "M-33-7-A-d-2-3_0\noutput/M-33-7-A-d-2-3_4.jpg\n").unwrap();
    std::fs::write(dir.path().join("val.txt"), "M-33-7-A-d-2-3_1\r\nM-33-7-A-d-2-3_2\r\n").unwrap();
    let text = printed(dir.path(), &[]);
    assert!(text.contains("2 scenes, 6 patches") && text.contains("train.txt names 2 of them"), "{text}");
    assert!(text.contains("val.txt also names what is no patch") && text.contains("M-33-7-A-d-2-3_2"), "{text}");
    // A row of the first scene has three positions, of which the third is dropped.
    let want: BTreeSet<String> = ["M-33-7-A-d-2-3_0", "M-33-7-A-d-2-3_1", "M-33-7-A-d-2-3_3", "M-33-7-A-d-2-3_4"]
        .iter()
        .chain(&["N-34-2-B-a-1-1_0", "N-34-2-B-a-1-1_1"])
        .flat_map(|name| [format!("{name}.jpg"), format!("{name}_m.png")])
        .collect();
    let output = dir.path().join("output");
    assert_eq!(names(&output), want);
    let image = image::open(output.join("M-33-7-A-d-2-3_4.jpg")).unwrap().into_rgb8();
    let mask = image::open(output.join("M-33-7-A-d-2-3_4_m.png")).unwrap();
    assert_eq!((image.dimensions(), mask.color()), ((512, 512), image::ColorType::L8));
    let mask = mask.into_luma8();
    for (x, y, pixel) in image.enumerate_pixels() {
        let near = pixel.0.iter().zip(color(x + 512, y + 512).0).all(|(a, b)| a.abs_diff(b) < 16);
        assert!(near && *mask.get_pixel(x, y) == class(x + 512, y + 512), "at {x}, {y}");
    }
}

#[test]
fn what_is_missing_or_torn_is_cut_again_and_nothing_else() {
    let dir = scenes();
    printed(dir.path(), &[]);
    let output = dir.path().join("output");
    let whole = std::fs::read(output.join("M-33-7-A-d-2-3_3.jpg")).unwrap();
    std::fs::remove_file(output.join("M-33-7-A-d-2-3_0_m.png")).unwrap();
    std::fs::write(output.join("M-33-7-A-d-2-3_3.jpg"), &whole[..whole.len() - 9]).unwrap();
    std::fs::write(output.join("N-34-2-B-a-1-1_1_m.png"), b"").unwrap();
    let text = printed(dir.path(), &[]);
    assert!(text.contains("3 patches written, 3 were there already"), "{text}");
    assert_eq!(std::fs::read(output.join("M-33-7-A-d-2-3_3.jpg")).unwrap(), whole);
    assert_eq!(names(&output).len(), 12);
    assert!(printed(dir.path(), &[]).contains("0 patches written, 6 were there already"));
    assert!(printed(dir.path(), &["--overwrite"]).contains("6 patches written, 0 were there already"));
}

#[test]
fn a_cut_that_was_stopped_goes_on_to_the_same_files() {
    let (once, twice) = (scenes(), scenes());
    printed(once.path(), &[]);
    let plan = CutPlan::new(twice.path(), None).unwrap();
    let first = cut(&plan, false, |_| false).unwrap();
    assert_eq!((first.stopped, first.written, first.scenes), (true, 2, 0), "a row of patches is written");
    let second = cut(&plan, false, |_| true).unwrap();
    assert_eq!((second.stopped, second.written, second.kept, second.scenes), (false, 4, 2, 2));
    let last = cut(&plan, false, |so_far| so_far.done() < 6).unwrap();
    assert!(!last.stopped, "a stop after the last patch leaves nothing to do");
    let [a, b] = [once, twice].map(|dir| {
        let output = dir.path().join("output");
        names(&output).into_iter().map(|name| (std::fs::read(output.join(&name)).unwrap(), name)).collect::<Vec<_>>()
    });
    assert!(a == b, "the files differ");
}

#[test]
#[cfg(unix)]
fn ctrl_c_leaves_whole_patches_only() {
    let dir = tempfile::tempdir().unwrap();
    add_scene(dir.path(), "M-33-7-A-d-2-3", [1030, 20_000]);
    let program = env!("CARGO_BIN_EXE_pointillist");
    let mut child = std::process::Command::new(program)
        .arg("split")
        .arg(dir.path())
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let output = dir.path().join("output");
    let start = std::time::Instant::now();
    while !output.join("M-33-7-A-d-2-3_0.jpg").exists() {
        assert!(start.elapsed().as_secs() < 60, "no patch is written");
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    let killed = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let found = names(&output);
    assert!(found.len() < 2 * 78 && found.iter().all(|name| !name.starts_with('.')), "{found:?}");
    for name in &found {
        assert_eq!(image::open(output.join(name)).unwrap().width(), 512, "{name}");
    }
    assert!(printed(dir.path(), &[]).contains(&format!("{} were there already", found.len() / 2)));
}

/// What `split` says of a folder that it refuses.
fn refusal(root: &Path) -> String {
    let output = split().arg(root).assert().failure().get_output().clone();
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn refusals_name_the_file_and_the_remedy() {
    let dir = tempfile::tempdir().unwrap();
    let expect = |words: &[&str]| {
        let text = refusal(dir.path());
        assert!(words.iter().all(|word| text.contains(word)), "{text}");
        assert!(!dir.path().join("output").exists(), "nothing is written before everything is checked");
    };
    expect(&["images/*.tif", "choose the folder"]);
    add_scene(dir.path(), "a", [600, 600]);
    std::fs::rename(dir.path().join("masks/a.tif"), dir.path().join("masks/b.tif")).unwrap();
    expect(&["has no mask masks/a.tif", "images/a.tif"]);
    add_scene(dir.path(), "a", [600, 600]);
    expect(&["the mask has no image", "masks/b.tif"]);
    std::fs::remove_file(dir.path().join("masks/b.tif")).unwrap();
    GrayImage::new(600, 599).save(dir.path().join("masks/a.tif")).unwrap();
    expect(&["600×599", "600×600", "masks/a.tif"]);
    let deep = image::ImageBuffer::<Luma<u16>, Vec<u16>>::new(600, 600);
    deep.save(dir.path().join("masks/a.tif")).unwrap();
    expect(&["16 bits", "-ot Byte", "masks/a.tif"]);
    GrayImage::new(600, 600).save(dir.path().join("masks/a.tif")).unwrap();
    std::fs::copy(dir.path().join("images/a.tif"), dir.path().join("images/A.TIFF")).unwrap();
    expect(&["has the same name", "rename", "images/A.TIFF", "images/a.tif"]);
    std::fs::remove_file(dir.path().join("images/A.TIFF")).unwrap();
    std::fs::write(dir.path().join("masks/a.tif"), b"II*\0").unwrap();
    expect(&["masks/a.tif", "damaged"]);
    add_scene(dir.path(), "a", [600, 511]);
    expect(&["no scene is as large as a patch"]);
}

#[test]
fn a_scene_that_ends_early_and_a_mask_of_colours_are_named() {
    let dir = tempfile::tempdir().unwrap();
    add_scene(dir.path(), "a", [600, 1100]);
    RgbImage::from_fn(600, 1100, color).save(dir.path().join("masks/a.tif")).unwrap();
    let text = refusal(dir.path());
    assert!(text.contains("holds colours") && text.contains("masks/a.tif"), "{text}");
    add_scene(dir.path(), "a", [600, 1100]);
    let file = std::fs::OpenOptions::new().write(true).open(dir.path().join("images/a.tif")).unwrap();
    file.set_len(600 * 3 * 700).unwrap();
    let text = refusal(dir.path());
    assert!(text.contains("images/a.tif") && text.contains("copy or export it again"), "{text}");
}

#[test]
fn masks_with_three_equal_channels_are_read_by_value() {
    let dir = tempfile::tempdir().unwrap();
    add_scene(dir.path(), "a", [512, 512]);
    let gray = RgbImage::from_fn(512, 512, |x, y| Rgb([class(x, y).0[0]; 3]));
    gray.save(dir.path().join("masks/a.tif")).unwrap();
    printed(dir.path(), &["--out", dir.path().join("cut").to_str().unwrap()]);
    let mask = image::open(dir.path().join("cut/a_0_m.png")).unwrap();
    assert_eq!(mask.color(), image::ColorType::L8);
    assert!(mask.into_luma8().enumerate_pixels().all(|(x, y, value)| *value == class(x, y)));
}

#[test]
fn once_cut_the_patches_are_the_tiles_and_the_lists_their_splits() {
    let dir = scenes();
    let project = Project::open(dir.path()).unwrap();
    assert_eq!((project.tiles.len(), project.recognised), (2, Some(KnownDataset::LandCoverAi)));
    let offer = Offer::of(&project).unwrap();
    assert_eq!((offer.plan.patches(), offer.there), (6, 0));
    cut(&offer.plan, false, |_| false).unwrap();
    assert_eq!(Offer::of(&project).unwrap().there, 2, "a cut that was stopped is offered again");
    cut(&offer.plan, false, |_| true).unwrap();
    std::fs::write(dir.path().join("train.txt"), "M-33-7-A-d-2-3_0\nM-33-7-A-d-2-3_1\nM-33-7-A-d-2-3_3\n").unwrap();
    std::fs::write(dir.path().join("val.txt"), "M-33-7-A-d-2-3_4\n").unwrap();
    std::fs::write(dir.path().join("test.txt"), "N-34-2-B-a-1-1_0\nN-34-2-B-a-1-1_1\n").unwrap();
    let project = Project::open(dir.path()).unwrap();
    assert_eq!((project.layout.as_str(), project.tiles.len()), ("LandCover.ai", 6), "{:?}", project.notes);
    let splits = [Split::Train, Split::Val, Split::Test]
        .map(|split| project.tiles.iter().filter(|tile| tile.split == split).count());
    assert_eq!(splits, [3, 1, 2]);
    let tile = project.tile("M-33-7-A-d-2-3_4").unwrap();
    assert_eq!(tile.group, "M-33-7-A-d-2-3", "patches of a scene touch");
    let place = tile.place.as_ref().map(|place| (place.scene.as_str(), place.rect));
    assert_eq!(place, Some(("M-33-7-A-d-2-3", Some(PixelRect { x: 512, y: 512, width: 512, height: 512 }))));
    let read = project.read_mask(tile).unwrap().unwrap();
    assert_eq!((read.mask.get(0, 0), read.unmatched.len()), (class(512, 512).0[0], 0));
    assert!(Offer::of(&project).is_none());
    let names: Vec<&str> = project.classes.iter().map(|class| class.name.as_str()).collect();
    assert_eq!(names, ["background", "building", "woodland", "water", "road"]);
}

#[test]
fn a_folder_named_output_of_a_project_of_its_own_is_not_taken_for_patches() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["a", "b"] {
        add_scene(dir.path(), name, [40, 40]);
    }
    std::fs::create_dir(dir.path().join("output")).unwrap();
    for name in ["test_3.jpg", "test_3_m.png"] {
        GrayImage::new(40, 40).save(dir.path().join("output").join(name)).unwrap();
    }
    let project = Project::open(dir.path()).unwrap();
    assert!(project.tiles.iter().any(|tile| tile.file == "images/b.tif"), "{:?}", project.notes);
    assert_ne!(project.layout, "LandCover.ai");
}

#[test]
fn scenes_of_another_kind_are_not_offered_for_cutting() {
    let dir = tempfile::tempdir().unwrap();
    add_scene(dir.path(), "a", [512, 512]);
    add_scene(dir.path(), "b", [700, 700]);
    assert!(Offer::of(&Project::open(dir.path()).unwrap()).is_none(), "one patch each");
    add_scene(dir.path(), "c", [1024, 1024]);
    assert!(Offer::of(&Project::open(dir.path()).unwrap()).is_some());
    std::fs::remove_file(dir.path().join("masks/c.tif")).unwrap();
    assert!(Offer::of(&Project::open(dir.path()).unwrap()).is_none(), "a mask is missing");
}
