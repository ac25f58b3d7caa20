//! What a folder contains, before any training: for `pointillist check` and *Project > Check* in the window.

use std::sync::Arc;

use serde::Serialize;
use serde_json::{Value, json};

use super::division::DividedProject;
use crate::data::Project;
use crate::data::survey::census::Census;
use crate::data::survey::twins;
use crate::domain::RunConfig;
use crate::domain::split::Split;

/// What a project contains and what is wrong with it.
pub struct Check {
    project: Arc<Project>,
    /// The split of each tile in a run with the given configuration; `None` if the tile is not used.
    splits: Vec<Option<Split>>,
    split_notes: Vec<String>,
    census: Census,
    /// Tiles whose image files are the same, by index.
    identical: Vec<Vec<usize>>,
}

#[derive(Serialize)]
struct TileLine<'a> {
    id: &'a str,
    file: &'a str,
    split: &'static str,
    size: [u32; 2],
    mask: Option<String>,
    read: Option<&'static str>,
    fault: Option<&'a str>,
}

impl Check {
    /// Reads every mask. `progress` receives the number of masks read and their total, and returns whether to continue;
    /// `None` if it returned false.
    pub fn new(project: Project, config: &RunConfig, progress: impl Fn(usize, usize) -> bool + Sync) -> Option<Self> {
        let divided = DividedProject::new(project, config);
        let split = |index: usize| match divided.project.tiles[index].split {
            _ if divided.project.tiles[index].fault.is_some() => None,
            _ if divided.val.contains(&index) => Some(Split::Val),
            Split::Test => Some(Split::Test),
            _ => divided.train.contains(&index).then_some(Split::Train),
        };
        let splits: Vec<Option<Split>> = (0..divided.project.tiles.len()).map(split).collect();
        let tiles = splits.iter().enumerate().filter_map(|(index, split)| split.map(|split| (index, split)));
        let tiles: Vec<(usize, Split)> = tiles.collect();
        let census = Census::take(&divided.project, &tiles, progress)?;
        let identical = twins::identical_images(&divided.project);
        Some(Self { splits, split_notes: divided.notes, census, identical, project: divided.project })
    }

    /// How the masks were read: "12 masks by colour"; empty without masks.
    pub fn encodings_line(&self) -> String {
        self.census.encodings_line()
    }

    /// A warning if many pixels match no class.
    pub fn warning(&self) -> Option<String> {
        self.census.warning()
    }

