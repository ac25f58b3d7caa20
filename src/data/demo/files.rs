//! Writes the files of the demo project: from the generator, or unpacked from the program.

use std::path::{Path, PathBuf};

use image::codecs::jpeg::JpegEncoder;

use super::land::Recipe;
use super::scene::{self, LABELLED, SIDE, UNLABELLED};
use crate::data::DataError;
use crate::data::export::save;
use crate::data::files::write;
use crate::domain::{Classes, Mask};

/// JPEG quality of the generated images, 1 to 100.
const JPEG_QUALITY: u8 = 88;

macro_rules! embedded {
    ($($name:literal)*) => {
        [$(($name, include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/data/demo/", $name)).as_slice())),*]
    };
}

/// Every file of the demo project with its content.
static FILES: [(&str, &[u8]); 28] = embedded! {
    "class_dict.csv" "metadata.csv"
    "train/1001_sat.jpg" "train/1001_mask.png" "train/1002_sat.jpg" "train/1002_mask.png"
    "train/1003_sat.jpg" "train/1003_mask.png" "train/1004_sat.jpg" "train/1004_mask.png"
    "train/1005_sat.jpg" "train/1005_mask.png" "train/1006_sat.jpg" "train/1006_mask.png"
    "train/1007_sat.jpg" "train/1007_mask.png" "train/1008_sat.jpg" "train/1008_mask.png"
    "train/1009_sat.jpg" "train/1009_mask.png" "train/1010_sat.jpg" "train/1010_mask.png"
    "train/1011_sat.jpg" "train/1011_mask.png" "train/1012_sat.jpg" "train/1012_mask.png"
    "test/2001_sat.jpg" "test/2002_sat.jpg"
};

/// Unpacks the demo project into `target` and returns that path. Existing files are kept, so labels and edited classes
/// survive.
pub fn unpack(target: &Path) -> Result<PathBuf, DataError> {
    make_folders(target)?;
    for (name, content) in FILES {
        let path = target.join(name);
        if !path.exists() {
            write::atomically(&path, content)?;
        }
    }
    Ok(target.to_owned())
}

/// Generates all scenes and writes them into `target` in DeepGlobe's layout.
pub fn generate(target: &Path) -> Result<(), DataError> {
    make_folders(target)?;
    let classes = Classes::deepglobe();
    let mut metadata = "image_id,split,sat_image_path,mask_path\n".to_owned();
    for recipe in &LABELLED {
        let id = recipe.id;
        write_picture(recipe, &target.join(format!("train/{id}_sat.jpg")))?;
        let path = target.join(format!("train/{id}_mask.png"));
        let mask = Mask::from_vec(SIDE, SIDE, scene::cover(recipe))
            .ok_or_else(|| DataError::content("the generated mask has the wrong size", &path))?;
        save::color_png(&path, &mask, &classes, false)?;
        metadata.push_str(&format!("{id},train,train/{id}_sat.jpg,train/{id}_mask.png\n"));
    }
    for recipe in &UNLABELLED {
        let id = recipe.id;
        write_picture(recipe, &target.join(format!("test/{id}_sat.jpg")))?;
        metadata.push_str(&format!("{id},test,test/{id}_sat.jpg,\n"));
    }
    let dict = classes.iter().map(|class| {
        let [r, g, b] = class.color;
        format!("{},{r},{g},{b}\n", class.name)
    });
    write::atomically(&target.join("class_dict.csv"), format!("name,r,g,b\n{}", dict.collect::<String>()).as_bytes())?;
    write::atomically(&target.join("metadata.csv"), metadata.as_bytes())
}

fn make_folders(target: &Path) -> Result<(), DataError> {
    for folder in ["train", "test"] {
        let path = target.join(folder);
        let doing = "cannot create the folder (check free space and write permission)";
        std::fs::create_dir_all(&path).map_err(DataError::io(doing, &path))?;
    }
    Ok(())
}

fn write_picture(recipe: &Recipe, path: &Path) -> Result<(), DataError> {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, JPEG_QUALITY)
        .encode_image(&scene::picture(recipe))
        .map_err(|error| DataError::content(format!("cannot encode the picture ({error})"), path))?;
    write::atomically(path, &bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Project, Tile};
    use crate::domain::{RunConfig, split};

    fn unpacked() -> (tempfile::TempDir, Project) {
        let dir = tempfile::tempdir().unwrap();
        let project = Project::open(&unpack(dir.path()).unwrap()).unwrap();
        (dir, project)
    }

    #[test]
    fn the_demo_opens_without_notes() {
        let (_dir, project) = unpacked();
        assert_eq!((project.tiles.len(), project.notes.len()), (14, 0), "{:?}", project.notes);
        assert_eq!(project.classes, Classes::deepglobe());
        assert_eq!(project.tiles.iter().filter(|tile| tile.mask.is_some()).count(), 12);
        assert!(project.tiles.iter().all(|tile| tile.size == [SIDE; 2]));
    }

    #[test]
    fn checked_in_masks_match_the_generator() {
        let (_dir, project) = unpacked();
        for recipe in &LABELLED {
            let tile = project.tile(recipe.id).unwrap();
            let read = project.read_mask(tile).unwrap().unwrap();
            assert!(read.mask.data() == scene::cover(recipe), "{}: regenerate data/demo", recipe.id);
            assert!(read.unmatched.is_empty());
        }
    }

    #[test]
    fn checked_in_images_match_the_generator() {
        let (_dir, project) = unpacked();
        let recipe = &UNLABELLED[0];
        let stored = project.read_image(project.tile(recipe.id).unwrap()).unwrap();
        let drawn = scene::picture(recipe);
        let difference: u64 = stored.as_raw().iter().zip(drawn.as_raw()).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
        let mean = difference as f64 / drawn.as_raw().len() as f64;
        assert!(mean < 6.0, "mean difference {mean}: regenerate data/demo");
    }

    #[test]
    fn every_class_occurs_and_unknown_is_rare() {
        let mut counts = [0_u64; 7];
        for recipe in &LABELLED {
            for index in scene::cover(recipe) {
                counts[usize::from(index)] += 1;
            }
        }
        let pixels: u64 = counts.iter().sum();
        assert!(counts[..6].iter().all(|n| *n * 20 > pixels), "{counts:?}");
        assert!(counts[6] > 0 && counts[6] * 50 < pixels, "{counts:?}");
    }

    #[test]
    fn the_default_validation_tile_has_every_scored_class() {
        let (_dir, project) = unpacked();
        let masked: Vec<&Tile> = project.tiles.iter().filter(|tile| tile.mask.is_some()).collect();
        let groups: Vec<&str> = masked.iter().map(|tile| tile.group.as_str()).collect();
        let config = RunConfig::default();
        let val = split::choose_validation(&groups, config.val_ratio, config.seed);
        let chosen: Vec<&Tile> = masked.into_iter().zip(val).filter(|(_, val)| *val).map(|(tile, _)| tile).collect();
        assert_eq!(chosen.len(), 1);
        let counts = project.read_mask(chosen[0]).unwrap().unwrap().mask.counts(7);
        assert!(counts[..6].iter().all(|count| *count * 25 > u64::from(SIDE * SIDE)), "{}: {counts:?}", chosen[0].id);
    }

    #[test]
    fn unpacking_again_keeps_changed_files() {
        let (dir, _project) = unpacked();
        let journal = dir.path().join(".pointillist/labels.jsonl");
        std::fs::create_dir_all(journal.parent().unwrap()).unwrap();
        std::fs::write(&journal, "mine").unwrap();
        std::fs::write(dir.path().join("class_dict.csv"), "changed").unwrap();
        std::fs::remove_file(dir.path().join("train/1001_sat.jpg")).unwrap();
        unpack(dir.path()).unwrap();
        assert_eq!(std::fs::read_to_string(&journal).unwrap(), "mine");
        assert_eq!(std::fs::read_to_string(dir.path().join("class_dict.csv")).unwrap(), "changed");
        assert!(dir.path().join("train/1001_sat.jpg").exists());
    }
}
