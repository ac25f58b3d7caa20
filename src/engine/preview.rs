//! The prediction over the tile in view, refreshed in slices between training steps.
//!
//! Each picture belongs to one snapshot of the network. The whole tile shows at low resolution first and is then sharpened
//! window by window, those on screen first. What is sharp on screen is replaced only by what is sharp, too.

use std::sync::Arc;
use std::time::{Duration, Instant};

use image::RgbImage;

use super::outbox::Outbox;
use super::protocol::ViewRequest;
use super::sketch::Sketch;
use crate::data::cache::pictures::PictureCache;
use crate::data::{DataError, Picture, Project};
use crate::domain::Notice;
use crate::infer::Predictor;

/// Share of the training time that previews may take.
const SHARE: f64 = 0.3;
/// How long a picture that is sharp on screen stays before the next is begun.
const PAUSE: Duration = Duration::from_millis(250);
/// Seconds that may be saved up for previews, or overdrawn.
const MAX_BALANCE: f64 = 0.5;
/// A picture that is being sharpened is shown at most this often: each is a copy of the tile's classes.
const PUBLISH_EVERY: Duration = Duration::from_millis(300);

/// Keeps the prediction over the tile in view up to date.
pub(super) struct Previewer {
    view: Option<ViewRequest>,
    tile: Option<TileInView>,
    /// The picture that is being made.
    sketch: Option<Sketch>,
    /// The network has changed since the last snapshot.
    stale: bool,
    shown: Shown,
    /// When the picture shown became sharp on screen.
    sharp_since: Option<Instant>,
    published_at: Option<Instant>,
    /// Seconds that previews may take now; negative if they have taken too many.
    balance: f64,
}

/// The decoded tile in view as the network sees it.
struct TileInView {
    id: String,
    picture: Arc<Picture>,
    overview: Option<Arc<RgbImage>>,
}

/// How sharp the picture is that the window has.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Shown {
    /// There is none, or it is coarse.
    Coarse,
    /// On screen.
    OnScreen,
    /// Everywhere.
    Whole,
}

impl Previewer {
    pub(super) fn new() -> Self {
        Self {
            view: None,
            tile: None,
            sketch: None,
            stale: true,
            shown: Shown::Coarse,
            sharp_since: None,
            published_at: None,
            balance: 0.0,
        }
    }

    /// Changes the tile, or the part of it, that is in view.
    pub(super) fn set_view(&mut self, view: Option<ViewRequest>) {
        let same_tile = |a: &ViewRequest, b: &ViewRequest| a.tile == b.tile;
        if !self.view.as_ref().zip(view.as_ref()).is_some_and(|(a, b)| same_tile(a, b)) {
            self.restart();
            self.balance = MAX_BALANCE; // Someone waits for it.
        }
        if self.shown == Shown::OnScreen {
            self.shown = Shown::Coarse; // Something else is on screen now.
        }
        if let Some((sketch, visible)) = self.sketch.as_mut().zip(view.as_ref().and_then(|view| view.visible)) {
            sketch.look_at(visible);
        }
        self.view = view;
    }

    /// Discards everything: another network or another tile is predicted from now on.
    pub(super) fn restart(&mut self) {
        *self = Self { view: self.view.take(), ..Self::new() };
    }

    /// The network has taken a step: the prediction is out of date.
    pub(super) fn mark_stale(&mut self) {
        self.stale = true;
    }

    /// Another network predicts: a picture of the one before it is not finished, and none of it is worth waiting for.
    pub(super) fn change_network(&mut self) {
        (self.sketch, self.shown) = (None, Shown::Coarse);
        self.stale = true;
    }

    /// Training took this many seconds: previews may take a share of it.
    pub(super) fn earn(&mut self, training_secs: f64) {
        self.balance = (self.balance + SHARE * training_secs).min(MAX_BALANCE);
    }

    /// Whether there is anything to predict.
    pub(super) fn is_pending(&self) -> bool {
        self.view.is_some() && (self.sketch.is_some() || self.stale)
    }

    /// Whether the next turn may be taken now, while training.
    pub(super) fn is_due(&self) -> bool {
        let rested = self.sketch.is_some() || self.has_rested();
        self.is_pending() && rested && self.balance > 0.0
    }

    /// Whether the next turn takes a snapshot of the network, which has to be that of this step.
    pub(super) fn begins_anew(&self, step: u64) -> bool {
        let Some(sketch) = &self.sketch else { return true };
        let is_settled = self.shown >= Shown::OnScreen && self.has_rested();
        // What nobody has seen is finished first, so that there is something new to see at all.
        self.stale && sketch.is_shown() && (is_settled || sketch.is_outdated(step))
    }

