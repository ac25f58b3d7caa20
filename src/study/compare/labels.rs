//! How many labels a run learned from, counted from its masks and journal: run folders do not hold that.

use std::collections::BTreeMap;
use std::path::PathBuf;

use rayon::prelude::{IntoParallelRefIterator, ParallelIterator};

use super::label_counts::LabelCounts;
use super::run::ComparedRun;
use crate::data::layout::tile::TileMatch;
use crate::data::{DataError, Journal, Project, Tile};
use crate::domain::{Classes, LabelBook, Mask, Sampling, sampling};

/// What the labels of a run depend on.
#[derive(Clone, PartialEq)]
struct Key {
    data: PathBuf,
    sampling: Sampling,
    tiles: Vec<String>,
    classes: Classes,
}

/// Counts labels; what several runs share is counted once.
#[derive(Default)]
pub struct LabelCounter {
    projects: BTreeMap<PathBuf, Result<Project, String>>,
    known: Vec<(Key, Result<LabelCounts, String>)>,
}

impl LabelCounter {
    /// The labels of a run.
    ///
    /// # Errors
    /// With a sentence, if the tiles cannot be read any more.
    pub fn of(&mut self, run: &ComparedRun) -> Result<LabelCounts, String> {
        let (data, sampling) = (run.config.data.clone(), run.config.label_sampling());
        let key = Key { data, sampling, tiles: run.split.train.clone(), classes: run.classes.clone() };
        if let Some((_, counts)) = self.known.iter().find(|(known, _)| *known == key) {
            return counts.clone();
        }
        let opened = self.projects.entry(key.data.clone());
        let opened = opened.or_insert_with(|| Project::open(&key.data).map_err(|error| error.to_string()));
        let counts = match opened {
            Ok(project) => count(run, &key.sampling, project).map_err(|error| error.to_string()),
            Err(why) => Err(why.clone()),
        };
        self.known.push((key, counts.clone()));
        counts
    }
}

fn count(run: &ComparedRun, sampling: &Sampling, project: &Project) -> Result<LabelCounts, DataError> {
    let project = project.adopt(&run.classes, false)?;
    let (_, replay) = Journal::open_to_follow(&project)?;
    let tiles = run.split.train.iter().filter_map(|id| match run.split.find(&project, id) {
        TileMatch::One(index) => Some(&project.tiles[index]),
        TileMatch::Several | TileMatch::None => None,
    });
    let tiles: Vec<&Tile> = tiles.collect();
    let counted = tiles.par_iter().map(|tile| of_tile(&project, tile, sampling, &replay.book));
    counted.try_reduce(LabelCounts::default, |a, b| Ok(a.add(b)))
}

fn of_tile(project: &Project, tile: &Tile, sampling: &Sampling, book: &LabelBook) -> Result<LabelCounts, DataError> {
    let [width, height] = tile.size;
    let full = project.read_mask(tile)?.map_or_else(|| Mask::unlabelled(width, height), |read| read.mask);
    let (labels, full) = labels_of(project, tile, full, sampling, book)?;
    let counts = |mask: &Mask| {
        let counts = mask.counts(project.classes.len());
        let of = |(class, count)| if project.classes.is_scored(class as u8) { count } else { 0 };
        counts.into_iter().enumerate().map(of).collect()
    };
    Ok(LabelCounts { labels: counts(&labels), masks: counts(&full), tiles: 1 })
}

/// The labels that a tile is learned with, and its mask, both without pixels that do not exist.
///
/// # Errors
/// If the image cannot be read.
pub(crate) fn labels_of(
    project: &Project,
    tile: &Tile,
    mut full: Mask,
    sampling: &Sampling,
    book: &LabelBook,
) -> Result<(Mask, Mask), DataError> {
    let mut labels = sampling::sample(&full, &tile.short_id, sampling);
    if book.carries(&tile.id) {
        labels.overlay(&book.rasterize(&tile.id, tile.size));
    }
    if let Some(valid) = project.valid_pixels(tile)? {
        valid.take_out_of(&mut labels);
        valid.take_out_of(&mut full);
    }
    Ok((labels, full))
}

#[cfg(test)]
mod tests {
    use super::super::run::tests::run;
    use super::*;
    use crate::data::demo;
    use crate::domain::config::Supervision;
    use crate::domain::{RunConfig, Strategy};

    #[test]
    fn sampled_labels_are_a_share_of_the_masks() {
        let dir = tempfile::tempdir().unwrap();
        let data = demo::unpack(dir.path()).unwrap();
        let project = Project::open(&data).unwrap();
        let masked: Vec<String> =
            project.tiles.iter().filter(|tile| tile.mask.is_some()).map(|tile| tile.id.clone()).take(2).collect();
        let mut config = RunConfig { data, ..RunConfig::demo() };
        config.sampling.strategy = Strategy::FractionPerClass(0.1);
        let mut sparse = run("a", config, 0.5, &[]);
        (sparse.classes, sparse.split.train) = (project.classes, masked);
        let mut full = sparse.clone();
        full.config.train.supervision = Supervision::Full;
        let mut counter = LabelCounter::default();
        let [few, all] = [&sparse, &full].map(|run| counter.of(run).unwrap());
        assert!((0.1..0.101).contains(&few.share()) && few.tiles == 2, "{few:?}");
        assert!((all.share() - 1.0).abs() < 1e-12 && all.masks == few.masks);
        assert_eq!((counter.of(&sparse).unwrap(), counter.known.len()), (few, 2), "counted once");
        sparse.config.data = "/no/such/folder".into();
        assert!(counter.of(&sparse).unwrap_err().contains("/no/such/folder"));
    }
}
