//! The prediction over the tile in view, refreshed in slices between training steps.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::outbox::Outbox;
use super::protocol::{Preview, ViewRequest};
use crate::data::cache::pictures::PictureCache;
use crate::data::{DataError, Picture, Project};
use crate::domain::Notice;
use crate::infer::{Predictor, TileJob, TilePrediction};

/// Share of the training time that previews may take.
const SHARE: f64 = 0.3;
/// Time between the end of a preview and the start of the next.
const PAUSE: Duration = Duration::from_millis(250);
/// Seconds that may be saved up for previews, or overdrawn.
const MAX_BALANCE: f64 = 0.5;
/// Partial previews are shown at most this often: each is a copy of the tile's classes.
const PUBLISH_EVERY: Duration = Duration::from_millis(300);

/// Keeps the prediction over the tile in view up to date.
pub(super) struct Previewer {
    view: Option<ViewRequest>,
    /// The decoded tile in view, by id.
    tile: Option<(String, Arc<Picture>)>,
    /// A partly predicted tile, and the step of the network that predicts it.
    job: Option<(TileJob, u64)>,
    /// The last complete prediction of the tile in view; the next one overwrites it window by window.
    earlier: Option<TilePrediction>,
    /// The network has changed since the last complete preview.
    stale: bool,
    finished_at: Option<Instant>,
    published_at: Option<Instant>,
    /// Seconds that previews may take now; negative if they have taken too many.
    balance: f64,
}

impl Previewer {
    pub(super) fn new() -> Self {
        Self {
            view: None,
            tile: None,
            job: None,
            earlier: None,
            stale: true,
            finished_at: None,
            published_at: None,
            balance: 0.0,
        }
    }

    /// Changes the tile, or the part of it, that is in view.
    pub(super) fn set_view(&mut self, view: Option<ViewRequest>) {
        let same_tile = |a: &ViewRequest, b: &ViewRequest| a.tile == b.tile;
        if !self.view.as_ref().zip(view.as_ref()).is_some_and(|(a, b)| same_tile(a, b)) {
            self.restart();
        }
        self.view = view;
    }

    /// Discards everything: another network or another tile is predicted from now on.
    pub(super) fn restart(&mut self) {
        self.job = None;
        self.earlier = None;
        self.tile = None;
        self.mark_stale();
        self.finished_at = None;
        self.published_at = None;
        self.balance = 0.0;
    }

    /// The network has changed: the prediction is out of date.
    pub(super) fn mark_stale(&mut self) {
        self.stale = true;
    }

    /// Training took this many seconds: previews may take a share of it.
    pub(super) fn earn(&mut self, training_secs: f64) {
        self.balance = (self.balance + SHARE * training_secs).min(MAX_BALANCE);
    }

    /// Whether there is anything to predict.
    pub(super) fn is_pending(&self) -> bool {
        self.view.is_some() && (self.job.is_some() || self.stale)
    }

    /// Whether a tile is partly predicted.
    pub(super) fn is_in_progress(&self) -> bool {
        self.job.is_some()
    }

    /// Whether the next window may be predicted now, while training.
    pub(super) fn is_due(&self) -> bool {
        let rested = self.job.is_some() || self.finished_at.is_none_or(|at| at.elapsed() >= PAUSE);
        self.is_pending() && rested && self.balance > 0.0
    }

    /// Predicts one window.
    pub(super) fn advance(&mut self, predictor: &Predictor, project: &Project, step: u64, outbox: &Outbox) {
        let began = Instant::now();
        if let Err(error) = self.window(predictor, project, step, outbox) {
            self.view = None;
            outbox.warn(Notice::new("The tile in view cannot be predicted").cause(error.to_string()));
        }
        // While nothing trains, predicting is free. So the balance has a lower limit.
        self.balance = (self.balance - began.elapsed().as_secs_f64()).max(-MAX_BALANCE);
    }

    fn window(
        &mut self,
        predictor: &Predictor,
        project: &Project,
        step: u64,
        outbox: &Outbox,
    ) -> Result<(), DataError> {
        let Some(view) = self.view.clone() else { return Ok(()) };
        let (mut job, step) = match self.job.take() {
            Some(job) => job,
            None => {
                let image = self.image(&view.tile, predictor, project)?;
                let job = predictor.begin(image, view.visible);
                self.stale = false;
                let job = match self.earlier.take() {
                    Some(earlier) => job.over(earlier),
                    None => job,
                };
                (job, step)
            }
        };
        job.advance(predictor);
        let complete = job.is_complete();
        if complete || self.published_at.is_none_or(|at| at.elapsed() >= PUBLISH_EVERY) {
            self.publish(&view.tile, &job, step, outbox);
        }
        if complete {
            self.finished_at = Some(Instant::now());
            self.earlier = Some(job.finish());
        } else {
            self.job = Some((job, step));
        }
        Ok(())
    }

    fn publish(&mut self, tile: &str, job: &TileJob, step: u64, outbox: &Outbox) {
        let TilePrediction { classes, confidence } = job.so_far().clone();
        // A prediction that overwrites an earlier one is complete from its first window on.
        let complete = job.is_whole();
        outbox.send_preview(Preview { run: outbox.run, tile: tile.to_owned(), step, classes, confidence, complete });
        self.published_at = Some(Instant::now());
    }

    /// The tile in view as the network sees it, decoded once.
    fn image(&mut self, id: &str, predictor: &Predictor, project: &Project) -> Result<Arc<Picture>, DataError> {
        if let Some((kept, image)) = &self.tile
            && kept == id
        {
            return Ok(Arc::clone(image));
        }
        let tile = project.tile(id).ok_or_else(|| DataError::Content {
            what: format!("the project has no tile '{id}'"),
            path: project.root.clone(),
        })?;
        let image = predictor.fit(PictureCache::shared().picture(project, tile)?);
        self.tile = Some((id.to_owned(), Arc::clone(&image)));
        Ok(image)
    }
}
