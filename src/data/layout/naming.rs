//! What names of files and folders tell: image or mask, pair, split and scene.
//!
//! Pure functions of text. `docs/formats.md` describes the rules.

use crate::domain::geometry::PixelRect;
use crate::domain::split::Split;

/// Names of folders that contain images.
const IMAGE_FOLDERS: [&str; 8] = ["images", "img", "img_dir", "image", "imgs", "sat", "rgb", "jpegimages"];

/// Names of folders that contain masks.
const MASK_FOLDERS: [&str; 16] = [
    "masks",
    "mask",
    "labels",
    "label",
    "gt",
    "gts",
    "ann",
    "anns",
    "ann_dir",
    "annotations",
    "annotation",
    "groundtruth",
    "gts_for_participants",
    "ground_truth",
    "segmentationclass",
    "segmentationclasspng",
];

/// Suffixes of mask stems.
const MASK_SUFFIXES: [&str; 8] =
    ["_label_noboundary", "_noboundary", "_mask", "_labels", "_label", "_gt", "_m", "label"];

/// Suffixes of image stems that the mask does not share.
const IMAGE_SUFFIXES: [&str; 6] = ["_sat", "_rgbir", "_irrg", "_rgb", "_image", "_img"];

/// The role of a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Contains images.
    Image,
    /// Contains masks.
    Mask,
}

/// The role of a folder by its name. `images_png` counts as `images`.
pub(crate) fn folder_role(name: &str) -> Option<Role> {
    let lower = name.to_lowercase();
    let bare = ["_png", "_tif", "_tiff", "_jpg"].iter().find_map(|end| lower.strip_suffix(end)).unwrap_or(&lower);
    if MASK_FOLDERS.contains(&bare) { Some(Role::Mask) } else { IMAGE_FOLDERS.contains(&bare).then_some(Role::Image) }
}

/// Whether this is an image of ISPRS Vaihingen, whose folder is named `top`. Its mask has the same name, in the folder above or in
/// `gts_for_participants`.
pub(crate) fn is_vaihingen_image(folder: &str, stem: &str) -> bool {
    folder == "top" && stem.to_lowercase().starts_with("top_mosaic_")
}

/// A path without its last role folder: `images/train/a` → `train/a`.
pub(crate) fn without_role(path: &str) -> String {
    let mut parts: Vec<&str> = path.split('/').collect();
    let folders = parts.len() - 1;
    if let Some(role) = parts[..folders].iter().rposition(|folder| folder_role(folder).is_some()) {
        parts.remove(role);
    }
    parts.join("/")
}

/// The stem without its mask suffix, if it has one: `10233_mask` → `10233`, `X_15label` → `X`.
pub(crate) fn strip_mask_suffix(stem: &str) -> Option<&str> {
    let suffix = MASK_SUFFIXES.iter().find(|suffix| ends_with(stem, suffix))?;
    let mut bare = &stem[..stem.len() - suffix.len()];
    if *suffix == "label" {
        // Requires a number before it: GID's `_15label`, not any word that ends in "label".
        bare = bare.trim_end_matches(|c: char| c.is_ascii_digit());
        bare = bare.strip_suffix('_').filter(|bare| bare.len() + 1 + suffix.len() < stem.len())?;
    }
    (!bare.is_empty()).then_some(bare)
}

/// The stem without its image suffix: `10233_sat` → `10233`.
pub(crate) fn strip_image_suffix(stem: &str) -> &str {
    let cut = IMAGE_SUFFIXES.iter().find(|suffix| ends_with(stem, suffix)).map_or(0, |suffix| suffix.len());
    if cut < stem.len() { &stem[..stem.len() - cut] } else { stem }
}

fn ends_with(stem: &str, suffix: &str) -> bool {
    stem.len() >= suffix.len()
        && stem.is_char_boundary(stem.len() - suffix.len())
        && stem[stem.len() - suffix.len()..].eq_ignore_ascii_case(suffix)
}

/// The split that a text names, for folders (`LoveDA_Train_16`) and table cells.
pub(crate) fn split_named(text: &str) -> Option<Split> {
    text.split(|c: char| !c.is_alphanumeric()).find_map(|word| match word.to_lowercase().as_str() {
        "train" | "training" => Some(Split::Train),
        "val" | "valid" | "validation" => Some(Split::Val),
        "test" | "testing" => Some(Split::Test),
        _ => None,
    })
}

/// The name of a folder without the words that name a split: `val_paris` → `paris`, `train` → nothing.
pub(crate) fn without_split(folder: &str) -> String {
    if split_named(folder).is_none() {
        return folder.to_owned();
    }
    let words = folder.split(|c: char| !c.is_alphanumeric());
    words.filter(|word| split_named(word).is_none()).collect::<Vec<_>>().join("_")
}