    fn has_rested(&self) -> bool {
        self.sharp_since.is_none_or(|at| at.elapsed() >= PAUSE)
    }

    /// Predicts the tile at low resolution, or one window.
    pub(super) fn advance(&mut self, predictor: &Predictor, project: &Project, step: u64, outbox: &Outbox) {
        let began = Instant::now();
        if let Err(error) = self.turn(predictor, project, step, outbox) {
            self.view = None;
            outbox.warn(Notice::new("The tile in view cannot be predicted").cause(error.to_string()));
        }
        // While nothing trains, predicting is free. So the balance has a lower limit.
        self.balance = (self.balance - began.elapsed().as_secs_f64()).max(-MAX_BALANCE);
    }

    fn turn(&mut self, predictor: &Predictor, project: &Project, step: u64, outbox: &Outbox) -> Result<(), DataError> {
        let Some(view) = self.view.clone() else { return Ok(()) };
        if self.begins_anew(step) {
            self.sketch = Some(self.begin(&view, predictor, project, step)?);
        }
        let Some(mut sketch) = self.sketch.take() else { return Ok(()) };
        sketch.advance();
        let now = match (sketch.is_complete(), sketch.is_sharp_in(view.visible)) {
            (true, _) => Shown::Whole,
            (_, true) => Shown::OnScreen,
            _ => Shown::Coarse,
        };
        if self.is_worth_showing(&sketch, now) {
            outbox.send_preview(sketch.show(outbox.run, &view.tile));
            self.published_at = Some(Instant::now());
            if now >= Shown::OnScreen && (self.shown < Shown::OnScreen || self.sharp_since.is_none()) {
                self.sharp_since = self.published_at;
            }
            self.shown = now;
        }
        self.sketch = Some(sketch).filter(|sketch| !sketch.is_complete());
        Ok(())
    }

    /// Whether the window gets the sketch as it is now, `now` that sharp.
    fn is_worth_showing(&self, sketch: &Sketch, now: Shown) -> bool {
        if !sketch.is_shown() {
            return now >= self.shown.min(Shown::OnScreen);
        }
        now > self.shown || self.published_at.is_none_or(|at| at.elapsed() >= PUBLISH_EVERY)
    }

    /// Takes a snapshot of the network.
    fn begin(
        &mut self,
        view: &ViewRequest,
        predictor: &Predictor,
        project: &Project,
        step: u64,
    ) -> Result<Sketch, DataError> {
        let TileInView { picture, overview, .. } = self.tile(&view.tile, predictor, project)?;
        let job = predictor.begin(Arc::clone(picture)).overview_first(overview.clone());
        let mut sketch = Sketch::new(predictor.clone(), job, step);
        view.visible.into_iter().for_each(|visible| sketch.look_at(visible));
        (self.stale, self.sharp_since) = (false, None);
        Ok(sketch)
    }

