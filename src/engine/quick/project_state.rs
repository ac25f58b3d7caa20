//! What the quick head's thread knows of the present project.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::answer::{Lesson, QuickAnswer, QuickStatus};
use super::judgement::{Judgement, Tally};
use super::latest_map::LatestMap;
use super::prepared::Prepared;
use super::request::{TileLabels, Wanted};
use crate::data::{Project, Tile};
use crate::quick::batch::clicks_on;
use crate::quick::head::QuickHead;
use crate::quick::lessons::Lessons;
use crate::quick::method::QuickMethod;
use crate::quick::samples::TileSamples;

/// What is known of the present project.
#[derive(Default)]
pub(super) struct ProjectState {
    pub(super) epoch: u64,
    /// How often a tile had been asked for.
    pub(super) looks: u64,
    /// The tile in view and its features.
    pub(super) view: Option<(String, Arc<Prepared>)>,
    /// What was learned from each tile: its labels, and their pixels' features.
    pub(super) samples: BTreeMap<String, (TileLabels, Arc<TileSamples>)>,
    /// What was learned from earlier labels of a tile: most of its pixels are still labelled.
    earlier: Option<(String, Arc<TileSamples>)>,
    /// Tiles that cannot be read, and why.
    pub(super) refused: BTreeMap<String, String>,
    pub(super) head: Option<Arc<QuickHead>>,
    /// The latest map of the tile in view.
    pub(super) map: LatestMap,
    pub(super) answered: Option<Question>,
    pub(super) said: Option<QuickAnswer>,
    pub(super) known: Option<Known>,
}

/// A judgement, and what it is of.
pub(super) struct Known {
    pub(super) question: Question,
    /// The validation tiles it was made with.
    pub(super) judges: Vec<String>,
    pub(super) lessons: Lessons,
    pub(super) judgement: Judgement,
}

/// What an answer depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Question {
    pub(super) tile: String,
    pub(super) version: u64,
    pub(super) method: QuickMethod,
    /// Whether labels of all tiles count.
    pub(super) is_whole: bool,
    /// Other tiles that count, as long as they are too few for a head.
    pub(super) studied: usize,
}

/// A project, and a tile of it that is asked for.
pub(super) struct Asked<'a> {
    pub(super) wanted: &'a Wanted,
    pub(super) project: &'a Project,
    pub(super) tile: &'a Tile,
    /// Changes of what is wanted up to now.
    pub(super) turns: u64,
}

impl ProjectState {
    /// Drops what belongs to another project, and what was learned from labels that have changed: they are forgotten at once.
    pub(super) fn follow(&mut self, wanted: &Wanted) {
        if self.epoch != wanted.epoch {
            *self = Self { epoch: wanted.epoch, ..Self::default() };
        }
        if self.looks != wanted.looks {
            (self.looks, self.answered) = (wanted.looks, None);
        }
        let stands = |tile: &String, labels: &TileLabels| {
            wanted.labels.get(tile).is_some_and(|wanted| Arc::ptr_eq(wanted, labels))
        };
        let outdated = std::mem::take(&mut self.samples).into_iter();
        let (kept, mut outdated): (BTreeMap<_, _>, BTreeMap<_, _>) =
            outdated.partition(|(tile, (labels, _))| stands(tile, labels));
        self.samples = kept;
        if let Some((tile, (_, samples))) = outdated.pop_last() {
            self.earlier = Some((tile, samples));
        }
    }

    pub(super) fn view(&self, tile: &str) -> Option<Arc<Prepared>> {
        self.view.as_ref().filter(|(id, _)| id == tile).map(|(_, view)| Arc::clone(view))
    }

    pub(super) fn question(&self, asked: &Asked<'_>) -> Question {
        let is_whole = self.next_to_study(asked).is_none();
        let others = self.samples.keys().filter(|tile| **tile != asked.tile.id).count();
        let studied = if self.head.is_none() { others } else { 0 };
        let (tile, version, method) = (asked.tile.id.clone(), asked.wanted.version, asked.wanted.method);
        Question { tile, version, method, is_whole, studied }
    }

