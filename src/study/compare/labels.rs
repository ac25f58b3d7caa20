//! How many labels a run learned from: as its folder records it, or counted from masks and journal.

use std::collections::BTreeMap;
use std::path::PathBuf;

use rayon::prelude::{IntoParallelRefIterator, ParallelIterator};

use super::run::ComparedRun;
use crate::data::layout::tile::TileMatch;
use crate::data::{DataError, Journal, Project};
use crate::domain::blocks::HeldOut;
use crate::domain::{Classes, LabelBook, Sampling};
use crate::train::label_counts::LabelCounts;
use crate::train::start_labels::StartLabels;

/// Why there are no labels where nobody waits for them any more.
const STOPPED: &str = "it was stopped";

/// What the labels of a run depend on.
#[derive(Clone, PartialEq)]
struct Key {
    data: PathBuf,
    sampling: Sampling,
    tiles: Vec<String>,
    classes: Classes,
    held_out: BTreeMap<String, HeldOut>,
    hides_kept_aside: bool,
    /// Own labels count, as far as is known.
    has_own: bool,
}

/// Counts labels; what several runs share is counted once.
#[derive(Default)]
pub struct LabelCounter {
    projects: BTreeMap<PathBuf, Result<Project, String>>,
    known: Vec<(Key, Result<Counted, String>)>,
}

/// Labels of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    /// How many there are.
    pub labels: LabelCounts,
    /// There are own labels among them, as they are now: the run does not tell how many it had.
    pub are_of_now: bool,
}

impl LabelCounter {
    /// The labels of a run.
    ///
    /// # Errors
    /// With a sentence, if the tiles cannot be read any more.
    pub fn of(&mut self, run: &ComparedRun) -> Result<Counted, String> {
        self.of_while(run, &|| true)
    }

    /// The same, as long as `goes_on` says so: it is asked before each tile. What was stopped is not kept.
    ///
    /// # Errors
    /// As [`Self::of`], and if it was stopped.
    pub fn of_while(&mut self, run: &ComparedRun, goes_on: &(dyn Fn() -> bool + Sync)) -> Result<Counted, String> {
        let has_own = match &run.recorded_labels {
            Some(StartLabels::Counted(labels)) => return Ok(Counted { labels: labels.clone(), are_of_now: false }),
            Some(StartLabels::OfMasks { own }) => *own,
            None => true,
        };
        let (data, sampling) = (run.config.data.clone(), run.config.label_sampling());
        let (tiles, held_out) = (run.split.train.clone(), run.split.held_out.clone());
        let hides_kept_aside = run.config.train.keep_aside && run.split.val.is_empty();
        let key = Key { data, sampling, tiles, classes: run.classes.clone(), held_out, hides_kept_aside, has_own };
        if let Some((_, counts)) = self.known.iter().find(|(known, _)| *known == key) {
            return counts.clone();
        }
        let opened = self.projects.entry(key.data.clone());
        let opened = opened.or_insert_with(|| Project::open(&key.data).map_err(|error| error.to_string()));
        let counts = match opened {
            Ok(project) => count(run, &key, project, goes_on),
            Err(why) => Err(why.clone()),
        };
        if goes_on() {
            self.known.push((key, counts.clone()));
        }
        counts
    }

    /// Keeps what stays as it is, and forgets what may be another by now: what could not be read, and own labels.
    pub fn keep_lasting(&mut self) {
        self.projects.clear();
        self.known.retain(|(key, counts)| !key.has_own && counts.is_ok());
    }
}

fn count(
    run: &ComparedRun,
    key: &Key,
    project: &Project,
    goes_on: &(dyn Fn() -> bool + Sync),
) -> Result<Counted, String> {
    let told = |error: DataError| error.to_string();
    let project = project.adopt(&run.classes, false).map_err(told)?;
    let tiles = tiles_of(run, &project)?;
    let own = if key.has_own { own_labels(key, &project).map_err(told)? } else { LabelBook::default() };
    let book = &own;
    let held_out = run.split.held_out_of(&project);
    let of = |index: &usize| match goes_on() {
        true => LabelCounts::of_tile(&project, *index, held_out.get(index), &key.sampling, book).map_err(told),
        false => Err(STOPPED.to_owned()),
    };
    let labels = tiles.par_iter().map(of).try_reduce(LabelCounts::default, |a, b| Ok(a.plus(b)))?;
    let are_of_now = tiles.iter().any(|index| book.carries(&project.tiles[*index].id));
    Ok(Counted { labels, are_of_now })
}

/// The own labels as they are now.
fn own_labels(key: &Key, project: &Project) -> Result<LabelBook, DataError> {
    let (_, mut replay) = Journal::open_to_follow(project)?;
    if key.hides_kept_aside {
        replay.book.hide_kept_aside();
    }
    Ok(replay.book)
}

/// The tiles that a run learned from, by index. What is missing must not count as nothing.
fn tiles_of(run: &ComparedRun, project: &Project) -> Result<Vec<usize>, String> {
    if run.split.train.is_empty() {
        return Err("the run does not tell which tiles it learned from".to_owned());
    }
    let find = |id: &String| match run.split.find(project, id) {
        TileMatch::One(index) => Ok(index),
        TileMatch::Several => Err(format!("several tiles may be {id}, from which it learned")),
        TileMatch::None => Err(format!("tile {id}, from which it learned, is missing")),
    };
    run.split.train.iter().map(find).collect()
}

