//! Pixel counts of a project's masks: labelled by class, unmatched, unlabelled and missing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::{IntoParallelRefIterator, ParallelIterator};

use crate::data::{DecodedMask, MaskEncoding, PixelCode, Project, TileFault};
use crate::domain::blocks::HeldOut;
use crate::domain::split::Split;

/// Columns by which the classes of the table are indented.
const INDENT: usize = 2;

/// Share of unmatched pixels above which there is a warning.
const WARNING_SHARE: f64 = 0.01;

/// Statistics of a project's masks.
#[derive(Clone, Debug, Default)]
pub struct Census {
    /// Counts of each split that has masks, by name of the split.
    pub splits: BTreeMap<&'static str, Counts>,
    /// Number of masks by encoding.
    pub encodings: BTreeMap<MaskEncoding, usize>,
    /// Encoding of each mask by tile index.
    pub tile_encodings: BTreeMap<usize, MaskEncoding>,
    /// Colours and values that match no class, with pixel counts and tile ids.
    pub unmatched: BTreeMap<PixelCode, (u64, BTreeSet<String>)>,
    /// Number of soft-edge pixels that were assigned to the nearer of two classes.
    pub softened: u64,
    /// Masks that could not be read.
    pub faults: Vec<TileFault>,
}

/// Pixel counts of the masks of one split.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Number of masks.
    pub masks: usize,
    /// Labelled pixels by class.
    pub classes: Vec<u64>,
    /// Pixels that match no class.
    pub no_class: u64,
    /// Missing pixels.
    pub no_data: u64,
    /// Pixels that the masks mark as unlabelled.
    pub unlabelled: u64,
}

impl Counts {
    /// Number of existing pixels.
    pub fn pixels(&self) -> u64 {
        self.classes.iter().sum::<u64>() + self.no_class + self.unlabelled
    }
}

impl Census {
    /// Reads the masks of these tiles and counts each for the given split. `progress` receives the number of finished and of
    /// all masks and returns whether to continue; it is called from several threads.
    ///
    /// `None` if `progress` returned false.
    pub fn take(
        project: &Project,
        tiles: &[(usize, Split)],
        progress: impl Fn(usize, usize) -> bool + Sync,
    ) -> Option<Self> {
        Self::take_parts(project, tiles, &BTreeMap::new(), progress)
    }

    /// The same, but the labels of a tile that blocks are held out of count for the split that uses them. What is not labelled counts
    /// for both.
    pub fn take_parts(
        project: &Project,
        tiles: &[(usize, Split)],
        held_out: &BTreeMap<usize, HeldOut>,
        progress: impl Fn(usize, usize) -> bool + Sync,
    ) -> Option<Self> {
        let masked: Vec<(usize, Split)> =
            tiles.iter().copied().filter(|(index, _)| project.tiles[*index].mask.is_some()).collect();
        let done = AtomicUsize::new(0);
        let read = |&(index, split): &(usize, Split)| {
            if !progress(done.fetch_add(1, Ordering::Relaxed), masked.len()) {
                return None;
            }
            Some((
                index,
                split,
                project
                    .read_existing_mask(&project.tiles[index])
                    .map(|read| read.map(|read| Tally::of(&read, project).of_part(&read, split, held_out.get(&index)))),
            ))
        };
        let read: Option<Vec<_>> = masked.par_iter().map(read).collect();
        let mut census = Self::default();
        for (index, split, tally) in read? {
            match tally {
                Ok(Some(tally)) => census.add(project, index, split, tally),
                Ok(None) => {}
                Err(error) => census.faults.push(TileFault { tile: index, what: error.to_string() }),
            }
        }
        Some(census)
    }

