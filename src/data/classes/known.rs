//! Published datasets whose folders bring no list of classes: names, colours and mask values by their authors.

use serde::{Deserialize, Serialize};

use super::classes_file::OWN_FILE;
use super::hex::hex;
use super::known_names::{is_part_of_tile, is_sheet};
use super::legend::{IGNORE_VALUES, Legend};
use crate::domain::{ClassDef, Classes};

/// A dataset that is recognised by the names of its files and by what its masks contain. Both must agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum KnownDataset {
    /// LandCover.ai (Boguszewski et al. 2021): orthophotos of Poland, named by map sheet.
    #[serde(rename = "LandCover.ai")]
    LandCoverAi,
    /// `LoveDA` (Wang et al. 2021): folders `Urban` and `Rural`.
    #[serde(rename = "LoveDA")]
    LoveDa,
    /// ISPRS 2D semantic labelling, Potsdam and Vaihingen.
    #[serde(rename = "ISPRS")]
    Isprs,
    /// Semantic segmentation of aerial imagery of Dubai, by Humans in the Loop (2020).
    Dubai,
}

/// Name and colour of a class.
type Entry = (&'static str, [u8; 3]);

const LANDCOVER_AI: [Entry; 5] = [
    ("background", [0, 0, 0]),
    ("building", [97, 74, 74]),
    ("woodland", [38, 115, 0]),
    ("water", [0, 197, 255]),
    ("road", [207, 207, 207]),
];

const LOVEDA: [Entry; 7] = [
    ("background", [255, 255, 255]),
    ("building", [255, 0, 0]),
    ("road", [255, 255, 0]),
    ("water", [0, 0, 255]),
    ("barren", [159, 129, 183]),
    ("forest", [0, 255, 0]),
    ("agriculture", [255, 195, 128]),
];

const ISPRS: [Entry; 6] = [
    ("impervious surfaces", [255, 255, 255]),
    ("building", [0, 0, 255]),
    ("low vegetation", [0, 255, 255]),
    ("tree", [0, 255, 0]),
    ("car", [255, 255, 0]),
    ("clutter", [255, 0, 0]),
];

/// The colours of the masks. Those of the `classes.json` beside them are others.
const DUBAI: [Entry; 5] = [
    ("water", [226, 169, 41]),
    ("land (unpaved)", [132, 41, 246]),
    ("road", [110, 193, 228]),
    ("building", [60, 16, 152]),
    ("vegetation", [254, 221, 58]),
];

/// Colour of the seams between objects in ISPRS's masks without boundaries.
const ISPRS_VOID: [[u8; 3]; 1] = [[0, 0, 0]];

/// In the masks of Dubai: what was marked as nothing, and what was never painted.
const DUBAI_VOID: [[u8; 3]; 2] = [[155, 155, 155], [0, 0, 0]];

/// Below this share of the pixels, 0 can mean "unlabelled". In data that is numbered from 0 it is a class, and mostly a large one.
const MAX_VOID: f64 = 0.15;

/// A dataset whose 0 means "unlabelled" is recognised only if at least this many of its classes occur.
const MIN_CLASSES: usize = 3;

impl KnownDataset {
    const ALL: [Self; 4] = [Self::LandCoverAi, Self::LoveDa, Self::Isprs, Self::Dubai];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::LandCoverAi => "LandCover.ai",
            Self::LoveDa => "LoveDA",
            Self::Isprs => "ISPRS Potsdam/Vaihingen",
            Self::Dubai => "Dubai (Humans in the Loop)",
        }
    }

    /// What its masks say where there is no class, in words; `None` if every pixel has one.
    pub fn void(self) -> Option<&'static str> {
        match self {
            Self::LandCoverAi => None,
            Self::LoveDa => Some("0 in the masks is unlabelled: no data"),
            Self::Isprs => Some("0, or black, in the masks is unlabelled: seams between objects"),
            Self::Dubai => Some("gray (#9B9B9B) and black in the masks are unlabelled"),
        }
    }

    /// A note that it was recognised.
    pub fn note(self, classes: &Classes) -> String {
        let names: Vec<&str> = classes.iter().map(|class| class.name.as_str()).collect();
        let void = self.void().map(|void| format!(" ({void})")).unwrap_or_default();
        let (name, names) = (self.name(), names.join(", "));
        format!(
            "names and masks are those of {name}: its classes are used, {names}{void}. If it is another dataset, say so in the \
             window or in {OWN_FILE}"
        )
    }

    /// The dataset whose files are named like these paths, which begin with the name of the opened folder. That name alone does
    /// not make a folder `Urban` or `Rural`.
    pub(crate) fn named_like<'a>(paths: impl Iterator<Item = &'a str> + Clone) -> Option<Self> {
        Self::ALL.into_iter().find(|known| paths.clone().next().is_some() && paths.clone().all(|path| known.owns(path)))
    }

    fn owns(self, path: &str) -> bool {
        let lower = path.to_lowercase();
        match self {
            Self::LandCoverAi => is_sheet(path.rsplit('/').next().unwrap_or(path)),
            Self::LoveDa => lower.split('/').skip(1).any(|folder| ["urban", "rural"].contains(&folder)),
            Self::Isprs => ["potsdam", "vaihingen", "top_mosaic_09cm"].iter().any(|word| lower.contains(word)),
            Self::Dubai => is_part_of_tile(&lower),
        }
    }

    fn classes(self) -> &'static [Entry] {
        match self {
            Self::LandCoverAi => &LANDCOVER_AI,
            Self::LoveDa => &LOVEDA,
            Self::Isprs => &ISPRS,
            Self::Dubai => &DUBAI,
        }
    }

    /// Mask colours that mean "unlabelled"; empty if its masks hold values alone.
    fn void_colors(self) -> &'static [[u8; 3]] {
        match self {
            Self::LandCoverAi | Self::LoveDa => &[],
            Self::Isprs => &ISPRS_VOID,
            Self::Dubai => &DUBAI_VOID,
        }
    }

    /// Its classes, if masks with so many pixels of these values can be its own.
    pub(crate) fn of_values(self, found: &[(u16, u64)]) -> Option<Legend> {
        let void: &[u16] = if self.void().is_some() { &[0] } else { &[] };
        let is_own = self != Self::Dubai && fits(found, |value| self.values().contains(&value), void);
        is_own.then(|| self.by_values()).flatten()
    }

    /// Its classes, if masks with so many pixels of these colours can be its own.
    pub(crate) fn of_colors(self, found: &[([u8; 3], u64)]) -> Option<Legend> {
        let is_own = |color: [u8; 3]| self.classes().iter().any(|(_, own)| *own == color);
        let void = self.void_colors();
        (!void.is_empty() && fits(found, is_own, void)).then(|| self.by_colors()).flatten()
    }

    /// Its classes in masks of values.
    pub(crate) fn by_values(self) -> Option<Legend> {
        let values = self.values();
        Some(Legend {
            ignore_values: self.ignored_values(),
            was: values.clone().map(|value| vec![name_of_value(value)]).collect(),
            values: values.map(Some).collect(),
            ..self.legend()?
        })
    }

    /// Its classes in masks of colours. Masks of values that lie beside them are read as well.
    pub(crate) fn by_colors(self) -> Option<Legend> {
        let was = self.classes().iter().map(|(_, color)| vec![name_of_color(*color)]).collect();
        let (unlabelled, places) = (self.void_colors().to_vec(), self.values().collect());
        Some(Legend { unlabelled, ignore_values: self.ignored_values(), places, was, ..self.legend()? })
    }

    /// Values of the classes. Where the first is 1, 0 means unlabelled.
    fn values(self) -> std::ops::Range<u16> {
        let first = u16::from(self.void().is_some());
        first..first + self.classes().len() as u16
    }

    fn ignored_values(self) -> Vec<i64> {
        IGNORE_VALUES.into_iter().chain(self.void().map(|_| 0)).collect()
    }

    fn legend(self) -> Option<Legend> {
        let class = |(name, color): &Entry| ClassDef { name: (*name).to_owned(), color: *color, ignored: false };
        Legend::new(self.classes().iter().map(class).collect()).ok()
    }
}

