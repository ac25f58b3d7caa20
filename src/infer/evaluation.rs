//! Scoring: predictions of whole tiles against their full masks, in one confusion matrix.

use std::collections::VecDeque;
use std::sync::Arc;

use super::predictor::{Predictor, TileJob};
use crate::data::cache::pictures::PictureCache;
use crate::data::{DataError, Project, TileFault};
use crate::domain::{Confusion, Mask, Scores};

/// An evaluation in progress.
pub struct EvaluationJob {
    project: Arc<Project>,
    waiting: VecDeque<usize>,
    current: Option<Current>,
    total: usize,
    confusion: Confusion,
    tiles: Vec<(String, f64)>,
    faults: Vec<TileFault>,
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
    /// Confusion matrix of all scored pixels.
    pub confusion: Confusion,
    /// Mean IoU of each tile, by id.
    pub tiles: Vec<(String, f64)>,
    /// Tiles that could not be scored, with the reason.
    pub faults: Vec<TileFault>,
}

impl EvaluationJob {
    /// Scores the tiles with these indices; each must have a mask.
    pub fn new(project: Arc<Project>, tiles: &[usize]) -> Self {
        let confusion = Confusion::new(project.classes.len());
        Self {
            project,
            waiting: tiles.iter().copied().collect(),
            current: None,
            total: tiles.len(),
            confusion,
            tiles: Vec::new(),
            faults: Vec::new(),
        }
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
        let scores = self.confusion.scores(&self.project.classes);
        Evaluated { scores, confusion: self.confusion, tiles: self.tiles, faults: self.faults }
    }

    fn open(&self, index: usize, predictor: &Predictor) -> Result<Current, DataError> {
        let tile = &self.project.tiles[index];
        let picture = PictureCache::shared().picture(&self.project, tile)?;
        let mut truth = self.project.read_mask(tile)?.map(|read| read.mask).ok_or_else(|| DataError::Content {
            what: "the tile has no mask to score against".to_owned(),
            path: tile.image.clone(),
        })?;
        picture.valid.iter().for_each(|valid| valid.take_out_of(&mut truth));
        Ok(Current { tile: index, job: predictor.begin(predictor.fit(picture)), truth })
    }

    fn score(&mut self, current: Current) {
        let Current { tile, job, truth } = current;
        let prediction = job.finish().resized(truth.size());
        let mut confusion = Confusion::new(self.confusion.classes());
        confusion.add(&truth, &prediction.classes, &self.project.classes);
        self.tiles.push((self.project.tiles[tile].id.clone(), confusion.scores(&self.project.classes).miou));
        self.confusion.merge(&confusion);
    }
}