    fn add(&mut self, project: &Project, index: usize, split: Split, tally: Tally) {
        let counts = self.splits.entry(split.name()).or_default();
        counts.masks += 1;
        counts.classes.resize(project.classes.len(), 0);
        counts.classes.iter_mut().zip(&tally.counts.classes).for_each(|(sum, n)| *sum += n);
        counts.no_class += tally.counts.no_class;
        counts.no_data += tally.counts.no_data;
        counts.unlabelled += tally.counts.unlabelled;
        if self.tile_encodings.insert(index, tally.encoding).is_some() {
            return; // A tile that blocks are held out of counts for both splits: its mask is one all the same.
        }
        for (code, pixels) in tally.unmatched {
            let (sum, tiles) = self.unmatched.entry(code).or_default();
            *sum += pixels;
            tiles.insert(project.tiles[index].id.clone());
        }
        *self.encodings.entry(tally.encoding).or_default() += 1;
        self.softened += tally.softened;
    }

    /// "12 masks by colour, 3 by palette index"; empty without masks.
    pub fn encodings_line(&self) -> String {
        let part = |(i, (encoding, count)): (usize, (&MaskEncoding, &usize))| {
            let masks = if i > 0 {
                ""
            } else if *count == 1 {
                " mask"
            } else {
                " masks"
            };
            format!("{count}{masks} {}", encoding.name())
        };
        self.encodings.iter().enumerate().map(part).collect::<Vec<_>>().join(", ")
    }

    /// The counts as a text table, one string per line.
    pub fn table(&self, project: &Project) -> Vec<String> {
        let column =
            |cells: &mut dyn Iterator<Item = String>| cells.map(|cell| format!("{cell:>15}")).collect::<String>();
        let classes = project
            .classes
            .iter()
            .map(|class| if class.ignored { format!("{} (ignored)", class.name) } else { class.name.clone() });
        let names: Vec<String> = classes.chain(["no class", "unlabelled", "no data"].map(str::to_owned)).collect();
        let width = names.iter().map(|name| name.chars().count()).max().unwrap_or(0).max("pixels of".len() - INDENT);
        let row = |place: usize, counts: &Counts| -> u64 {
            let rest = [counts.no_class, counts.unlabelled, counts.no_data];
            counts.classes.iter().chain(&rest).nth(place).copied().unwrap_or(0)
        };
        let head = column(&mut self.splits.iter().map(|(split, counts)| format!("{split} ({})", counts.masks)));
        let mut lines = vec![format!("{:<1$}{head}", "pixels of", width + INDENT)];
        for (place, name) in names.iter().enumerate() {
            let cells = column(&mut self.splits.values().map(|counts| row(place, counts).to_string()));
            lines.push(format!("{:INDENT$}{name:<width$}{cells}", ""));
        }
        lines
    }

    /// Number of labelled pixels of scored classes in one split.
    pub fn scored(&self, project: &Project, split: Split) -> u64 {
        let counts = self.splits.get(split.name());
        let classes = counts.map(|counts| counts.classes.as_slice()).unwrap_or_default();
        let is_scored = |(index, _): &(usize, &u64)| project.classes.is_scored(*index as u8);
        classes.iter().enumerate().filter(is_scored).map(|(_, n)| n).sum()
    }

    /// A warning if more than 1 % of the pixels match no class.
    pub fn warning(&self) -> Option<String> {
        let no_class: u64 = self.splits.values().map(|counts| counts.no_class).sum();
        let pixels: u64 = self.splits.values().map(Counts::pixels).sum();
        let share = no_class as f64 / pixels.max(1) as f64;
        (share > WARNING_SHARE).then(|| {
            format!(
                "{:.1} % of the mask pixels match no class and count as unlabelled: {}. If they are a class, add it in \
                 Project > Edit classes or in pointillist.toml; if not, list them there as unlabelled",
                100.0 * share,
                self.describe_unmatched()
            )
        })
    }

    /// The most frequent colours and values that match no class, and their tiles.
    pub fn describe_unmatched(&self) -> String {
        const NAMED: usize = 5;
        let mut list: Vec<(&PixelCode, &(u64, BTreeSet<String>))> = self.unmatched.iter().collect();
        list.sort_by_key(|(_, (pixels, _))| std::cmp::Reverse(*pixels));
        let named: Vec<String> =
            list.iter().take(NAMED).map(|(code, (pixels, _))| format!("{code} ({pixels} pixels)")).collect();
        let tiles: BTreeSet<&String> = list.iter().flat_map(|(_, (_, tiles))| tiles).collect();
        let first: Vec<&str> = tiles.iter().take(NAMED).map(|id| id.as_str()).collect();
        let more = |left: usize| if left > 0 { format!(" and {left} more") } else { String::new() };
        format!(
            "{}{} in {} tiles ({}{})",
            named.join(", "),
            more(list.len().saturating_sub(NAMED)),
            tiles.len(),
            first.join(", "),
            more(tiles.len().saturating_sub(NAMED))
        )
    }
}

