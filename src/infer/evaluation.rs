//! Scoring: predictions of whole tiles against their full masks, in one confusion matrix.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::predictor::{Predictor, TileJob};
use crate::data::cache::pictures::PictureCache;
use crate::data::{DataError, Project, TileFault};
use crate::domain::agreement::Agreement;
use crate::domain::blocks::HeldOut;
use crate::domain::bootstrap;
use crate::domain::boundary::Boundaries;
use crate::domain::calibration::Reliability;
use crate::domain::metrics::{Tally, mean_of_numbers};
use crate::domain::{Classes, Confusion, FurtherScores, Mask, Scores};

/// An evaluation in progress.
pub struct EvaluationJob {
    project: Arc<Project>,
    waiting: VecDeque<usize>,
    /// Of these tiles only blocks are scored.
    held_out: Arc<BTreeMap<usize, HeldOut>>,
    current: Option<Current>,
    total: usize,
    /// Only what follows from the confusion matrix is wanted.
    is_headline: bool,
    sums: Sums,
    tiles: Vec<(String, f64)>,
    faults: Vec<TileFault>,
}

/// What all scores are derived from, over the finished tiles.
struct Sums {
    confusion: Confusion,
    boundaries: Boundaries,
    reliability: Reliability,
    /// Tallies of the classes in the tiles of each scene, or in each block; a tile that touches no other is its own scene.
    parts: BTreeMap<String, Vec<Tally>>,
}

struct Current {
    tile: usize,
    job: TileJob,
    truth: Mask,
}

/// The scores of an evaluation.
pub struct Evaluated {
    /// Scores over all tiles.
    pub scores: Scores,
    /// What stands beside them.
    pub further: FurtherScores,
    /// Confusion matrix of all labelled pixels.
    pub confusion: Confusion,
    /// Mean IoU of each tile, by id.
    pub tiles: Vec<(String, f64)>,
    /// Tiles that could not be scored, with the reason.
    pub faults: Vec<TileFault>,
}

impl EvaluationJob {
    /// Scores the tiles with these indices; each must have a mask.
    pub fn new(project: Arc<Project>, tiles: &[usize]) -> Self {
        let sums = Sums::new(project.classes.len());
        Self {
            project,
            waiting: tiles.iter().copied().collect(),
            held_out: Arc::default(),
            current: None,
            total: tiles.len(),
            is_headline: false,
            sums,
            tiles: Vec::new(),
            faults: Vec::new(),
        }
    }

    /// The same, for mean IoU alone: what takes time beside it is left out and stays empty.
    pub fn headline(project: Arc<Project>, tiles: &[usize]) -> Self {
        Self { is_headline: true, ..Self::new(project, tiles) }
    }

    /// The same, but of these tiles only the blocks that are held out.
    #[must_use]
    pub fn of_blocks(self, held_out: Arc<BTreeMap<usize, HeldOut>>) -> Self {
        Self { held_out, ..self }
    }

    /// Tiles finished, and tiles in all.
    pub fn progress(&self) -> (usize, usize) {
        (self.total - self.waiting.len() - usize::from(self.current.is_some()), self.total)
    }

    /// Opens a tile, predicts a window, or scores a tile. Returns `false` when all tiles are finished.
    pub fn advance(&mut self, predictor: &Predictor) -> bool {
        match self.current.take() {
            None => {
                let Some(tile) = self.waiting.pop_front() else { return false };
                match self.open(tile, predictor) {
                    Ok(current) => self.current = Some(current),
                    Err(error) => self.faults.push(TileFault { tile, what: error.to_string() }),
                }
            }
            Some(mut current) => {
                if current.job.advance(predictor) {
                    self.current = Some(current);
                } else {
                    self.score(current);
                }
            }
        }
        true
    }

    /// The scores of the finished tiles.
    pub fn finish(self) -> Evaluated {
        let Self { project, sums, tiles, faults, .. } = self;
        let scores = sums.confusion.scores(&project.classes);
        let per_image: Vec<f64> = tiles.iter().map(|(_, miou)| *miou).collect();
        let further = sums.further(&project.classes, mean_of_numbers(&per_image));
        Evaluated { scores, further, confusion: sums.confusion, tiles, faults }
    }

    fn open(&self, index: usize, predictor: &Predictor) -> Result<Current, DataError> {
        let tile = &self.project.tiles[index];
        let picture = PictureCache::shared().picture(&self.project, tile)?;
        let mut truth = self.project.read_mask(tile)?.map(|read| read.mask).ok_or_else(|| DataError::Content {
            what: "the tile has no mask to score against".to_owned(),
            path: tile.image.clone(),
        })?;
        picture.valid.iter().for_each(|valid| valid.take_out_of(&mut truth));
        self.held_out.get(&index).iter().for_each(|held_out| held_out.keep_scored(&mut truth));
        Ok(Current { tile: index, job: predictor.begin(predictor.fit(picture)), truth })
    }

    fn score(&mut self, current: Current) {
        let Current { tile: index, job, truth } = current;
        let (tile, classes) = (&self.project.tiles[index], &self.project.classes);
        let map = job.finish().resized(truth.size());
        let mut confusion = Confusion::new(classes.len());
        match self.held_out.get(&index) {
            None => {
                confusion.add(&truth, &map.classes);
                self.sums.add_part(&tile.group, &confusion, classes);
            }
            Some(held_out) => {
                for (name, rect) in &held_out.scored {
                    let mut block = Confusion::new(classes.len());
                    block.add(&truth.part(*rect), &map.classes.part(*rect));
                    self.sums.add_part(name, &block, classes);
                    confusion.merge(&block);
                }
            }
        }
        self.tiles.push((tile.id.clone(), confusion.scores(classes).miou));
        self.sums.confusion.merge(&confusion);
        if self.is_headline {
            return;
        }
        self.sums.boundaries.add(&truth, &map.classes, classes);
        self.sums.reliability.add(&truth, &map, classes);
    }
}

impl Sums {
    fn new(classes: usize) -> Self {
        let (confusion, boundaries) = (Confusion::new(classes), Boundaries::new(classes));
        Self { confusion, boundaries, reliability: Reliability::default(), parts: BTreeMap::new() }
    }

    /// Adds pixels of a scene or a block to what the interval is drawn from.
    fn add_part(&mut self, part: &str, pixels: &Confusion, classes: &Classes) {
        let tallies = pixels.tallies(|class| classes.is_scored(class as u8));
        let sums = self.parts.entry(part.to_owned()).or_insert_with(|| vec![Tally::default(); tallies.len()]);
        sums.iter_mut().zip(&tallies).for_each(|(sum, tally)| sum.add(tally));
    }

    fn further(&self, classes: &Classes, per_image_miou: f64) -> FurtherScores {
        let is_scored = |part: &&Vec<Tally>| part.iter().any(|tally| tally.truth > 0);
        let parts: Vec<Vec<Tally>> = self.parts.values().filter(is_scored).cloned().collect();
        FurtherScores {
            agreement: Agreement::of(&self.confusion, classes),
            per_image_miou,
            interval: bootstrap::interval_of_miou(&parts),
            parts: parts.len(),
            boundary_iou: self.boundaries.iou(classes),
            mean_boundary_iou: self.boundaries.mean_iou(classes),
            reliability: self.reliability.clone(),
        }
    }
}