    /// Labelled tiles, besides the one in view, that nothing was learned from yet.
    pub(super) fn to_study<'a>(&self, asked: &Asked<'a>) -> impl Iterator<Item = &'a Tile> {
        let (view, project, wanted) = (&asked.tile.id, asked.project, asked.wanted);
        let labelled = wanted.labels.keys().filter(move |tile| *tile != view && !self.samples.contains_key(*tile));
        labelled
            .filter_map(|tile| project.tile(tile))
            .filter(|tile| tile.fault.is_none() && !self.refused.contains_key(&tile.id))
    }

    pub(super) fn next_to_study<'a>(&self, asked: &Asked<'a>) -> Option<&'a Tile> {
        self.to_study(asked).next()
    }

    /// Reads the features under the labels of the tile in view.
    pub(super) fn read_samples(&mut self, asked: &Asked<'_>, view: &Prepared) {
        let id = &asked.tile.id;
        let Some(labels) = asked.wanted.labels.get(id).filter(|_| !self.samples.contains_key(id)) else { return };
        let earlier = self.earlier.take().filter(|(tile, _)| tile == id).map(|(_, samples)| samples);
        let samples = view.samples(labels.iter(), &asked.project.classes, earlier.as_deref());
        self.samples.insert(id.clone(), (Arc::clone(labels), Arc::new(samples)));
    }

    /// All that is learned from, by tile.
    pub(super) fn tiles(&self) -> Vec<&TileSamples> {
        self.samples.values().map(|(_, samples)| &**samples).collect()
    }

    /// What heads learn from.
    pub(super) fn lessons(&self, asked: &Asked<'_>) -> Lessons {
        let tiles = self.samples.iter().map(|(tile, (_, samples))| (tile.clone(), Arc::clone(samples)));
        Lessons::new(tiles.collect(), asked.wanted.method)
    }

    /// Whether the latest judgement is of this, made with these validation tiles.
    pub(super) fn is_judged(&self, question: &Question, judges: &[String]) -> bool {
        self.known.as_ref().is_some_and(|known| known.question == *question && known.judges == judges)
    }

    /// The latest judgement of a head by this method, without what it says of another tile. Of earlier labels the clicks that were left
    /// out are not told.
    pub(super) fn judgement_of(&self, lessons: &Lessons, tile: &str) -> Option<Judgement> {
        let known = self.known.as_ref().filter(|known| known.lessons.method() == lessons.method())?;
        let mut judgement = known.judgement.clone();
        judgement.is_current = known.lessons.is_same(lessons);
        if !judgement.is_current {
            judgement.left_out = Tally::default();
        }
        if known.question.tile != tile {
            judgement.kept_aside.clear();
        }
        Some(judgement)
    }

    /// Why nothing can be told apart.
    pub(super) fn why_no_map(&self, asked: &Asked<'_>) -> QuickStatus {
        if self.next_to_study(asked).is_some() {
            return QuickStatus::Preparing;
        }
        let labelled = clicks_on(&self.tiles()).first().map(|click| click.class);
        labelled.map_or(QuickStatus::NoLabels, QuickStatus::OneClass)
    }

    pub(super) fn lesson(&self, asked: &Asked<'_>, head: &QuickHead, pixel: u32) -> Lesson {
        let clicks = self.samples.values().map(|(_, samples)| samples.clicks());
        Lesson {
            clicks: clicks.clone().sum(),
            classes: head.classes().to_vec(),
            tiles: clicks.filter(|clicks| *clicks > 0).count(),
            tiles_left: self.to_study(asked).count(),
            pixel,
        }
    }
}

#[cfg(test)]
mod tests {
    use image::RgbImage;

    use super::*;
    use crate::engine::quick::KeptAside;
    use crate::quick::tile_features::{Kinds, TileFeatures};

    #[test]
    fn a_judgement_holds_for_its_method_and_knows_its_labels() {
        let samples =
            || Arc::new(TileSamples::new(&TileFeatures::compute(&RgbImage::new(8, 8), None, Kinds::BANK), &[]));
        let (labels, other) = (samples(), samples());
        let lessons =
            |labels: &Arc<TileSamples>, method| Lessons::new(vec![("a".to_owned(), Arc::clone(labels))], method);
        let (tile, method) = ("a".to_owned(), QuickMethod::Linear);
        let question = Question { tile, version: 0, method, is_whole: true, studied: 0 };
        let kept_aside = vec![KeptAside { class: 0, pixels: Vec::new(), is_right: true }];
        let tiles = [("b".to_owned(), 0.5)].into();
        let judgement = Judgement { is_current: true, left_out: Tally { right: 3, of: 4 }, kept_aside, tiles };
        let judges = vec!["b".to_owned()];
        let known = Known { question, judges, lessons: lessons(&labels, method), judgement: judgement.clone() };
        let state = ProjectState { known: Some(known), ..ProjectState::default() };
        let judged = |labels, method, tile| state.judgement_of(&lessons(labels, method), tile);
        assert_eq!(judged(&labels, method, "a"), Some(judgement.clone()));
        assert_eq!(
            judged(&labels, method, "b"),
            Some(Judgement { kept_aside: Vec::new(), ..judgement.clone() }),
            "another tile"
        );
        assert_eq!(judged(&labels, QuickMethod::Forest, "a"), None, "another method");
        let earlier = Judgement { is_current: false, left_out: Tally::default(), ..judgement };
        assert_eq!(judged(&other, method, "a"), Some(earlier), "other labels");
    }
}