/// The scene that a tile belongs to by its name:
/// * crops `<scene>_<x0>_<y0>_<x1>_<y1>` and numbered parts `<scene>_<n>` (LandCover.ai) belong to `<scene>`;
/// * numbered parts without a scene's name (`image_part_001`, `patch_3`) belong to their folder, if it has a name.
///
/// `None` if the name does not tell.
pub(crate) fn scene_of(folder: &str, stem: &str) -> Option<String> {
    let words: Vec<&str> = stem.split('_').collect();
    let numbers = words.iter().rev().take_while(|word| is_number(word)).count();
    let kept = match numbers {
        0 => return None,
        4.. => words.len() - 4,
        _ => words.len() - 1,
    };
    let scene = words[..kept].join("_");
    let is_part = |word: &&str| ["part", "patch", "crop", "chip", "tile"].contains(&word.to_lowercase().as_str());
    let says_nothing = |word: &&str| ["image", "img", "sat"].contains(&word.to_lowercase().as_str());
    if words[..kept].iter().all(|word| is_part(word) || says_nothing(word)) {
        let is_scene = !folder.is_empty() && words[..kept].iter().any(is_part);
        return is_scene.then(|| folder.to_owned());
    }
    let named = numbers >= 4 || scene.chars().any(char::is_alphabetic);
    named.then(|| if folder.is_empty() { scene.clone() } else { format!("{folder}/{scene}") })
}

/// The pixels of a scene that a crop named `<scene>_<x0>_<y0>_<x1>_<y1>` shows.
pub(crate) fn rect_of(stem: &str) -> Option<PixelRect> {
    /// No scene has more pixels along a side.
    const MOST: u32 = 1 << 30;
    let words: Vec<&str> = stem.rsplitn(5, '_').collect();
    let number = |word: &&str| word.parse::<u32>().ok().filter(|number| is_number(word) && *number < MOST);
    let [y1, x1, y0, x0]: [u32; 4] = words.get(..4)?.iter().map_while(number).collect::<Vec<_>>().try_into().ok()?;
    (x0 < x1 && y0 < y1).then(|| PixelRect { x: x0, y: y0, width: x1 - x0, height: y1 - y0 })
}

/// What letters before two numbers say of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Letters {
    /// There are none: the order is not told.
    None,
    /// Row and column: `_r3_c7`, `_col7_row3`.
    Cells,
    /// Coordinates: `_x512_y0`.
    Coordinates,
}

/// What the name of a tile says of its place in a grid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cell<'a> {
    /// The name before the numbers.
    pub(crate) before: &'a str,
    /// What letters before the numbers say.
    pub(crate) letters: Letters,
    /// Row and column where that is told; else both numbers as they stand.
    pub(crate) numbers: [u32; 2],
}

/// The place that a name such as `ortho_r3_c7`, `ortho_3_7` or `ortho_x512_y1024` tells.
pub(crate) fn cell_of(stem: &str) -> Option<Cell<'_>> {
    let (rest, second) = stem.rsplit_once('_')?;
    let (before, first) = rest.rsplit_once('_').unwrap_or(("", rest));
    let (first, second) = (Counted::of(first)?, Counted::of(second)?);
    let numbers = match (first.axis, second.axis) {
        (Some(Axis::Row), Some(Axis::Column)) | (None, None) => [first.number, second.number],
        (Some(Axis::Column), Some(Axis::Row)) => [second.number, first.number],
        _ => return None,
    };
    // Of mixed letters, those of rows and columns hold.
    let letters = if first.axis.is_none() { Letters::None } else { first.letters.min(second.letters) };
    Some(Cell { before, letters, numbers })
}

/// What a number in a name counts.
#[derive(Clone, Copy)]
enum Axis {
    Row,
    Column,
}

/// A number in a name, and what the letters before it say that it counts.
struct Counted {
    axis: Option<Axis>,
    letters: Letters,
    number: u32,
}

impl Counted {
    fn of(word: &str) -> Option<Self> {
        let letters = word.trim_end_matches(|c: char| c.is_ascii_digit());
        let (axis, says) = match letters.to_lowercase().as_str() {
            "" => (None, Letters::None),
            "r" | "row" => (Some(Axis::Row), Letters::Cells),
            "c" | "col" | "column" => (Some(Axis::Column), Letters::Cells),
            "y" => (Some(Axis::Row), Letters::Coordinates),
            "x" => (Some(Axis::Column), Letters::Coordinates),
            _ => return None,
        };
        Some(Self { axis, letters: says, number: word[letters.len()..].parse().ok()? })
    }
}