    /// The tile in view, decoded once.
    fn tile(&mut self, id: &str, predictor: &Predictor, project: &Project) -> Result<&TileInView, DataError> {
        if self.tile.as_ref().is_none_or(|tile| tile.id != id) {
            let tile = project.tile(id).ok_or_else(|| DataError::Content {
                what: format!("the project has no tile '{id}'"),
                path: project.root.clone(),
            })?;
            let picture = predictor.fit(PictureCache::shared().picture(project, tile)?);
            let overview = predictor.overview(&picture).map(Arc::new);
            self.tile = Some(TileInView { id: id.to_owned(), picture, overview });
        }
        Ok(self.tile.as_ref().expect("it was just decoded"))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use burn::tensor::Device;

    use super::*;
    use crate::domain::ClassMap;
    use crate::domain::config::{InputSize, ModelConfig};
    use crate::domain::geometry::PixelRect;
    use crate::engine::protocol::Preview;
    use crate::engine::transport::{UserEnd as _, in_process};
    use crate::model::Net;

    const SIZE: [u32; 2] = [1300, 700];

    /// A project of one tile larger than an overview, and an untrained network.
    fn project(folder: &Path) -> Project {
        let picture =
            RgbImage::from_fn(SIZE[0], SIZE[1], |x, y| image::Rgb([(x / 3) as u8, (y / 2) as u8, (x ^ y) as u8]));
        picture.save(folder.join("a.png")).unwrap();
        Project::open(folder).unwrap()
    }

    fn predictor(project: &Project, seed: u64) -> Predictor {
        let device = Device::flex();
        device.seed(seed);
        let config = ModelConfig { base: 2, levels: 3, ..ModelConfig::default() };
        let net = Net::new(&config, project.classes.len(), &device);
        Predictor::new(net, InputSize::Crop(32), config.stride(), &project.classes, device)
    }

    fn view(visible: Option<PixelRect>) -> Option<ViewRequest> {
        Some(ViewRequest { tile: "a".to_owned(), visible })
    }

    /// A previewer over the tile, and what reaches the window.
    struct Bench {
        previewer: Previewer,
        project: Project,
        outbox: Outbox,
        user: in_process::User,
    }

    impl Bench {
        fn new(folder: &Path, visible: Option<PixelRect>) -> Self {
            let (user, end) = in_process::connect(Arc::new(|| {}));
            let (project, outbox) = (project(folder), Outbox::new(Arc::new(end)));
            let mut previewer = Previewer::new();
            previewer.set_view(view(visible));
            Self { previewer, project, outbox, user }
        }

        fn turn(&mut self, predictor: &Predictor, step: u64) -> Option<Preview> {
            self.previewer.advance(predictor, &self.project, step, &self.outbox);
            while self.user.try_event().is_some() {}
            self.user.take_preview()
        }

        /// Turns until the window has the whole tile at full resolution; only that picture is returned.
        fn complete(&mut self, predictor: &Predictor, step: u64) -> Preview {
            (0..200).filter_map(|_| self.turn(predictor, step)).find(|preview| preview.complete).expect("it ends")
        }

        fn predict(&self, predictor: &Predictor) -> ClassMap {
            predictor.predict(self.project.read_picture(&self.project.tiles[0]).unwrap())
        }
    }

    #[test]
    fn the_whole_tile_shows_in_the_first_turn_and_ends_as_predict_has_it() {
        let dir = tempfile::tempdir().unwrap();
        let mut bench = Bench::new(dir.path(), None);
        let predictor = predictor(&bench.project, 1);
        let first = bench.turn(&predictor, 7).expect("at once");
        assert_eq!((first.map.classes.size(), first.map.classes.labelled(), first.complete), (SIZE, 1300 * 700, false));
        assert_eq!(first.step, 7);
        let (last, want) = (bench.complete(&predictor, 7), bench.predict(&predictor));
        assert!(*last.map == want);
        assert!(!bench.previewer.is_pending());
    }

    #[test]
    fn one_picture_is_by_one_network_and_a_sharp_one_is_not_replaced_by_a_coarse_one() {
        let dir = tempfile::tempdir().unwrap();
        let mut bench = Bench::new(dir.path(), None);
        let (early, late) = (predictor(&bench.project, 1), predictor(&bench.project, 2));
        bench.turn(&early, 100);
        bench.previewer.mark_stale();
        let last = bench.complete(&late, 101);
        assert!(last.step == 100 && last.map.classes == bench.predict(&early).classes, "the network it began with");
        bench.previewer.mark_stale();
        let next = (0..200).find_map(|_| bench.turn(&late, 102)).expect("a new one");
        assert!(next.complete && next.step == 102 && next.map.classes == bench.predict(&late).classes);
    }

    #[test]
    fn another_network_shows_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let mut bench = Bench::new(dir.path(), None);
        let (last, best) = (predictor(&bench.project, 1), predictor(&bench.project, 2));
        bench.complete(&last, 100);
        bench.previewer.change_network();
        let first = bench.turn(&best, 60).expect("at once");
        assert_eq!((first.step, first.complete), (60, false));
    }

    #[test]
    fn a_network_that_changes_fast_is_shown_anew_rather_than_in_detail() {
        let dir = tempfile::tempdir().unwrap();
        let mut bench = Bench::new(dir.path(), None);
        let predictor = predictor(&bench.project, 1);
        bench.turn(&predictor, 4);
        bench.previewer.mark_stale();
        assert!(!bench.previewer.begins_anew(5) && bench.previewer.begins_anew(6));
        let second = bench.turn(&predictor, 6).expect("at once");
        assert_eq!((second.step, second.complete), (6, false));
    }

    #[test]
    fn what_is_on_screen_is_sharp_first_and_then_renewed() {
        let dir = tempfile::tempdir().unwrap();
        let mut bench = Bench::new(dir.path(), Some(PixelRect { x: 1000, y: 500, width: 100, height: 100 }));
        let predictor = predictor(&bench.project, 1);
        let turns = (0..).take_while(|_| {
            bench.turn(&predictor, 100);
            bench.previewer.shown < Shown::OnScreen
        });
        assert!(turns.count() < 6, "of 30 windows");
        bench.previewer.mark_stale();
        assert!(!bench.previewer.begins_anew(101), "it stays for a moment");
        std::thread::sleep(PAUSE);
        assert!(bench.previewer.begins_anew(101));
        bench.previewer.set_view(view(Some(PixelRect { x: 0, y: 0, width: 100, height: 100 })));
        assert!(!bench.previewer.begins_anew(101), "what is on screen now is still coarse");
    }
}