#[cfg(test)]
mod tests {
    use super::super::run::tests::run;
    use super::*;
    use crate::data::demo;
    use crate::domain::config::Supervision;
    use crate::domain::geometry::PixelRect;
    use crate::domain::{Edit, RunConfig, Strategy, Stroke};

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
        let [few, all] = [&sparse, &full].map(|run| counter.of(run).unwrap().labels);
        assert!((0.1..0.101).contains(&few.share()) && few.tiles == 2, "{few:?}");
        assert!((all.share() - 1.0).abs() < 1e-12 && all.masks == few.masks);
        let again = counter.of(&sparse).unwrap();
        assert_eq!((again.labels, again.are_of_now, counter.known.len()), (few, false, 2), "counted once");
        sparse.config.data = "/no/such/folder".into();
        assert!(counter.of(&sparse).unwrap_err().contains("/no/such/folder"));
        let recorded = LabelCounts { labels: vec![7], masks: vec![0], tiles: 1 };
        sparse.recorded_labels = Some(StartLabels::Counted(recorded.clone()));
        assert_eq!(counter.of(&sparse).unwrap().labels, recorded, "as the run folder tells");
    }

    /// A run that learned from full masks of a demo tile.
    fn full_run(data: PathBuf) -> ComparedRun {
        let project = Project::open(&data).unwrap();
        let tile = project.tiles.iter().find(|tile| tile.mask.is_some()).unwrap().id.clone();
        let mut run = run("a", RunConfig { data, ..RunConfig::demo() }, 0.5, &[]);
        run.config.train.supervision = Supervision::Full;
        (run.classes, run.split.train) = (project.classes, vec![tile]);
        run
    }

    #[test]
    fn own_labels_drawn_later_are_not_counted_where_there_were_none() {
        let dir = tempfile::tempdir().unwrap();
        let mut run = full_run(demo::unpack(dir.path()).unwrap());
        run.config.train.supervision = Supervision::Sparse;
        run.config.sampling.strategy = Strategy::FractionPerClass(0.01);
        run.recorded_labels = Some(StartLabels::WITHOUT_OWN);
        let before = LabelCounter::default().of(&run).unwrap();
        let project = Project::open(&run.config.data).unwrap();
        let stroke = Stroke { tile: run.split.train[0].clone(), class: Some(4), radius: 9.0, path: vec![[30.0, 30.0]] };
        Journal::open(&project).unwrap().0.append(&Edit::Begin(stroke)).unwrap();
        assert_eq!(LabelCounter::default().of(&run).unwrap(), before);
        run.recorded_labels = None;
        let now = LabelCounter::default().of(&run).unwrap();
        assert!(now.are_of_now && now.labels.total() > before.labels.total(), "{now:?} {before:?}");
    }

    #[test]
    fn what_was_stopped_is_counted_anew_and_what_lasts_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        let mut run = full_run(demo::unpack(dir.path()).unwrap());
        run.recorded_labels = None;
        let mut counter = LabelCounter::default();
        assert_eq!(counter.of_while(&run, &|| false).unwrap_err(), STOPPED);
        assert!(counter.of(&run).is_ok() && counter.known.len() == 1);
        counter.keep_lasting();
        assert!(counter.known.is_empty(), "own labels may be others by now");
        run.recorded_labels = Some(StartLabels::WITHOUT_OWN);
        let counted = counter.of(&run).unwrap();
        counter.keep_lasting();
        assert_eq!((counter.known.len(), counter.of(&run)), (1, Ok(counted)));
    }

    #[test]
    fn tiles_that_are_missing_do_not_count_as_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let mut run = full_run(demo::unpack(dir.path()).unwrap());
        run.split.train.push("gone".to_owned());
        let refusal = LabelCounter::default().of(&run).unwrap_err();
        assert!(refusal.contains("tile gone"), "{refusal}");
        run.split.train.clear();
        assert!(LabelCounter::default().of(&run).unwrap_err().contains("which tiles"));
    }

    #[test]
    fn what_blocks_hold_out_does_not_count() {
        let dir = tempfile::tempdir().unwrap();
        let mut run = full_run(demo::unpack(dir.path()).unwrap());
        let mut counter = LabelCounter::default();
        let whole = counter.of(&run).unwrap().labels;
        let tile = run.split.train[0].clone();
        let [width, height] = Project::open(&run.config.data).unwrap().tile(&tile).unwrap().size;
        let left = PixelRect { x: 0, y: 0, width: width / 2, height };
        let held = HeldOut { scored: [("b".to_owned(), left)].into(), hidden: vec![left] };
        run.split.held_out = [(tile.clone(), held)].into();
        run.split.val = vec![tile];
        let rest = counter.of(&run).unwrap().labels;
        assert!(rest.total() > 0 && rest.total() < whole.total(), "{rest:?} {whole:?}");
        assert_eq!(rest.labels, rest.masks, "the share of what can be learned from is whole");
    }
}