/// Counts of one mask.
struct Tally {
    counts: Counts,
    unmatched: Vec<(PixelCode, u64)>,
    encoding: MaskEncoding,
    softened: u64,
}

impl Tally {
    fn of(read: &DecodedMask, project: &Project) -> Self {
        let classes = read.mask.counts(project.classes.len());
        let (no_class, no_data) = (read.unmatched_pixels(), read.no_data);
        let rest = read.mask.data().len() as u64 - classes.iter().sum::<u64>();
        let unlabelled = rest.saturating_sub(no_class + no_data);
        let counts = Counts { masks: 1, classes, no_class, no_data, unlabelled };
        Self { counts, unmatched: read.unmatched.clone(), encoding: read.encoding, softened: read.softened }
    }

    /// Without the labels that the split does not use.
    fn of_part(mut self, read: &DecodedMask, split: Split, held_out: Option<&HeldOut>) -> Self {
        let Some(held_out) = held_out else { return self };
        let mut mask = read.mask.clone();
        match split {
            Split::Train => held_out.hide(&mut mask),
            Split::Val | Split::Test => held_out.keep_scored(&mut mask),
        }
        self.counts.classes = mask.counts(self.counts.classes.len());
        self
    }
}

#[cfg(test)]
mod tests {
    use image::{GrayImage, Luma, RgbImage};

    use super::*;

    fn project(values: [u8; 4]) -> (tempfile::TempDir, Project) {
        let dir = tempfile::tempdir().unwrap();
        for name in ["a", "b"] {
            RgbImage::new(2, 2).save(dir.path().join(format!("{name}.png"))).unwrap();
            let mask = GrayImage::from_fn(2, 2, |x, y| Luma([values[(y * 2 + x) as usize]]));
            mask.save(dir.path().join(format!("{name}_mask.png"))).unwrap();
        }
        let classes = "[[class]]\nname = 'x'\nvalue = 0\n[[class]]\nname = 'y'\nvalue = 1\n";
        std::fs::write(dir.path().join("pointillist.toml"), classes).unwrap();
        let project = Project::open(dir.path()).unwrap();
        (dir, project)
    }

    #[test]
    fn every_pixel_is_counted_once() {
        let (_dir, project) = project([0, 1, 255, 7]);
        let census = Census::take(&project, &[(0, Split::Train), (1, Split::Val)], |_, _| true).unwrap();
        let want = Counts { masks: 1, classes: vec![1, 1], no_class: 1, no_data: 0, unlabelled: 1 };
        assert_eq!(census.splits, [("train", want.clone()), ("val", want)].into());
        assert_eq!(census.encodings_line(), "2 masks by value");
        let warning = census.warning().unwrap();
        assert!(warning.starts_with("25.0 %") && warning.contains("value 7 (2 pixels) in 2 tiles (a, b)"), "{warning}");
        assert_eq!(census.table(&project)[0], "pixels of         train (1)        val (1)");
        assert_eq!(census.scored(&project, Split::Train), 2);
    }

    #[test]
    fn the_mask_of_a_divided_tile_is_one() {
        let (_dir, project) = project([0, 1, 255, 7]);
        let tiles = [(0, Split::Train), (0, Split::Val)];
        let census = Census::take_parts(&project, &tiles, &BTreeMap::new(), |_, _| true).unwrap();
        assert_eq!((census.encodings_line().as_str(), census.splits.len()), ("1 mask by value", 2));
        assert!(census.warning().unwrap().contains("value 7 (1 pixel"), "{:?}", census.warning());
    }

    #[test]
    fn a_census_can_be_cancelled() {
        let (_dir, project) = project([0; 4]);
        assert!(Census::take(&project, &[(0, Split::Train)], |_, _| false).is_none());
    }
}