/// Scene and number of a part named `<scene>_<n>`.
pub(crate) fn numbered_part(stem: &str) -> Option<(&str, u32)> {
    let (scene, number) = stem.rsplit_once('_').filter(|(_, number)| is_number(number))?;
    Some((scene, number.parse().ok()?))
}

fn is_number(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folder_names_give_roles() {
        assert_eq!(folder_role("Images"), Some(Role::Image));
        assert_eq!(folder_role("masks_png"), Some(Role::Mask));
        assert_eq!(folder_role("ann_dir"), Some(Role::Mask));
        assert_eq!(folder_role("Tile 1"), None);
    }

    #[test]
    fn the_role_folder_is_dropped_from_a_path() {
        assert_eq!(without_role("set/images/train/a"), "set/train/a");
        assert_eq!(without_role("images"), "images");
    }

    #[test]
    fn an_image_and_its_mask_get_the_same_stem() {
        assert_eq!(strip_mask_suffix("10233_mask"), Some("10233"));
        assert_eq!(strip_mask_suffix("M-33_0_m"), Some("M-33_0"));
        assert_eq!(strip_mask_suffix("GF2-MSS1_15label"), Some("GF2-MSS1"));
        assert_eq!(strip_mask_suffix("top_2_10_label"), Some("top_2_10"));
        assert_eq!(strip_mask_suffix("top_potsdam_2_10_label_noBoundary"), Some("top_potsdam_2_10"));
        assert_eq!(strip_mask_suffix("top_mosaic_09cm_area1_noBoundary"), Some("top_mosaic_09cm_area1"));
        assert_eq!(strip_mask_suffix("a_LABELS"), Some("a"));
        assert_eq!(strip_mask_suffix("relabel"), None);
        assert_eq!(strip_mask_suffix("image_part_001"), None);
        assert_eq!(strip_mask_suffix("_mask"), None);
        assert_eq!(strip_image_suffix("10233_sat"), "10233");
        assert_eq!(strip_image_suffix("top_2_10_RGBIR"), "top_2_10");
        assert_eq!(strip_image_suffix("ü"), "ü");
    }

    #[test]
    fn splits_are_recognised_in_names() {
        assert_eq!(split_named("LoveDA_Train_16"), Some(Split::Train));
        assert_eq!(split_named("training_data"), Some(Split::Train));
        assert_eq!(split_named("Validation"), Some(Split::Val));
        assert_eq!(split_named("test"), Some(Split::Test));
        assert_eq!(split_named("contest"), None);
        assert_eq!(["train", "val_paris", "a-b"].map(without_split), ["", "paris", "a-b"]);
    }

    #[test]
    fn crops_of_a_scene_share_a_group() {
        assert_eq!(scene_of("Tile 1", "image_part_001").as_deref(), Some("Tile 1"));
        assert_eq!(scene_of("", "image_part_001"), None);
        assert_eq!(scene_of("", "M-33-20-D-c-4-2_0").as_deref(), Some("M-33-20-D-c-4-2"));
        assert_eq!(scene_of("", "area1_0_0_512_512").as_deref(), Some("area1"));
        assert_eq!(scene_of("a", "2_10_0_0_512_512").as_deref(), Some("a/2_10"));
        assert_eq!(scene_of("", "10233"), None);
        assert_eq!(scene_of("x", "img_001"), None);
    }

    #[test]
    fn names_of_crops_tell_their_place() {
        let rect = PixelRect { x: 512, y: 0, width: 256, height: 100 };
        assert_eq!(rect_of("2_10_512_0_768_100"), Some(rect));
        assert_eq!(rect_of("area1_0_0_512"), None);
        assert_eq!(rect_of("area1_512_0_512_100"), None, "no pixel wide");
        assert_eq!(rect_of("area1_0_0_+1_9999999999"), None);
        let cell = |before, letters, numbers| Some(Cell { before, letters, numbers });
        assert_eq!(cell_of("my_ortho_r03_c7"), cell("my_ortho", Letters::Cells, [3, 7]));
        assert_eq!(cell_of("ortho_X512_Y1024"), cell("ortho", Letters::Coordinates, [1024, 512]));
        let bare = |before| cell(before, Letters::None, [3, 7]);
        assert_eq!([cell_of("tile_3_7"), cell_of("3_7")], [bare("tile"), bare("")]);
        for stem in ["image_part_001", "ortho_r3_7", "ortho_r3_r7", "ortho_r_c", "a_1_99999999999", "a-r1-c2"] {
            assert_eq!(cell_of(stem), None, "{stem}");
        }
        assert_eq!(["M-33_12", "M-33", "x_"].map(numbered_part), [Some(("M-33", 12)), None, None]);
    }
}
