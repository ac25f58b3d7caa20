//! Finds identical image files: an image that is trained on must not be scored under another name.

use std::collections::BTreeMap;

use rayon::prelude::{IntoParallelRefIterator, ParallelIterator};

use crate::data::Project;
use crate::domain::hash;

/// Groups of tile indices whose image files have the same content. Unreadable files are skipped.
pub fn identical_images(project: &Project) -> Vec<Vec<usize>> {
    let mut by_length: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
    for (index, tile) in project.tiles.iter().enumerate() {
        if let Ok(file) = std::fs::metadata(&tile.image) {
            by_length.entry(file.len()).or_default().push(index);
        }
    }
    let candidates: Vec<usize> = by_length.into_values().filter(|tiles| tiles.len() > 1).flatten().collect();
    let digest = |index: &usize| {
        let content = std::fs::read(&project.tiles[*index].image).ok()?;
        Some(((content.len(), hash::digest(hash::EMPTY, &content)), *index))
    };
    let digests: Vec<((usize, u64), usize)> = candidates.par_iter().filter_map(digest).collect();
    let mut groups: BTreeMap<(usize, u64), Vec<usize>> = BTreeMap::new();
    for (digest, index) in digests {
        groups.entry(digest).or_default().push(index);
    }
    let mut groups: Vec<Vec<usize>> = groups.into_values().filter(|tiles| tiles.len() > 1).collect();
    groups.sort();
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_under_other_names_are_found() {
        let dir = tempfile::tempdir().unwrap();
        for (name, level) in [("a", 1), ("b", 2), ("c", 1)] {
            image::GrayImage::from_pixel(3, 3, image::Luma([level]))
                .save(dir.path().join(format!("{name}.png")))
                .unwrap();
        }
        assert_eq!(identical_images(&Project::open(dir.path()).unwrap()), [[0, 2]]);
    }
}