/// Whether all codes are of a class or mean "unlabelled", which is rare beside the classes.
fn fits<K: Copy + PartialEq>(found: &[(K, u64)], is_own: impl Fn(K) -> bool, void: &[K]) -> bool {
    let (own, rest): (Vec<_>, Vec<_>) = found.iter().copied().partition(|(code, _)| is_own(*code));
    let pixels = |list: &[(K, u64)]| list.iter().map(|(_, count)| count).sum::<u64>();
    let is_rare = rest.is_empty() || (pixels(&rest) as f64) < pixels(found) as f64 * MAX_VOID;
    let least = if void.is_empty() { 1 } else { MIN_CLASSES };
    own.len() >= least && is_rare && rest.iter().all(|(code, _)| void.contains(code))
}

/// Name of a class that was picked up from masks by its value.
pub(crate) fn name_of_value(value: u16) -> String {
    format!("value {value}")
}

/// Name of a class that was picked up from masks by its colour.
pub(crate) fn name_of_color(color: [u8; 3]) -> String {
    format!("class {}", hex(color))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::UNLABELLED;

    fn named(paths: &[&str]) -> Option<KnownDataset> {
        KnownDataset::named_like(paths.iter().copied())
    }

    #[test]
    fn names_tell_the_dataset_only_if_all_agree() {
        let sheet = "data/images/M-33-20-D-c-4-2.tif";
        assert_eq!(named(&[sheet, "data/output/N-34-106-A-b-3-4_129.jpg"]), Some(KnownDataset::LandCoverAi));
        assert_eq!(named(&[sheet, "data/images/other.tif"]), None);
        assert_eq!(named(&["x/M-33-20-D-c-4.tif"]), None, "six parts are no sheet");
        assert_eq!(named(&["x/Train/Urban/images_png/1.png"]), Some(KnownDataset::LoveDa));
        assert_eq!(named(&["x/suburban/1.png"]), None);
        assert_eq!(named(&["mmseg/potsdam_dataset/a.png", "mmseg/vaihingen_dataset/b.png"]), Some(KnownDataset::Isprs));
        assert_eq!(
            named(&["set/Tile 1/images/image_part_001.jpg", "Tile 12/images/image_part_9.jpg"]),
            Some(KnownDataset::Dubai)
        );
        for other in ["Tile 1/image_part_001.jpg", "Tile/images/image_part_001.jpg", "Tile 1/images/image_part_a.jpg"] {
            assert_eq!(named(&[other]), None, "{other}");
        }
        assert_eq!(named(&[]), None);
    }

    #[test]
    fn the_name_of_the_opened_folder_alone_is_no_dataset() {
        assert_eq!(named(&["urban/images/1.png"]), None);
        assert_eq!(named(&["urban/Rural/images_png/1.png"]), Some(KnownDataset::LoveDa));
    }

    #[test]
    fn values_must_be_those_of_the_dataset() {
        let legend = KnownDataset::LandCoverAi.of_values(&[(0, 90), (2, 10)]).unwrap();
        assert_eq!((legend.classes.name(4), legend.values[4]), ("road", Some(4)), "all classes, also those not found");
        assert_eq!(KnownDataset::LandCoverAi.of_values(&[(0, 90), (5, 1)]), None);
        let legend = KnownDataset::LoveDa.of_values(&[(0, 14), (1, 40), (3, 40), (7, 6)]).unwrap();
        assert_eq!((legend.value(0), legend.ignore_values.contains(&0)), (1, true));
        assert_eq!(legend.was[0], ["value 1"], "labels under the old name still count");
        assert_eq!(KnownDataset::LoveDa.of_values(&[(1, 9), (2, 9), (8, 9)]), None);
        assert_eq!(KnownDataset::LoveDa.of_values(&[]), None);
    }

    #[test]
    fn a_frequent_zero_or_few_classes_are_data_of_another_kind() {
        assert_eq!(KnownDataset::LoveDa.of_values(&[(0, 9), (1, 1)]), None, "0 background, 1 house");
        assert_eq!(KnownDataset::LoveDa.of_values(&[(0, 15), (1, 40), (2, 30), (3, 15)]), None, "numbered from 0");
        assert_eq!(KnownDataset::Isprs.of_values(&[(0, 1), (1, 60), (2, 39)]), None, "two classes");
        assert_eq!(KnownDataset::Isprs.of_colors(&[([255; 3], 70), ([0; 3], 30)]), None, "black and white");
        assert_eq!(KnownDataset::Isprs.of_colors(&[]), None);
    }

    #[test]
    fn colours_must_be_those_of_the_dataset() {
        let found = [([255; 3], 50), ([0; 3], 5), ([255, 255, 0], 5), ([0, 255, 0], 40)];
        let legend = KnownDataset::Isprs.of_colors(&found).unwrap();
        assert_eq!((legend.classes.len(), legend.unlabelled.as_slice()), (6, &[[0; 3]][..]));
        assert_eq!((legend.value(0), legend.ignore_values.contains(&0)), (1, true), "in masks of values beside them");
        assert_eq!(KnownDataset::Isprs.of_colors(&[&found[..], &[([255, 0, 255], 1)]].concat()), None);
        assert_eq!(KnownDataset::LoveDa.of_colors(&found), None, "its masks hold values");
    }

    #[test]
    fn both_colours_of_dubai_that_are_no_class_are_unlabelled() {
        let classes = [([226, 169, 41], 40), ([132, 41, 246], 30), ([60, 16, 152], 16)];
        let with = |more: &[([u8; 3], u64)]| KnownDataset::Dubai.of_colors(&[&classes[..], more].concat());
        let legend = with(&[([155; 3], 10), ([0; 3], 4)]).unwrap();
        assert_eq!((legend.classes.len(), legend.classes.name(4)), (5, "vegetation"));
        assert_eq!(legend.color_table()[5..], [([155; 3], UNLABELLED), ([0; 3], UNLABELLED)]);
        assert_eq!(legend.was[3], ["class #3C1098"], "labels under the old name still count");
        assert_eq!(with(&[([155; 3], 10), ([0; 3], 6)]), None, "16 of 102 pixels are unlabelled");
        assert_eq!(with(&[([80, 227, 194], 1)]), None, "the water of classes.json");
        assert_eq!(KnownDataset::Dubai.of_values(&[(1, 9), (2, 9), (3, 9)]), None, "its masks hold colours");
    }
}