    /// Everything as text, a line each.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = self.summary();
        lines.extend(self.findings());
        lines
    }

    /// Tiles, split, readings and the table, a line each.
    pub fn summary(&self) -> Vec<String> {
        let project = &self.project;
        let masks = project.tiles.iter().filter(|tile| tile.mask.is_some()).count();
        let count = |split| self.splits.iter().filter(|other| **other == split).count();
        let unused = match count(None) {
            0 => String::new(),
            unused => format!(", {unused} not used"),
        };
        let mut lines = vec![
            format!("{}: {}", project.layout, project.root.display()),
            format!("{} tiles, {masks} with a mask", project.tiles.len()),
            format!(
                "split: {} train, {} val, {} test{unused}",
                count(Some(Split::Train)),
                count(Some(Split::Val)),
                count(Some(Split::Test))
            ),
        ];
        if masks > 0 {
            lines.push(format!("read: {}", self.census.encodings_line()));
            lines.push(String::new());
            lines.extend(self.census.table(project));
            lines.push(String::new());
        }
        lines
    }

    /// What is wrong or unusual, a sentence each.
    pub fn findings(&self) -> Vec<String> {
        let project = &self.project;
        let id = |index: usize| project.tiles[index].id.as_str();
        let faults =
            project.tiles.iter().filter_map(|tile| tile.fault.as_ref().map(|fault| format!("{}: {fault}", tile.id)));
        let unread = self.census.faults.iter().map(|fault| format!("{}: {}", id(fault.tile), fault.what));
        let soft = (self.census.softened > 0).then(|| {
            format!("{} pixels on soft edges were assigned to the nearer of two classes", self.census.softened)
        });
        let stray = (!self.census.unmatched.is_empty() && self.census.warning().is_none())
            .then(|| format!("a few pixels match no class: {}", self.census.describe_unmatched()));
        let twins = self.identical.iter().map(|group| {
            let names = group.iter().map(|index| id(*index)).collect::<Vec<_>>().join(", ");
            let plays = |split| group.iter().any(|index| self.splits[*index] == Some(split));
            let leak = if plays(Split::Train) && plays(Split::Val) {
                ": one is a training tile and another a validation tile, so the score is too good"
            } else {
                ""
            };
            format!("the images of {names} are the same file{leak}")
        });
        let faults_note = project.fault_note();
        project
            .notes
            .iter()
            .filter(|note| Some(*note) != faults_note.as_ref())
            .chain(&self.split_notes)
            .cloned()
            .chain(faults)
            .chain(unread)
            .chain(self.census.warning())
            .chain(stray)
            .chain(soft)
            .chain(twins)
            .collect()
    }

    /// Everything as JSON.
    pub fn json(&self) -> Value {
        let project = &self.project;
        let tiles: Vec<TileLine<'_>> = project
            .tiles
            .iter()
            .enumerate()
            .map(|(index, tile)| TileLine {
                id: &tile.id,
                file: &tile.file,
                split: self.splits[index].map_or("not used", Split::name),
                size: tile.size,
                mask: tile.mask.as_ref().map(|mask| mask.display().to_string()),
                read: self.census.tile_encodings.get(&index).map(|reading| reading.name()),
                fault: tile.fault.as_deref(),
            })
            .collect();
        let splits: serde_json::Map<String, Value> = self
            .census
            .splits
            .iter()
            .map(|(split, counts)| {
                let classes: serde_json::Map<String, Value> =
                    project.classes.iter().zip(&counts.classes).map(|(class, n)| (class.name.clone(), json!(n))).collect();
                let (no_class, no_data, unlabelled) = (counts.no_class, counts.no_data, counts.unlabelled);
                let counts = json!({ "masks": counts.masks, "classes": classes, "no_class": no_class, "no_data": no_data,
                    "unlabelled": unlabelled });
                ((*split).to_owned(), counts)
            })
            .collect();
        let strangers: Vec<Value> = self
            .census
            .unmatched
            .iter()
            .map(|(code, (pixels, tiles))| json!({ "code": code.to_string(), "pixels": pixels, "tiles": tiles }))
            .collect();
        let identical: Vec<Vec<&str>> = self
            .identical
            .iter()
            .map(|group| group.iter().map(|index| project.tiles[*index].id.as_str()).collect())
            .collect();
        let readings: serde_json::Map<String, Value> =
            self.census.encodings.iter().map(|(reading, n)| (reading.name().to_owned(), json!(n))).collect();
        json!({
            "layout": project.layout, "root": project.root.display().to_string(), "tiles": tiles, "masks_read": readings,
            "pixels": splits, "no_class": strangers, "identical_images": identical, "findings": self.findings(),
        })
    }
}

#[cfg(test)]
mod tests {
    use image::{GrayImage, Luma, RgbImage};

    use super::*;

    #[test]
    fn a_check_reports_what_training_would_use() {
        let dir = tempfile::tempdir().unwrap();
        for folder in ["images", "masks"] {
            std::fs::create_dir(dir.path().join(folder)).unwrap();
        }
        for (i, name) in ["a", "b", "c"].into_iter().enumerate() {
            let level = if i == 1 { 9 } else { 5 };
            RgbImage::from_pixel(4, 4, image::Rgb([level; 3]))
                .save(dir.path().join(format!("images/{name}.png")))
                .unwrap();
            let mask = GrayImage::from_fn(4, 4, |x, _| Luma([[0, 1, 9, 255][x as usize]]));
            mask.save(dir.path().join(format!("masks/{name}.png"))).unwrap();
        }
        let classes = "[[class]]\nname = 'x'\nvalue = 0\n[[class]]\nname = 'y'\nvalue = 1\n";
        std::fs::write(dir.path().join("pointillist.toml"), classes).unwrap();
        std::fs::write(dir.path().join("val.txt"), "a\n").unwrap();
        let check = Check::new(Project::open(dir.path()).unwrap(), &RunConfig::default(), |_, _| true).unwrap();
        let text = check.lines().join("\n");
        for part in [
            "3 tiles, 3 with a mask",
            "2 train, 1 val",
            "3 masks by value",
            "25.0 % of the mask pixels",
            "value 9",
            "the images of a, c are the same file: one is a training tile",
            "val.txt names 1 of 3 tiles",
        ] {
            assert!(text.contains(part), "{part} is not in:\n{text}");
        }
        let json = check.json();
        assert_eq!(json["pixels"]["val"]["classes"]["y"], 4);
        assert_eq!(json["tiles"][1]["read"], "by value");
        assert_eq!(json["identical_images"], json!([["a", "c"]]));
    }
}
